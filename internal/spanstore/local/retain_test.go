package local_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs"
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

// What was decided for a project holds for it alone, and beyond a restart, a new
// index and a backup.
func TestRetentionOfAProject(t *testing.T) {
	dir := t.TempDir()
	o := local.Options{
		Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 500}, Keep: spanstore.Retention{MaxAge: int64(240 * time.Hour)},
	}
	reopened := func(dir string) *local.Store {
		t.Helper()
		s, err := local.Open(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopened(dir)
	fill := func(project string) {
		t.Helper()
		for i := range uint64(6) {
			b := storetest.Batch(t, storetest.Span{Trace: i + 1, ID: i + 1, Seconds: 1, Name: "x"})
			b.Received = time.Now().UnixNano() - int64(48*time.Hour)
			if err := s.Append(t.Context(), project, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(project string, spans int, policy spanstore.Retention, own bool) {
		t.Helper()
		p, err := s.Spans(t.Context(), project, spanstore.Query{})
		got, mine, keepsErr := s.Keeps(t.Context(), project)
		if err != nil || keepsErr != nil || len(p.Spans) != spans || got != policy || mine != own {
			t.Errorf("%s has %d spans and keeps %+v, own %t: %v, %v", project, len(p.Spans), got, mine, err, keepsErr)
		}
	}
	day := spanstore.Retention{MaxAge: int64(24 * time.Hour)}
	fill("shop")
	fill("other")
	gone, err := s.Keep(t.Context(), "shop", &day)
	if err != nil || gone.Spans != 6 {
		t.Fatalf("%+v: %v", gone, err)
	}
	check("shop", 0, day, true)
	check("other", 6, o.Keep, false)
	// Another's policy is stricter than the server's, this one's is to keep all.
	if _, err := s.Keep(t.Context(), "other", &spanstore.Retention{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keep(t.Context(), "../elsewhere", &day); err == nil {
		t.Error("a project outside of the folder has a policy")
	}
	fill("shop")
	closed(t, s)
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := local.Copy(t.Context(), dir, vfs.OS{}, copied); err != nil {
		t.Fatal(err)
	}
	o.Keep = spanstore.Retention{MaxAge: int64(time.Hour)} // at the start it removes what is not kept
	for _, dir := range []string{dir, copied} {
		s = reopened(dir)
		check("shop", 0, day, true)
		check("other", 6, spanstore.Retention{}, true)
		closed(t, s)
	}
	s = reopened(dir)
	if gone, err := s.Keep(t.Context(), "other", nil); err != nil || gone.Spans != 6 {
		t.Errorf("%+v: %v", gone, err)
	}
	check("other", 0, o.Keep, false)
	closed(t, s)
	// A file that went bad is named, with what to do about it.
	name := filepath.Join(dir, "projects", "shop", "settings.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		bad := slices.Clone(text)
		bad[i] ^= 4
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := local.Open(t.Context(), dir, o); err == nil || !strings.Contains(err.Error(), "settings.json") {
			t.Fatalf("with a flipped bit in byte %d of %s: %v", i, text, err)
		}
	}
}
