package llmconfig

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/source"
)

// engines are fixed numbers, so that digests in tests outlive a new engine.
var engines = map[string]int{"chunker": 1, "tokenizer": 1, "bm25": 1, "extractive": 1, "template": 1}

// folder is a project in memory: paths and texts.
type folder map[string]string

// with is the folder with files added or replaced; an empty text removes one.
func (f folder) with(pairs ...string) folder {
	g := maps.Clone(f)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(g, pairs[i])
		} else {
			g[pairs[i]] = pairs[i+1]
		}
	}
	return g
}

// tree writes the folder out.
func (f folder) tree(t testing.TB) source.Tree {
	t.Helper()
	dir, err := filepath.EvalSymlinks(tempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range f {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return (&source.Repo{Top: dir}).WorkingTree()
}

// tempDir is t.TempDir, of which rapid's checks have none.
func tempDir(t testing.TB) string {
	if real, ok := t.(*testing.T); ok {
		return real.TempDir()
	}
	dir, err := os.MkdirTemp("", "assay-test-")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func options() Options {
	return Options{
		Engines: engines, Pins: map[string]string{"local": "exact"}, OwnNames: map[string]bool{"ollama": true},
		LookupEnv: func(name string) (string, bool) { return "value of " + name, name != "UNSET" },
	}
}

func (f folder) load(t testing.TB, name string) (*Config, error) {
	t.Helper()
	return Load(f.tree(t), name, options())
}

func (f folder) config(t testing.TB, name string) *Config {
	t.Helper()
	c, err := f.load(t, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// one is a small project that uses every part of a config.
var one = folder{
	"configs/support.yaml": strings.TrimLeft(`
name: support
description: Answers.
model: openai/gpt-5-mini-2025-08-07
params: {temperature: 0.2, max_output_tokens: 400, reasoning: {effort: low}}
messages:
  - {role: system, file: support/system.md.jinja}
  - {role: user, content: "A question"}
  - {role: assistant, content: "An answer"}
  - turns: "{{ input.history }}"
  - {role: user, content: "{{ question }}"}
input:
  type: object
  required: [question]
  properties: {question: {type: string}, history: {type: array}}
output: {schema: support/answer.schema.json}
tools:
  - ../tools/lookup.json
  - {name: close, description: Closes a ticket}
tool_choice: auto
retrieval:
  corpus: ../help/**/*.md
  chunk: {by: heading, max_tokens: 200}
  query: "{{ question }}"
  top_k: 3
guardrails: [../guard/default.yaml]
fallbacks: [anthropic/claude-sonnet-5-20260301]
`, "\n"),
	"configs/support/system.md.jinja":    "{% include \"rules.md\" %}\nYou are kind.\n{% for d in documents %}{{ d.content }}{% endfor %}\n",
	"configs/support/rules.md":           "Rules:\n{% include '../shared/tone.md' %}\n",
	"configs/shared/tone.md":             "Be brief.\n",
	"configs/support/answer.schema.json": `{"type": "object", "properties": {"answer": {"type": "string"}}}`,
	"tools/lookup.json":                  `{"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}`,
	"help/a.md":                          "# A\n\nText of a.\n",
	"help/deep/b.md":                     "# B\n\nText of b.\n",
	"guard/default.yaml":                 "checks:\n  - {name: pii, action: flag}\n",
}

func treeOf(dir string) source.Tree { return (&source.Repo{Top: dir}).WorkingTree() }

// shuffledYAML writes a value as YAML in one of many styles.
func shuffledYAML(t *rapid.T, v any, indent string) string {
	switch v := v.(type) {
	case map[string]any:
		names := rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order")
		if len(names) == 0 || rapid.Bool().Draw(t, "flow") && indent != "" {
			return indent + inJSON(t, v) + "\n"
		}
		var b strings.Builder
		for _, name := range names {
			key := inJSON(t, name)
			if object, ok := v[name].(map[string]any); ok && len(object) > 0 {
				b.WriteString(indent + key + ": # comment\n" + shuffledYAML(t, object, indent+"  "))
				continue
			}
			b.WriteString(indent + key + ":   " + inJSON(t, v[name]) + "\n\n")
		}
		return b.String()
	}
	return inJSON(t, v)
}

// inJSON writes a value as JSON, which is YAML.
func inJSON(t *rapid.T, v any) string {
	text, err := canonical.JSON(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
