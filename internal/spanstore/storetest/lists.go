package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// text is v in a form that can be compared.
func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func filters(t *testing.T, s spanstore.Store) {
	add(t, s,
		Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "root", Attributes: Attributes{"user.id": "u1", "langfuse.trace.tags": []string{"beta", "new"}}},
		Span{Trace: 1, ID: 2, Parent: 1, Start: 1, Seconds: 2.5, Name: "Chat call", Error: true, Attributes: LLM("m-1", 10, 5, Attributes{
			"error.type": "timeout", "question": "Where is my Refund policy?", "gen_ai.usage.cost": 0.02, "gen_ai.response.time_to_first_chunk": 0.5})},
		Span{Trace: 2, ID: 3, Start: 2, Seconds: -1, Name: "waits", Attributes: Attributes{"session.id": "s1", "note": "policy and refund"}},
		Span{Trace: 2, ID: 4, Parent: 3, Start: 3, Seconds: 0.5, Name: "call", Attributes: LLM("m-2", 100, 0, Attributes{"gen_ai.usage.cost": 0.0})})
	said := Batch(t)
	said.Logs = []spanstore.Item{log(t, 1, 1, 0.5, "what the customer said")}
	appendTo(t, s, project, said)
	low := 0.25
	appendTo(t, s, project, &spanstore.Batch{Received: Base, Scores: []trace.Score{
		{ID: "a", Name: "grounded", Value: &low, Time: 1, Target: trace.Target{Trace: TraceID(1), Span: SpanID(2)}},
	}})
	text := func(f filter.Field, op filter.Op, v string) filter.Expr {
		return filter.Cond{Field: f, Op: op, Value: filter.Value{Text: v}}
	}
	count := func(f filter.Field, op filter.Op, n int64) filter.Expr {
		return filter.Cond{Field: f, Op: op, Value: filter.Value{Int: n}}
	}
	words := func(w string) filter.Expr { return text(filter.FieldText, filter.Words, w) }
	for name, c := range map[string]struct {
		where filter.Expr
		want  []uint64
	}{
		"all":              {nil, []uint64{4, 3, 2, 1}},
		"kind":             {text(filter.FieldKind, filter.Equal, "llm"), []uint64{4, 2}},
		"name":             {text(filter.FieldName, filter.Words, "CALL"), []uint64{4, 2}},
		"expression":       {text(filter.FieldName, filter.Match, "^c"), []uint64{4}},
		"not expression":   {text(filter.FieldModel, filter.NoMatch, "1$"), []uint64{4}},
		"unequal":          {text(filter.FieldModel, filter.Unequal, "m-1"), []uint64{4}},
		"not equal":        {filter.Not{Expr: text(filter.FieldModel, filter.Equal, "m-1")}, []uint64{4, 3, 1}},
		"has":              {text(filter.FieldUser, filter.Has, ""), []uint64{1}},
		"tag":              {text(filter.FieldTag, filter.Equal, "new"), []uint64{1}},
		"status":           {text(filter.FieldStatus, filter.Equal, "error"), []uint64{2}},
		"trace":            {text(filter.FieldTrace, filter.Equal, TraceID(2).String()), []uint64{4, 3}},
		"span":             {text(filter.FieldSpan, filter.Equal, SpanID(3).String()), []uint64{3}},
		"root":             {filter.Cond{Field: filter.FieldRoot, Op: filter.Equal, Value: filter.Value{Truth: true}}, []uint64{3, 1}},
		"latency":          {count(filter.FieldLatency, filter.Greater, second), []uint64{2}},
		"latency, less":    {count(filter.FieldLatency, filter.LessEqual, second), []uint64{4, 1}},
		"first token":      {count(filter.FieldTTFT, filter.Equal, second/2), []uint64{2}},
		"cost":             {count(filter.FieldCost, filter.Greater, 10_000_000), []uint64{2}},
		"cost, none":       {count(filter.FieldCost, filter.LessEqual, 0), []uint64{4}},
		"tokens":           {count(filter.FieldTokens, filter.GreaterEqual, 15), []uint64{4, 2}},
		"since":            {count(filter.FieldSince, filter.Equal, Base+2*second), []uint64{4, 3}},
		"until":            {count(filter.FieldUntil, filter.Equal, Base+2*second), []uint64{2, 1}},
		"score":            {filter.Cond{Field: filter.FieldScore, Key: "grounded", Op: filter.Less, Value: filter.Value{Number: 0.5}}, []uint64{2}},
		"or":               {filter.Or{text(filter.FieldUser, filter.Equal, "u1"), text(filter.FieldSession, filter.Equal, "s1")}, []uint64{3, 1}},
		"words":            {words("refund POLICY"), []uint64{2}},
		"words and more":   {filter.And{words("policy"), text(filter.FieldSession, filter.Equal, "s1")}, []uint64{3}},
		"words of a log":   {words("The Customer"), []uint64{1}},
		"words of nothing": {words("guarantee"), []uint64{}},
	} {
		if got := numbers(spanPage(t, s, spanstore.Query{Where: c.where}).Spans); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := numbers(spanPage(t, s, spanstore.Query{Since: Base + second, Until: Base + 3*second}).Spans); !slices.Equal(got, []uint64{3, 2}) {
		t.Errorf("between times: %v", got)
	}
}

