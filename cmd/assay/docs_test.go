package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/assay-llmops/assay/internal/target"
)

// page is a Markdown file of the repository.
type page struct{ name, text string }

func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	for _, root := range []string{"README.md", "CONTRIBUTING.md", "docs", "examples", "internal/starter/templates"} {
		err := filepath.WalkDir(filepath.Join("../..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".md" || strings.Contains(path, "/help/") {
				return err
			}
			text, err := os.ReadFile(path)
			found = append(found, page{path, string(text)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return page{name, string(text)}
}

// block is a fenced block of a page: its language and what it holds.
type block struct{ language, text string }

var fence = regexp.MustCompile("(?ms)^```([a-z]*)[^\n]*\n(.*?)^```$")

func (p page) blocks(languages ...string) []block {
	var found []block
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		if len(languages) == 0 || slices.Contains(languages, m[1]) {
			found = append(found, block{m[1], m[2]})
		}
	}
	return found
}

var (
	inline   = regexp.MustCompile("`([^`\n]+)`")
	starts   = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*(?:assay|go run \./cmd/assay)((?: .*)?)$`)
	separate = regexp.MustCompile(`\s(?:&&|\|\||\||;|>>?|#)(?:\s|$)|[|]`)
)

// commandLines are the arguments of every assay that a page tells its reader to
// type.
func (p page) commandLines() [][]string {
	var texts []string
	for _, b := range p.blocks("sh", "console", "yaml", "") {
		for _, line := range strings.Split(b.text, "\n") {
			line = strings.TrimLeft(line, " -$")
			texts = append(texts, strings.TrimPrefix(line, "run: "))
		}
	}
	for _, m := range inline.FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
		texts = append(texts, m[1])
	}
	var lines [][]string
	for _, text := range texts {
		text = separate.Split(text, 2)[0]
		if m := starts.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
			lines = append(lines, words(m[1]))
		}
	}
	return lines
}

// words splits a command line at blanks outside quotes.
func words(line string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`).FindAllString(line, -1) {
		list = append(list, strings.Trim(m, `"'`))
	}
	return list
}

// TestCommandLinesOfTheManual reads every command line of every page with the
// program's own parser: commands and flags exist, and take what they are given.
func TestCommandLinesOfTheManual(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range pages(t) {
		for _, args := range p.commandLines() {
			var tree commands
			helped := false
			parser, err := kong.New(&tree, kong.Name("assay"), kong.Exit(func(int) { helped = true }), kong.Writers(&bytes.Buffer{}, &bytes.Buffer{}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(args); err != nil && !helped && !onlyACommand(parser, args) {
				t.Errorf("%s: assay %s: %v", p.name, strings.Join(args, " "), err)
			}
			seen++
		}
	}
	if seen < 60 {
		t.Errorf("only %d command lines were found", seen)
	}
}

// onlyACommand reports whether args name a command and flags of it without its
// arguments, as prose does.
func onlyACommand(parser *kong.Kong, args []string) bool {
	node := parser.Model.Node
	for _, arg := range args {
		name, isFlag := strings.CutPrefix(arg, "--")
		if isFlag && slices.ContainsFunc(slices.Concat(node.AllFlags(true)...), func(f *kong.Flag) bool { return f.Name == name }) {
			continue
		}
		at := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == arg })
		if at < 0 {
			return false
		}
		node = node.Children[at]
	}
	return true
}

// sh runs a script of the manual with assay on the PATH, and fails on any line
// that fails.
func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "ASSAY_STATE=", "ASSAY_PROJECT=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// standIns are what the manual's files name and do not show.
var standIns = map[string]string{
	"configs/support/system.md.jinja": "You answer questions.\n",
	"help/billing.md":                 "# Billing\n\n## Refunds\n\nWithin 14 days.\n",
	"guide/start.md":                  "# Start\n\nHere.\n",
	"results/2026-03-01.jsonl":        `{"case_id":"a","answer":"x"}`,
	"script.yaml":                     "rules: [{reply: {content: yes}}]\n",
	"prices.yaml":                     "providers: {fake: [{model: m, input: '1', output: '1'}]}\n",
	"app/answer.py":                   "",
	"assay.yaml":                      "name: manual\n",
}

