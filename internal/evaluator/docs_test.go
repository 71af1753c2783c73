package evaluator

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/yamldoc"
)

// TestGuide builds and runs every evaluator of docs/evaluators.md. A block of
// the form ```LANG FILE is a file beside the eval file.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/evaluators.md")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	var lists []string
	for i, part := range strings.Split("\n"+string(page), "\n```") {
		if i%2 == 0 {
			continue
		}
		info, content, _ := strings.Cut(part, "\n")
		if _, file, isFile := strings.Cut(info, " "); isFile {
			files["evals/"+file] = content
			continue
		}
		lists = append(lists, content)
	}
	env := project(t, files)
	schema := compiledSchema(t)
	good := &Subject{
		Input:    map[string]any{"name": "Ann", "item": "pen", "question": "How much?"},
		Expected: map[string]any{"facts": []any{"14 days"}, "sources": []any{"a.md"}, "total": 12.5, "category": "billing"},
		Output:   "Dear Ann,\n```json\n{\"category\": \"billing\"}\n```\n14 days, see a.md.\nTotal: $12.50\nB", Documents: docs("a.md"),
	}
	passes := 0
	for _, text := range lists {
		doc, err := yamldoc.Parse("evals/e.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc.Value()); err != nil {
			t.Errorf("the schema refuses\n%s%v", text, err)
		}
		eval, ok := doc.Value().(map[string]any)
		if !ok {
			t.Fatalf("no evaluators in\n%s", text)
		}
		specs, err := ParseSpecs(eval["evaluators"], Place{File: "evals/e.yaml", Pointer: "/evaluators", Line: doc.Line})
		if err != nil {
			t.Fatal(err)
		}
		set, err := Build(specs, env)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := set.Score(context.Background(), good, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, score := range scores {
			if score.Outcome == Pass {
				passes++
			}
			if _, lookErr := exec.LookPath("python3"); score.Outcome == Error && lookErr == nil {
				t.Errorf("%s: %+v", name, score)
			}
		}
	}
	if passes < 9 {
		t.Errorf("only %d evaluators of the guide pass a good answer", passes)
	}
}
