package semconv_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

func TestPreview(t *testing.T) {
	for _, c := range []struct {
		name          string
		a             attrs
		n             int
		input, output string
	}{
		{"a chat", attrs{
			"gen_ai.input.messages", `[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"When does\n  it leave?"}]}]`,
			"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"At six."}]}]`,
		}, 100, "When does it leave?", "At six."},
		{"a chat that a tool continues", attrs{
			"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Weather?"}]},{"role":"assistant","parts":[{"type":"text","content":"I look."}]},{"role":"tool","parts":[{"type":"text","content":"rain"}]}]`,
		}, 100, "Weather?", ""},
		{"a call of a tool", attrs{
			"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","name":"weather","arguments":{"city":"Oslo"}}]}]`,
		}, 100, "", `weather({"city":"Oslo"})`},
		{"texts", attrs{"input.value", "in", "output.value", "out"}, 100, "in", "out"},
		{"a retriever", attrs{"gen_ai.operation.name", "retrieval", "gen_ai.retrieval.query.text", "lamps"}, 100, "lamps", ""},
		{"cut at a letter", attrs{"input.value", "äöüäöü", "output.value", "x"}, 5, "äö", "x"},
	} {
		if in, out := semconv.Preview(&semconv.Origin{}, read(t, spanPB(c.a)), nil, c.n); in != c.input || out != c.output {
			t.Errorf("%s: %q %q", c.name, in, out)
		}
	}
	if in, out := semconv.Preview(&semconv.Origin{}, &otlp.Span{}, nil, 10); in != "" || out != "" {
		t.Errorf("no span: %q %q", in, out)
	}
}

