package starter

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/assay-llmops/assay/internal/problem"
)

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWriteEveryTemplate(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`@[A-Z]+@`)
	for _, template := range Templates() {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "new", "project")
			written, err := Write(dir, template, "trunk")
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"README.md", "assay.yaml", filepath.FromSlash(".github/workflows/assay.yml")} {
				if !slices.Contains(written, want) {
					t.Errorf("%s is not among %v", want, written)
				}
			}
			var evals int
			for _, name := range written {
				data := read(t, dir, name)
				if found := placeholder.FindString(data); found != "" {
					t.Errorf("%s has %s", name, found)
				}
				if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
					var v any
					if err := yaml.Unmarshal([]byte(data), &v); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				if strings.HasPrefix(filepath.ToSlash(name), "evals/") && strings.Contains(data, "baseline: git:trunk\n") {
					evals++
				}
			}
			if evals != 1 {
				t.Errorf("%d eval files have the branch as their baseline", evals)
			}
			workflow := read(t, dir, ".github/workflows/assay.yml")
			for _, want := range []string{`branches: ["trunk"]`, `working-directory: "."`, "fetch-depth: 0", `path: "./.assay"`, "hashFiles('assay.md')", "${{ github.token }}"} {
				if !strings.Contains(workflow, want) {
					t.Errorf("the workflow lacks %s", want)
				}
			}
		})
	}
}

// TestFactsStandInTheTexts holds the starters honest: what a right answer must
// contain is written in the corpus or the prompt.
func TestFactsStandInTheTexts(t *testing.T) {
	t.Parallel()
	for template, texts := range map[string]string{"rag": "help/*.md", "chat": "configs/*/facts.md"} {
		dir := t.TempDir()
		if _, err := Write(dir, template, "main"); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		names, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(texts)))
		for _, name := range names {
			all.WriteString(read(t, name))
		}
		datasets, _ := filepath.Glob(filepath.Join(dir, "datasets", "*.jsonl"))
		cases := 0
		for line := range strings.Lines(read(t, datasets[0])) {
			var c struct {
				ID       string
				Expected struct {
					Facts   []string
					Answer  string
					Sources []string
					Refusal string
				}
			}
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatalf("%s: %v", datasets[0], err)
			}
			cases++
			facts := c.Expected.Facts
			if c.Expected.Answer != "" {
				facts = append(facts, c.Expected.Answer)
			}
			if len(facts) == 0 && c.Expected.Refusal == "" {
				t.Errorf("%s: case %s expects nothing", template, c.ID)
			}
			for _, fact := range facts {
				if !strings.Contains(all.String(), fact) {
					t.Errorf("%s: case %s: %q stands nowhere", template, c.ID, fact)
				}
			}
			for _, source := range c.Expected.Sources {
				file, slug, _ := strings.Cut(source, "#")
				headings := strings.ToLower(strings.ReplaceAll(read(t, dir, "help", file), " ", "-"))
				if !strings.Contains(headings, "##-"+slug+"\n") {
					t.Errorf("%s: case %s: there is no section %s", template, c.ID, source)
				}
			}
		}
		if cases < 24 {
			t.Errorf("%s has %d cases: too few for its rules to decide", template, cases)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "evals", "support.yaml")
	if err := os.MkdirAll(filepath.Dir(mine), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Write(dir, "rag", "main")
	var p *problem.Problem
	if !errors.As(err, &p) || !strings.Contains(p.What, mine) || p.Fix == "" {
		t.Fatalf("got %v, want a problem that names %s", err, mine)
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{mine}) || read(t, mine) != "mine" {
		t.Errorf("%v, files %v, content %q: want only the file that was there", err, files, read(t, mine))
	}
}

// TestHalfIsTakenBack has a file where a folder must be made, so that writing
// fails after it has begun.
func TestHalfIsTakenBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "help"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Write(dir, "rag", "main")
	if !problem.Is(err) {
		t.Fatalf("got %v, want a problem", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "assay.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("assay.yaml was left behind (%v)", err)
	}
}

func TestUnknownTemplate(t *testing.T) {
	t.Parallel()
	_, err := Write(t.TempDir(), "chatt", "main")
	if want := "did you mean chat?"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestWorkflowGoesToTheTopOfTheRepository(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	if err := os.Mkdir(filepath.Join(top, ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "llm", "support")
	written, err := Write(dir, "rag", "main")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.FromSlash("../../.github/workflows/assay.yml"); !slices.Contains(written, want) {
		t.Fatalf("%s is not among %v", want, written)
	}
	workflow := read(t, top, ".github/workflows/assay.yml")
	for _, want := range []string{`working-directory: "llm/support"`, `path: "llm/support/.assay"`, "hashFiles('llm/support/assay.md')"} {
		if !strings.Contains(workflow, want) {
			t.Errorf("the workflow lacks %s", want)
		}
	}
}

func TestBranch(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	git := func(dir string, args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	dir := t.TempDir()
	git(dir, "init", "-q", "-b", "trunk")
	if got := Branch(t.Context(), dir); got != "trunk" {
		t.Errorf("in a new repository: %q, want the branch that is checked out", got)
	}
	git(dir, "commit", "-q", "--allow-empty", "-m", "start")
	git(dir, "branch", "main")
	git(dir, "checkout", "-q", "-b", "feature")
	if got := Branch(t.Context(), dir); got != "main" {
		t.Errorf("on a feature branch: %q, want main", got)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	git(dir, "checkout", "-q", "trunk")
	git(dir, "clone", "-q", dir, clone)
	if got := Branch(t.Context(), clone); got != "trunk" {
		t.Errorf("in a clone: %q, want the default branch of origin", got)
	}
}
