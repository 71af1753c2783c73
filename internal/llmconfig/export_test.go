package llmconfig

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// An application that renders what was exported gets the very prompt that was
// gated.
func TestExportRendersAsTheConfigDoes(t *testing.T) {
	t.Parallel()
	c := one.config(t, supportPath)
	text := exported(t, c)
	var e Export
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	docs := []llm.Document{{ID: "a", Content: "Text of a."}}
	input := map[string]any{"question": "Q", "history": []any{map[string]any{"role": "user", "content": "Hi"}}}
	r, err := c.Prompt(t.Context(), input, docs, nil)
	if err != nil {
		t.Fatal(err)
	}
	turn := e.Messages[0]
	engine := jinja.New(jinja.Options{Loader: func(name, _ string) (string, string, error) {
		text, ok := turn.Includes[name]
		if !ok {
			return "", "", fs.ErrNotExist
		}
		return text, name, nil
	}})
	template, err := engine.Parse("template", turn.Template, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.Render(t.Context(), c.vars(input, docs, nil))
	if err != nil || got != r.Messages[0].Content {
		t.Errorf("%q, %v, want %q", got, err, r.Messages[0].Content)
	}
	if len(turn.Includes) != 2 || e.Messages[3].Turns != "{{ input.history }}" || e.Version != c.Version() || len(e.Tools) != 2 ||
		len(e.Guardrails) != 1 || e.Retrieval.TopK != 3 || e.Retrieval.Chunk["max_tokens"] != 200.0 {
		t.Errorf("%s", text)
	}
}

func exported(t *testing.T, c *Config) []byte {
	t.Helper()
	e, err := c.Export()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATargetHasNothingToExport(t *testing.T) {
	t.Parallel()
	c := folder{"c.yaml": "target: {command: [./a.sh]}\n"}.config(t, "c.yaml")
	var p *problem.Problem
	if _, err := c.Export(); !errors.As(err, &p) {
		t.Errorf("%v", err)
	}
	if text := c.Describe(); !strings.Contains(text, "target       ./a.sh") || !strings.Contains(text, "never: its target declares no version") {
		t.Errorf("%s", text)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	text := one.config(t, supportPath).Describe()
	for _, part := range []string{
		"param        reasoning.effort = \"low\"\nparam        temperature = 0.2", "2 documents of ../help/**/*.md", "\n[turns] inline\n{{ input.history }}\n",
		"tool         lookup", "fallback     anthropic/", "guardrail    guard/default.yaml",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}
