package local

import (
	"errors"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// Figures and traces of more spans with a text than memory is for are an error
// that says so; what needs no place of each match is answered.
func TestTooManyMatchesOfAText(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{Index: index.Options{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const spans = 30
	for i := range uint64(spans) {
		b := storetest.Batch(t, storetest.Span{Trace: 1, ID: i + 1, Start: float64(i), Seconds: 1, Name: "refund", Attributes: storetest.Attributes{"session.id": "s"}})
		if err := s.Append(t.Context(), "shop", b); err != nil {
			t.Fatal(err)
		}
	}
	where, err := filter.Parse("text:refund", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for most, wanted := range map[int]error{spans: nil, spans - 1: spanstore.ErrTooMany} {
		s.most = most
		q := spanstore.Query{Where: where}
		_, figures := s.Aggregate(t.Context(), "shop", spanstore.Aggregate{Where: where, Metrics: []spanstore.Metric{spanstore.Errors}})
		_, groups := s.Groups(t.Context(), "shop", spanstore.BySession, q)
		_, traces := s.Traces(t.Context(), "shop", q)
		for what, err := range map[string]error{"figures": figures, "groups": groups, "traces": traces} {
			if !errors.Is(err, wanted) {
				t.Errorf("of at most %d, %s: %v", most, what, err)
			}
		}
		n, err := s.Count(t.Context(), "shop", q, func(int64, int64) error { return nil })
		if p, listed := s.Spans(t.Context(), "shop", q); n != spans || err != nil || listed != nil || len(p.Spans) != spans {
			t.Errorf("of at most %d, %d are counted (%v) and some listed: %v", most, n, err, listed)
		}
	}
}
