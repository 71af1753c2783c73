// The Vercel AI SDK 7 with its OpenTelemetry integration, sent as OTLP protobuf.
import { readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { OpenTelemetry } from "@ai-sdk/otel";
import { embed, generateText, jsonSchema, registerTelemetry, stepCountIs, streamText, tool } from "ai";

const all = JSON.parse(readFileSync(process.env.ASSAY_E2E_SCENARIOS));
const name = process.argv[2];
const told = all.scenarios[name];

const provider = new NodeTracerProvider({
  resource: defaultResource().merge(resourceFromAttributes({
    "service.name": "help-centre", "service.version": "1.4.0", "deployment.environment.name": "staging",
  })),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
const tracer = provider.getTracer("help-centre");
registerTelemetry(new OpenTelemetry({ runtimeContext: true }));

const openai = createOpenAI();
const runtimeContext = { sessionId: all.session, userId: all.user, tags: all.tags };
const telemetry = {
  functionId: "help_centre",
  includeRuntimeContext: { sessionId: true, userId: true, tags: true },
};
const tools = Object.fromEntries((told.tools ?? []).map((key) => [key, tool({
  description: all.tools[key].description,
  inputSchema: jsonSchema(all.tools[key].parameters),
  execute: async (input) => all.tools[key].results[Object.values(input)[0]],
})]));

const common = {
  model: openai.chat(told.model), system: all.system, prompt: told.ask, runtimeContext, telemetry,
  ...(name === "cached" ? { providerOptions: { openai: { reasoningEffort: "low" } } } : { temperature: 0.2 }),
};

async function rag() {
  return tracer.startActiveSpan("help_centre", async (span) => {
    await embed({ model: openai.embedding(all.embedding_model), value: told.ask, telemetry });
    const chunks = all.documents.map((d) => `[${d.id}] ${d.content}`).join("\n");
    const answer = await generateText({ ...common, prompt: `${chunks}\n\n${told.ask}` });
    span.end();
    return answer.text;
  });
}

async function stream() {
  let text = "";
  for await (const piece of streamText(common).textStream) text += piece;
  return text;
}

try {
  if (name === "rag") console.log(await rag());
  else if (name === "stream") console.log(await stream());
  else if (told.tools) console.log((await generateText({ ...common, tools, stopWhen: stepCountIs(5) })).text);
  else console.log((await generateText(common)).text);
} catch (error) {
  if (name !== "error" || error.statusCode !== 401) throw error;
} finally {
  await provider.shutdown();
}
