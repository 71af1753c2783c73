package llmconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
)

func fixtures(t testing.TB) source.Tree {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return treeOf(dir)
}

// Every .good file loads; every .bad one is a problem that says what the lines
// "# error:" at its top say.
func TestFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	tree := fixtures(t)
	for _, file := range files {
		_, err := Load(tree, "config/"+filepath.Base(file), options())
		if strings.HasSuffix(file, ".good.yaml") {
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		if !problem.Is(err) {
			t.Errorf("%s: %v, want a problem", file, err)
			continue
		}
		text, readErr := os.ReadFile(file)
		if readErr != nil {
			t.Fatal(readErr)
		}
		for line := range strings.Lines(string(text)) {
			want, ok := strings.CutPrefix(strings.TrimSpace(line), "# error: ")
			if ok && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v\nwant %q", file, err, want)
			}
		}
		if strings.Contains(err.Error(), "abcdefghijklmnop") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the problem shows the secret", file)
		}
	}
}

// Whatever a config says, loading gives a config with a digest, or a problem.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	aside := fixtures(f)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(&replaced{aside, text}, "config/fuzz.yaml", options())
		if err != nil {
			if !problem.Is(err) {
				t.Fatalf("not a problem: %v", err)
			}
			return
		}
		if len(c.Digest()) != 64 {
			t.Fatalf("the digest is %q", c.Digest())
		}
		again, err := Load(&replaced{aside, text}, "config/fuzz.yaml", options())
		if err != nil || again.Digest() != c.Digest() {
			t.Fatalf("loaded again: %v", err)
		}
	})
}

// replaced is a tree in which one file has another text.
type replaced struct {
	source.Tree
	text string
}

func (r *replaced) Read(name string) ([]byte, error) {
	if name == "config/fuzz.yaml" {
		return []byte(r.text), nil
	}
	return r.Tree.Read(name)
}
