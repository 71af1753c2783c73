package local_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *local.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) spanstore.Store {
		s := open(t, t.TempDir())
		t.Cleanup(func() { closed(t, s) })
		return s
	})
}

func TestReopenedAndRebuiltStoreAnswersTheSame(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	closed(t, s)
	for _, what := range []string{"reopened", "rebuilt"} {
		if what == "rebuilt" {
			if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
				t.Fatal(err)
			}
		}
		s = open(t, dir)
		if got := storetest.Answers(t, s); got != want {
			t.Errorf("%s, the store answers\n%s\nnot\n%s", what, got, want)
		}
		closed(t, s)
	}
}

// A process that is killed leaves its files as they are at that moment.
func TestKilledStoreKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer closed(t, s)
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	for _, left := range []string{"logs and index", "logs"} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if left == "logs" {
			if err := os.RemoveAll(filepath.Join(copied, "index")); err != nil {
				t.Fatal(err)
			}
		}
		again := open(t, copied)
		if got := storetest.Answers(t, again); got != want {
			t.Errorf("from %s the store answers\n%s\nnot\n%s", left, got, want)
		}
		closed(t, again)
	}
}

// The index of one folder with the logs of another is made anew.
func TestIndexOfOtherLogs(t *testing.T) {
	full, empty := t.TempDir(), t.TempDir()
	s := open(t, full)
	storetest.Fill(t, s)
	closed(t, s)
	s = open(t, empty)
	want := storetest.Answers(t, s)
	closed(t, s)
	if err := os.RemoveAll(filepath.Join(empty, "index")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(full, "index"), filepath.Join(empty, "index")); err != nil {
		t.Fatal(err)
	}
	s = open(t, empty)
	defer closed(t, s)
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("an empty store answers %s", got)
	}
}

// What ingestion makes of any text is a name that the store takes; what would
// lead elsewhere as a folder is not.
func TestNamesOfProjects(t *testing.T) {
	s := open(t, t.TempDir())
	defer closed(t, s)
	for name, want := range map[string]bool{
		"com.acme.shop": true, "my-app_2": true, "A": true,
		"": false, ".": false, "..": false, ".hidden": false, "end.": false, "a..b": false, "a/b": false, "a\\b": false, "é": false,
	} {
		err := s.Append(t.Context(), name, storetest.Batch(t, storetest.Span{Trace: 1, ID: 1, Name: "a", Seconds: 1}))
		if (err == nil) != want {
			t.Errorf("project %q: %v", name, err)
		}
	}
}
