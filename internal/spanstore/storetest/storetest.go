package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

const project = "shop"

// Run checks a kind of store. open gives a new, empty one and sees to it that it
// is closed when the test ends.
func Run(t *testing.T, open func(t *testing.T) spanstore.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s spanstore.Store)
	}{
		{"what is acknowledged is seen", readYourWrites},
		{"what is read is what was sent", roundTrip},
		{"a span that comes twice is one", duplicates},
		{"usage counts once", countedUsage},
		{"filters", filters},
		{"pages do not move under ingest", pages},
		{"traces", traces},
		{"traces by the text of a span", tracesByText},
		{"conditions on text are as a model says", TextAnywhere},
		{"text among many spans", TextAmongMany},
		{"groups", groups},
		{"aggregates are as a model says", aggregates},
		{"scores", scores},
		{"projects see nothing of each other", projects},
		{"export", export},
		{"many at once", manyAtOnce},
		{"erasure", erasure},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// add appends spans of a project.
func add(t testing.TB, s spanstore.Store, spans ...Span) {
	t.Helper()
	appendTo(t, s, project, Batch(t, spans...))
}

func appendTo(t testing.TB, s spanstore.Store, project string, b *spanstore.Batch) {
	t.Helper()
	if err := s.Append(t.Context(), project, b); err != nil {
		t.Fatal(err)
	}
}

func spanPage(t testing.TB, s spanstore.Store, q spanstore.Query) *spanstore.SpanPage {
	t.Helper()
	p, err := s.Spans(t.Context(), project, q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbers(list []spanstore.Record) []uint64 {
	out := []uint64{}
	for i := range list {
		out = append(out, number(list[i].Span))
	}
	return out
}

func readYourWrites(t *testing.T, s spanstore.Store) {
	if got := spanPage(t, s, spanstore.Query{}); len(got.Spans) != 0 || got.Next != "" {
		t.Errorf("an empty store has %+v", got)
	}
	if _, err := s.Trace(t.Context(), project, TraceID(1)); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("a trace of an empty store: %v", err)
	}
	for i := range uint64(20) {
		add(t, s, Span{Trace: i + 1, ID: 1, Start: float64(i), Seconds: 1, Name: "a"}, Span{Trace: i + 1, ID: 2, Parent: 1, Start: float64(i), Seconds: 1, Name: "b"})
		if got := spanPage(t, s, spanstore.Query{Limit: 1000}); len(got.Spans) != int(2*i+2) {
			t.Fatalf("%d spans after %d", len(got.Spans), 2*i+2)
		}
		tr, err := s.Trace(t.Context(), project, TraceID(i+1))
		if err != nil || len(tr.Spans) != 2 {
			t.Fatalf("trace %d: %v", i+1, err)
		}
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if m := s.Metrics(); m.Spans != 40 || m.Acknowledged != 40 || m.Bytes == 0 || m.Commits == 0 {
		t.Errorf("metrics %+v", m)
	}
}

func roundTrip(t *testing.T, s spanstore.Store) {
	long := strings.Repeat("a long answer, \x00 and more. ", 10_000)
	b := Batch(t,
		Span{Trace: 1, ID: 2, Parent: 1, Start: 1, Seconds: 2, Name: "call", Error: true, Attributes: LLM("m-1", 10, 5, Attributes{
			"user.id": "u1", "session.id": "s1", "assay.config.name": "support", "assay.config.version": "support@abc", "assay.label": "production",
			"assay.feature": "chat", "deployment.environment.name": "prod", "langfuse.trace.tags": []string{"b", "a"},
			"gen_ai.request.model": "m", "error.type": "timeout", "gen_ai.usage.cost": 0.25, "long": long,
		})},
		Span{Trace: 1, ID: 1, Start: 0, Seconds: 5, Name: "root"})
	b.Spans[0].Bytes = append(b.Spans[0].Bytes, 0xfa, 0x07, 3, 'n', 'e', 'w') // field 127: of a version of the protocol to come
	b.Logs = []spanstore.Item{log(t, 1, 2, 1.5, "second"), log(t, 1, 2, 1.2, "first"), log(t, 9, 9, 1, "of another")}
	appendTo(t, s, project, b)
	tr, err := s.Trace(t.Context(), project, TraceID(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := numbers(tr.Records); !slices.Equal(got, []uint64{1, 2}) {
		t.Fatalf("spans %v", got)
	}
	call := tr.Spans[1]
	switch {
	case !bytes.Equal(call.Bytes, b.Spans[0].Bytes):
		t.Error("a span came back with other bytes")
	case !bytes.Equal(call.Resource.Bytes, b.Resources[0].Bytes) || call.Resource.SchemaURL != b.Resources[0].SchemaURL:
		t.Error("a resource came back changed")
	case !bytes.Equal(call.Scope.Bytes, b.Scopes[0].Bytes) || call.Scope.SchemaURL != b.Scopes[0].SchemaURL:
		t.Error("a scope came back changed")
	case len(call.Logs) != 2 || !bytes.Equal(call.Logs[0].Bytes, b.Logs[1].Bytes) || !bytes.Equal(call.Logs[1].Bytes, b.Logs[0].Bytes):
		t.Errorf("%d log records came back, or in another order", len(call.Logs))
	}
	r := tr.Records[1]
	got := fmt.Sprint(r.Kind, r.Name, r.Error, r.Reason, r.Provider, r.Model, r.ModelAsked, r.Config, r.Version, r.Label, r.Feature, r.User,
		r.Session, r.Environment, r.Service, r.Tags, r.Usage.InputTokens, r.Usage.OutputTokens, r.Duration(), r.Counted, *r.Cost, number(r.Parent))
	want := fmt.Sprint(trace.KindLLM, "call", true, "timeout", "openai", "m-1", "m", "support", "support@abc", "production", "chat", "u1",
		"s1", "prod", "shop", []string{"a", "b"}, 10, 5, int64(2*second), true, int64(250_000_000), uint64(1))
	if got != want {
		t.Errorf("the row is\n%s, not\n%s", got, want)
	}
}

func duplicates(t *testing.T, s spanstore.Store) {
	one := Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "first"}
	add(t, s, one, one)
	add(t, s, one)
	one.Name = "second"
	add(t, s, one)
	going := Span{Trace: 1, ID: 2, Start: 1, Seconds: -1, Name: "going"}
	ended := Span{Trace: 1, ID: 2, Start: 1, Seconds: 3, Name: "ended"}
	add(t, s, going)
	if p := spanPage(t, s, spanstore.Query{}); len(p.Spans) != 2 || p.Spans[0].Name != "going" || p.Spans[0].End != 0 || p.Spans[1].Name != "second" {
		t.Errorf("%+v", p.Spans)
	}
	add(t, s, ended)
	add(t, s, going)
	p := spanPage(t, s, spanstore.Query{})
	if len(p.Spans) != 2 || p.Spans[0].Name != "ended" || p.Spans[0].Duration() != 3*second {
		t.Errorf("%+v", p.Spans)
	}
	tr, err := s.Trace(t.Context(), project, TraceID(1))
	if err != nil || !bytes.Equal(tr.Spans[0].Bytes, one.Bytes(t)) || !bytes.Equal(tr.Spans[1].Bytes, ended.Bytes(t)) {
		t.Errorf("the trace has other copies than the list: %v", err)
	}
	if m := s.Metrics(); m.Spans != 2 {
		t.Errorf("%d spans are kept", m.Spans)
	}
}

func countedUsage(t *testing.T, s spanstore.Store) {
	agent := Span{Trace: 1, ID: 1, Start: 0, Seconds: 9, Name: "agent", Attributes: LLM("m", 30, 3, Attributes{"gen_ai.operation.name": "invoke_agent"})}
	add(t, s, agent)
	check := func(in int64, counted ...uint64) {
		t.Helper()
		p, err := s.Traces(t.Context(), project, spanstore.Query{})
		if err != nil || len(p.Traces) != 1 || p.Traces[0].Usage.InputTokens != in {
			t.Errorf("want %d tokens of %+v: %v", in, p, err)
		}
		got := []uint64{}
		for _, r := range spanPage(t, s, spanstore.Query{}).Spans {
			if r.Counted {
				got = append(got, number(r.Span))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, counted) {
			t.Errorf("%v count, not %v", got, counted)
		}
	}
	check(30, 1)
	add(t, s, Span{Trace: 1, ID: 2, Parent: 1, Start: 1, Seconds: 1, Name: "call", Attributes: LLM("m", 10, 1, nil)})
	check(10, 2)
	add(t, s, Span{Trace: 1, ID: 3, Parent: 1, Start: 3, Seconds: 1, Name: "call", Attributes: LLM("m", 20, 2, nil)})
	check(30, 2, 3)
	add(t, s, Span{Trace: 1, ID: 4, Parent: 3, Start: 3, Seconds: 1, Name: "client", Attributes: LLM("m", 20, 2, nil)})
	check(30, 2, 4)
}

// manyAtOnce appends from several goroutines to shared traces. Each sees all that
// it has appended, and at the end nothing is lost, doubled or counted twice.
func manyAtOnce(t *testing.T, s spanstore.Store) {
	const writers, each = 4, 25
	add(t, s, Span{Trace: 1, ID: 9999, Start: 0, Seconds: 99, Name: "agent",
		Attributes: LLM("m", 1, 1, Attributes{"gen_ai.operation.name": "invoke_agent"})})
	var group sync.WaitGroup
	for w := range uint64(writers) {
		group.Go(func() {
			user := fmt.Sprintf("writer-%d", w)
			mine := filter.Cond{Field: filter.FieldUser, Op: filter.Equal, Value: filter.Value{Text: user}}
			for i := range uint64(each) {
				b := Batch(t, Span{Trace: 1, ID: 100*(w+1) + i, Parent: 9999, Start: 1, Seconds: 1, Name: "call",
					Attributes: LLM("m", 10, 1, Attributes{"user.id": user})})
				if err := s.Append(t.Context(), project, b); err != nil {
					t.Error(err)
					return
				}
				p, err := s.Spans(t.Context(), project, spanstore.Query{Where: mine, Limit: 1000})
				if err != nil || len(p.Spans) != int(i+1) {
					t.Errorf("%s does not see what it appended: %v", user, err)
					return
				}
			}
		})
	}
	group.Wait()
	p, err := s.Traces(t.Context(), project, spanstore.Query{})
	if err != nil || len(p.Traces) != 1 || p.Traces[0].Spans != writers*each+1 || p.Traces[0].Usage.InputTokens != writers*each*10 {
		t.Errorf("%+v: %v", p, err)
	}
}

// Fill puts a fixed set of spans, log records and scores into two projects.
func Fill(t testing.TB, s spanstore.Store) {
	t.Helper()
	for i := range uint64(40) {
		model := fmt.Sprintf("model-%d", i%3)
		more := Attributes{"user.id": fmt.Sprintf("user-%d", i%4), "question": fmt.Sprintf("What of the Refund Policy, part %d?", i)}
		if i%5 == 0 {
			more["langfuse.trace.tags"] = []string{"beta", fmt.Sprintf("tag-%d", i%2)}
		}
		spans := []Span{
			{Trace: i + 1, ID: 100*i + 1, Start: float64(i * 60), Seconds: 4, Name: "answer", Error: i%7 == 0, Attributes: Attributes{"session.id": fmt.Sprintf("session-%d", i/4)}},
			{Trace: i + 1, ID: 100*i + 2, Parent: 100*i + 1, Start: float64(i*60 + 1), Seconds: float64(i%9) / 4, Name: "call", Attributes: LLM(model, int(100+i), int(i), more)},
		}
		b := Batch(t, spans...)
		b.Logs = []spanstore.Item{log(t, i+1, 100*i+2, float64(i*60+1), "a note")}
		appendTo(t, s, project, b)
		value := float64(i) / 40
		appendTo(t, s, project, &spanstore.Batch{Received: Base, Scores: []trace.Score{
			{ID: fmt.Sprintf("s%d", i), Target: trace.Target{Trace: TraceID(i + 1)}, Name: "grounded", Value: &value, Time: Base + int64(i), Source: "person"},
		}})
	}
	add(t, s, Span{Trace: 1, ID: 2, Parent: 1, Start: 1, Seconds: 9, Name: "call again"})
	appendTo(t, s, "other", Batch(t, Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "of another"}))
}

// Answers is everything that a filled store answers, as text.
func Answers(t testing.TB, s spanstore.Store) string {
	t.Helper()
	var out strings.Builder
	ctx := t.Context()
	say := func(what string, v any, err error) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		fmt.Fprintf(&out, "%s: %s\n", what, text(t, v))
	}
	names, err := s.Projects(ctx)
	say("projects", names, err)
	for _, project := range names {
		q := spanstore.Query{Limit: 1000}
		spans, err := s.Spans(ctx, project, q)
		say("spans", spans, err)
		traces, err := s.Traces(ctx, project, q)
		say("traces", traces, err)
		users, err := s.Groups(ctx, project, spanstore.ByUser, q)
		say("users", users, err)
		scores, err := s.Scores(ctx, project, spanstore.ScoreQuery{Limit: 1000})
		say("scores", scores, err)
		q.Where = filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: "refund policy"}}
		worded, err := s.Spans(ctx, project, q)
		say("with text", worded, err)
		figures, err := s.Aggregate(ctx, project, spanstore.Aggregate{
			Metrics: []spanstore.Metric{spanstore.Count, spanstore.P95, spanstore.Cost, spanstore.TokensIn}, By: []spanstore.Dimension{spanstore.ByModel},
		})
		say("figures", figures, err)
		for i := range traces.Traces {
			tr, err := s.Trace(ctx, project, traces.Traces[i].Trace)
			say("trace", tr, err)
		}
	}
	return out.String()
}
