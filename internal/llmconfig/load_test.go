package llmconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
	"github.com/assay-llmops/assay/internal/source"
)

func treeOfFixtures(t testing.TB) source.Tree {
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
	fixtures := problemtest.Fixtures(t, "testdata/config/*.yaml")
	tree := treeOfFixtures(t)
	var said []string
	for i := range fixtures {
		f := &fixtures[i]
		_, err := Load(tree, "config/"+f.Name, options())
		f.Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said,
		"%s is a target: the application is the configuration",                // of assay config export
		"--model cannot be %s: a config that uses it says more than its name", // of a flag
		"--model cannot change %s: it calls no model of a provider",           // of a flag
		"turns %s is not a conversation", "turn %d of %s has no role",         // of a case
	)
	problemtest.EverySchemaRule(t, "config", fixtures)
	if all := strings.Join(said, ""); strings.Contains(all, "abcdefghijklmnop") || strings.Contains(all, "hunter2") {
		t.Error("a problem shows the secret")
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
	aside := treeOfFixtures(f)
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
