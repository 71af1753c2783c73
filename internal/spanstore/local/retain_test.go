package local_test

import (
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/trace"
)

func TestRetentionForgetsTheOldest(t *testing.T) {
	dir := t.TempDir()
	o := local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 2000}}
	s, err := local.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixNano()
	for i := range uint64(40) {
		b := storetest.Batch(t, storetest.Span{Trace: i + 1, ID: i + 1, Start: float64(i), Seconds: 1, Name: "x"})
		b.Scores = []trace.Score{{ID: "s", Target: trace.Target{Trace: storetest.TraceID(1)}, Name: "n", Label: "l", Time: int64(i)}}
		if b.Received = now; i < 20 {
			b.Received = now - int64(48*time.Hour)
		}
		if err := s.Append(t.Context(), "shop", b); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Retain(t.Context(), "shop", spanstore.Retention{MaxAge: int64(24 * time.Hour)})
	if err != nil || got.Spans < 10 || got.Spans > 20 || got.Bytes == 0 {
		t.Fatalf("%+v: %v", got, err)
	}
	p, err := s.Spans(t.Context(), "shop", spanstore.Query{Limit: 1000})
	if err != nil || len(p.Spans) != 40-int(got.Spans) || s.Metrics().Spans != int64(len(p.Spans)) {
		t.Fatalf("%d spans are listed, %d counted: %v", len(p.Spans), s.Metrics().Spans, err)
	}
	for i := range p.Spans { // what is listed can be opened
		if _, err := s.Trace(t.Context(), "shop", p.Spans[i].Trace); err != nil {
			t.Error(err)
		}
	}
	if scores, err := s.Scores(t.Context(), "shop", spanstore.ScoreQuery{Latest: true}); err != nil || len(scores.Scores) != 1 {
		t.Errorf("%+v: %v", scores, err)
	}
	want := storetest.Answers(t, s)
	closed(t, s)
	if s, err = local.Open(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("reopened, the store answers\n%s\nnot\n%s", got, want)
	}
	closed(t, s)
}
