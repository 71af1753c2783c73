package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// Secrets are texts of what Confide puts into a store of a user whom Erase
// removes; no raw file may have one afterwards.
func Secrets() []string {
	return []string{"user-to-forget", "session-to-forget", "what was confided", "a confided record", "a verdict on it", "about the session"}
}

// Confide puts three traces into a store, one of a user to forget, and scores.
func Confide(t testing.TB, s spanstore.Store) {
	t.Helper()
	of := Attributes{"user.id": "user-to-forget", "session.id": "session-to-forget", "secret": "what was confided"}
	first := Span{Trace: 1, ID: 1, Start: 0, Seconds: 1, Name: "root", Attributes: of}
	add(t, s, first) // a copy, which the one after it replaces
	b := Batch(t, first, Span{Trace: 1, ID: 2, Parent: 1, Start: 0, Seconds: 1, Name: "child, which does not name the user", Attributes: Attributes{"secret": "what was confided"}},
		Span{Trace: 2, ID: 3, Start: 1, Seconds: 1, Name: "root", Attributes: Attributes{"user.id": "user-who-stays", "secret": "nothing"}})
	b.Logs = []spanstore.Item{log(t, 1, 2, 0.5, "a confided record"), log(t, 2, 3, 1, "a note")}
	appendTo(t, s, project, b)
	// A copy that names the user, and one that does not and replaces it: the trace
	// is the user's all the same.
	add(t, s, Span{Trace: 3, ID: 9, Start: 2, Seconds: -1, Name: "going", Attributes: of}, Span{Trace: 3, ID: 9, Start: 2, Seconds: 1, Name: "ended"})
	score := func(id string, target trace.Target, comment string) trace.Score {
		return trace.Score{ID: id, Target: target, Name: "n", Label: "good", Comment: comment, Time: 1}
	}
	appendTo(t, s, project, &spanstore.Batch{Received: Base, Scores: []trace.Score{
		score("a", trace.Target{Trace: TraceID(1)}, "a verdict on it"), score("b", trace.Target{Session: "session-to-forget"}, "about the session"),
		score("c", trace.Target{Trace: TraceID(2)}, "stays"),
	}})
}

func erasure(t *testing.T, s spanstore.Store) {
	eraser, ok := s.(spanstore.Eraser)
	if !ok {
		t.Skip("this store does not declare that it can erase")
	}
	Confide(t, s)
	got, err := eraser.Erase(t.Context(), project, spanstore.Erasure{User: "user-to-forget"})
	want := &spanstore.Erased{
		Traces: []trace.ID{TraceID(1), TraceID(3)}, Sessions: []string{"session-to-forget"}, Spans: 5, Logs: 1, Scores: 2,
	}
	if got != nil { // how files are kept is the store's own
		want.Files, want.Checked = got.Files, got.Checked
	}
	if err != nil || text(t, got) != text(t, want) {
		t.Fatalf("erased %s, want %s: %v", text(t, got), text(t, want), err)
	}
	if _, err := s.Trace(t.Context(), project, TraceID(1)); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("the trace is there: %v", err)
	}
	kept, err := s.Trace(t.Context(), project, TraceID(2))
	if err != nil || len(kept.Spans) != 1 || len(kept.Spans[0].Logs) != 1 || len(kept.Scores) != 1 {
		t.Errorf("another's trace suffered: %+v %v", kept, err)
	}
	if got := numbers(spanPage(t, s, spanstore.Query{}).Spans); !slices.Equal(got, []uint64{3}) {
		t.Errorf("spans %v", got)
	}
	words := filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: "confided"}}
	if p := spanPage(t, s, spanstore.Query{Where: words}); len(p.Spans) != 0 {
		t.Error("words of the erased trace are found")
	}
	if g, err := s.Groups(t.Context(), project, spanstore.ByUser, spanstore.Query{}); err != nil || len(g.Groups) != 1 || g.Groups[0].Value != "user-who-stays" {
		t.Errorf("users %+v: %v", g, err)
	}
	scores, err := s.Scores(t.Context(), project, spanstore.ScoreQuery{})
	if err != nil || len(scores.Scores) != 1 || scores.Scores[0].ID != "c" {
		t.Errorf("scores %+v: %v", scores, err)
	}
	if m := s.Metrics(); m.Spans != 1 {
		t.Errorf("%d spans are kept", m.Spans)
	}
	// Once more, of what is gone, and of a session and a trace that are there.
	for i, c := range []struct {
		what  spanstore.Erasure
		spans int64
	}{{spanstore.Erasure{User: "user-to-forget"}, 0}, {spanstore.Erasure{Session: "s"}, 1}, {spanstore.Erasure{Trace: TraceID(2)}, 1}, {spanstore.Erasure{Trace: TraceID(3)}, 0}} {
		if i == 1 {
			add(t, s, Span{Trace: 4, ID: 4, Start: 2, Seconds: 1, Name: "x", Attributes: Attributes{"session.id": "s"}})
		}
		if got, err := eraser.Erase(t.Context(), project, c.what); err != nil || got.Spans != c.spans {
			t.Errorf("%s: erased %+v: %v", fmt.Sprint(c.what.User, c.what.Session), got, err)
		}
	}
	if p := spanPage(t, s, spanstore.Query{}); len(p.Spans) != 0 {
		t.Errorf("%d spans are left", len(p.Spans))
	}
	// The user may come back.
	Confide(t, s)
	if p := spanPage(t, s, spanstore.Query{}); len(p.Spans) != 4 {
		t.Errorf("%d spans after coming back", len(p.Spans))
	}
}
