package semconv_test

import (
	"encoding/json"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/assay-llmops/assay/internal/trace"
)

// Shapes that the captured fixtures do not have.

func TestMessagesOfOlderAndOtherShapes(t *testing.T) {
	call := trace.Part{Type: "tool_call", ID: "c1", Name: "weather", Arguments: json.RawMessage(`{"city":"Oslo"}`)}
	image := trace.Part{Type: "image", URI: "https://example.test/a.png"}
	inline := json.RawMessage(`{"image_url":{"url":"data:image/png;base64,AA=="},"type":"image_url"}`)
	for _, c := range []struct {
		name string
		a    attrs
		want []trace.Message
	}{
		{"OpenLLMetry", attrs{
			"gen_ai.prompt.0.role", "user", "gen_ai.prompt.0.content", `[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"https://example.test/a.png"}}]`,
			"gen_ai.prompt.1.role", "assistant", "gen_ai.prompt.1.tool_calls.0.id", "c1", "gen_ai.prompt.1.tool_calls.0.name", "weather", "gen_ai.prompt.1.tool_calls.0.arguments", `{"city":"Oslo"}`,
		}, []trace.Message{{Role: "user", Parts: []trace.Part{{Type: "text", Text: "Look"}, image}}, {Role: "assistant", Parts: []trace.Part{call}}}},
		{"OpenInference", attrs{
			"llm.input_messages.0.message.role", "user",
			"llm.input_messages.0.message.contents.0.message_content.type", "text", "llm.input_messages.0.message.contents.0.message_content.text", "Look",
			"llm.input_messages.0.message.contents.1.message_content.type", "image", "llm.input_messages.0.message.contents.1.message_content.image.image.url", "https://example.test/a.png",
			"llm.input_messages.1.message.role", "assistant", "llm.input_messages.1.message.function_call_name", "weather", "llm.input_messages.1.message.function_call_arguments_json", `{"city":"Oslo"}`,
		}, []trace.Message{
			{Role: "user", Parts: []trace.Part{{Type: "text", Text: "Look"}, image}},
			{Role: "assistant", Parts: []trace.Part{{Type: "tool_call", Name: "weather", Arguments: json.RawMessage(`{"city":"Oslo"}`)}}},
		}},
		{"Anthropic's own", attrs{"langfuse.observation.input", `{"system":"Be brief.","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"tool_use","id":"c1","name":"weather","input":{"city":"Oslo"}}]}]}`},
			[]trace.Message{says("system", "Be brief."), {Role: "assistant", Parts: []trace.Part{{Type: "reasoning", Text: "Hm."}, call}}}},
		{"Gemini's own", attrs{"langfuse.observation.input", `[{"role":"model","parts":[{"text":"I look."},{"functionCall":{"id":"c1","name":"weather","args":{"city":"Oslo"}}}]}]`},
			[]trace.Message{{Role: "assistant", Parts: []trace.Part{{Type: "text", Text: "I look."}, call}}}},
		{"Vercel AI SDK, outer span", attrs{"ai.operationId", "ai.generateText", "ai.prompt", `{"system":"Be brief.","prompt":"Hi"}`},
			[]trace.Message{says("system", "Be brief."), says("user", "Hi")}},
		{"a text completion", attrs{"llm.prompts.0.prompt.text", "Once upon"}, []trace.Message{says("user", "Once upon")}},
		{"system instructions alone", attrs{"gen_ai.system_instructions", "Be brief."}, []trace.Message{says("system", "Be brief.")}},
		{"an image in the message", attrs{"langfuse.observation.input", `[{"role":"user","content":[` + string(inline) + `]}]`},
			[]trace.Message{{Role: "user", Parts: []trace.Part{{Type: "image", Data: inline}}}}},
		{"a part of a type that nobody knows", attrs{"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"hologram","x":1}]}]`},
			[]trace.Message{{Role: "user", Parts: []trace.Part{{Type: "hologram", Data: json.RawMessage(`{"type":"hologram","x":1}`)}}}}},
	} {
		equal(t, c.name, whole(t, c.a).Input, c.want)
	}
}

func TestAgentsConversationIsCutBeforeItsAnswer(t *testing.T) {
	s := whole(t, attrs{
		"gen_ai.operation.name", "invoke_agent", "final_result", "Ho",
		"pydantic_ai.all_messages", `[{"role":"user","parts":[{"type":"text","content":"Hi"}]},{"role":"assistant","parts":[{"type":"text","content":"Ho"}]}]`,
	})
	equal(t, "input", s.Input, []trace.Message{says("user", "Hi")})
	equal(t, "output", s.Output, []trace.Message{says("assistant", "Ho")})
}

func TestDocumentsOfVectorStoresAndRerankers(t *testing.T) {
	near, best := 0.25, 0.9
	pb := spanPB(attrs{"db.system", "chroma", "db.vector.query.top_k", 1})
	pb.Events = []*tracepb.Span_Event{{Name: "db.query.result", Attributes: attrs{
		"db.query.result.id", "d1", "db.query.result.distance", 0.25, "db.query.result.document", "Lamps", "db.query.result.metadata", `{"source":"a.md"}`,
	}.pb()}}
	s := wholeOf(t, pb)
	equal(t, "kind", s.Kind, trace.KindRetriever)
	equal(t, "a distance is no score", s.Documents, []trace.Document{{ID: "d1", Content: "Lamps", Source: "a.md", Distance: &near, Metadata: json.RawMessage(`{"source":"a.md"}`)}})

	s = whole(t, attrs{
		"openinference.span.kind", "RERANKER", "reranker.query", "lamps", "reranker.input_documents.0.document.id", "x",
		"reranker.output_documents.0.document.id", "y", "reranker.output_documents.0.document.score", 0.9,
	})
	equal(t, "query", s.Query, "lamps")
	equal(t, "documents", s.Documents, []trace.Document{{ID: "y", Score: &best}})

	s = whole(t, attrs{
		"ai.operationId", "ai.rerank.doRerank", "ai.documents", []any{`"first"`, `"second"`}, "ai.ranking", []any{`{"index":1,"relevanceScore":0.9}`, `{"index":7,"relevanceScore":0.1}`},
	})
	equal(t, "documents in their new order", s.Documents, []trace.Document{{Content: "second", Score: &best}})
}

func TestCallsOfMCP(t *testing.T) {
	pb := spanPB(attrs{"mcp.method.name", "tools/call", "gen_ai.tool.call.arguments", `{"city":"Oslo"}`, "gen_ai.tool.call.result", attrs{"sky", "sun"}})
	pb.Name = "tools/call weather"
	s := wholeOf(t, pb)
	equal(t, "kind", s.Kind, trace.KindTool)
	equal(t, "call", *s.Call, trace.ToolCall{Name: "weather", Arguments: json.RawMessage(`{"city":"Oslo"}`), Result: json.RawMessage(`{"sky":"sun"}`)})
}

func TestTextsThatAnSDKWritesAsJSON(t *testing.T) {
	s := whole(t, attrs{"traceloop.span.kind", "tool", "traceloop.entity.name", "weather", "traceloop.entity.input", `{"args": [], "kwargs": {"city": "Oslo"}}`, "traceloop.entity.output", `"{\"sky\": \"sun\"}"`})
	equal(t, "call", *s.Call, trace.ToolCall{Name: "weather", Arguments: json.RawMessage(`{"city":"Oslo"}`), Result: json.RawMessage(`{"sky": "sun"}`)})
	equal(t, "output", s.OutputText, `{"sky": "sun"}`)
	s = whole(t, attrs{"traceloop.span.kind", "workflow", "traceloop.entity.output", `"Fl\u00f8yen"`, "input.value", `"as typed"`})
	equal(t, "texts", []string{s.InputText, s.OutputText}, []string{`"as typed"`, "Fløyen"})
}
