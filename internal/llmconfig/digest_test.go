package llmconfig

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

const supportPath = "configs/support.yaml"

func (f folder) digest(t testing.TB) canonical.Digest {
	t.Helper()
	return f.config(t, supportPath).Digest()
}

// edit replaces one text in one file.
func (f folder) edit(name, old, replacement string) folder {
	if !strings.Contains(f[name], old) {
		panic("no " + old + " in " + name)
	}
	return f.with(name, strings.Replace(f[name], old, replacement, 1))
}

func TestWhatChangesTheVersion(t *testing.T) {
	t.Parallel()
	plain := one.digest(t)
	for name, changed := range map[string]folder{
		"model":                one.edit(supportPath, "2025-08-07", "2025-08-08"),
		"a parameter":          one.edit(supportPath, "temperature: 0.2", "temperature: 0.3"),
		"a parameter's type":   one.edit(supportPath, "effort: low", "effort: [low]"),
		"no parameter":         one.edit(supportPath, "temperature: 0.2, ", ""),
		"an extra parameter":   one.edit(supportPath, "temperature: 0.2", "temperature: 0.2, x_extra: 1"),
		"a role":               one.edit(supportPath, "role: assistant", "role: user"),
		"an inline message":    one.edit(supportPath, "A question", "A questio"),
		"the order":            one.edit(supportPath, `  - {role: user, content: "A question"}`+"\n"+`  - {role: assistant, content: "An answer"}`, `  - {role: assistant, content: "An answer"}`+"\n"+`  - {role: user, content: "A question"}`),
		"turns":                one.edit(supportPath, "input.history", "input.history[1:]"),
		"a template":           one.edit("configs/support/system.md.jinja", "kind", "kinD"),
		"a trailing newline":   one.with("configs/support/system.md.jinja", one["configs/support/system.md.jinja"]+"\n"),
		"an include":           one.edit("configs/support/rules.md", "Rules", "Rule"),
		"an include's include": one.edit("configs/shared/tone.md", "brief", "brieF"),
		"another include":      one.edit("configs/support/system.md.jinja", `"rules.md"`, `"../shared/tone.md"`),
		"the input schema":     one.edit(supportPath, "required: [question]", "required: []"),
		"the output schema":    one.edit("configs/support/answer.schema.json", "string", "number"),
		"a tool":               one.edit("tools/lookup.json", "lookup", "look"),
		"an inline tool":       one.edit(supportPath, "Closes a ticket", "Closes the ticket"),
		"no tool":              one.edit(supportPath, "  - ../tools/lookup.json\n", ""),
		"tool_choice":          one.edit(supportPath, "tool_choice: auto", "tool_choice: required"),
		"a document":           one.edit("help/a.md", "Text of a", "Text of A"),
		"a new document":       one.with("help/c.md", "# C\n"),
		"a renamed document":   one.with("help/a.md", "", "help/z.md", one["help/a.md"]),
		"a lost document":      one.with("help/a.md", ""),
		"top_k":                one.edit(supportPath, "top_k: 3", "top_k: 0"),
		"a default written":    one.edit(supportPath, "top_k: 3", "top_k: 3\n  method: bm25"),
		"chunks":               one.edit(supportPath, "max_tokens: 200", "max_tokens: 201"),
		"the query":            one.edit(supportPath, `query: "{{ question }}"`, `query: "{{ question }} "`),
		"no query":             one.edit(supportPath, "  query: \"{{ question }}\"\n", ""),
		"a guardrail":          one.edit("guard/default.yaml", "flag", "block"),
		"a fallback":           one.edit(supportPath, "20260301", "20260302"),
		"no fallback":          one.edit(supportPath, "fallbacks: [anthropic/claude-sonnet-5-20260301]\n", ""),
		"a declared version":   one.with(supportPath, one[supportPath]+"version: {env: [GIT_SHA]}\n"),
	} {
		if got := changed.digest(t); got == plain {
			t.Errorf("%s does not change the version", name)
		}
	}
}

