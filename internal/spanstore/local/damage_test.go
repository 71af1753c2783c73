package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/trace"
)

func flip(t *testing.T, file string, at int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[at] ^= 1
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is damaged on disk is not "not found": a trace names the spans that it has
// lost, one that has lost all is damaged, and one that never was is not found.
func TestDamagedSpansAreNamed(t *testing.T) {
	dir := t.TempDir()
	segment := filepath.Join(dir, "projects", "shop", "log", "00000001.seg")
	s := open(t, dir)
	var ends []int
	for _, span := range []storetest.Span{{Trace: 1, ID: 1, Seconds: 1, Name: "a"}, {Trace: 1, ID: 2, Parent: 1, Seconds: 1, Name: "b"}, {Trace: 2, ID: 3, Seconds: 1, Name: "c"}} {
		if err := s.Append(t.Context(), "shop", storetest.Batch(t, span)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(segment)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(info.Size()))
	}
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{Trace: storetest.TraceID(9)}); err != nil { // so that the segment is written to no more
		t.Fatal(err)
	}
	closed(t, s)
	flip(t, segment, ends[1]-3)
	flip(t, segment, ends[2]-3)
	var told []seglog.Damage
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Damage: func(_ string, d seglog.Damage) { told = append(told, d) }})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	tr, err := s.Trace(t.Context(), "shop", storetest.TraceID(1))
	if err != nil || len(tr.Spans) != 1 || !slices.Equal(tr.Lost, []trace.SpanID{storetest.SpanID(2)}) {
		t.Errorf("of the damaged trace: %+v, %v", tr, err)
	}
	if _, err := s.Trace(t.Context(), "shop", storetest.TraceID(2)); !errors.Is(err, spanstore.ErrDamaged) {
		t.Errorf("of the lost trace: %v", err)
	}
	if _, err := s.Trace(t.Context(), "shop", storetest.TraceID(3)); !errors.Is(err, spanstore.ErrNotFound) {
		t.Errorf("of a trace that never was: %v", err)
	}
	if len(told) != 2 || told[0].Segment != 1 || told[0].Count != 1 {
		t.Errorf("told of %v", told)
	}
}

// An index that is found damaged by a query answers nothing more, says so, and is
// made anew by the next start.
func TestDamagedIndexIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, local.IndexFile())
	s := open(t, dir)
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	closed(t, s)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := local.CheckIndex(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for at := 100_000; at < int(info.Size()) && damaged == 0; at += 256 << 10 { // in each block of DuckDB's file
		bad := copied(t, dir)
		flip(t, filepath.Join(bad, local.IndexFile()), at)
		found := local.CheckIndex(t.Context(), bad)
		s := open(t, bad)
		_, asked := s.Scores(t.Context(), "shop", spanstore.ScoreQuery{})
		ready := s.Ready(t.Context())
		closing := s.Close()
		if asked == nil {
			continue
		}
		damaged++
		if !errors.Is(asked, spanstore.ErrDamaged) || !errors.Is(ready, spanstore.ErrDamaged) || !errors.Is(closing, spanstore.ErrDamaged) || !errors.Is(found, spanstore.ErrDamaged) {
			t.Errorf("byte %d: the answer is %v, ready %v, closed %v, fsck %v", at, asked, ready, closing, found)
		}
		if got := afterwards(t, bad); got != want {
			t.Errorf("byte %d: after the next start it answers\n%s\nnot\n%s", at, got, want)
		}
	}
	if damaged == 0 {
		t.Error("no query met the damage, so this test says nothing")
	}
}
