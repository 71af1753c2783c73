package local

import (
	"context"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
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
			all, of := log.Holding(token.Of("call"))
			few, _ := log.Holding(token.Of("refund"))
			if of != 3000 || len(all) < 15 || len(few) > len(all)/2 {
				t.Errorf("%d parts of the log may hold what all do, %d what few do", len(all), len(few))
			}
		})
	}
}