// pages reads page by page while others append.
func pages(t *testing.T, s spanstore.Store) {
	var want []uint64
	for i := range uint64(30) {
		add(t, s, Span{Trace: i%7 + 1, ID: i + 1, Start: float64(i / 3), Seconds: 1, Name: "a", Attributes: Attributes{"note": "the word"}})
	}
	for _, r := range spanPage(t, s, spanstore.Query{Limit: 1000}).Spans {
		want = append(want, number(r.Span))
	}
	for _, where := range []filter.Expr{nil, filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: "WORD"}}} {
		var got []uint64
		q := spanstore.Query{Limit: 4, Where: where}
		for page := range uint64(20) {
			p := spanPage(t, s, q)
			got = append(got, numbers(p.Spans)...)
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
			add(t, s, Span{Trace: 90 + page, ID: 900 + page, Start: 5, Seconds: 1, Name: "late", Attributes: Attributes{"note": "the word"}})
		}
		if len(got) < len(want) || !slices.Equal(got[:3], want[:3]) {
			t.Fatalf("pages give %v, all at once %v", got, want)
		}
		if where == nil && !slices.Equal(got, want) {
			t.Errorf("pages give %v, all at once %v", got, want)
		}
		if slices.Sort(got); len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("pages give a span twice: %v", got)
		}
	}
	if _, err := s.Spans(t.Context(), project, spanstore.Query{Cursor: "nonsense"}); !errors.Is(err, spanstore.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func traces(t *testing.T, s spanstore.Store) {
	for i := range uint64(9) {
		id := 10*(i+1) + 1
		add(t, s, Span{Trace: i + 1, ID: id + 1, Parent: id, Start: float64(10*i + 1), Seconds: 2, Name: "call", Error: i == 3,
			Attributes: LLM(fmt.Sprintf("m-%d", i%2), 10, 1, Attributes{"gen_ai.usage.cost": 0.5})})
		if i != 5 { // of which the root never came
			add(t, s, Span{Trace: i + 1, ID: id, Start: float64(10 * i), Seconds: 9, Name: "root", Attributes: Attributes{"session.id": "s", "user.id": "u"}})
		}
	}
	var all []spanstore.Summary
	q := spanstore.Query{Limit: 4}
	for {
		p, err := s.Traces(t.Context(), project, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Traces...)
		if q.Cursor = p.Next; p.Next == "" || len(all) > 9 {
			break
		}
	}
	if len(all) != 9 {
		t.Fatalf("%d traces, want 9", len(all))
	}
	for i := range all {
		got, n := all[i], uint64(9-i)
		if got.Trace != TraceID(n) {
			t.Errorf("trace %d of the list is %s", i, got.Trace)
		}
		want := spanstore.Summary{Root: "root", Start: Base + int64(n-1)*10*second, End: Base + (int64(n-1)*10+9)*second, Spans: 2, User: "u", Session: "s"}
		if n == 6 {
			want = spanstore.Summary{Root: "call", Kind: trace.KindLLM, Start: Base + 51*second, End: Base + 53*second, Spans: 1, Orphaned: true}
		}
		if n == 4 {
			want.Errors = 1
		}
		cost := int64(500_000_000)
		want.Trace, want.Cost, want.Usage, want.Models = got.Trace, &cost, got.Usage, []string{fmt.Sprintf("m-%d", (n-1)%2)}
		if text(t, got) != text(t, want) || got.Usage.InputTokens != 10 || got.Usage.OutputTokens != 1 {
			t.Errorf("trace %d is\n%s, want\n%s", n, text(t, got), text(t, want))
		}
	}
	p, err := s.Traces(t.Context(), project, spanstore.Query{Where: filter.Cond{Field: filter.FieldStatus, Op: filter.Equal, Value: filter.Value{Text: "error"}}})
	if err != nil || len(p.Traces) != 1 || p.Traces[0].Spans != 2 {
		t.Errorf("a trace of which one span failed: %+v %v", p, err)
	}
}

// tracesByText lists traces by a word of one of their spans, page by page. Long
// traces overlap: a trace that starts early may have the newest word.
func tracesByText(t *testing.T, s spanstore.Store) {
	var want []trace.ID
	for i := range uint64(40) {
		root, word := 10*(i+1), ""
		if i%3 == 0 {
			word, want = "the Refund policy", append([]trace.ID{TraceID(i + 1)}, want...)
		}
		add(t, s, Span{Trace: i + 1, ID: root, Start: float64(i), Seconds: 200, Name: "root"})
		for k := range uint64(3) {
			add(t, s, Span{Trace: i + 1, ID: root + k + 1, Parent: root, Start: float64(i + 1 + 20*k*(i%2)), Seconds: 1, Name: "call", Attributes: Attributes{"note": word}})
		}
	}
	var got []trace.ID
	q := spanstore.Query{Limit: 2, Where: filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: "refund POLICY"}}}
	for {
		p, err := s.Traces(t.Context(), project, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Traces {
			got = append(got, p.Traces[i].Trace)
			if p.Traces[i].Spans != 4 {
				t.Errorf("a trace of %d spans, want all 4", p.Traces[i].Spans)
			}
		}
		if q.Cursor = p.Next; p.Next == "" || len(got) > 40 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("traces %v, want %v", got, want)
	}
}

