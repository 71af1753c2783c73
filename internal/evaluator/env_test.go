package evaluator

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeJudge replies with a fixed text, or passes when the output contains the
// rubric.
type fakeJudge struct {
	version string
	reply   string
	err     error
	asked   []Question
}

func (j *fakeJudge) Version() string { return j.version }

func (j *fakeJudge) Ask(_ context.Context, q Question) (*llm.Reply, error) {
	j.asked = append(j.asked, q)
	if j.err != nil {
		return nil, j.err
	}
	reply := j.reply
	if reply == "" {
		output, _ := q.Input["output"].(string)
		rubric, _ := q.Input["rubric"].(string)
		text, err := json.Marshal(map[string]any{"reason": "looked for it", "pass": strings.Contains(output, rubric)})
		if err != nil {
			return nil, err
		}
		reply = string(text)
	}
	return &llm.Reply{Message: llm.Message{Content: reply}}, nil
}

// project is a folder with files, whose eval file is evals/e.yaml.
func project(t testing.TB, files map[string]string) Env {
	t.Helper()
	top := t.TempDir()
	for name, content := range files {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(top, "evals")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	repo := &source.Repo{Top: top}
	return Env{Tree: repo.WorkingTree(), File: "evals/e.yaml", Dir: dir,
		Judge: func(string) (Judge, error) { return &fakeJudge{version: "judge@1"}, nil }}
}

// parse reads evaluators from YAML.
func parse(t testing.TB, text string) ([]Spec, error) {
	t.Helper()
	doc, err := yamldoc.Parse("evals/e.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ParseSpecs(doc.Value(), Place{File: "evals/e.yaml", Line: doc.Line})
}

func buildIn(t testing.TB, env Env, text string) (*Set, error) {
	t.Helper()
	specs, err := parse(t, text)
	if err != nil {
		return nil, err
	}
	return Build(specs, env)
}

// one builds the only evaluator of a YAML text, written as an item.
func one(t testing.TB, env Env, item string) *Evaluator {
	t.Helper()
	set, err := buildIn(t, env, "- "+strings.ReplaceAll(strings.TrimRight(item, "\n"), "\n", "\n  ")+"\n")
	if err != nil {
		t.Fatal(err)
	}
	return set.All()[0]
}