// TestFilesOfTheManual loads every block that names the file it stands for.
func TestFilesOfTheManual(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`^# ((?:configs|evals)/[a-z-]+\.yaml|assay\.yaml)\b`)
	seen := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks("yaml") {
			m := named.FindStringSubmatch(b.text)
			if m == nil {
				continue
			}
			seen++
			dir := t.TempDir()
			write(t, dir, standIns)
			write(t, dir, map[string]string{m[1]: whole(m[1], b.text)})
			code, _, stderr := assay(t, dir, "config", "validate")
			if code != exitOK && !strings.Contains(stderr, "there is no eval file") {
				t.Errorf("%s: %s\n%s\n%s", p.name, m[1], b.text, stderr)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d named files were found", seen)
	}
}

// whole adds to an excerpt of a config what it leaves out.
func whole(name, text string) string {
	if !strings.HasPrefix(name, "configs/") || strings.Contains(text, "\ntarget:") {
		return text
	}
	if !strings.Contains(text, "\nmodel:") {
		text += "model: builtin/extractive\n"
	}
	if !strings.Contains(text, "\nmessages:") && !strings.Contains(text, "\nanswers:") {
		text += "messages: [{role: user, content: \"{{ question }}\"}]\n"
	}
	return text
}

// TestReadmeProject puts the three files of the README together: a project that
// can be measured as it is.
func TestReadmeProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, standIns)
	p := readPage(t, "README.md")
	config, cases, evals := p.blocks("yaml")[0].text, p.blocks("jsonl")[0].text, p.blocks("yaml")[1].text
	write(t, dir, map[string]string{"configs/support.yaml": config, "datasets/support.jsonl": cases, "evals/support.yaml": evals})
	for _, args := range []string{"config validate", "dataset check support", "render support --case refund-1"} {
		if code, _, stderr := assay(t, dir, strings.Fields(args)...); code != exitOK {
			t.Errorf("assay %s: exit %d\n%s", args, code, stderr)
		}
	}
}

// TestReadmeFirstSteps runs the README's way in, but for the installation.
func TestReadmeFirstSteps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var script []string
	for _, line := range strings.Split(readPage(t, "README.md").blocks("sh")[2].text, "\n") {
		if !strings.HasPrefix(line, "go install") {
			script = append(script, line)
		}
	}
	out := sh(t, dir, strings.Join(script, "\n"))
	if !strings.Contains(out, "PASS") {
		t.Errorf("the first gate does not pass:\n%s", out)
	}
}

// TestReadmeExample runs what the README shows first, on a copy of the example.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "examples", "help-centre")
	if err := os.CopyFS(dir, os.DirFS("../../examples/help-centre")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".assay")); err != nil {
		t.Fatal(err)
	}
	p := readPage(t, "README.md")
	top := filepath.Dir(filepath.Dir(dir))
	gate := func(line string) string {
		line, _, _ = strings.Cut(line, "#")
		return strings.Replace(line, "go run ./cmd/assay", "assay", 1)
	}
	first := gate(strings.Split(p.blocks("sh")[0].text, "\n")[0])
	if out := sh(t, top, first); !strings.HasPrefix(out, "PASS") {
		t.Errorf("%s: %s", first, out)
	}
	change := strings.Split(p.blocks("sh")[1].text, "\n")
	out := sh(t, top, change[0]+"\n"+gate(change[1])+" && exit 9; test $? = 1")
	if !strings.HasPrefix(out, "FAIL") || !strings.Contains(out, "worst:") {
		t.Errorf("the change does not fail: %s", out)
	}
	out = sh(t, top, "sed -i 's/top_k: 0/top_k: 4/' examples/help-centre/configs/help-centre.yaml\n"+first)
	if !strings.HasPrefix(out, "PASS") || strings.Contains(out, "  1 calls") || strings.Count(out, "0 calls made") != 2 {
		t.Errorf("undone, it does not pass without a call: %s", out)
	}
}

