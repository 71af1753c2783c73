package local_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

func TestRestoredBackupAnswersTheSame(t *testing.T) {
	s := open(t, t.TempDir())
	defer closed(t, s)
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	dir := t.TempDir()
	err := s.Backup(t.Context(), func(name string, size int64, r io.Reader) error {
		if !filepath.IsLocal(name) {
			t.Errorf("%s leads out of the folder", name)
		}
		b, err := io.ReadAll(r)
		if err != nil || int64(len(b)) != size {
			t.Errorf("%s has %d bytes, not %d: %v", name, len(b), size, err)
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		return os.WriteFile(file, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, s) // what comes later is not in it
	restored := open(t, dir)
	defer closed(t, restored)
	if got := storetest.Answers(t, restored); got != want {
		t.Errorf("restored, the store answers\n%s\nnot\n%s", got, want)
	}
}
