package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs"
)

// cuts are the lengths from one to another at which a file is cut: some, or with
// ASSAY_CUTS=1 all.
func cuts(from, to int) (list []int) {
	step := max(1, (to-from)/4)
	if os.Getenv("ASSAY_CUTS") != "" {
		step = 1
	}
	for n := from; n < to; n += step {
		list = append(list, n)
	}
	return append(list, to-1)
}

func copied(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// afterwards opens a folder and gives its answers.
func afterwards(t *testing.T, dir string) string {
	t.Helper()
	s := open(t, dir)
	defer closed(t, s)
	return storetest.Answers(t, s)
}

func few(t *testing.T, s *local.Store) {
	t.Helper()
	value := 0.5
	for i := range uint64(3) {
		b := storetest.Batch(t, storetest.Span{Trace: i + 1, ID: 1, Start: float64(i), Seconds: 1, Name: "one", Attributes: storetest.LLM("m", 1, 2, storetest.Attributes{"user.id": "user"})})
		b.Scores = []trace.Score{{ID: "first", Target: trace.Target{Trace: storetest.TraceID(i + 1)}, Name: "grounded", Value: &value, Time: storetest.Base}}
		if err := s.Append(t.Context(), "shop", b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLastRecordCut cuts the log at bytes of its last record, which nobody was
// told is kept: the store has all that was before, whether its index is as old
// as the log, has seen the record or is gone; and what comes next is kept.
func TestLastRecordCut(t *testing.T) {
	value := 1.0
	for name, last := range map[string]*spanstore.Batch{
		"spans":  storetest.Batch(t, storetest.Span{Trace: 1, ID: 2, Parent: 1, Start: 1, Seconds: 1, Name: "last"}),
		"scores": {Received: storetest.Base, Scores: []trace.Score{{ID: "first", Target: trace.Target{Trace: storetest.TraceID(2)}, Name: "grounded", Value: &value}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			segment := filepath.Join("projects", "shop", "log", "00000001.seg")
			s := open(t, dir)
			few(t, s)
			closed(t, s)
			old := copied(t, dir)
			before, err := os.ReadFile(filepath.Join(dir, segment))
			if err != nil {
				t.Fatal(err)
			}
			want := afterwards(t, copied(t, dir))
			s = open(t, dir)
			if err := s.Append(t.Context(), "shop", last); err != nil {
				t.Fatal(err)
			}
			with := storetest.Answers(t, s)
			closed(t, s)
			after, err := os.ReadFile(filepath.Join(dir, segment))
			if err != nil || len(after) <= len(before) || with == want {
				t.Fatalf("the record changes nothing: %d and %d bytes, %v", len(before), len(after), err)
			}
			for k, n := range cuts(len(before), len(after)) {
				from := dir
				if k%3 == 1 {
					from = old
				}
				cut := copied(t, from)
				if k%3 == 2 {
					if err := os.RemoveAll(filepath.Join(cut, "index")); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(cut, segment), after[:n], 0o600); err != nil {
					t.Fatal(err)
				}
				s := open(t, cut)
				if got := storetest.Answers(t, s); got != want {
					t.Errorf("cut at byte %d of %d to %d, the store answers\n%s\nnot\n%s", n, len(before), len(after), got, want)
				}
				if err := s.Append(t.Context(), "shop", last); err != nil {
					t.Fatal(err)
				}
				closed(t, s)
				if got := afterwards(t, cut); got != with {
					t.Errorf("cut at byte %d and sent again, the store answers\n%s\nnot\n%s", n, got, with)
				}
			}
		})
	}
}

// halfway copies a folder when a segment that was written anew is about to be
// put in the place of the old one.
type halfway struct {
	vfs.OS
	t    *testing.T
	dir  string
	left string
}

func (h *halfway) Rename(from, to string) error {
	_, err := os.Stat(filepath.Join(h.dir, "projects", "shop", "erasing.json"))
	if err == nil && strings.HasSuffix(from, "00000001.seg.tmp") && h.left == "" {
		h.left = copied(h.t, h.dir)
	}
	return h.OS.Rename(from, to)
}

// TestErasureCut cuts short, at bytes of the segment that it writes, an erasure
// that was decided upon: whoever opens the store next carries it out.
func TestErasureCut(t *testing.T) {
	dir := t.TempDir()
	h := &halfway{t: t, dir: dir}
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{FS: h}})
	if err != nil {
		t.Fatal(err)
	}
	few(t, s)
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{Trace: storetest.TraceID(2)}); err != nil {
		t.Fatal(err)
	}
	want := storetest.Answers(t, s)
	closed(t, s)
	if h.left == "" {
		t.Fatal("no segment was written anew")
	}
	unfinished := filepath.Join("projects", "shop", "log", "00000001.seg.tmp")
	text, err := os.ReadFile(filepath.Join(h.left, unfinished))
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range cuts(0, len(text)) {
		cut := copied(t, h.left)
		if k%2 == 1 {
			if err := os.RemoveAll(filepath.Join(cut, "index")); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(cut, unfinished), text[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := afterwards(t, cut); got != want {
			t.Errorf("with %d bytes of %d written, the store answers\n%s\nnot\n%s", n, len(text), got, want)
		}
	}
}