// TestPageOfRuns types what docs/runs.md shows, with a key and a case that exist.
func TestPageOfRuns(t *testing.T) {
	t.Parallel()
	dir := starterProject(t)
	sh(t, dir, "assay eval -q")
	key := strings.TrimSpace(sh(t, dir, `assay calls ls | tail -1 | awk '{print $3}'`))
	for _, b := range readPage(t, "docs/runs.md").blocks("sh") {
		sh(t, dir, strings.NewReplacer("3f9c2a71", key, "refund-1", "size-small").Replace(b.text))
	}
	for _, line := range []string{"assay eval --explain-cache", "assay eval --fresh", "assay eval --retry-errors", "assay eval --dry-run", "assay eval --max-cost 2.50",
		"assay eval --out run.jsonl --no-content", "ASSAY_STATE=elsewhere assay eval && test -d elsewhere/calls"} {
		sh(t, dir, line)
	}
}

// TestPageOfTargets builds the application of docs/targets.md and asks it.
func TestPageOfTargets(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/targets.md")
	exchange := p.blocks("json")
	for i, into := range []any{&target.Request{}, &target.Reply{}} {
		decode := json.NewDecoder(strings.NewReader(exchange[i].text))
		decode.DisallowUnknownFields()
		if err := decode.Decode(into); err != nil {
			t.Errorf("%v in %s", err, exchange[i].text)
		}
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3")
	}
	dir := t.TempDir()
	write(t, dir, standIns)
	write(t, dir, map[string]string{
		"app/answer.py":          p.blocks("python")[0].text,
		"configs/assistant.yaml": p.blocks("yaml")[0].text,
		"datasets/cases.jsonl":   `{"id":"a","input":{"question":"tea?"}}`,
		"evals/assistant.yaml":   "config: assistant\ndataset: ../datasets/cases.jsonl\nevaluators: [{name: right, type: equals, expected: 'You asked: tea?'}]\n",
	})
	if out := sh(t, dir, "assay eval"); !strings.Contains(out, "right           100.0 %") {
		t.Error(out)
	}
	if out := sh(t, dir, "assay eval"); !strings.Contains(out, "0 calls made, 1 cached") {
		t.Errorf("an unchanged program is called again: %s", out)
	}
}

// TestPageOfCI holds docs/ci.md to the workflow that assay init writes, and runs
// its Python against a verdict.
func TestPageOfCI(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/ci.md")
	dir := t.TempDir()
	sh(t, dir, "git init -q -b main && assay init .")
	written, err := os.ReadFile(filepath.Join(dir, ".github", "workflows", "assay.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if shown := p.blocks("yaml")[0].text; shown != string(written) {
		t.Errorf("docs/ci.md shows another workflow than assay init writes:\n%s", shown)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3")
	}
	write(t, dir, map[string]string{
		"test_gate.py": p.blocks("python")[0].text,
		// As much of pytest as the example uses.
		"pytest.py": "def fixture(scope):\n    return lambda f: f\n\ndef fail(text):\n    raise AssertionError(text)\n",
		"main.py":   "import test_gate as t\nv = t.verdict()\nt.test_gate(v)\nt.test_no_case_that_must_never_fail(v)\n",
	})
	sh(t, dir, "git add -A && git commit -qm first && python3 main.py")
	sh(t, dir, "sed -i 's/top_k: [0-9]*/top_k: 0/' configs/support.yaml\npython3 main.py 2>err && exit 9; grep -q AssertionError err && grep -q 'correct' err")
}
