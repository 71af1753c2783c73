package recorded_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/llmtest"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/problem"
)

func rows(t *testing.T, lines string) []recorded.Row {
	t.Helper()
	var all []recorded.Row
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		v, err := extract.ParseJSON([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, recorded.Row{Value: v, Line: i + 1})
	}
	return all
}

func model(t *testing.T, spec map[string]any, lines string) *recorded.Model {
	t.Helper()
	s, err := recorded.ParseSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	m, err := recorded.New(s, "answers.jsonl", rows(t, lines))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func call(t *testing.T, m llm.Model, req *llm.Request) (*llm.Reply, *llm.Error) {
	t.Helper()
	reply, err := m.Call(t.Context(), req)
	if err == nil {
		return reply, nil
	}
	var failure *llm.Error
	if !errors.As(err, &failure) {
		t.Fatalf("not an *llm.Error: %v", err)
	}
	return reply, failure
}

func TestEverythingARowMayCarry(t *testing.T) {
	t.Parallel()
	m := model(t, map[string]any{
		"file": "answers.jsonl", "id": "$.case", "output": map[string]any{"path": "$.text", "extract": "last_line"},
		"usage": "$.usage", "latency_ms": "$.ms", "ttft_ms": "$.first", "documents": "$.docs", "tool_calls": "$.calls",
		"cost_usd": "$.usd", "model": "$.model", "finish_reason": "$.stop",
	}, strings.ReplaceAll(`{"case": 7, "text": "thinking\nthe answer", "ms": 12.5, "first": "3", "usd": 0.0015, "model": "m-1", "stop": "stop",
		"usage": {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
		"docs": ["one", {"source": "help/a.md#b", "content": "two", "score": 0.5}],
		"calls": [{"id": "c1", "function": {"name": "lookup", "arguments": "{\"id\":1}"}}, {"name": "f", "arguments": {"x": 2}, "result": "ok"}]}`, "\n", " "))
	r, failure := call(t, m, &llm.Request{CaseID: "7"})
	if failure != nil {
		t.Fatal(failure)
	}
	if r.Content != "the answer" || r.Model != "m-1" || r.FinishReason != "stop" || r.Role != "assistant" {
		t.Errorf("reply %+v", r)
	}
	if want := (llm.Usage{InputTokens: 10, CachedTokens: 6, OutputTokens: 4, Known: true}); r.Usage != want {
		t.Errorf("usage %+v", r.Usage)
	}
	if r.Timing.Total != int64(12500*time.Microsecond) || r.Timing.TTFT != int64(3*time.Millisecond) {
		t.Errorf("timing %+v", r.Timing)
	}
	if r.CostNanos == nil || *r.CostNanos != 1_500_000 {
		t.Errorf("cost %v", r.CostNanos)
	}
	if len(r.Documents) != 2 || r.Documents[0] != (llm.Document{ID: "1", Content: "one"}) ||
		r.Documents[1] != (llm.Document{ID: "help/a.md#b", Source: "help/a.md#b", Content: "two", Score: 0.5}) {
		t.Errorf("documents %+v", r.Documents)
	}
	got, err := json.Marshal(r.ToolCalls)
	if want := `[{"id":"c1","name":"lookup","arguments":{"id":1}},{"name":"f","arguments":{"x":2},"result":"ok"}]`; err != nil || string(got) != want {
		t.Errorf("tool calls %s, %v", got, err)
	}
}

func TestJoinByInput(t *testing.T) {
	t.Parallel()
	m := model(t, map[string]any{"file": "a", "input": "$.question"}, `{"question": "q1", "output": "a1"}`)
	if r, failure := call(t, m, &llm.Request{CaseID: "x", Input: map[string]any{"question": "q1"}}); failure != nil || r.Content != "a1" {
		t.Errorf("the only field: %v, %v", r, failure)
	}
	whole := model(t, map[string]any{"file": "a", "input": "$.input"}, `{"input": {"b": 1, "a": "x"}, "output": "a2"}`)
	if r, failure := call(t, whole, &llm.Request{CaseID: "x", Input: map[string]any{"a": "x", "b": int64(1)}}); failure != nil || r.Content != "a2" {
		t.Errorf("the whole input: %v, %v", r, failure)
	}
	if _, failure := call(t, whole, &llm.Request{CaseID: "c9", Input: map[string]any{"a": "x"}}); failure == nil || !strings.Contains(failure.Message, `"c9"`) {
		t.Errorf("a missing input: %v", failure)
	}
}

func TestMissingAnswersAndRepeats(t *testing.T) {
	t.Parallel()
	m := model(t, map[string]any{"file": "a"}, "{\"id\":\"a\",\"output\":\"first\"}\n{\"id\":\"b\",\"output\":\"only\"}\n{\"id\":\"a\",\"output\":\"second\"}")
	if r, failure := call(t, m, &llm.Request{CaseID: "a", Repeat: 1}); failure != nil || r.Content != "second" {
		t.Errorf("second repeat: %v, %v", r, failure)
	}
	for _, req := range []*llm.Request{{CaseID: "zz"}, {CaseID: "b", Repeat: 1}} {
		_, failure := call(t, m, req)
		if failure == nil || failure.Kind.OfCandidate() || failure.Kind.Systemic() || !strings.Contains(failure.Message, req.CaseID) {
			t.Errorf("%+v: %v", req, failure)
		}
	}
}

func TestRecordedErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		row  string
		want *llm.Error
	}{
		{`{"id":"a","error":"timeout"}`, &llm.Error{Kind: llm.Timeout, Message: "timeout"}},
		{`{"id":"a","error":"boom"}`, &llm.Error{Kind: llm.TargetFailed, Message: "boom"}},
		{`{"id":"a","error":{"type":"rate_limited","message":"slow","status":429}}`, &llm.Error{Kind: llm.RateLimited, Message: "slow", Status: 429}},
		{`{"id":"a","output":"half","error":{"type":"content_filter","message":"no"}}`, &llm.Error{Kind: llm.ContentFilter, Message: "no"}},
		{`{"id":"a","output":"x","error":null}`, nil},
		{`{"id":"a","output":"x","error":""}`, nil},
		{`{"id":"a","output":"x","error":false}`, nil},
	} {
		m := model(t, map[string]any{"file": "a", "error": "$.error"}, tc.row)
		reply, got := call(t, m, &llm.Request{CaseID: "a"})
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %+v, want %+v", tc.row, got, tc.want)
		}
		if wantReply := tc.want == nil || tc.want.Kind.OfCandidate(); (reply != nil) != wantReply {
			t.Errorf("%s: reply %v", tc.row, reply)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		spec any
		rows string
		want string
	}{
		{"answers.jsonl", "", "answers is the text"},
		{map[string]any{"id": "$.id"}, "", "names no file"},
		{map[string]any{"file": "a", "ouput": "$.x"}, "", "did you mean output?"},
		{map[string]any{"file": "a", "id": "$.id", "input": "$.q"}, "", "both id and input"},
		{map[string]any{"file": "a", "output": "x["}, "", "not a JSONPath"},
		{map[string]any{"file": "a", "output": map[string]any{"path": "$.x", "extrac": "last_line"}}, "", `unknown field "extrac"`},
		{map[string]any{"file": "a", "output": map[string]any{"path": "$.x", "extract": "lst_line"}}, "", "is not an extract"},
		{map[string]any{"file": "a"}, `{"output":"x"}`, "a.jsonl:1: the row has nothing at $.id"},
		{map[string]any{"file": "a"}, `{"id":"x"}`, "a.jsonl:1: the row has nothing at $.output"},
		{map[string]any{"file": "a", "latency_ms": "$.ms"}, "{\"id\":\"x\",\"output\":\"\"}\n{\"id\":\"y\",\"output\":\"\",\"ms\":-1}", "a.jsonl:2: latency_ms"},
		{map[string]any{"file": "a", "usage": "$.u"}, `{"id":"x","output":"","u":{"input_tokens":1.5}}`, "input_tokens is the number 1.5"},
		{map[string]any{"file": "a", "cost_usd": "$.u"}, `{"id":"x","output":"","u":"free"}`, "no amount of US dollars"},
		{map[string]any{"file": "a", "documents": "$.u"}, `{"id":"x","output":"","u":"d"}`, "no list of documents"},
		{map[string]any{"file": "a", "tool_calls": "$.u"}, `{"id":"x","output":"","u":[{}]}`, "tool call 1 has no name"},
		{map[string]any{"file": "a", "error": "$.u"}, `{"id":"x","output":"","u":3}`, "is no error"},
	} {
		s, err := recorded.ParseSpec(tc.spec)
		if err == nil {
			_, err = recorded.New(s, "a.jsonl", rows(t, tc.rows))
		}
		if err == nil || !problem.Is(err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v over %s: %v\nwant a Problem with %q", tc.spec, tc.rows, err, tc.want)
		}
	}
}

