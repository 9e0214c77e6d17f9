// Plays gRPC's interoperability tests through @grpc/grpc-js: node interop.mjs HOST:PORT PROTO_DIR
// Prints one JSON object of what each case came to.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [target, protoDir] = process.argv.slice(2);
const definition = loader.loadSync("grpc/testing/test.proto", { includeDirs: [protoDir], keepCase: true });
const { TestService, UnimplementedService } = grpc.loadPackageDefinition(definition).grpc.testing;
const plain = grpc.credentials.createInsecure();
const client = new TestService(target, plain);
const packing = new TestService(target, plain, {
  "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
});

// What a call came to: its response or its error, and its metadata.
const call = (stub, name, request, metadata = new grpc.Metadata()) =>
  new Promise((resolve) => {
    const out = { code: "OK", message: "", size: 0, initial: {}, trailing: {} };
    const made = stub[name](request, metadata, { deadline: Date.now() + 20_000 }, (error, response) => {
      if (error) Object.assign(out, { code: grpc.status[error.code], message: error.details });
      else out.size = response.payload?.body.length ?? 0;
    });
    made.on("metadata", (received) => (out.initial = received.getMap()));
    made.on("status", (status) => {
      out.trailing = status.metadata.getMap();
      resolve(out);
    });
  });

const collect = (made) =>
  new Promise((resolve, reject) => {
    const sizes = [];
    made.on("data", (message) => sizes.push(message.payload.body.length));
    made.on("error", reject);
    made.on("end", () => resolve(sizes));
  });

const upload = (stub, requests) =>
  new Promise((resolve, reject) => {
    const made = stub.StreamingInputCall((error, response) => (error ? reject(error) : resolve(response)));
    requests.forEach((request) => made.write(request));
    made.end();
  });

const large = (fields) => ({ response_size: 314159, payload: { body: Buffer.alloc(271828) }, ...fields });
const metadata = new grpc.Metadata();
metadata.set("x-grpc-test-echo-initial", "test_initial_metadata_value");
metadata.set("x-grpc-test-echo-trailing-bin", Buffer.from("0a0b0a0b0a0b", "hex"));
const special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
const custom = await call(client, "UnaryCall", large(), metadata);

const out = {
  empty: await call(client, "EmptyCall", {}),
  large: await call(client, "UnaryCall", large()),
  compressed: await call(packing, "UnaryCall", large({ expect_compressed: { value: true } })),
  not_compressed: await call(client, "UnaryCall", large({ expect_compressed: { value: true } })),
  answer_compressed: await call(client, "UnaryCall", large({ response_compressed: { value: true } })),
  uploaded: await upload(packing, [{ payload: { body: Buffer.alloc(27182) }, expect_compressed: { value: true } }]),
  streamed: await collect(
    client.StreamingOutputCall({
      response_parameters: [
        { size: 31415, compressed: { value: true } },
        { size: 92653, compressed: { value: false } },
      ],
    }),
  ),
  initial: custom.initial["x-grpc-test-echo-initial"],
  trailing: custom.trailing["x-grpc-test-echo-trailing-bin"].toString("hex"),
  special: (await call(client, "UnaryCall", { response_status: { code: 2, message: special } })).message === special,
  unimplemented: (await call(client, "UnimplementedCall", {})).code,
  unimplemented_service: (await call(new UnimplementedService(target, plain), "UnimplementedCall", {})).code,
};
console.log(JSON.stringify(out));
process.exit(0);
