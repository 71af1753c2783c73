package fromtrace

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/trace"
)

func says(role, text string) trace.Message {
	return trace.Message{Role: role, Parts: []trace.Part{{Type: "text", Text: text}}}
}

// rag is a trace of a retrieval, a tool and a model call.
func rag() *api.Trace {
	score := 0.5
	return &api.Trace{
		Summary: api.Summary{TraceID: "0af7651916cd43dd8448eb211c80319c", Session: "s1"},
		List: []api.Step{
			{Span: api.Span{SpanID: "01", Kind: "chain"}, Content: &api.Content{InputText: "the root's input", OutputText: "the root's output"}},
			{Span: api.Span{SpanID: "02", Kind: "retriever"}, Depth: 1, Content: &api.Content{Documents: []trace.Document{{ID: "d1", Source: "a.md", Content: "14 days", Score: &score}}}},
			{Span: api.Span{SpanID: "03", Kind: "tool"}, Depth: 1, Content: &api.Content{ToolCall: &trace.ToolCall{Name: "lookup", Arguments: json.RawMessage(`{"id":1}`), Result: json.RawMessage(`"ok"`)}}},
			{Span: api.Span{SpanID: "04", Kind: "llm", Model: "gpt-5"}, Depth: 1, Content: &api.Content{
				InputMessages: []trace.Message{says("system", "Be kind."), says("user", "May I return it?")}, OutputMessages: []trace.Message{says("assistant", "Within <14> days.")},
			}},
			{Span: api.Span{SpanID: "05", Kind: "llm"}, Depth: 1},
		},
	}
}

func TestACaseOfMessages(t *testing.T) {
	t.Parallel()
	c, err := Make(rag())
	if err != nil {
		t.Fatal(err)
	}
	line, _, err := c.line()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"input":{"messages":[{"content":"Be kind.","role":"system"},{"content":"May I return it?","role":"user"}]},"cluster":"s1",` +
		`"metadata":{"source":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"04","model":"gpt-5"},` +
		`"documents":[{"id":"d1","content":"14 days","source":"a.md","score":0.5}],` +
		`"tool_calls":[{"name":"lookup","arguments":{"id":1},"result":"ok"}],"output":"Within <14> days."}}` + "\n"
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestWhatTheInputIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*api.Trace)
		want   map[string]any
		span   string
	}{
		"variables of a config": {func(t *api.Trace) {
			t.List[3].Config, t.List[3].Variables = "support", json.RawMessage(`{"question":"May I?","n":1.50}`)
		}, map[string]any{"question": "May I?", "n": json.Number("1.50")}, "04"},
		"variables without a config": {func(t *api.Trace) { t.List[1].Variables = json.RawMessage(`{"question":"x"}`) }, nil, "04"},
		"variables that are a list":  {func(t *api.Trace) { t.List[3].Config, t.List[3].Variables = "support", json.RawMessage(`[1]`) }, nil, "04"},
		"the root's text":            {func(t *api.Trace) { t.List[3].InputMessages = nil }, map[string]any{"input": "the root's input"}, "01"},
		"the root's object": {func(t *api.Trace) {
			t.List[3].InputMessages, t.List[0].InputText = nil, `{"question":"q"}`
		}, map[string]any{"question": "q"}, "01"},
		"parts that are no text": {func(t *api.Trace) {
			t.List[3].InputMessages = []trace.Message{{Role: "user", Parts: []trace.Part{{Type: "uri", URI: "a.png"}}}}
		}, map[string]any{"messages": []any{map[string]any{"role": "user", "parts": []trace.Part{{Type: "uri", URI: "a.png"}}}}}, "04"},
	} {
		tr := rag()
		c.change(tr)
		got, err := Make(tr)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.want != nil && !reflect.DeepEqual(got.Input, c.want) || c.want == nil && got.Input["messages"] == nil || got.Metadata.Source.Span != c.span {
			t.Errorf("%s: %v from span %s", name, got.Input, got.Metadata.Source.Span)
		}
	}
	large := rag()
	large.List[3].Config, large.List[3].Variables = "support", json.RawMessage(`{"n":12345678901234567890}`)
	if c, err := Make(large); err == nil {
		t.Errorf("a number that no digest can hold: %v", c.Input)
	}
	empty := rag()
	empty.List = empty.List[4:]
	if _, err := Make(empty); !errors.Is(err, ErrNothing) {
		t.Errorf("a trace without content: %v", err)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	first, err := Make(rag())
	if err != nil {
		t.Fatal(err)
	}
	other := rag()
	other.List[3].InputMessages[1] = says("user", "And you?")
	second, err := Make(other)
	if err != nil {
		t.Fatal(err)
	}
	text, added, err := Add("d.jsonl", nil, []*Case{first, first, second})
	if err != nil || added != 2 || strings.Count(string(text), "\n") != 2 {
		t.Fatalf("%d added, %v\n%s", added, err, text)
	}
	// A case that got an expectation meanwhile is still there.
	expected := strings.Replace(string(text), `"cluster"`, `"expected":"yes","cluster"`, 1)
	again, added, err := Add("d.jsonl", []byte(strings.TrimSuffix(expected, "\n")), []*Case{first, second})
	if err != nil || added != 0 || string(again) != expected {
		t.Errorf("%d added again, %v\n%s", added, err, again)
	}
	if _, _, err := Add("d.jsonl", []byte("{"), []*Case{first}); err == nil || !strings.Contains(err.Error(), "d.jsonl:1") {
		t.Errorf("a damaged file: %v", err)
	}
}