func TestWhatDoesNotChangeTheVersion(t *testing.T) {
	t.Parallel()
	plain := one.digest(t)
	moved := folder{}
	for name, text := range one {
		moved["sub/project/"+name] = text
	}
	crlf := folder{}
	for name, text := range one {
		crlf[name] = strings.ReplaceAll(text, "\n", "\r\n")
	}
	for name, same := range map[string]folder{
		"name":            one.edit(supportPath, "name: support", "name: other"),
		"no name":         one.edit(supportPath, "name: support\n", ""),
		"description":     one.edit(supportPath, "Answers.", "Answers questions."),
		"a comment":       one.edit(supportPath, "top_k: 3", "top_k: 3   # three"),
		"$schema":         one.with(supportPath, "$schema: https://example.com/x.json\n"+one[supportPath]),
		"quoting":         one.edit(supportPath, `"A question"`, `'A question'`),
		"block style":     one.edit(supportPath, "tool_choice: auto", "tool_choice:\n  auto"),
		"key order":       one.edit(supportPath, "temperature: 0.2, max_output_tokens: 400", "max_output_tokens: 400, temperature: 0.2"),
		"a number's form": one.edit(supportPath, "temperature: 0.2, max_output_tokens: 400", "temperature: 2e-1, max_output_tokens: 400.0"),
		"a BOM":           one.with("configs/support/rules.md", "\xef\xbb\xbf"+one["configs/support/rules.md"]),
		"CRLF":            crlf,
		"a template's name": one.edit(supportPath, "support/system.md.jinja", "support/sys.jinja").
			with("configs/support/system.md.jinja", "", "configs/support/sys.jinja", one["configs/support/system.md.jinja"]),
		"an include's name": one.edit("configs/support/system.md.jinja", `"rules.md"`, `'r.md'`).
			with("configs/support/rules.md", "", "configs/support/r.md", one["configs/support/rules.md"]),
		"an include's folder": one.edit("configs/support/system.md.jinja", `"rules.md"`, `"../rules/r.md"`).
			with("configs/support/rules.md", "", "configs/rules/r.md", strings.Replace(one["configs/support/rules.md"], "'../shared", `"../shared/../shared`, 1)).
			edit("configs/rules/r.md", "tone.md'", `tone.md"`),
		"a schema's name": one.edit(supportPath, "answer.schema.json", "a.json").
			with("configs/support/answer.schema.json", "", "configs/support/a.json", one["configs/support/answer.schema.json"]),
		"an inline schema": one.edit(supportPath, "support/answer.schema.json", "{type: object, properties: {answer: {type: string}}}"),
		"a schema as YAML": one.edit(supportPath, "answer.schema.json", "a.yaml").with("configs/support/a.yaml", "properties: {answer: {type: string}}\ntype: object\n"),
		"a tool's name of file": one.edit(supportPath, "../tools/lookup.json", "../tools/l.yaml").
			with("tools/lookup.json", "", "tools/l.yaml", "name: lookup\nparameters:\n  type: object\n"),
		"a policy's name and comments": one.edit(supportPath, "../guard/default.yaml", "../g.yaml").
			with("guard/default.yaml", "", "g.yaml", "# policy\n"+one["guard/default.yaml"]),
		"the corpus moved": one.edit(supportPath, "../help/**/*.md", "../docs/help/**/*.md").
			with("help/a.md", "", "help/deep/b.md", "", "docs/help/a.md", one["help/a.md"], "docs/help/deep/b.md", one["help/deep/b.md"]),
		"an inline template in a file": one.edit(supportPath, `{role: user, content: "A question"}`, "{role: user, file: q.md}").
			with("configs/q.md", "A question"),
		"an unrelated file": one.with("help/notes.txt", "x", "configs/other.yaml", "x"),
	} {
		if got := same.digest(t); got != plain {
			t.Errorf("%s changes the version", name)
		}
	}
	few := folder{supportPath: "model: local/m\nmessages: [{role: user, content: x}]\n"}
	if few.digest(t) != few.with(supportPath, few[supportPath]+"params: {}\ntools: []\nguardrails: []\nfallbacks: []\ninput: {}\n").digest(t) {
		t.Error("empty parts change the version")
	}
	if c := moved.config(t, "sub/project/"+supportPath); c.Digest() != plain {
		t.Error("moving the project changes the version")
	}
}

