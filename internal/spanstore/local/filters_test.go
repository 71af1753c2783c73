package local

import (
	"context"
	"math"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// tidied is a store that writes each batch to a segment of its own, and makes the
// filters of the one before at once.
type tidied struct{ *Store }

func (s tidied) Append(ctx context.Context, project string, b *spanstore.Batch) error {
	if err := s.Store.Append(ctx, project, b); err != nil {
		return err
	}
	for more := true; more; {
		var err error
		if more, err = s.every()[project].Tidy(ctx); err != nil {
			return err
		}
	}
	return nil
}

// What filters leave out of a search does not match.
func TestFiltersLeaveOutNoMatch(t *testing.T) {
	for name, test := range map[string]func(*testing.T, spanstore.Store){"anywhere": storetest.TextAnywhere, "among many": storetest.TextAmongMany} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), t.TempDir(), Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 1}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.filtering = filtering{}
			test(t, tidied{s})
			if name == "anywhere" {
				return
			}
			// They leave out nearly all, for a word that few spans have.
			log := s.every()["shop"]
			all, of, bad := log.Holding(t.Context(), token.Of("call"))
			few, _, err := log.Holding(t.Context(), token.Of("refund"))
			if bad != nil || err != nil {
				t.Fatal(bad, err)
			}
			if of != 3000 || len(all) < 15 || len(few) > len(all)/2 {
				t.Errorf("%d parts of the log may hold what all do, %d what few do", len(all), len(few))
			}
		})
	}
}

// Spans that start when time ends are found by their text like others.
func TestTextAtTheEndOfTime(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{Index: index.Options{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range uint64(3) {
		b := storetest.Batch(t, storetest.Span{Trace: i + 1, ID: 1, Start: float64(i), Seconds: 1, Name: "refund"})
		if i > 0 {
			pb := &tracepb.Span{}
			if err := proto.Unmarshal(b.Spans[0].Bytes, pb); err != nil {
				t.Fatal(err)
			}
			pb.StartTimeUnixNano, pb.EndTimeUnixNano = math.MaxInt64, math.MaxInt64
			if b.Spans[0].Bytes, err = proto.Marshal(pb); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Append(t.Context(), "shop", b); err != nil {
			t.Fatal(err)
		}
	}
	where, err := filter.Parse("text:refund", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 2, 3, 10} {
		q := spanstore.Query{Where: where, Limit: limit}
		spans, err := s.Spans(t.Context(), "shop", q)
		if err != nil || len(spans.Spans) != min(limit, 3) {
			t.Errorf("of at most %d spans, there are %+v: %v", limit, spans, err)
		}
		traces, err := s.Traces(t.Context(), "shop", q)
		if err != nil || len(traces.Traces) != min(limit, 3) {
			t.Errorf("of at most %d traces, there are %+v: %v", limit, traces, err)
		}
	}
}
