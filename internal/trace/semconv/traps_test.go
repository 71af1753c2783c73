package semconv_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// The traps are what readers of these conventions were seen to fall into. Each
// has its test; docs/reference/semconv.md lists them by number.

func says(role, s string) trace.Message {
	return trace.Message{Role: role, Parts: []trace.Part{{Type: "text", Text: s}}}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

// Parents repeat the usage of their children. The index counts it once; here
// both say their own, and the kind tells which is billed.
func TestTrap01ParentAndChildUsage(t *testing.T) {
	for name, pair := range map[string][2]attrs{
		"Vercel AI SDK 6": {
			{"ai.operationId", "ai.generateText", "ai.model.id", "gpt-5", "ai.usage.inputTokens", 10, "ai.usage.outputTokens", 5},
			{"ai.operationId", "ai.generateText.doGenerate", "ai.model.id", "gpt-5", "ai.usage.inputTokens", 10, "ai.usage.outputTokens", 5, "gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5},
		},
		"Vercel AI SDK 7": {
			{"gen_ai.operation.name", "invoke_agent", "gen_ai.request.model", "gpt-5", "gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5},
			{"gen_ai.operation.name", "chat", "gen_ai.request.model", "gpt-5", "gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5},
		},
		"Pydantic AI": {
			{"gen_ai.operation.name", "invoke_agent", "model_name", "gpt-5", "gen_ai.aggregated_usage.input_tokens", 10, "gen_ai.aggregated_usage.output_tokens", 5},
			{"gen_ai.operation.name", "chat", "gen_ai.request.model", "gpt-5", "gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5},
		},
	} {
		parent, child := row(t, pair[0]), row(t, pair[1])
		want := llm.Usage{InputTokens: 10, OutputTokens: 5, Known: true}
		if parent.Kind != trace.KindAgent || parent.Kind.Billed() || child.Kind != trace.KindLLM || !child.Kind.Billed() {
			t.Errorf("%s: kinds %v and %v", name, parent.Kind, child.Kind)
		}
		equal(t, name+", parent", parent.Usage, want)
		equal(t, name+", child", child.Usage, want)
	}
}

func TestTrap02SameTokensUnderTwoKeys(t *testing.T) {
	got := row(t, attrs{
		"gen_ai.usage.input_tokens", 100, "gen_ai.usage.prompt_tokens", 100, "ai.usage.inputTokens", 100, "llm.token_count.prompt", 100,
		"gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.details.cache_read_tokens", 40,
		"gen_ai.usage.output_tokens", 30, "gen_ai.usage.completion_tokens", 30, "gen_ai.usage.details.reasoning_tokens", 10, "gen_ai.usage.reasoning.output_tokens", 10,
	}).Usage
	equal(t, "usage", got, llm.Usage{InputTokens: 100, CachedTokens: 40, OutputTokens: 30, ReasoningTokens: 10, Known: true})
}

func TestTrap03InputWithAndWithoutCache(t *testing.T) {
	for _, c := range []struct {
		name        string
		a           attrs
		input, fine int64
	}{
		{"included", attrs{"gen_ai.usage.input_tokens", 100, "gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.output_tokens", 10}, 100, 10},
		{"more cached than input", attrs{"gen_ai.usage.input_tokens", 3, "gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.cache_creation.input_tokens", 7, "gen_ai.usage.output_tokens", 10}, 50, 10},
		{"a total that only fits without", attrs{"gen_ai.usage.input_tokens", 60, "gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.output_tokens", 10, "gen_ai.usage.total_tokens", 110}, 100, 10},
		{"a total that fits with", attrs{"gen_ai.usage.input_tokens", 100, "gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.output_tokens", 10, "gen_ai.usage.total_tokens", 110}, 100, 10},
		{"a total alone beside input", attrs{"gen_ai.usage.input_tokens", 100, "gen_ai.usage.total_tokens", 110}, 100, 10},
		{"Langfuse's disjoint buckets", attrs{"langfuse.observation.usage_details", `{"input":60,"input_cached_tokens":40,"output":10,"total":110}`}, 100, 10},
		{"Langfuse's buckets that are parts", attrs{"langfuse.observation.usage_details", `{"input":100,"input_cached_tokens":40,"output":10,"total":110}`}, 100, 10},
	} {
		u := row(t, c.a).Usage
		if u.InputTokens != c.input || u.OutputTokens != c.fine || !u.Known {
			t.Errorf("%s: %+v", c.name, u)
		}
	}
}

func TestTrap04ReasoningOutsideOfOutput(t *testing.T) {
	for _, c := range []struct {
		name string
		a    attrs
		want int64
	}{
		{"inside", attrs{"gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 50, "gen_ai.usage.reasoning.output_tokens", 40, "gen_ai.usage.total_tokens", 60}, 50},
		{"outside, by the total", attrs{"gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 50, "gen_ai.usage.reasoning.output_tokens", 40, "gen_ai.usage.total_tokens", 100}, 90},
		{"outside, being more", attrs{"gen_ai.usage.input_tokens", 10, "gen_ai.usage.output_tokens", 5, "gen_ai.usage.reasoning.output_tokens", 40}, 45},
	} {
		if got := row(t, c.a).Usage.OutputTokens; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestTrap05CacheWritesOfTwoLifetimes(t *testing.T) {
	u := row(t, attrs{"langfuse.observation.usage_details", `{"input":10,"input_cache_creation_5m":20,"input_cache_creation_1h":30,"output":5}`}).Usage
	equal(t, "usage", u, llm.Usage{InputTokens: 60, CacheWriteTokens: 50, OutputTokens: 5, Known: true})
}

func TestTrap06NamesOfCacheWrites(t *testing.T) {
	for _, key := range []string{
		"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
		"llm.token_count.prompt_details.cache_write", "gen_ai.usage.details.cache_write_tokens",
	} {
		if u := row(t, attrs{"gen_ai.usage.prompt_tokens", 100, key, 30}).Usage; u.InputTokens != 100 || u.CacheWriteTokens != 30 {
			t.Errorf("%s: %+v", key, u)
		}
	}
}

func TestTrap07StructuresInFourForms(t *testing.T) {
	want := []trace.Message{says("system", "Be brief."), says("user", `{"looks":"like JSON"}`)}
	for name, a := range map[string]attrs{
		"JSON text": {
			"gen_ai.system_instructions", `[{"type":"text","content":"Be brief."}]`,
			"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"{\"looks\":\"like JSON\"}"}]}]`,
		},
		"bytes": {
			"gen_ai.system_instructions", []byte(`[{"type":"text","content":"Be brief."}]`),
			"gen_ai.input.messages", []byte(`[{"role":"user","parts":[{"type":"text","content":"{\"looks\":\"like JSON\"}"}]}]`),
		},
		"structured": {
			"gen_ai.system_instructions", []any{attrs{"type", "text", "content", "Be brief."}},
			"gen_ai.input.messages", []any{attrs{"role", "user", "parts", []any{attrs{"type", "text", "content", `{"looks":"like JSON"}`}}}},
		},
		"flattened": {
			"llm.input_messages.0.message.role", "system", "llm.input_messages.0.message.content", "Be brief.",
			"llm.input_messages.1.message.role", "user", "llm.input_messages.1.message.content", `{"looks":"like JSON"}`,
		},
	} {
		equal(t, name, whole(t, a).Input, want)
	}
	if s := whole(t, attrs{"input.value", `{"a": 1}`}); s.InputText != `{"a": 1}` || s.Attributes["input.value"] != `{"a": 1}` {
		t.Errorf("a text is not as it was sent: %q", s.InputText)
	}
	broken := whole(t, attrs{"gen_ai.input.messages", `[{"role":`, "input.value", "what was asked"})
	if broken.Input != nil || broken.InputText != "what was asked" || broken.Attributes["gen_ai.input.messages"] != `[{"role":` {
		t.Errorf("JSON that breaks off: %+v %q", broken.Input, broken.InputText)
	}
}

func TestTrap08FlattenedKeys(t *testing.T) {
	a := attrs{"gen_ai.prompt", "a leaf beside the family"}
	var want []trace.Message
	for i := 11; i >= 0; i-- { // in an order that is not theirs
		a = append(a, fmt.Sprintf("gen_ai.prompt.%d.role", i), "user", fmt.Sprintf("gen_ai.prompt.%d.content", i), fmt.Sprint("message ", i))
		want = append([]trace.Message{says("user", fmt.Sprint("message ", i))}, want...)
	}
	a = append(a, "gen_ai.prompt.18446744073709551615.role", "user", "gen_ai.prompt.18446744073709551615.content", "far away")
	equal(t, "messages", whole(t, a).Input, append(want, says("user", "far away")))

	deep := "retrieval.documents.0.document.content" + strings.Repeat(".0", 500)
	if s := whole(t, attrs{"openinference.span.kind", "RETRIEVER", deep, "x"}); s.Documents != nil {
		t.Errorf("a key of 500 parts: %+v", s.Documents)
	}
	tools := whole(t, attrs{"gen_ai.tool.definitions.0.name", "weather", "gen_ai.tool.definitions.0.parameters", `{"type":"object"}`}).Tools
	equal(t, "tools", tools, []trace.Tool{{Name: "weather", Parameters: json.RawMessage(`{"type":"object"}`)}})
	if s := wholeOf(t, &tracepb.Span{TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), StartTimeUnixNano: start, DroppedAttributesCount: 7}); s.Dropped != 7 {
		t.Errorf("%d attributes dropped", s.Dropped)
	}
}

func TestTrap09ContentOutsideOfAttributes(t *testing.T) {
	answer := says("assistant", "Ho")
	answer.Finish = "stop"
	spanEvents := spanPB(attrs{"gen_ai.operation.name", "chat"})
	spanEvents.Events = []*tracepb.Span_Event{
		{TimeUnixNano: start + 2, Name: "gen_ai.choice", Attributes: attrs{"finish_reason", "stop", "message", `{"role":"assistant","content":"Ho"}`}.pb()},
		{TimeUnixNano: start + 1, Name: "gen_ai.user.message", Attributes: attrs{"content", "Hi"}.pb()},
	}
	order := spanPB(attrs{"gen_ai.operation.name", "chat"})
	order.Events = []*tracepb.Span_Event{
		{TimeUnixNano: start + 2, Name: "gen_ai.user.message", Attributes: attrs{"content", "Hi"}.pb()},
		{TimeUnixNano: start + 1, Name: "gen_ai.system.message", Attributes: attrs{"content", "Be brief."}.pb()},
		{TimeUnixNano: start + 2, Name: "gen_ai.user.message", Attributes: attrs{"content", "Well?"}.pb()},
	}
	equal(t, "events by time", wholeOf(t, order).Input, []trace.Message{says("system", "Be brief."), says("user", "Hi"), says("user", "Well?")})
	oldest := spanPB(attrs{"gen_ai.operation.name", "chat"})
	oldest.Events = []*tracepb.Span_Event{
		{TimeUnixNano: start + 1, Name: "gen_ai.content.prompt", Attributes: attrs{"gen_ai.prompt", `[{"role":"user","content":"Hi"}]`}.pb()},
		{TimeUnixNano: start + 2, Name: "gen_ai.content.completion", Attributes: attrs{"gen_ai.completion", `[{"role":"assistant","content":"Ho","finish_reason":"stop"}]`}.pb()},
	}
	for name, s := range map[string]*trace.Span{
		"log records": whole(t, attrs{"gen_ai.operation.name", "chat"},
			logOf(t, "gen_ai.user.message", attrs{"content", "Hi"}, nil),
			logOf(t, "", attrs{"index", 0, "finish_reason", "stop", "message", attrs{"role", "assistant", "content", "Ho"}}, attrs{"event.name", "gen_ai.choice"})),
		"a record of details": whole(t, attrs{"gen_ai.operation.name", "chat"}, logOf(t, "gen_ai.client.inference.operation.details", nil, attrs{
			"gen_ai.input.messages", []any{attrs{"role", "user", "parts", []any{attrs{"type", "text", "content", "Hi"}}}},
			"gen_ai.output.messages", []any{attrs{"role", "assistant", "parts", []any{attrs{"type", "text", "content", "Ho"}}, "finish_reason", "stop"}},
		})),
		"span events":             wholeOf(t, spanEvents),
		"span events of 1.26":     wholeOf(t, oldest),
		"no content was captured": whole(t, attrs{"gen_ai.operation.name", "chat"}),
	} {
		if name == "no content was captured" {
			equal(t, name, s.Input, []trace.Message(nil))
			continue
		}
		equal(t, name+", input", s.Input, []trace.Message{says("user", "Hi")})
		equal(t, name+", output", s.Output, []trace.Message{answer})
	}
}

func TestTrap10ResultsAndArguments(t *testing.T) {
	for _, field := range []string{"response", "result"} {
		s := whole(t, attrs{"gen_ai.input.messages", `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","` + field + `":{"sky":"rain"}}]}]`})
		equal(t, field, s.Input, []trace.Message{{Role: "tool", Parts: []trace.Part{{Type: "tool_result", ID: "c1", Result: json.RawMessage(`{"sky":"rain"}`)}}}})
	}
	for sent, want := range map[string]string{
		`{"city":"Oslo"}`:            `{"city":"Oslo"}`,
		`"{\"city\":\"Oslo\"}"`:      `{"city":"Oslo"}`,
		`"{\"city\": not JSON"`:      `"{\"city\": not JSON"`,
		`"just a text"`:              `"just a text"`,
		`{"n":12345678901234567890}`: `{"n":12345678901234567890}`,
	} {
		s := whole(t, attrs{"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"w","arguments":` + sent + `}]}]`})
		equal(t, sent, s.Output, []trace.Message{{Role: "assistant", Parts: []trace.Part{{Type: "tool_call", ID: "c1", Name: "w", Arguments: json.RawMessage(want)}}}})
	}
}

func TestTrap11WhoGivesAToolsResult(t *testing.T) {
	want := []trace.Part{{Type: "tool_result", ID: "c1", Result: json.RawMessage(`"rain"`)}}
	for name, a := range map[string]attrs{
		"tool, OpenTelemetry": {"gen_ai.input.messages", `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"rain"}]}]`},
		"user, Pydantic AI":   {"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"tool_call_response","id":"c1","result":"rain"}]}]`},
		"user, Anthropic":     {"langfuse.observation.input", `[{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"rain"}]}]`},
		"user, Bedrock":       {"langfuse.observation.input", `[{"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":"rain"}}]}]`},
		"tool, OpenInference": {"llm.input_messages.0.message.role", "tool", "llm.input_messages.0.message.tool_call_id", "c1", "llm.input_messages.0.message.content", "rain"},
	} {
		s := whole(t, a)
		if len(s.Input) != 1 {
			t.Errorf("%s: %+v", name, s.Input)
			continue
		}
		equal(t, name, s.Input[0].Parts, want)
		equal(t, name+", role", s.Input[0].Role, name[:4])
	}
}

func TestTrap12ResourceAndSpan(t *testing.T) {
	o := origin(t, attrs{"service.name", "help", "deployment.environment", "staging", "user.id", "of the resource", "gen_ai.request.model", "no fact of a resource"})
	r, err := semconv.Row(o, read(t, spanPB(attrs{"session.id", "s1", "user.id", "u1", "langfuse.environment", "canary"})))
	if err != nil || r.Service != "help" || r.Environment != "canary" || r.User != "u1" || r.Session != "s1" || r.Model != "" {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = semconv.Row(o, read(t, spanPB(nil)))
	if err != nil || r.Environment != "staging" || r.User != "of the resource" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTrap13Spellings(t *testing.T) {
	for word, want := range map[string]trace.Kind{"LLM": trace.KindLLM, "RERANKER": trace.KindReranker, "EVALUATOR": trace.KindEvaluator, "GUARDRAIL": trace.KindGuardrail} {
		equal(t, word, row(t, attrs{"openinference.span.kind", word}).Kind, want)
	}
	for word, want := range map[string]trace.Kind{"LLM": trace.KindLLM, "llm": trace.KindLLM, "retriever": trace.KindRetriever, "prompt": trace.KindPrompt} {
		equal(t, word, row(t, attrs{"langsmith.span.kind", word, "gen_ai.operation.name", "embeddings"}).Kind, want)
	}
	for word, want := range map[string]trace.Kind{"agent_step": trace.KindChain, "rerank": trace.KindReranker, "completion": trace.KindLLM, "generate": trace.KindLLM, "something_new": trace.KindOther} {
		equal(t, word, row(t, attrs{"gen_ai.operation.name", word}).Kind, want)
	}
	for word, want := range map[string]string{
		"stop": "stop", "STOP": "stop", "end_turn": "stop", "tool_calls": "tool_calls", "tool-calls": "tool_calls", "tool_use": "tool_calls",
		"length": "length", "max_tokens": "length", "MAX_TOKENS": "length", "content_filter": "content_filter", "SAFETY": "content_filter", "other": "other",
	} {
		equal(t, word, row(t, attrs{"gen_ai.response.finish_reasons", []any{word}}).Finish, want)
		equal(t, word, row(t, attrs{"gen_ai.response.finish_reasons", `["` + word + `"]`}).Finish, want)
	}
	for word, want := range map[string]string{
		"OpenAI": "openai", "openai.chat": "openai", "xai": "x_ai", "az.ai.openai": "azure.ai.openai", "mistralai": "mistral_ai", "vertexai": "gcp.vertex_ai",
		"google": "gcp.gemini", "amazon": "aws.bedrock", "AWS": "aws.bedrock", "langchain": "", "my-gateway": "my-gateway",
	} {
		equal(t, word, row(t, attrs{"gen_ai.system", word}).Provider, want)
	}
}

func TestTrap14Units(t *testing.T) {
	first := spanPB(attrs{"openinference.span.kind", "LLM"})
	first.Events = []*tracepb.Span_Event{{Name: "First Token Stream Event", TimeUnixNano: start + 250e6}, {Name: "First Token Stream Event", TimeUnixNano: start + 400e6}}
	early := spanPB(attrs{"openinference.span.kind", "LLM"})
	early.Events = []*tracepb.Span_Event{{Name: "First Token Stream Event", TimeUnixNano: start - 1}}
	for name, pb := range map[string]*tracepb.Span{
		"seconds":           spanPB(attrs{"gen_ai.response.time_to_first_chunk", 0.25}),
		"metric as a name":  spanPB(attrs{"gen_ai.client.operation.time_to_first_chunk", 0.25}),
		"milliseconds":      spanPB(attrs{"ai.response.msToFirstChunk", 250.0}),
		"a moment":          spanPB(attrs{"langfuse.observation.completion_start_time", "2025-10-09T08:53:20.25Z"}),
		"a moment, quoted":  spanPB(attrs{"langfuse.observation.completion_start_time", `"2025-10-09T08:53:20.250000Z"`}),
		"an event":          first,
		"an event too soon": early,
	} {
		want := int64(250e6)
		if pb == early {
			want = 0
		}
		equal(t, name, rowOf(t, pb).TTFT, want)
	}
}

func TestTrap15PendingSpans(t *testing.T) {
	pb := spanPB(attrs{"logfire.span_type", "pending_span", "logfire.pending_parent_id", "0909090909090909", "gen_ai.operation.name", "chat"})
	pb.Name, pb.EndTimeUnixNano = "chat gpt-5 (pending)", pb.StartTimeUnixNano
	r := rowOf(t, pb)
	if r.Span.String() != "0303030303030303" || r.Parent.String() != "0909090909090909" || r.End != 0 || r.Name != "chat gpt-5" {
		t.Errorf("%+v", r)
	}
	pb = spanPB(attrs{"logfire.span_type", "pending_span", "logfire.pending_parent_id", "0000000000000000"})
	if r := rowOf(t, pb); !r.Parent.IsZero() || r.End != 0 {
		t.Errorf("a root: %+v", r)
	}
	if r := rowOf(t, spanPB(attrs{"logfire.span_type", "span"})); r.End == 0 || r.Span.String() != "0202020202020202" {
		t.Errorf("the span itself: %+v", r)
	}
	if r := rowOf(t, &tracepb.Span{TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), StartTimeUnixNano: start}); r.End != 0 || r.Duration() != 0 {
		t.Errorf("a span without an end: %+v", r)
	}
}

func TestTrap16TypesOfCountsIdsAndScores(t *testing.T) {
	for name, v := range map[string]any{"int": 500, "double": 500.0, "text": "500", "text of a double": "500.0"} {
		equal(t, name, row(t, attrs{"gen_ai.usage.input_tokens", v}).Usage.InputTokens, int64(500))
	}
	for name, v := range map[string]any{"below zero": -5, "not a number": math.NaN(), "infinite": math.Inf(1), "words": "many", "beyond any": "99999999999999999999", "yes": true} {
		equal(t, name, row(t, attrs{"gen_ai.usage.input_tokens", v}).Usage, llm.Usage{})
	}
	s := whole(t, attrs{
		"openinference.span.kind", "RETRIEVER", "input.value", "q",
		"retrieval.documents.0.document.id", 17, "retrieval.documents.0.document.score", 0.5, "retrieval.documents.0.document.content", "a",
		"retrieval.documents.1.document.id", "x", "retrieval.documents.1.document.score", math.NaN(), "retrieval.documents.1.document.content", "b",
	})
	half := 0.5
	equal(t, "documents", s.Documents, []trace.Document{{ID: "17", Content: "a", Score: &half}, {ID: "x", Content: "b"}})
	null := whole(t, attrs{"gen_ai.operation.name", "retrieval", "gen_ai.retrieval.documents", `[{"id":"x","score":null}]`})
	equal(t, "a score that is null", null.Documents, []trace.Document{{ID: "x"}})
	for name, v := range map[string]any{"list": []any{"a", "b"}, "JSON": `["a","b"]`, "commas": "a, b"} {
		equal(t, "tags as "+name, row(t, attrs{"langfuse.trace.tags", v}).Tags, []string{"a", "b"})
	}
}

func TestTrap17ModelsAskedAndAnswered(t *testing.T) {
	for _, c := range []struct {
		a            attrs
		model, asked string
	}{
		{attrs{"gen_ai.request.model", "a", "gen_ai.response.model", "b"}, "b", "a"},
		{attrs{"gen_ai.request.model", "a"}, "a", "a"},
		{attrs{"gen_ai.response.model", "b"}, "b", ""},
		{attrs{"llm.model_name", "b", "gen_ai.request.model", "a"}, "b", "a"},
		{attrs{"llm.model_name", "b", "llm.invocation_parameters", `{"model": "a", "temperature": 0}`}, "b", "a"},
		{attrs{"llm.model_name", "b", "llm.invocation_parameters", `{"model": `}, "b", "b"},
		{attrs{"model_name", "a weather model"}, "", ""},
	} {
		if r := row(t, c.a); r.Model != c.model || r.ModelAsked != c.asked {
			t.Errorf("%v: %q %q", c.a, r.Model, r.ModelAsked)
		}
	}
}

func TestTrap18WhatIsNotBilledAgain(t *testing.T) {
	if r := row(t, attrs{"gen_ai.operation.name", "fetch_response", "gen_ai.request.model", "gpt-5"}); r.Kind.Billed() {
		t.Errorf("fetching a response is of kind %v", r.Kind)
	}
}

func TestTrap19LinksAreKept(t *testing.T) {
	pb := spanPB(attrs{
		"annotations.0.annotation.name", "helpful", "annotations.0.annotation.score", 0.75, "annotations.0.annotation.annotator_kind", "HUMAN",
		"trace.evaluations.0.evaluation.name", "safe", "trace.evaluations.0.evaluation.label", "yes",
	})
	pb.Links = []*tracepb.Span_Link{{TraceId: bytes.Repeat([]byte{7}, 16), SpanId: bytes.Repeat([]byte{8}, 8), Attributes: attrs{"why", "judged"}.pb()}}
	s := wholeOf(t, pb)
	if len(s.Links) != 1 || s.Links[0].Trace.String() != strings.Repeat("07", 16) || s.Links[0].Attributes["why"] != "judged" {
		t.Errorf("links %+v", s.Links)
	}
	if len(s.Evaluations) != 2 {
		t.Fatalf("evaluations %+v", s.Evaluations)
	}
	judged, whole := s.Evaluations[0], s.Evaluations[1]
	if judged.Target.Span.String() != strings.Repeat("08", 8) || *judged.Value != 0.75 || judged.Source != "person" || judged.Name != "helpful" {
		t.Errorf("%+v", judged)
	}
	if whole.Target.Trace.String() != strings.Repeat("07", 16) || !whole.Target.Span.IsZero() || whole.Label != "yes" {
		t.Errorf("%+v", whole)
	}
	two := spanPB(attrs{"annotations.0.annotation.name", "helpful", "annotations.0.annotation.score", 0.75})
	two.Links = []*tracepb.Span_Link{pb.Links[0], pb.Links[0]}
	if list := wholeOf(t, two).Evaluations; len(list) != 1 || list[0].Target.Span.String() != strings.Repeat("02", 8) {
		t.Errorf("with two links it is about the span: %+v", list)
	}
	if again := wholeOf(t, pb); again.Evaluations[0].ID != judged.ID || judged.ID == whole.ID {
		t.Errorf("ids %q and %q, then %q", judged.ID, whole.ID, again.Evaluations[0].ID)
	}
}

func TestTrap20TwoConventionsOnOneSpan(t *testing.T) {
	s := whole(t, attrs{
		"gen_ai.system", "openai", "gen_ai.provider.name", "azure.ai.openai", "openinference.span.kind", "LLM", "gen_ai.operation.name", "chat",
		"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]`,
		"llm.input_messages.0.message.role", "user", "llm.input_messages.0.message.content", "Hi",
		"llm.output_messages.0.message.role", "assistant", "llm.output_messages.0.message.content", "Ho",
		"gen_ai.usage.input_tokens", 5, "llm.token_count.prompt", 5, "llm.token_count.completion", 2,
	})
	equal(t, "provider", s.Provider, "azure.ai.openai")
	equal(t, "input", s.Input, []trace.Message{says("user", "Hi")})
	equal(t, "output", s.Output, []trace.Message{says("assistant", "Ho")})
	equal(t, "usage", s.Usage, llm.Usage{InputTokens: 5, OutputTokens: 2, Known: true})
}

func TestTrap21NoContentAndSecrets(t *testing.T) {
	s := whole(t, attrs{
		"ai.operationId", "ai.generateText.doGenerate", "ai.settings.maxOutputTokens", 100, "ai.settings.headers.authorization", "Bearer secret",
		"ai.request.headers.authorization", "Bearer secret", "gen_ai.request.temperature", 0.5,
	})
	equal(t, "params", s.Params, map[string]any{"max_output_tokens": int64(100), "temperature": 0.5})
	equal(t, "input", s.Input, []trace.Message(nil))
	if s.InputText != "" || s.OutputText != "" {
		t.Errorf("texts %q %q", s.InputText, s.OutputText)
	}
}

// Of a stream, openai-v2 tells the reason in the content alone.
func TestFinishInTheContent(t *testing.T) {
	for text, want := range map[string]string{
		`[{"role":"assistant","parts":[{"type":"text","content":"Hi"}],"finish_reason":"length"}]`:                         "length",
		`[{"role":"assistant","parts":[],"finish_reason":"stop"},{"role":"assistant","parts":[],"finish_reason":"error"}]`: "stop",
		`[{"role":"assistant","parts":[{"type":"text","content":"\"finish_reason\":\"length\""}]}]`:                        "",
		`[{"role":"assistant","finish_reason":`: "",
	} {
		r := row(t, attrs{"gen_ai.operation.name", "chat", "gen_ai.output.messages", text})
		equal(t, text, r.Finish, want)
		r = row(t, attrs{"gen_ai.operation.name", "chat", "gen_ai.output.messages", text, "gen_ai.response.finish_reasons", []any{"tool_calls"}})
		equal(t, text, r.Finish, "tool_calls")
	}
}
