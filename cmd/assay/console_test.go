package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"plain":            {"a\tb\nc é 日本", "a\tb\nc é 日本"},
		"line ends":        {"a\r\nb\rc", "a\nb\uFFFDc"},
		"colour":           {"\x1b[31mred\x1b[0m", "\uFFFD[31mred\uFFFD[0m"},
		"title":            {"\x1b]0;owned\x07", "\uFFFD]0;owned\uFFFD"},
		"C1":               {"\u009b2J", "\uFFFD2J"},
		"C1 as a byte":     {"\x9b2J", "\uFFFD2J"},
		"delete, bell":     {"\x7f\a\b\x00", "\uFFFD\uFFFD\uFFFD\uFFFD"},
		"overrides":        {"a\u202eb\u2066c\u2069", "a\uFFFDb\uFFFDc\uFFFD"},
		"joiner of emojis": {"👩\u200d🚀", "👩\u200d🚀"},
	} {
		if got := shown(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Whatever prints for people prints it through the filter.
func TestConsoleShowsNoControlCharacters(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b]0;owned\x07\u009b2J\u202eb"
	var out, errs bytes.Buffer
	c := &console{out: &out, err: &errs, flags: &commands{}}
	c.printf("%s\n", evil)
	c.table([][]string{{"HEAD", "SECOND"}, {evil + "\nFORGED", "x"}})
	c.warn(evil)
	c.note("%s", evil)
	c.tell("%s", evil)
	if code := c.fail(errors.New(evil)); code != exitCannotRun {
		t.Errorf("exit %d", code)
	}
	for _, printed := range []string{out.String(), errs.String()} {
		if strings.ContainsAny(printed, "\x1b\x07\u009b\u202e") {
			t.Errorf("printed %q", printed)
		}
	}
	if strings.Contains(out.String(), "\nFORGED") {
		t.Errorf("a cell begins a row: %q", out.String())
	}
}

// No command prints the control characters of a case's id, a tag, a prompt, an
// answer or a name in an error.
func TestCommandsShowNoControlCharacters(t *testing.T) {
	t.Parallel()
	const evil = `\u001b]0;owned\u0007\u009b2J\u202e`
	dir := t.TempDir()
	for name, text := range map[string]string{
		"configs/a.yaml": `model: builtin/script
description: "` + evil + `"
script: ../script.yaml
params: {temperature: 0, stop: "` + evil + `"}
messages: [{role: user, content: "prompt ` + evil + ` {{ question }}"}]
`,
		"configs/b.yaml": `model: builtin/script
script: ../script.yaml
messages: [{role: user, content: "question ` + evil + ` {{ question }}"}]
`,
		"script.yaml": `rules: [{reply: {content: "answer ` + evil + `"}}]` + "\n",
		"evals/a.yaml": `config: a
dataset: ../cases.jsonl
evaluators: [{name: right, type: contains, expected: "{{ expected.answer }}"}]
`,
		"cases.jsonl": `{"id": "c` + evil + `1", "input": {"question": "q ` + evil + `"}, "expected": {"answer": "` + evil + ` no"}, "tags": ["t` + evil + `"]}` + "\n",
	} {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const id = "c\x1b]0;owned\x07\u009b2J\u202e1"
	assay := func(code int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		got := run(context.Background(), append(args, "-C", dir), &out, &errs)
		if printed := out.String() + errs.String(); got != code || strings.ContainsAny(printed, "\x1b\x07\u009b\u202e") {
			t.Errorf("%q exits %d and prints %q", args, got, printed)
		}
		return out.String()
	}
	assay(0, "eval", "a")
	assay(0, "eval", "a", "--explain-cache")
	assay(0, "runs", "ls")
	assay(0, "runs", "show")
	assay(3, "runs", "show", "--case", id+"x")
	assay(0, "calls", "ls")
	assay(0, "config", "ls")
	assay(0, "config", "show", "a")
	if out := assay(0, "dataset", "check", "a"); !strings.Contains(out, ": 1 case, ") {
		t.Errorf("dataset check prints %q", out)
	}
	assay(0, "dataset", "stats", "a")
	assay(3, "config", "show", id)
	for _, shows := range []struct {
		want string
		args []string
	}{
		{"answer \uFFFD]0;owned", []string{"runs", "show", "--case", id}},
		{"prompt \uFFFD]0;owned", []string{"render", "a", "--case", id}},
		{"\uFFFD]0;owned", []string{"diff", "a", "b"}},
	} {
		if out := assay(0, shows.args...); !strings.Contains(out, shows.want) {
			t.Errorf("%q prints %q", shows.args, out)
		}
	}
	var out, errs bytes.Buffer
	run(context.Background(), []string{"calls", "ls", "--json", "-C", dir}, &out, &errs)
	_, key, _ := strings.Cut(out.String(), `"key": "`)
	if out := assay(0, "calls", "show", key[:min(16, len(key))]); !strings.Contains(out, "answer \uFFFD]0;owned") || !strings.Contains(out, " ms, 1 attempt\n") {
		t.Errorf("calls show prints %q", out)
	}
}
