package local_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// A store that is opened with what it keeps removes the rest of each project,
// and says so.
func TestKeepsWhatItsOptionsSay(t *testing.T) {
	dir := t.TempDir()
	o := local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 2000}}
	s, err := local.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixNano()
	const each = 40
	for i := range uint64(each) {
		for _, project := range []string{"a", "b"} {
			b := storetest.Batch(t, storetest.Span{Trace: i + 1, ID: i + 1, Start: float64(i), Seconds: 1, Name: "x"})
			if b.Received = now; project == "a" && i < each/2 {
				b.Received = now - int64(48*time.Hour)
			}
			if err := s.Append(t.Context(), project, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	closed(t, s)
	left := func(project string) int {
		p, err := s.Spans(t.Context(), project, spanstore.Query{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Spans)
	}
	told := map[string]int{}
	o.Kept = func(project string, gone *spanstore.Retained, err error) {
		if err != nil {
			t.Error(err)
		}
		told[project] += int(gone.Spans)
	}
	o.Keep.MaxAge = int64(24 * time.Hour)
	if s, err = local.Open(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	if told["a"] < each/4 || told["a"] > each/2 || len(told) != 1 {
		t.Errorf("by age it says %v", told)
	}
	if a, b := left("a"), left("b"); a != each-told["a"] || b != each {
		t.Errorf("by age, %d and %d spans are left; %v are gone", a, b, told)
	}
	closed(t, s)
	clear(told)
	o.Keep = spanstore.Retention{MaxBytes: 5000}
	if s, err = local.Open(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	if b := left("b"); told["b"] == 0 || b != each-told["b"] || b == 0 {
		t.Errorf("by size, %d spans are left; %v are gone", b, told)
	}
	if bytes := s.Metrics().Bytes; bytes > 2*5000 {
		t.Errorf("%d bytes are on disk", bytes)
	}
	closed(t, s)
}

// Packs and sidecars change no answer, with the index and without.
func TestTidiedStoreAnswersTheSame(t *testing.T) {
	dir := t.TempDir()
	o := local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 1000}}
	again := func() *local.Store {
		s, err := local.Open(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := again()
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	s.Tidy(t.Context())
	sides, err := filepath.Glob(filepath.Join(dir, "projects", "*", "log", "*.side"))
	if err != nil || len(sides) < 5 {
		t.Fatalf("sidecars are %v, %v", sides, err)
	}
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("tidied, the store answers\n%s\nnot\n%s", got, want)
	}
	closed(t, s)
	for _, what := range []string{"reopened", "rebuilt"} {
		if what == "rebuilt" {
			if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
				t.Fatal(err)
			}
		}
		s = again()
		if got := storetest.Answers(t, s); got != want {
			t.Errorf("%s, the store answers\n%s\nnot\n%s", what, got, want)
		}
		closed(t, s)
	}
}
