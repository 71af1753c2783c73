package semconv

import (
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
)

// kinds are the words for what a span does, of all conventions, in lower case.
var kinds = map[string]trace.Kind{
	"llm": trace.KindLLM, "chat": trace.KindLLM, "generation": trace.KindLLM, "completion": trace.KindLLM, "generate": trace.KindLLM,
	"generate_content": trace.KindLLM, "text_completion": trace.KindLLM, "llm_request": trace.KindLLM,
	"embedding": trace.KindEmbedding, "embeddings": trace.KindEmbedding,
	"retriever": trace.KindRetriever, "retrieval": trace.KindRetriever, "vector_db_retrieve": trace.KindRetriever,
	"reranker": trace.KindReranker, "rerank": trace.KindReranker,
	"tool": trace.KindTool, "execute_tool": trace.KindTool,
	"agent": trace.KindAgent, "invoke_agent": trace.KindAgent, "create_agent": trace.KindAgent,
	"chain": trace.KindChain, "workflow": trace.KindChain, "task": trace.KindChain, "invoke_workflow": trace.KindChain,
	"agent_step": trace.KindChain, "execute_task": trace.KindChain, "plan": trace.KindChain, "parser": trace.KindChain,
	"fetch_response": trace.KindChain, // an answer that was paid for before
	"guardrail":      trace.KindGuardrail, "apply_guardrail": trace.KindGuardrail,
	"evaluator": trace.KindEvaluator,
	"prompt":    trace.KindPrompt,

	// Vercel AI SDK up to 6: the outer span holds the loop, the inner is the call.
	"ai.generatetext": trace.KindAgent, "ai.streamtext": trace.KindAgent, "ai.generateobject": trace.KindChain, "ai.streamobject": trace.KindChain,
	"ai.generatetext.dogenerate": trace.KindLLM, "ai.streamtext.dostream": trace.KindLLM,
	"ai.generateobject.dogenerate": trace.KindLLM, "ai.streamobject.dostream": trace.KindLLM,
	"ai.embed": trace.KindChain, "ai.embedmany": trace.KindChain, "ai.embed.doembed": trace.KindEmbedding, "ai.embedmany.doembed": trace.KindEmbedding,
	"ai.rerank": trace.KindChain, "ai.rerank.dorerank": trace.KindReranker, "ai.toolcall": trace.KindTool,

	"tools/call": trace.KindTool, "prompts/get": trace.KindPrompt, // MCP
}

// finishes are the words for why a model stopped, in lower case.
var finishes = map[string]string{
	"stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "complete": "stop", "completed": "stop", "eos": "stop", "eos_token": "stop",
	"length": "length", "max_tokens": "length", "max_output_tokens": "length", "model_length": "length", "incomplete": "length",
	"tool_calls": "tool_calls", "tool-calls": "tool_calls", "tool_call": "tool_calls", "tool_use": "tool_calls", "function_call": "tool_calls",
	"content_filter": "content_filter", "content-filter": "content_filter", "content_filtered": "content_filter", "safety": "content_filter",
	"recitation": "content_filter", "blocklist": "content_filter", "prohibited_content": "content_filter", "spii": "content_filter",
	"guardrail_intervened": "content_filter", "refusal": "content_filter",
	"error": "error", "failed": "error",
}

// providers are other names of providers, in lower case. Names that are not
// here are kept.
var providers = map[string]string{
	"xai": "x_ai", "mistralai": "mistral_ai", "mistral": "mistral_ai",
	"az.ai.openai": "azure.ai.openai", "azure_openai": "azure.ai.openai", "azure-openai": "azure.ai.openai", "azure": "azure.ai.openai",
	"az.ai.inference": "azure.ai.inference",
	"vertexai":        "gcp.vertex_ai", "vertex_ai": "gcp.vertex_ai", "google.vertex": "gcp.vertex_ai", "google_vertexai": "gcp.vertex_ai",
	"gemini": "gcp.gemini", "google": "gcp.gemini", "gcp.gen_ai": "gcp.gemini", "google.generative-ai": "gcp.gemini", "google_genai": "gcp.gemini",
	"aws": "aws.bedrock", "amazon": "aws.bedrock", "bedrock": "aws.bedrock", "aws_bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "amazon_bedrock": "aws.bedrock",
	"watsonx":   "ibm.watsonx.ai",
	"langchain": "", // LangSmith's word for "none of these"
}

// apis are what the Vercel AI SDK puts after a provider's name.
var apis = []string{".chat", ".responses", ".completion", ".messages", ".embedding", ".embeddings", ".image"}

// makers are beginnings of models' names that tell the provider where a span
// has the model alone.
var makers = []struct{ prefix, provider string }{
	{"gpt-", "openai"}, {"chatgpt-", "openai"}, {"o1", "openai"}, {"o3", "openai"}, {"o4-", "openai"}, {"text-embedding-", "openai"},
	{"claude-", "anthropic"}, {"gemini-", "gcp.gemini"},
}

func kindOf(word string) (trace.Kind, bool) {
	var buf [64]byte
	k, ok := kinds[string(lower(buf[:0], word))]
	return k, ok
}

func finishOf(word string) string {
	var buf [64]byte
	if f, ok := finishes[string(lower(buf[:0], word))]; ok {
		return f
	}
	return word
}

func providerOf(word, model string) string {
	if word == "" {
		for _, m := range makers {
			if strings.HasPrefix(model, m.prefix) {
				return m.provider
			}
		}
		return ""
	}
	name := word
	for i := range len(word) {
		if c := word[i]; 'A' <= c && c <= 'Z' {
			name = strings.ToLower(word)
			break
		}
	}
	if p, ok := providers[name]; ok {
		return p
	}
	for _, api := range apis {
		if rest, ok := strings.CutSuffix(name, api); ok {
			return providerOf(rest, model)
		}
	}
	return name
}
