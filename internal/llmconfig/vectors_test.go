package llmconfig

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/canonical"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

// vector is a project with the canonical form and digest of one config in it,
// for whoever writes the digest again.
type vector struct {
	About     string            `json:"about"`
	Engines   map[string]int    `json:"engines"`
	Env       map[string]string `json:"env"`
	Config    string            `json:"config"` // path
	Files     map[string]string `json:"files"`
	Canonical json.RawMessage   `json:"canonical"`
	Digest    canonical.Digest  `json:"digest"`
}

// vectorFolders are the projects of the vectors. Their configs are JSON, which
// is YAML, so that a reader needs no YAML library.
var vectorFolders = map[string]struct {
	about string
	files folder
}{
	"minimal": {"the least that a config can say", folder{"c.json": `{"model": "builtin/extractive", "messages": [{"role": "user", "content": "{{ question }}"}]}`}},
	"names": {"name, description and $schema are no part of the version", folder{"c.json": `{"$schema": "x", "name": "n", "description": "d", "model": "builtin/extractive",
 "messages": [{"role": "user", "content": "{{ question }}"}], "tools": [], "params": {}}`}},
	"numbers": {"numbers in ECMAScript's form, text in UTF-8, keys by UTF-16", folder{"c.json": `{"model": "p/m-2026-01-01", "messages": [{"role": "user", "content": "é 😀 \u20ac \u0007 \u007f \"\\ </script>"}],
 "params": {"a": 1.0, "b": 1e21, "c": 0.000001, "d": 1e-7, "e": -0.5, "f": 123456789.125, "g": 9007199254740992, "h": -3, "i": true, "j": null, "k": [1, "x"], "\u20ac": 1, "\ud83d\ude00": 2, "\ufb33": 3}}`}},
	"templates": {"templates in files, with what they include, import and extend; names do not count", folder{
		"p/c.json": `{"model": "builtin/extractive", "messages": [
 {"role": "system", "file": "t/system.jinja"},
 {"role": "user", "content": "{% include \"t/rules.md\" %}{% include 't/none.md' ignore missing %}{{ question }}"}]}`,
		"p/t/system.jinja": "\ufeff{% extends \"base.jinja\" %}\r\n{% block a %}{% include ['gone.md', 'rules.md'] %}{% endblock %}{# {% include 'rules.md' %} #}",
		"p/t/base.jinja":   "{% from \"../lib/m.jinja\" import f %}{% block a %}{% endblock %}{{ f(\"rules.md\") }}{% raw %}{% include 'rules.md' %}{% endraw %}",
		"p/lib/m.jinja":    "{% macro f(x) %}{{ x }}{% include \"../t/rules.md\" if x == \"../t/rules.md\" else '../t/other.md' %}{% endmacro %}",
		"p/t/rules.md":     "Rules.\r\n",
		"p/t/other.md":     "Other.\n",
	}},
	"parts": {"every part of a prompt", folder{
		"configs/c.json": `{"model": "openai/gpt-5-mini-2025-08-07", "params": {"temperature": 0.2, "reasoning": {"effort": "low"}},
 "messages": [{"role": "system", "content": "s", "name": "n"}, {"turns": "{{ input.history }}"},
  {"role": "assistant", "tool_calls": [{"id": "1", "name": "lookup", "arguments": {"id": 3}}]},
  {"role": "tool", "tool_call_id": "1", "content": "{}"}],
 "input": {"type": "object", "properties": {"history": {"type": "array"}}},
 "output": {"schema": "answer.json"}, "tools": ["../tools/a.json", {"name": "b", "description": "d", "strict": true}], "tool_choice": "required",
 "guardrails": ["g.json"], "fallbacks": ["anthropic/claude-sonnet-5-20260301"]}`,
		"configs/answer.json": `{"type": "object", "properties": {"z": {}, "a": {}}}`,
		"tools/a.json":        `{"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}`,
		"configs/g.json":      `{"checks": [{"name": "pii", "action": "flag"}]}`,
	}},
	"retrieval": {"documents by their path relative to the corpus and the digest of their text", folder{
		"configs/c.json": `{"model": "builtin/extractive", "messages": [{"role": "user", "content": "{{ question }}"}],
 "retrieval": {"corpus": ["../help/**/*.md", "../faq/*.md"], "chunk": {"max_tokens": 200}, "query": "{% include 'q.jinja' %}", "top_k": 0}}`,
		"configs/q.jinja": "{{ question }}",
		"help/a.md":       "\ufeffA\r\n", "help/deep/er/b.md": "B\n", "help/c.txt": "no", "faq/d.md": "D", "faq/deep/e.md": "no",
	}},
	"defaults": {"what is absent stays absent", folder{
		"c.json":    `{"model": "builtin/extractive", "messages": [{"role": "user", "content": "x"}], "retrieval": {"corpus": "help/*.md"}}`,
		"help/a.md": "A",
	}},
	"target": {"a target with a declared version; its timeout is no part of it", folder{
		"p/configs/c.json": `{"target": {"command": ["./run.sh", "--x"], "protocol": "jsonl", "prepare": ["make"], "timeout": "9s"},
 "version": {"files": ["../src/**/*.py", "run.sh"], "env": ["GIT_SHA", "UNSET"]}}`,
		"p/configs/run.sh": "#!/bin/sh\n", "p/src/a.py": "1\r\n", "p/src/lib/b.py": "2",
	}},
	"answers": {"recorded answers: the fields, and the digest of the rows", folder{
		"c.json":     `{"model": "builtin/recorded", "answers": {"file": "rows.jsonl", "id": "$.id", "output": {"path": "$.out", "extract": "last_line"}}}`,
		"rows.jsonl": "{\"id\": \"a\", \"out\": \"x\"}\r\n",
	}},
	"script": {"a script as a value", folder{
		"c.json": `{"model": "builtin/script", "script": "s.json", "messages": [{"role": "user", "content": "x"}]}`,
		"s.json": `{"rules": [{"reply": {"content": "hello"}}]}`,
	}},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(vectorFolders)) {
		v := vectorFolders[name]
		config := "c.json"
		for path := range v.files {
			if strings.HasSuffix(path, "/c.json") {
				config = path
			}
		}
		env := map[string]string{"GIT_SHA": "3f9c2a7"}
		lookUp := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
		c, err := Load(v.files.tree(t), config, Options{Engines: engines, LookupEnv: lookUp})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		form, err := canonical.JSON(c.Canonical())
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "vectors", name+".json")
		if *update {
			write(t, file, vector{v.about, engines, env, config, v.files, form, c.Digest()})
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want vector
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		wanted, err := canonical.JSON(want.Canonical)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(form, wanted) || c.Digest() != want.Digest {
			t.Errorf("%s: %s\n%s\nwant %s\n%s", name, c.Digest(), form, want.Digest, wanted)
		}
	}
}

func write(t *testing.T, file string, v vector) {
	t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDigestWrittenAgain runs an implementation in Python that was written from
// docs/reference/digest.md over the vectors.
func TestDigestWrittenAgain(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	out, err := exec.Command(python, filepath.Join("testdata", "digest.py"), filepath.Join("testdata", "vectors")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "ok "); n != len(vectorFolders) {
		t.Errorf("%d vectors of %d were checked:\n%s", n, len(vectorFolders), out)
	}
}
