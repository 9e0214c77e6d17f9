// Drives a running server through the official openai SDK: node openai.mjs HOST:PORT
// Prints one JSON object of what each call answered.
import OpenAI from "openai";

const [target] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `http://${target}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "What does os.path.join do?" }];
const ask = { model: "default", messages, max_tokens: 16, temperature: 0 };

const models = (await client.models.list()).data.map((model) => model.id);
const whole = await client.chat.completions.create(ask);
const chunks = [];
for await (const chunk of await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })) {
  chunks.push(chunk);
}
const completion = await client.completions.create({ model: "default", prompt: "Return the", max_tokens: 8, temperature: 0 });
const embedding = await client.embeddings.create({ model: "default", input: "a path", encoding_format: "float" });
const refused = await client.chat.completions
  .create({ ...ask, model: "no-such-model" })
  .then(() => null, (error) => ({ status: error.status, type: error.type }));

console.log(
  JSON.stringify({
    models,
    whole: whole.choices[0].message.content,
    streamed: chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join(""),
    roles: chunks.map((chunk) => chunk.choices[0]?.delta?.role).filter(Boolean),
    finish: chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean),
    usage: chunks.at(-1).usage,
    completion: completion.choices[0].text,
    dimensions: embedding.data[0].embedding.length,
    refused,
  }),
);