func groups(t *testing.T, s spanstore.Store) {
	for i := range uint64(6) {
		add(t, s, Span{Trace: i + 1, ID: i + 1, Start: float64(i), Seconds: 1, Name: "call", Error: i == 0,
			Attributes: LLM("m", 10, 1, Attributes{"user.id": fmt.Sprintf("u%d", i%3)})})
	}
	add(t, s, Span{Trace: 9, ID: 9, Start: 9, Seconds: 1, Name: "of nobody"})
	var got []string
	q := spanstore.Query{Limit: 2}
	for {
		p, err := s.Groups(t.Context(), project, spanstore.ByUser, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range p.Groups {
			got = append(got, fmt.Sprintf("%s %d %d %d %d %d %d", g.Value, (g.First-Base)/second, (g.Last-Base)/second, g.Traces, g.Spans, g.Errors, g.Usage.InputTokens))
		}
		if q.Cursor = p.Next; p.Next == "" || len(got) > 3 {
			break
		}
	}
	if want := []string{"u2 2 5 2 2 0 20", "u1 1 4 2 2 0 20", "u0 0 3 2 2 1 20"}; !slices.Equal(got, want) {
		t.Errorf("users %q, want %q", got, want)
	}
}

func scores(t *testing.T, s spanstore.Store) {
	score := func(id, name string, value float64, time int64) trace.Score {
		return trace.Score{ID: id, Name: name, Value: &value, Time: time, Target: trace.Target{Trace: TraceID(1)}, Source: "person", Comment: "c"}
	}
	put := func(list ...trace.Score) { appendTo(t, s, project, &spanstore.Batch{Received: Base, Scores: list}) }
	put(score("a", "tone", 1, 10), score("b", "tone", 2, 20))
	put(score("a", "tone", 1, 10)) // a retry
	put(score("b", "tone", 5, 5))  // changes its mind, and is the latest no more
	label := trace.Score{ID: "c", Name: "verdict", Label: "good", Time: 7, Target: trace.Target{Session: "s1"}}
	put(label)
	ask := func(q spanstore.ScoreQuery) (got []string) {
		t.Helper()
		for {
			p, err := s.Scores(t.Context(), project, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, sc := range p.Scores {
				got = append(got, sc.ID)
			}
			if q.Cursor = p.Next; p.Next == "" || len(got) > 9 {
				return got
			}
		}
	}
	for name, c := range map[string]struct {
		q    spanstore.ScoreQuery
		want []string
	}{
		"all":     {spanstore.ScoreQuery{}, []string{"a", "c", "b"}},
		"paged":   {spanstore.ScoreQuery{Limit: 1}, []string{"a", "c", "b"}},
		"latest":  {spanstore.ScoreQuery{Latest: true, Name: "tone"}, []string{"a"}},
		"name":    {spanstore.ScoreQuery{Name: "verdict"}, []string{"c"}},
		"trace":   {spanstore.ScoreQuery{Target: trace.Target{Trace: TraceID(1)}}, []string{"a", "b"}},
		"session": {spanstore.ScoreQuery{Target: trace.Target{Session: "s1"}}, []string{"c"}},
		"times":   {spanstore.ScoreQuery{Since: 6, Until: 10}, []string{"c"}},
	} {
		if got := ask(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	p, err := s.Scores(t.Context(), project, spanstore.ScoreQuery{Name: "verdict"})
	if err != nil || len(p.Scores) != 1 || text(t, p.Scores[0]) != text(t, label) {
		t.Errorf("a score came back as %s: %v", text(t, p), err)
	}
}

func projects(t *testing.T, s spanstore.Store) {
	add(t, s, Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "ours"})
	appendTo(t, s, "other", Batch(t, Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "theirs"}, Span{Trace: 2, ID: 2, Start: 0, Seconds: 1, Name: "theirs"}))
	if p := spanPage(t, s, spanstore.Query{}); len(p.Spans) != 1 || p.Spans[0].Name != "ours" {
		t.Errorf("%+v", p.Spans)
	}
	if _, err := s.Trace(t.Context(), project, TraceID(2)); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("a trace of another project: %v", err)
	}
	names, err := s.Projects(t.Context())
	if err != nil || !slices.Equal(names, []string{"other", project}) {
		t.Errorf("projects %v: %v", names, err)
	}
	if p, err := s.Spans(t.Context(), "third", spanstore.Query{}); err != nil || len(p.Spans) != 0 {
		t.Errorf("a project that is not there: %+v %v", p, err)
	}
	if err := s.Append(t.Context(), "../shop", Batch(t, Span{Trace: 1, ID: 1, Name: "x"})); err == nil {
		t.Error("a project may be named as a path")
	}
}

func export(t *testing.T, s spanstore.Store) {
	var sent []*spanstore.Batch
	for i := range uint64(3) {
		b := Batch(t, Span{Trace: i + 1, ID: 1, Start: float64(9 - i), Seconds: 1, Name: "a"}, Span{Trace: i + 1, ID: 2, Start: float64(9 - i), Seconds: 1, Name: "b"})
		b.Received += int64(i)
		b.Logs = []spanstore.Item{log(t, i+1, 2, 1, "note")}
		appendTo(t, s, project, b)
		sent = append(sent, b)
	}
	var got []*spanstore.Batch
	collect := func(b *spanstore.Batch) error {
		got = append(got, b)
		return nil
	}
	if err := s.Export(t.Context(), project, spanstore.Query{}, collect); err != nil || text(t, got) != text(t, sent) {
		t.Errorf("exported %s, sent %s: %v", text(t, got), text(t, sent), err)
	}
	got = nil
	where := filter.Cond{Field: filter.FieldName, Op: filter.Equal, Value: filter.Value{Text: "b"}}
	if err := s.Export(t.Context(), project, spanstore.Query{Where: where}, collect); err != nil || len(got) != 3 || len(got[0].Logs) != 1 ||
		len(got[0].Spans) != 1 || !bytes.Equal(got[0].Spans[0].Bytes, sent[0].Spans[1].Bytes) {
		t.Errorf("exported by a filter %s: %v", text(t, got), err)
	}
}