func TestKeyFollowsWhatIsAnswered(t *testing.T) {
	t.Parallel()
	spec := map[string]any{"file": "a"}
	key := func(m *recorded.Model, req llm.Request) string {
		k, err := m.Key(&req)
		if err != nil {
			t.Fatal(err)
		}
		return string(k)
	}
	one, two := model(t, spec, `{"id":"a","output":"x"}`), model(t, spec, `{"id":"a","output":"y"}`)
	if key(one, llm.Request{CaseID: "a"}) == key(two, llm.Request{CaseID: "a"}) {
		t.Error("another answer, the same key")
	}
	if key(one, llm.Request{CaseID: "a"}) == key(one, llm.Request{CaseID: "b"}) {
		t.Error("another case, the same key")
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := model(t, map[string]any{"file": "a"}, `{"id":"a","output":"x"}`).Call(ctx, &llm.Request{CaseID: "a"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Conform(t, func(t *testing.T) llmtest.Subject {
		return llmtest.Subject{
			Model:   model(t, map[string]any{"file": "a"}, "{\"id\":\"a\",\"output\":\"x\"}\n{\"id\":\"b\",\"output\":\"y\"}"),
			Request: llm.Request{CaseID: "a"},
			Other:   llm.Request{CaseID: "b"},
		}
	})
}
