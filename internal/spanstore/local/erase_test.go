package local_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// The proof of an erasure: no file below the store's folder has a text of it,
// neither at once nor after the index was rebuilt. The log is compressed, so the
// texts are looked for in what is read back from it as well, by storetest.
func TestErasedTextsAreInNoFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	storetest.Confide(t, s)
	closed(t, s)
	if !inFiles(t, dir, "user-to-forget") {
		t.Fatal("no file ever had the name, so this test says nothing")
	}
	s = open(t, dir)
	if _, err := s.Erase(t.Context(), "shop", spanstore.Erasure{User: "user-to-forget"}); err != nil {
		t.Fatal(err)
	}
	look := func(when string) {
		t.Helper()
		for _, secret := range storetest.Secrets() {
			if inFiles(t, dir, secret) {
				t.Errorf("%s, a file has %q", when, secret)
			}
		}
	}
	look("after erasing")
	want := storetest.Answers(t, s)
	closed(t, s)
	look("after closing")
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := storetest.Answers(t, s); got != want {
		t.Errorf("rebuilt, the store answers\n%s\nnot\n%s", got, want)
	}
	closed(t, s)
	look("after rebuilding")
}

func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		found = found || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
