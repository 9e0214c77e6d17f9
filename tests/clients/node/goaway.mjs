// Calls while the server tells connections to go, through @grpc/grpc-js: node goaway.mjs HOST:PORT
// Goes on until a stream that was open from the start has ended; prints one JSON object of what came of it all.
import grpc from "@grpc/grpc-js";

const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());
const bytes = (message) => message;
const unary = () =>
  new Promise((resolve) => {
    client.makeUnaryRequest("/test.Wire/Unary", bytes, bytes, Buffer.from("hello"), (error, response) => {
      resolve(error ? error.message : response.toString());
    });
  });

const out = { messages: [], status: "", answers: 0, others: [] };
const stream = client.makeServerStreamRequest("/test.Wire/Push", bytes, bytes, Buffer.alloc(0));
stream.on("data", (message) => out.messages.push(message.toString()));
stream.on("error", () => {});
const ended = new Promise((resolve) => stream.on("status", ({ code }) => resolve(grpc.status[code])));
ended.then((status) => (out.status = status));
while (!out.status) {
  const answer = await unary();
  if (answer === "hello") out.answers += 1;
  else out.others.push(answer);
}
console.log(JSON.stringify(out));
client.close();
