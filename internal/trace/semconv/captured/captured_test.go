package captured_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

const folder = "../testdata/captured"

func load(t *testing.T) ([]captured.Fixture, map[string][]captured.Absence) {
	t.Helper()
	all, absent, err := captured.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return all, absent
}

// Every instrumentation was captured in every scenario, and did call the server.
func TestFixturesAreWhole(t *testing.T) {
	all, absent := load(t)
	scenarios := map[string]int{}
	for i := range all {
		f := &all[i]
		scenarios[f.Scenario]++
		if len(f.Requests) == 0 || len(f.Wire.Exchanges) == 0 {
			t.Errorf("%s: %d requests, %d exchanges", f, len(f.Requests), len(f.Wire.Exchanges))
		}
		for _, r := range f.Requests {
			if len(r.Body) == 0 {
				t.Errorf("%s: %s is empty", f, r.File)
			}
		}
		if _, ok := absent[f.Instrumentation]; !ok {
			t.Errorf("absent.json has nothing of %s; an empty list says that it sends everything", f.Instrumentation)
		}
	}
	for name, n := range scenarios {
		if n != len(absent) {
			t.Errorf("scenario %s: %d of %d instrumentations", name, n, len(absent))
		}
	}
	for name, list := range absent {
		for _, a := range list {
			if a.Field == "" || a.Why == "" {
				t.Errorf("absent.json: %s: %+v has no field or no reason", name, a)
			}
		}
	}
}

// perfect are spans that say exactly what went over the wire.
func perfect(w *captured.Wire) []*trace.Span {
	var spans []*trace.Span
	add := func(kind trace.Kind) *trace.Span {
		n := int64(len(spans) + 1)
		s := &trace.Span{Row: trace.Row{Kind: kind, Span: trace.SpanIDOf(uint64(n)), Start: n * 1000, End: n*1000 + 500,
			Session: w.Set.Session, User: w.Set.User, Tags: w.Set.Tags}}
		spans = append(spans, s)
		return s
	}
	results := map[string]string{}
	for _, e := range w.Exchanges {
		for _, m := range e.Messages {
			if m.Role == "tool" {
				var text string
				_ = json.Unmarshal(m.Content, &text)
				results[m.ToolCallID] = text
			}
		}
	}
	if len(w.Set.Documents) > 0 {
		s := add(trace.KindRetriever)
		for _, d := range w.Set.Documents {
			s.Documents = append(s.Documents, trace.Document{ID: d.ID, Content: d.Content, Score: &d.Score})
		}
	}
	for _, e := range w.Exchanges {
		kind := trace.KindLLM
		if e.Operation == "embeddings" {
			kind = trace.KindEmbedding
		}
		s := add(kind)
		s.Provider, s.ModelAsked, s.Model, s.ResponseID, s.Finish = "openai", e.Model, e.ResponseModel, e.ResponseID, e.FinishReason
		for _, m := range e.Messages {
			s.Input = append(s.Input, message(m))
		}
		for _, tool := range e.Tools {
			s.Tools = append(s.Tools, trace.Tool{Name: tool.Function.Name, Description: tool.Function.Description, Parameters: tool.Function.Parameters})
		}
		if e.Error != nil {
			s.Error, s.StatusText = true, e.Error.Message
			continue
		}
		s.Usage = llm.Usage{InputTokens: e.Usage.Input, CachedTokens: e.Usage.Cached, OutputTokens: e.Usage.Output,
			ReasoningTokens: e.Usage.Reasoning, Known: true}
		if e.Stream {
			s.TTFT = 100
		}
		if e.Output == nil {
			continue
		}
		s.Output = []trace.Message{message(*e.Output)}
		for _, c := range e.Output.ToolCalls {
			result, _ := json.Marshal(results[c.ID])
			add(trace.KindTool).Call = &trace.ToolCall{ID: c.ID, Name: c.Function.Name,
				Arguments: json.RawMessage(c.Function.Arguments), Result: result}
		}
	}
	return spans
}

func message(m captured.Message) trace.Message {
	out := trace.Message{Role: m.Role}
	var text string
	_ = json.Unmarshal(m.Content, &text)
	switch {
	case m.Role == "tool":
		result, _ := json.Marshal(text)
		out.Parts = append(out.Parts, trace.Part{Type: "tool_result", ID: m.ToolCallID, Result: result})
	case text != "":
		out.Parts = append(out.Parts, trace.Part{Type: "text", Text: text})
	}
	for _, c := range m.ToolCalls {
		out.Parts = append(out.Parts, trace.Part{Type: "tool_call", ID: c.ID, Name: c.Function.Name, Arguments: json.RawMessage(c.Function.Arguments)})
	}
	return out
}