// The order of the keys, at every level, and the style in which a file is
// written change nothing; a change of any one leaf does.
func TestDigestProperties(t *testing.T) {
	t.Parallel()
	doc, err := yamldoc.Parse("a.yaml", []byte("model: local/m\nmessages: [{role: user, content: x}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	base := doc.Value().(map[string]any)
	dir := t.TempDir()
	load := func(t *rapid.T, params any) canonical.Digest {
		whole := maps.Clone(base)
		whole["params"] = params
		f := folder{"c.yaml": shuffledYAML(t, whole, "")}
		full := dir + "/c.yaml"
		if err := os.WriteFile(full, []byte(f["c.yaml"]), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Load(treeOf(dir), "c.yaml", options())
		if err != nil {
			t.Fatalf("%v\n%s", err, f["c.yaml"])
		}
		return c.Digest()
	}
	rapid.Check(t, func(t *rapid.T) {
		params := rapid.MapOfN(keys(), values(3), 1, 4).Draw(t, "params")
		a, b := load(t, params), load(t, params)
		if a != b {
			t.Fatalf("the style of the file changes the digest")
		}
		changed := maps.Clone(params)
		key := rapid.SampledFrom(slices.Sorted(maps.Keys(params))).Draw(t, "key")
		changed[key] = []any{params[key]}
		if load(t, changed) == a {
			t.Fatalf("a changed value of %q leaves the digest", key)
		}
	})
}

func keys() *rapid.Generator[string] {
	return rapid.StringMatching(`[a-z_][a-zA-Z0-9_ é.-]{0,6}[a-z]`)
}

// values are those of a parameter.
func values(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Int64Range(-1<<53, 1<<53).AsAny(), rapid.Bool().AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(),
		rapid.StringMatching(`[a-zA-Z0-9 :#{}\-,'"%é😀\n]{0,12}`).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	inner := values(depth - 1)
	return rapid.OneOf(append(leaves, rapid.SliceOfN(inner, 0, 3).AsAny(), rapid.MapOfN(keys(), inner, 0, 3).AsAny())...)
}

func TestUnfixed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"model: openai/gpt-5-mini-2025-08-07\n":                                               "",
		"model: openai/gpt-5-mini\n":                                                          "openai/gpt-5-mini is not pinned",
		"model: openai/gpt-5-mini\nversion: {env: [GIT_SHA]}\n":                               "",
		"model: openai/gpt-5-mini\nversion: {env: [UNSET]}\n":                                 "UNSET, which is not set",
		"model: builtin/extractive\n":                                                         "",
		"model: local/anything\n":                                                             "",
		"model: builtin/extractive\nfallbacks: [openai/gpt-5, anthropic/claude-x-20260301]\n": "openai/gpt-5 is not pinned",
	} {
		c := folder{"c.yaml": text + "messages: [{role: user, content: x}]\n"}.config(t, "c.yaml")
		if got := c.Unfixed(); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: unfixed %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"target: {command: [./a.sh]}\n":                                    "declares no version",
		"target: {command: [./a.sh]}\nversion: {files: ['src/**']}\n":      "",
		"target: {url: 'https://a.b/c'}\nversion: {env: [GIT_SHA, UNSET]}": "UNSET",
	} {
		c := folder{"c.yaml": text, "src/a": "1"}.config(t, "c.yaml")
		if got := c.Unfixed(); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: unfixed %q, want %q", text, got, want)
		}
	}
}

// The hint of an unpinned model does not put a second date behind a name.
func TestUnpinnedHint(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		"openai/gpt-5-mini":        "a dated snapshot such as NAME-YYYY-MM-DD",
		"ollama/llama3-2024-07-01": "a date in a name that you chose yourself pins nothing",
	} {
		f := folder{"c.yaml": "model: " + model + "\nmessages: [{role: user, content: x}]\n"}
		c := f.config(t, "c.yaml")
		if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Error(), want) {
			t.Errorf("%s: %v, want %q", model, c.Warnings, want)
		}
	}
}

func TestDeclaredVersion(t *testing.T) {
	t.Parallel()
	f := folder{"p/c.yaml": "target: {command: [./a.sh], timeout: 5s}\nversion: {files: ['../src/**/*.py', '../src/x.sh'], env: [GIT_SHA]}\n",
		"src/lib/a.py": "1", "src/x.sh": "2", "src/notes": "3"}
	plain := f.config(t, "p/c.yaml").Digest()
	for name, tc := range map[string]struct {
		f    folder
		same bool
	}{
		"a script changed":    {f.with("src/x.sh", "3"), false},
		"a module changed":    {f.with("src/lib/a.py", "2"), false},
		"a module came":       {f.with("src/b.py", "2"), false},
		"the command changed": {f.edit("p/c.yaml", "./a.sh", "./b.sh"), false},
		"another variable":    {f.edit("p/c.yaml", "GIT_SHA", "OTHER"), false},
		"an unset variable":   {f.edit("p/c.yaml", "GIT_SHA", "UNSET"), false},
		"an unrelated file":   {f.with("src/notes", "4"), true},
		"the timeout":         {f.edit("p/c.yaml", "5s", "9s"), true},
	} {
		if got := tc.f.config(t, "p/c.yaml").Digest(); (got == plain) != tc.same {
			t.Errorf("%s: same version is %v", name, got == plain)
		}
	}
}

func TestWithModelAndOutput(t *testing.T) {
	t.Parallel()
	c := one.config(t, supportPath)
	other := c.Model
	other.Name = "gpt-5"
	changed, err := c.WithModel(other, nil)
	if err != nil || changed.Digest() == c.Digest() || len(changed.Warnings) != 1 || changed.Pinned() || !c.Pinned() {
		t.Errorf("another model: %v, %v", changed, err)
	}
	back, err := changed.WithModel(c.Model, nil)
	if err != nil || back.Digest() != c.Digest() || len(back.Warnings) != 0 {
		t.Errorf("back again: %v", err)
	}
	judged, err := c.WithOutput(`{"type": "object"}`)
	if err != nil || judged.Digest() == c.Digest() {
		t.Errorf("another output schema: %v", err)
	}
	if _, err := (folder{"c.yaml": "target: {command: [a]}\n"}).config(t, "c.yaml").WithModel(other, nil); err == nil {
		t.Error("a target took a model")
	}
}
