package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// Damage that is met once is known to every later start, whatever becomes of the
// index and of the file that names it, until it is mended.
func TestDamageIsRemembered(t *testing.T) {
	dir := t.TempDir()
	beside := filepath.Join(dir, "projects", "shop")
	segment, file := filepath.Join(beside, "log", "00000001.seg"), filepath.Join(beside, "damaged.json")
	s := open(t, dir)
	var end int64
	for i, name := range []string{"a", "b"} {
		if err := s.Append(t.Context(), "shop", storetest.Batch(t, storetest.Span{Trace: uint64(i + 1), ID: uint64(i + 1), Seconds: 1, Name: name})); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(segment); err != nil {
			t.Fatal(err)
		} else if i == 0 {
			end = info.Size()
		}
	}
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{Trace: storetest.TraceID(9)}); err != nil { // so that the segment is written to no more
		t.Fatal(err)
	}
	closed(t, s)
	flip(t, segment, int(end)-3)

	start := func(told int, want spanstore.Damage) *local.Store {
		t.Helper()
		n := 0
		s, err := local.Open(t.Context(), dir, local.Options{Damage: func(string, seglog.Damage) { n++ }})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Damage("shop"); n != told || got != want || s.Metrics().DamagedBlocks != int64(told) {
			t.Errorf("told %d times, want %d; %+v, want %+v; %d blocks", n, told, got, want, s.Metrics().DamagedBlocks)
		}
		return s
	}
	one := spanstore.Damage{Parts: 1, Items: 1}
	s = start(0, spanstore.Damage{}) // nobody has met it
	where, err := filter.Parse("text:x", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Count(t.Context(), "shop", spanstore.Query{Where: where}, func(int64, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := s.Damage("shop"); got != one {
		t.Errorf("after a count that read the text: %+v", got)
	}
	closed(t, s)
	closed(t, start(1, one))
	if _, err := local.Reindex(t.Context(), dir, local.Options{Prices: &price.Book{}}); err != nil {
		t.Fatal(err)
	}
	s = start(1, one)
	if _, err := s.Trace(t.Context(), "shop", storetest.TraceID(1)); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("of a trace that the index does not know: %v", err)
	}
	closed(t, s)
	flip(t, file, 30) // then all of the log is read
	var named string
	local.CheckBeside(dir, "shop", func(file, _ string, _ error) { named += file })
	if !strings.HasSuffix(named, "damaged.json") {
		t.Errorf("the damaged file is named %q", named)
	}
	closed(t, start(1, one))
	local.CheckBeside(dir, "shop", func(file, _ string, err error) { t.Errorf("%s is not made anew: %v", file, err) })
	flip(t, segment, int(end)-3)
	closed(t, start(0, spanstore.Damage{}))
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of what was mended a file is left: %v", err)
	}
}
