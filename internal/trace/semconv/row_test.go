package semconv_test

import (
	"reflect"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

func TestRowOfEachConvention(t *testing.T) {
	usage := llm.Usage{InputTokens: 100, CachedTokens: 40, OutputTokens: 30, ReasoningTokens: 10, Known: true}
	want := trace.Row{
		Kind: trace.KindLLM, Provider: "openai", Model: "gpt-4.1-mini-2025-04-14", ModelAsked: "gpt-4.1-mini", Finish: "tool_calls", Usage: usage,
	}
	for _, c := range []struct {
		name string
		a    attrs
		edit func(*trace.Row)
	}{
		{name: "OpenTelemetry", a: attrs{
			"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4.1-mini",
			"gen_ai.response.model", "gpt-4.1-mini-2025-04-14", "gen_ai.response.finish_reasons", []any{"tool_calls"},
			"gen_ai.usage.input_tokens", 100, "gen_ai.usage.cache_read.input_tokens", 40,
			"gen_ai.usage.output_tokens", 30, "gen_ai.usage.reasoning.output_tokens", 10,
		}},
		{name: "OpenTelemetry 1.26 with OpenLLMetry's names", a: attrs{
			"gen_ai.system", "OpenAI", "llm.request.type", "chat", "gen_ai.request.model", "gpt-4.1-mini",
			"gen_ai.response.model", "gpt-4.1-mini-2025-04-14", "gen_ai.completion.0.finish_reason", "tool_calls",
			"gen_ai.usage.prompt_tokens", 100, "gen_ai.usage.cache_read_input_tokens", 40,
			"gen_ai.usage.completion_tokens", 30, "llm.usage.reasoning_tokens", 10, "llm.usage.total_tokens", 130,
		}},
		{name: "OpenInference", a: attrs{
			"openinference.span.kind", "LLM", "llm.system", "openai", "llm.model_name", "gpt-4.1-mini-2025-04-14", "llm.finish_reason", "tool_calls",
			"llm.token_count.prompt", 100, "llm.token_count.prompt_details.cache_read", 40,
			"llm.token_count.completion", 30, "llm.token_count.completion_details.reasoning", 10, "llm.token_count.total", 130,
		}, edit: func(r *trace.Row) { r.ModelAsked = r.Model }},
		{name: "Vercel AI SDK 6", a: attrs{
			"ai.operationId", "ai.generateText.doGenerate", "ai.model.provider", "openai.chat", "ai.model.id", "gpt-4.1-mini",
			"ai.response.model", "gpt-4.1-mini-2025-04-14", "ai.response.finishReason", "tool-calls",
			"ai.usage.inputTokens", 100, "ai.usage.cachedInputTokens", 40, "ai.usage.outputTokens", 30, "ai.usage.reasoningTokens", 10,
		}},
		{name: "Vercel AI SDK 7", a: attrs{
			"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4.1-mini",
			"gen_ai.response.model", "gpt-4.1-mini-2025-04-14", "gen_ai.response.finish_reasons", []any{"tool-calls"},
			"gen_ai.usage.input_tokens", 100, "gen_ai.usage.cache_read.input_tokens", 40, "gen_ai.usage.output_tokens", 30,
			"gen_ai.usage.reasoning.output_tokens", 10, "gen_ai.client.operation.time_to_first_chunk", 0.25,
		}, edit: func(r *trace.Row) { r.TTFT = 250e6 }},
		{name: "Langfuse, its buckets", a: attrs{
			"langfuse.observation.type", "generation", "langfuse.observation.model.name", "gpt-4.1-mini-2025-04-14",
			"langfuse.observation.usage_details", `{"input":60,"input_cached_tokens":40,"output":20,"output_reasoning_tokens":10,"total":130}`,
		}, edit: func(r *trace.Row) { r.ModelAsked, r.Finish = r.Model, "" }},
		{name: "Langfuse, the usage of OpenAI", a: attrs{
			"langfuse.observation.type", "generation", "langfuse.observation.model.name", "gpt-4.1-mini-2025-04-14", "langfuse.observation.usage_details",
			`{"completion_tokens":30,"prompt_tokens":100,"total_tokens":130,"completion_tokens_details":{"reasoning_tokens":10},"prompt_tokens_details":{"cached_tokens":40}}`,
		}, edit: func(r *trace.Row) { r.ModelAsked, r.Finish = r.Model, "" }},
		{name: "LangSmith", a: attrs{
			"langsmith.span.kind", "llm", "gen_ai.operation.name", "chat", "gen_ai.system", "openai", "gen_ai.request.model", "gpt-4.1-mini",
			"gen_ai.usage.input_tokens", 100, "gen_ai.usage.output_tokens", 30, "gen_ai.usage.total_tokens", 130, "langsmith.metadata.usage_metadata",
			`{"input_tokens":100,"output_tokens":30,"total_tokens":130,"input_token_details":{"cache_read":40},"output_token_details":{"reasoning":10}}`,
		}, edit: func(r *trace.Row) { r.Model, r.Finish = r.ModelAsked, "" }},
		{name: "Pydantic AI", a: attrs{
			"gen_ai.operation.name", "chat", "gen_ai.system", "openai", "gen_ai.request.model", "gpt-4.1-mini",
			"gen_ai.response.model", "gpt-4.1-mini-2025-04-14", "gen_ai.response.finish_reasons", []any{"tool_call"}, "gen_ai.usage.input_tokens", 100,
			"gen_ai.usage.details.cache_read_tokens", 40, "gen_ai.usage.output_tokens", 30, "gen_ai.usage.details.reasoning_tokens", 10, "operation.cost", 0.0000928,
		}, edit: func(r *trace.Row) { r.CostSent, r.HasCost = 92800, true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := row(t, c.a), want
			if c.edit != nil {
				c.edit(&want)
			}
			want.Trace, want.Span, want.Parent, want.Name, want.Start, want.End = got.Trace, got.Span, got.Parent, "step", start, start+1e9
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestRowRefusesWhatIsNoSpan(t *testing.T) {
	for name, edit := range map[string]func(*tracepb.Span){
		"no trace id":        func(s *tracepb.Span) { s.TraceId = nil },
		"a span id of zeros": func(s *tracepb.Span) { s.SpanId = make([]byte, 8) },
		"no start":           func(s *tracepb.Span) { s.StartTimeUnixNano = 0 },
		"an end beyond time": func(s *tracepb.Span) { s.EndTimeUnixNano = 1 << 63 },
	} {
		pb := spanPB(nil)
		edit(pb)
		if _, err := semconv.Row(&semconv.Origin{}, read(t, pb)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	bad := read(t, spanPB(nil))
	bad.Bytes = append(bad.Bytes, 0x4a, 2, 0x0a, 9) // an attribute that ends too soon
	if _, err := semconv.Row(&semconv.Origin{}, bad); err == nil {
		t.Error("an attribute that cannot be read: no error")
	}
}

func TestRowKeepsTextsShortAndValid(t *testing.T) {
	pb := spanPB(attrs{"user.id", strings.Repeat("ü", 400), "tag.tags", []any{"ok", strings.Repeat("x", 5000)}})
	pb.Name = strings.Repeat("n", 5000)
	r := rowOf(t, pb)
	if len(r.Name) != semconv.MaxText || r.User != strings.Repeat("ü", semconv.MaxText/2) || len(r.Tags[1]) != semconv.MaxText {
		t.Errorf("name %d, user %d, tag %d bytes", len(r.Name), len(r.User), len(r.Tags[1]))
	}
	s := read(t, spanPB(attrs{"user.id", "abcdef"}))
	for i := range s.Bytes { // not UTF-8, which the protocol's own types refuse to write
		if string(s.Bytes[i:min(i+6, len(s.Bytes))]) == "abcdef" {
			s.Bytes[i] = 0xff
		}
	}
	got, err := semconv.Row(&semconv.Origin{}, s)
	if err != nil || got.User != "\uFFFDbcdef" {
		t.Errorf("user %q, %v", got.User, err)
	}
}

func TestConfigAndVersionBelongTogether(t *testing.T) {
	for _, c := range []struct {
		name            string
		of, on          attrs
		config, version string
	}{
		{"a config", nil, attrs{"assay.config.name", "bot", "assay.config.version", "v1"}, "bot", "v1"},
		{"a config and a prompt", nil, attrs{"assay.config.name", "bot", "langfuse.observation.prompt.name", "p", "langfuse.observation.prompt.version", 3}, "bot", ""},
		{"a prompt", nil, attrs{"langfuse.observation.prompt.name", "p", "langfuse.observation.prompt.version", 3}, "p", "3"},
		{"on the resource", attrs{"assay.config.name", "bot", "assay.config.version", "v1"}, attrs{"gen_ai.prompt.name", "p"}, "bot", "v1"},
		{"the span goes before the resource", attrs{"assay.config.name", "bot", "assay.config.version", "v1"}, attrs{"assay.config.name", "other"}, "other", ""},
	} {
		r, err := semconv.Row(origin(t, c.of), read(t, spanPB(c.on)))
		if err != nil || r.Config != c.config || r.Version != c.version {
			t.Errorf("%s: %q %q, %v", c.name, r.Config, r.Version, err)
		}
	}
}

func TestErrorsAndTheirReasons(t *testing.T) {
	failed := func(a attrs, events ...*tracepb.Span_Event) *tracepb.Span {
		s := spanPB(a)
		s.Status, s.Events = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "private words"}, events
		return s
	}
	exception := &tracepb.Span_Event{Name: "exception", Attributes: attrs{"exception.type", "openai.RateLimitError", "exception.message", "m"}.pb()}
	for _, c := range []struct {
		name   string
		pb     *tracepb.Span
		failed bool
		reason string
	}{
		{"none", spanPB(nil), false, ""},
		{"a status", failed(nil), true, ""},
		{"error.type", failed(attrs{"error.type", "timeout"}, exception), true, "timeout"},
		{"an exception", failed(nil, exception), true, "openai.RateLimitError"},
		{"a tool of MCP that says so", spanPB(attrs{"mcp.method.name", "tools/call", "error.type", "tool_error"}), true, "tool_error"},
		{"Langfuse's level", spanPB(attrs{"langfuse.observation.level", "ERROR"}), true, ""},
		{"Langfuse's warning", spanPB(attrs{"langfuse.observation.level", "WARNING"}), false, ""},
		{"Logfire's level", spanPB(attrs{"logfire.level_num", 17}), true, ""},
		{"a finish", spanPB(attrs{"gen_ai.response.finish_reasons", []any{"error"}}), true, "error"},
	} {
		if r := rowOf(t, c.pb); r.Error != c.failed || r.Reason != c.reason {
			t.Errorf("%s: %v %q", c.name, r.Error, r.Reason)
		}
	}
}

func TestAnEmptyAttributeSaysNothing(t *testing.T) {
	r := row(t, attrs{"gen_ai.response.model", "", "llm.model_name", "b", "gen_ai.request.model", nil, "llm.request.model", "a", "session.id", "", "gen_ai.conversation.id", "c"})
	if r.Model != "b" || r.ModelAsked != "a" || r.Session != "c" {
		t.Errorf("%+v", r)
	}
}

func TestATotalAloneHasNoPrice(t *testing.T) {
	if u := row(t, attrs{"openinference.span.kind", "LLM", "llm.token_count.total", 9}).Usage; u.Known {
		t.Errorf("a model call: %+v", u)
	}
	if u := row(t, attrs{"openinference.span.kind", "EMBEDDING", "llm.token_count.total", 9}).Usage; u != (llm.Usage{InputTokens: 9, Known: true}) {
		t.Errorf("an embedding: %+v", u)
	}
}

func TestClocksThatWereSetBack(t *testing.T) {
	pb := spanPB(nil)
	pb.EndTimeUnixNano = pb.StartTimeUnixNano - 5
	if r := rowOf(t, pb); r.Duration() != 0 || r.End != r.Start {
		t.Errorf("%+v", r)
	}
}

func TestCostSent(t *testing.T) {
	for _, c := range []struct {
		name  string
		a     attrs
		nanos int64
		ok    bool
	}{
		{"none", attrs{"gen_ai.usage.input_tokens", 5}, 0, false},
		{"a total", attrs{"llm.cost.total", 0.001, "llm.cost.prompt", 0.5}, 1_000_000, true},
		{"input and output", attrs{"llm.cost.prompt", 0.001, "llm.cost.completion", 0.002}, 3_000_000, true},
		{"a text", attrs{"gen_ai.usage.cost", "0.25"}, 250_000_000, true},
		{"Langfuse's total", attrs{"langfuse.observation.cost_details", `{"input":0.1,"output":0.2,"total":0.5}`}, 500_000_000, true},
		{"Langfuse's parts", attrs{"langfuse.observation.cost_details", `{"input":0.1,"output":0.2}`}, 300_000_000, true},
		{"zero", attrs{"llm.cost.total", 0.0}, 0, true},
		{"below zero", attrs{"llm.cost.total", -1.0}, 0, false},
	} {
		if r := row(t, c.a); r.CostSent != c.nanos || r.HasCost != c.ok {
			t.Errorf("%s: %d %v", c.name, r.CostSent, r.HasCost)
		}
	}
}

// chat is an LLM span as OpenTelemetry's openai instrumentation sends it, with
// 3.4 KB of text.
func chat() *tracepb.Span {
	text := strings.Repeat("The ferry to Askoy leaves every half hour. ", 75)
	s := spanPB(attrs{
		"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4.1-mini", "server.address", "127.0.0.1",
		"server.port", 443, "gen_ai.response.finish_reasons", []any{"stop"}, "gen_ai.response.model", "gpt-4.1-mini-2025-04-14",
		"gen_ai.response.id", "chatcmpl-1", "gen_ai.usage.input_tokens", 92, "gen_ai.usage.output_tokens", 35, "gen_ai.request.temperature", 0.2,
		"gen_ai.request.max_tokens", 200, "session.id", "session-42", "user.id", "user-7", "assay.config.name", "bot", "assay.config.version", "bot@1234",
		"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"` + text + `"}]}]`,
		"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"` + text[:200] + `"}],"finish_reason":"stop"}]`,
	})
	return s
}

func TestRowOfAnLLMSpanAllocatesNothing(t *testing.T) {
	s, o := read(t, chat()), origin(t, attrs{"service.name", "help"})
	if n := testing.AllocsPerRun(100, func() {
		if _, err := semconv.Row(o, s); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRow(b *testing.B) {
	s, o := read(b, chat()), origin(b, attrs{"service.name", "help", "deployment.environment.name", "staging"})
	b.ReportAllocs()
	for b.Loop() {
		view, err := otlp.ReadSpan(s.Bytes)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := semconv.Row(o, &view); err != nil {
			b.Fatal(err)
		}
	}
}
