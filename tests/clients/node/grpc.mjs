// Drives a running server through @grpc/grpc-js with the .proto alone: node grpc.mjs HOST:PORT PROTO_DIR
// Prints one JSON object of what each call answered.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [target, protoDir] = process.argv.slice(2);
const definition = loader.loadSync("sglang/runtime/v1/sglang.proto", {
  includeDirs: [protoDir],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
});
const { SglangService } = grpc.loadPackageDefinition(definition).sglang.runtime.v1;
const client = new SglangService(target, grpc.credentials.createInsecure());

const unary = (name, request) =>
  new Promise((resolve, reject) => {
    client[name](request, { deadline: Date.now() + 60_000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
  });

const collect = (call) =>
  new Promise((resolve, reject) => {
    const messages = [];
    let mode = "";
    call.on("metadata", (metadata) => (mode = metadata.get("x-tokenwire-stream")[0] ?? ""));
    call.on("data", (message) => messages.push(message));
    call.on("error", reject);
    call.on("end", () => resolve({ mode, messages }));
  });

const cancelAfterFirst = (call) =>
  new Promise((resolve, reject) => {
    call.on("data", () => call.cancel());
    call.on("error", (error) => (error.code === grpc.status.CANCELLED ? resolve("CANCELLED") : reject(error)));
    call.on("end", () => reject(new Error("the stream ended before it was cancelled")));
  });

const codeOf = (promise) => promise.then(() => "OK", (error) => grpc.status[error.code]);

const metadata = new grpc.Metadata();
metadata.set("x-tokenwire-stream", "delta");
const ask = { text: "Return the", stream: true, sampling_params: { max_new_tokens: 12, temperature: 0, ignore_eos: true } };

const out = {
  health: await unary("HealthCheck", {}),
  tokens: await unary("Tokenize", { text: "Return the path." }),
  cumulative: await collect(client.TextGenerate(ask)),
  delta: await collect(client.TextGenerate(ask, metadata)),
  chat: await collect(
    client.ChatComplete({
      json_body: Buffer.from(JSON.stringify({ messages: [{ role: "user", content: "What is a path?" }], max_tokens: 8, stream: true })),
    }),
  ),
  cancelled: await cancelAfterFirst(
    client.TextGenerate({ ...ask, sampling_params: { max_new_tokens: 1500, ignore_eos: true } }),
  ),
  bad: await codeOf(collect(client.TextGenerate({ ...ask, sampling_params: { temperature: -1 } }))),
};
out.chat.messages = out.chat.messages.map(({ json_chunk, finished }) => ({ json: json_chunk.toString(), finished }));
console.log(JSON.stringify(out));
client.close();