func TestEachText(t *testing.T) {
	pb := spanPB(attrs{"a", "one", "n", 5, "nested", []any{"two", attrs{"k", "three"}}})
	pb.Events = []*tracepb.Span_Event{{Name: "event", Attributes: attrs{"e", "four"}.pb()}}
	pb.Status = &tracepb.Status{Message: "five"}
	var got []string
	if err := semconv.EachText(read(t, pb), func(b []byte) error { got = append(got, string(b)); return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, "texts", got, []string{"step", "one", "two", "three", "event", "four", "five"})

	stop := errors.New("enough")
	for n := range len(got) {
		left := n
		err := semconv.EachText(read(t, pb), func([]byte) error {
			if left--; left < 0 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) || left != -1 {
			t.Errorf("stopped at text %d: %v, %d", n, err, left)
		}
	}
	deep := any("deep")
	for range 40 {
		deep = []any{deep}
	}
	got = nil
	if err := semconv.EachText(read(t, spanPB(attrs{"deep", deep, "after", "it"})), func(b []byte) error { got = append(got, string(b)); return nil }); err != nil {
		t.Errorf("nested too deeply: %v", err)
	}
	equal(t, "texts beside a value that is nested too deeply", got, []string{"step", "it"})

	l := logOf(t, "gen_ai.user.message", attrs{"content", "six"}, attrs{"k", "seven"})
	got = nil
	if err := semconv.EachLogText(&l.Log, func(b []byte) error { got = append(got, string(b)); return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, "texts of a record", got, []string{"gen_ai.user.message", "six", "seven"})
}

func TestTextsOfJSONHaveNoEscapes(t *testing.T) {
	for sent, want := range map[string]string{
		`{"content":"first\nsecond"}`:       `{"content":"first second"}`,
		`["Fl\u00f8yen \ud83d\ude00"]`:      `["Fløyen 😀"]`,
		`{"arguments":"{\"q\":\"a\\nb\"}"}`: `{"arguments":"{"q":"a b"}"}`,
		`C:\new is no JSON`:                 `C:\new is no JSON`,
		`{"cut":"\u00`:                      `{"cut":"u00`,
		`{"half":"\ud83d"}`:                 "{\"half\":\"\uFFFD\"}",
		`{"end\`:                            `{"end\`,
	} {
		var got []string
		if err := semconv.EachText(read(t, spanPB(attrs{"k", sent})), func(b []byte) error { got = append(got, string(b)); return nil }); err != nil {
			t.Fatal(err)
		}
		equal(t, sent, got, []string{"step", want})
	}
}

func TestLogScore(t *testing.T) {
	a := attrs{"gen_ai.evaluation.name", "relevance", "gen_ai.evaluation.score.value", 0.8, "gen_ai.evaluation.score.label", "good", "gen_ai.evaluation.explanation", "It fits."}
	l := logOf(t, "gen_ai.evaluation.result", nil, a)
	got, ok := semconv.LogScore(l.Origin, &l.Log)
	value := 0.8
	want := trace.Score{
		ID: got.ID, Target: trace.Target{Trace: rowOf(t, spanPB(nil)).Trace, Span: rowOf(t, spanPB(nil)).Span},
		Name: "relevance", Value: &value, Label: "good", Comment: "It fits.", Source: "evaluator", Time: start + 5,
	}
	equal(t, "score", got, want)
	if !ok || got.Check() != nil {
		t.Errorf("ok %v, %v", ok, got.Check())
	}
	again := logOf(t, "", nil, append(attrs{"event.name", "gen_ai.evaluation.result"}, a...))
	if second, ok := semconv.LogScore(again.Origin, &again.Log); !ok || second.ID != got.ID {
		t.Errorf("sent again: %v %q, before %q", ok, second.ID, got.ID)
	}
	other := logOf(t, "gen_ai.evaluation.result", nil, attrs{"gen_ai.evaluation.name", "relevance", "gen_ai.evaluation.score.value", 0.7})
	if second, _ := semconv.LogScore(other.Origin, &other.Log); second.ID == got.ID {
		t.Error("another score has the same id")
	}
	for name, l := range map[string]semconv.Log{
		"another event": logOf(t, "gen_ai.choice", nil, a),
		"no name":       logOf(t, "gen_ai.evaluation.result", nil, attrs{"gen_ai.evaluation.score.value", 0.8}),
		"nothing said":  logOf(t, "gen_ai.evaluation.result", nil, attrs{"gen_ai.evaluation.name", "x"}),
	} {
		if s, ok := semconv.LogScore(l.Origin, &l.Log); ok {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := whole(t, nil, l); len(s.Evaluations) != 1 || s.Evaluations[0].ID != got.ID {
		t.Errorf("of the span: %+v", s.Evaluations)
	}
	pb := spanPB(nil)
	pb.Events = []*tracepb.Span_Event{{Name: "gen_ai.evaluation.result", TimeUnixNano: start + 5, Attributes: a.pb()}}
	if list := semconv.SpanScores(&semconv.Origin{}, read(t, pb)); len(list) != 1 || list[0].ID != got.ID {
		t.Errorf("as an event of the span: %+v", list)
	}
}

func TestSpanScoresOfSessions(t *testing.T) {
	list := semconv.SpanScores(&semconv.Origin{}, read(t, spanPB(attrs{
		"session.id", "s1", "session.annotations.0.annotation.name", "solved", "session.annotations.0.annotation.label", "yes",
	})))
	if len(list) != 1 || list[0].Target != (trace.Target{Session: "s1"}) || list[0].Source != "sdk" {
		t.Errorf("%+v", list)
	}
}

func TestWholeKeepsWhatIsNoMeaning(t *testing.T) {
	deep := any("deep")
	for range 40 {
		deep = []any{deep}
	}
	pb := spanPB(attrs{
		"own", "kept", "deep", deep, "metadata", `{"tier":"gold","n":3}`, "langsmith.metadata.team", "a",
		"llm.prompt_template.template", "Hi {{name}}", "llm.prompt_template.variables", `{"name":"Ada"}`, "llm.prompt_template.version", "7",
		"llm.invocation_parameters", `{"temperature":0.5,"maxTokens":10,"model":"m"}`,
	})
	pb.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "it broke"}
	pb.Events = []*tracepb.Span_Event{{Name: "exception", TimeUnixNano: start + 3, Attributes: attrs{"exception.type", "E", "exception.message", "m", "exception.stacktrace", "s"}.pb()}}
	s := wholeOf(t, pb)
	equal(t, "attributes", []any{s.Attributes["own"], s.Attributes["deep"], len(s.Attributes)}, []any{"kept", nil, 8})
	equal(t, "metadata", s.Metadata, map[string]any{"tier": "gold", "n": int64(3), "team": "a"})
	equal(t, "prompt", *s.Prompt, trace.PromptRef{Version: "7", Template: "Hi {{name}}"})
	equal(t, "variables", string(s.Variables), `{"name":"Ada"}`)
	equal(t, "params", s.Params, map[string]any{"temperature": 0.5, "max_tokens": int64(10)})
	equal(t, "exceptions", s.Exceptions, []trace.Exception{{Time: start + 3, Type: "E", Message: "m", Stack: "s"}})
	equal(t, "status", s.StatusText, "it broke")
}

// FuzzSpan: no bytes make a reading panic, and what a Row keeps is short, valid
// text. What Row accepts, Whole opens.
func FuzzSpan(f *testing.F) {
	f.Add(read(f, chat()).Bytes)
	f.Add(read(f, spanPB(attrs{
		"llm.input_messages.0.message.contents.0.message_content.type", "text", "llm.input_messages.0.message.role", "user",
		"langfuse.observation.usage_details", `{"input":1,"total":3}`, "langfuse.trace.tags", `["a"]`, "annotations.0.annotation.score", 1,
		"gen_ai.prompt", `{"messages":[[{"kwargs":{"type":"human","content":[{"type":"image_url","image_url":{"url":"u"}}]}}]]}`,
		"ai.ranking", `[{"index":0,"relevanceScore":0.5}]`, "ai.documents", []any{"a"}, "ai.operationId", "ai.rerank.doRerank",
	})).Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := otlp.ReadSpan(b)
		if err != nil {
			return
		}
		o := semconv.ReadOrigin(otlp.Resource{Bytes: b}, otlp.Scope{Bytes: b})
		r, err := semconv.Row(&o, &s)
		span, werr := semconv.Whole(&o, &s, nil)
		if (err == nil) != (werr == nil) {
			t.Fatalf("Row says %v, Whole %v", err, werr)
		}
		if err := semconv.EachText(&s, func([]byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		texts := append(slices.Clone(r.Tags), r.Name, r.Reason, r.Provider, r.Model, r.ModelAsked, r.Config, r.Version, r.User, r.Session, r.Finish)
		for _, text := range texts {
			if len(text) > semconv.MaxText+3 || !utf8.ValidString(text) {
				t.Fatalf("a text of %d bytes: %q", len(text), text)
			}
		}
		for i := range span.Evaluations {
			if err := span.Evaluations[i].Check(); err != nil {
				t.Fatal(err)
			}
		}
		if u := r.Usage; u.InputTokens < 0 || u.OutputTokens < 0 || u.CachedTokens+u.CacheWriteTokens > u.InputTokens || u.ReasoningTokens > u.OutputTokens {
			t.Fatalf("usage %+v", u)
		}
	})
}

// FuzzContent: whatever text stands where structures are expected, a span opens,
// the text is kept as it was, and what is derived is JSON.
func FuzzContent(f *testing.F) {
	for _, s := range []string{
		`[{"role":"user","parts":[{"type":"tool_call","id":"a","arguments":{"b":[1,null]}},{"type":"blob","mime_type":"image/png","content":"AA=="}]}]`,
		`{"messages":[[{"id":["x","AIMessage"],"kwargs":{"content":[{"type":"text","text":"t"}],"tool_calls":[{"name":"n","args":{}}]}}]]}`,
		`{"generations":[[{"message":{"kwargs":{"type":"ai"}},"generation_info":{"finish_reason":"stop"}}]]}`,
		`{"choices":[{"message":{"role":"assistant","function_call":{"name":"f","arguments":"{"}}}],"tools":[{"function":{"name":"n"}}],"documents":[{"id":1,"score":1e999}]}`,
		`[{"index":0,"relevanceScore":0.1}]`, `{"input":1,"output":2,"total":9}`, `{"args":[],"kwargs":{"a":1}}`, `[[[[]]]]`, `"x"`, `{`, ``, "\x00\xff",
	} {
		f.Add(s)
	}
	keys := []string{
		"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", "gen_ai.retrieval.documents", "gen_ai.prompt",
		"gen_ai.completion", "ai.prompt", "ai.prompt.messages", "ai.prompt.tools", "ai.response.toolCalls", "ai.ranking", "ai.documents", "metadata",
		"langfuse.observation.input", "langfuse.observation.output", "langfuse.observation.usage_details", "langfuse.observation.cost_details",
		"langfuse.observation.model.parameters", "langsmith.usage_metadata", "llm.invocation_parameters", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
		"pydantic_ai.all_messages", "langfuse.trace.tags", "gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens", "llm.cost.total",
		"langfuse.observation.completion_start_time", "llm.input_messages.0.message.content", "llm.tools.0.tool.json_schema", "ai.telemetry.metadata.langfusePrompt",
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // the protocol has no such texts
		}
		kinds := []string{"LLM", "TOOL", "RETRIEVER", "AGENT"}
		for _, kind := range kinds {
			for _, key := range keys {
				span := whole(t, attrs{"openinference.span.kind", kind, key, s})
				if span.Attributes[key] != s {
					t.Fatalf("%s: %q is kept as %q", key, s, span.Attributes[key])
				}
				span.Attributes = nil
				if _, err := json.Marshal(span); err != nil {
					t.Fatalf("%s: %v", key, err)
				}
				if u := span.Usage; u.CachedTokens+u.CacheWriteTokens > u.InputTokens || u.ReasoningTokens > u.OutputTokens || u.InputTokens < 0 {
					t.Fatalf("usage %+v", u)
				}
			}
		}
	})
}