// Spans that say what the wire says differ in nothing; and each wrong field of
// any of them is told. A comparison that could not fail would prove nothing.
func TestCompareTellsEachWrongField(t *testing.T) {
	spoil := map[string]func(*trace.Span) bool{
		"provider": func(s *trace.Span) bool { s.Provider += "x"; return s.Kind.Billed() },
		"asked":    func(s *trace.Span) bool { s.ModelAsked += "x"; return s.Kind.Billed() },
		"model":    func(s *trace.Span) bool { s.Model += "x"; return s.Kind.Billed() && !s.Error },
		"kind":     func(s *trace.Span) bool { s.Kind = trace.KindOther; return true },
		"input":    func(s *trace.Span) bool { s.Input = nil; return s.Kind == trace.KindLLM },
		"output":   func(s *trace.Span) bool { s.Output = nil; return s.Kind == trace.KindLLM && !s.Error },
		"finish":   func(s *trace.Span) bool { s.Finish = "length"; return s.Kind == trace.KindLLM && !s.Error },
		"id":       func(s *trace.Span) bool { s.ResponseID += "x"; return s.Kind.Billed() && !s.Error },
		"usage":    func(s *trace.Span) bool { s.Usage.InputTokens++; return s.Kind.Billed() && !s.Error },
		"error":    func(s *trace.Span) bool { s.Error = !s.Error; return s.Kind.Billed() },
		"message":  func(s *trace.Span) bool { s.StatusText = "no"; return s.Error },
		"ttft":     func(s *trace.Span) bool { had := s.TTFT > 0; s.TTFT = 501; return had },
		"tools": func(s *trace.Span) bool {
			if len(s.Tools) == 0 {
				return false
			}
			s.Tools[0].Description = ""
			return true
		},
		"result": func(s *trace.Span) bool {
			if s.Call == nil {
				return false
			}
			s.Call.Result = json.RawMessage(`"no"`)
			return true
		},
		"document": func(s *trace.Span) bool {
			if len(s.Documents) == 0 {
				return false
			}
			s.Documents[1].Content = "no"
			return true
		},
	}
	all, _ := load(t)
	told := map[string]bool{}
	for i := range all {
		f := &all[i]
		retried := f.Scenario == "retry" // the refused exchange needs no span; leaving it out is tested below
		if d := captured.Compare(perfect(&f.Wire), &f.Wire); len(d) != 0 {
			t.Errorf("%s: %v", f, d)
		}
		for name, change := range spoil {
			for n := range perfect(&f.Wire) {
				spans := perfect(&f.Wire)
				if retried && spans[n].Error || !change(spans[n]) {
					continue
				}
				told[name] = true
				if len(captured.Compare(spans, &f.Wire)) == 0 {
					t.Errorf("%s: a wrong %s of span %d was not told", f, name, n)
				}
			}
		}
	}
	if len(told) != len(spoil) {
		t.Errorf("only %v were tried of %d", told, len(spoil))
	}
}

func TestARefusalThatWasTriedAgainNeedsNoSpan(t *testing.T) {
	f, err := captured.LoadOne(folder + "/openai-v2/retry")
	if err != nil {
		t.Fatal(err)
	}
	spans := perfect(&f.Wire)
	if len(spans) != 2 || !spans[0].Error {
		t.Fatalf("the scenario is not a refusal and an answer: %d spans", len(spans))
	}
	if d := captured.Compare(spans[1:], &f.Wire); len(d) != 0 {
		t.Error(d)
	}
}

func TestUsageOfAParentCountsOnce(t *testing.T) {
	f, err := captured.LoadOne(folder + "/openai-v2/chat")
	if err != nil {
		t.Fatal(err)
	}
	spans := perfect(&f.Wire)
	root := &trace.Span{Row: trace.Row{Kind: trace.KindAgent, Span: trace.SpanIDOf(99), Usage: spans[0].Usage}}
	spans[0].Parent = root.Span
	if d := captured.Compare(append(spans, root), &f.Wire); len(d) != 0 {
		t.Error(d)
	}
	spans[0].Parent = trace.SpanID{}
	if d := captured.Compare(append(spans, root), &f.Wire); len(d) == 0 {
		t.Error("usage that is told twice was not told")
	}
}

func TestOnlySilenceIsExcused(t *testing.T) {
	absent := []captured.Absence{{Field: "llm.usage.cached", Scenarios: []string{"agent"}, Why: "never sent"}}
	silent, wrong := captured.Difference{Field: "llm[2].usage.cached", Want: "64"}, captured.Difference{Field: "llm[2].usage.cached", Got: "63", Want: "64"}
	defects, explained := captured.Split([]captured.Difference{silent, wrong}, absent, "agent")
	if fmt.Sprint(defects) != fmt.Sprint([]captured.Difference{wrong}) || len(explained) != 1 {
		t.Error(defects, explained)
	}
	absent[0].Part = true
	some := captured.Difference{Field: "llm[2].usage.cached", Got: "6", Want: "64"}
	if defects, _ := captured.Split([]captured.Difference{some, wrong}, absent, "agent"); len(defects) != 1 || defects[0] != wrong {
		t.Error("a part that is said to be one is excused, and no more:", defects)
	}
	if defects, _ := captured.Split([]captured.Difference{silent}, absent, "chat"); len(defects) != 1 {
		t.Error("excused in a scenario that is not listed")
	}
}
