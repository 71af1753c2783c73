package project

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
	"github.com/assay-llmops/assay/internal/schema"
)

// folder writes files and returns where.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) *Project {
	t.Helper()
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every .good file opens; every .bad one is a problem that says what the lines
// "# error:" at its top say, and shows no secret.
func TestFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/project/*.yaml")
	var said []string
	for i := range fixtures {
		f := &fixtures[i]
		_, err := Open(folder(t, map[string]string{File: f.Text}))
		f.Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said, // but for what names on the command line bring about
		"there is no %s %q in %s", "there is no eval file in %s", "%d eval files ask %s", "no eval file has a gate")
	problemtest.EverySchemaRule(t, "project", fixtures)
	if all := strings.Join(said, ""); strings.Contains(all, "abcdefgh") || strings.Contains(all, "ABCDEFGH") {
		t.Error("a problem shows the secret")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/project/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, folder(t, map[string]string{File: string(text)}))
	s := p.Settings
	if p.Name != "support" || s.Prices != "prices.yaml" || s.Concurrency != 4 || s.MaxErrorShare != 0.1 || s.MaxAge != time.Hour {
		t.Errorf("%s %+v", p.Name, s)
	}
	if s.Pins["azure/gpt-5"] != "exact" || s.Pins["box"] != "local" || len(s.Pins) != 3 {
		t.Errorf("pins %v", s.Pins)
	}
	own := s.ownNames()
	if !own["azure"] || !own["box"] || !own["ollama"] || own["openai"] {
		t.Errorf("own names %v", own)
	}
	if p.Line("/prices") != 8 {
		t.Errorf("line %d", p.Line("/prices"))
	}
}

func TestDefaultsWithoutAFile(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"x": ""})
	p := open(t, dir)
	s := p.Settings
	if p.Name != filepath.Base(dir) || s.Concurrency != 8 || s.MaxErrorShare != 0.02 || s.MaxAge != 24*time.Hour || p.Line("/x") != 0 {
		t.Errorf("%+v", p)
	}
}

const (
	config = "model: builtin/extractive\nmessages: [{role: user, content: x}]\n"
	eval   = "config: support\ndataset: ../data/a.jsonl\nevaluators: [{type: json_valid}]\n"
	gated  = eval + "gate: {rules: [{metric: json_valid, at_least: 0.5}]}\n"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"configs/support.yaml": config, "configs/other.yml": config, "configs/support/system.md": "", "configs/deep/x.yaml": "",
		"evals/a.yaml": eval, "evals/b.yaml": gated, "evals/c.yaml": strings.Replace(eval, "support", "../configs/other.yml", 1),
	})
	p := open(t, dir)
	if names, err := p.Configs(); err != nil || !slices.Equal(names, []string{"other", "support"}) {
		t.Errorf("configs %v, %v", names, err)
	}
	if names, err := p.Evals(); err != nil || !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("evals %v, %v", names, err)
	}
	if names, err := p.Gated(); err != nil || !slices.Equal(names, []string{"b"}) {
		t.Errorf("gated %v, %v", names, err)
	}
	for _, name := range []string{"support", "configs/support.yaml"} {
		if c, err := p.Config(name); err != nil || c.Name != "support" {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	for name, want := range map[string]string{"a": "configs/support.yaml", "c": "configs/other.yml"} {
		f, err := p.Eval(name)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := p.ConfigPath(f); err != nil || at != want {
			t.Errorf("config of %s: %s, %v", name, at, err)
		}
	}
	for name, want := range map[string]string{"suport": "did you mean support?", "../x.yaml": "leaves", "configs/x.yaml": "configs/x.yaml"} {
		if _, err := p.Config(name); !problem.Is(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Eval("bb"); !problem.Is(err) {
		t.Errorf("an unknown eval: %v", err)
	}
}

func TestAnEvalThatNamesNoConfig(t *testing.T) {
	t.Parallel()
	p := open(t, folder(t, map[string]string{"configs/support.yaml": config, "evals/a.yaml": "# x\n" + strings.Replace(eval, "support", "suport", 1)}))
	f, err := p.Eval("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ConfigPath(f); !problem.Is(err) || !strings.Contains(err.Error(), "evals/a.yaml:2: ") || !strings.Contains(err.Error(), "did you mean support?") {
		t.Errorf("%v", err)
	}
}

func TestAnEmptyProjectSaysHowToBegin(t *testing.T) {
	t.Parallel()
	p := open(t, folder(t, map[string]string{"x": ""}))
	if _, err := p.Evals(); !problem.Is(err) || !strings.Contains(err.Error(), "assay init") {
		t.Errorf("%v", err)
	}
	if _, err := p.Config("a"); !problem.Is(err) || !strings.Contains(err.Error(), "assay init") {
		t.Errorf("%v", err)
	}
}

// A project in a folder of a repository: names are found below it, in the
// working tree and at a commit alike.
func TestProjectInsideARepository(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"sub/app/configs/support.yaml": config, "sub/shared.md": "shared"})
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A"},
		{"-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "root"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	shared := strings.Replace(config, "content: x", "file: ../../shared.md", 1)
	if err := os.WriteFile(filepath.Join(dir, "sub/app/configs/support.yaml"), []byte(shared), 0o644); err != nil {
		t.Fatal(err)
	}
	p := open(t, filepath.Join(dir, "sub", "app"))
	if p.Base != "sub/app" || p.Folder != filepath.Join(dir, "sub", "app") || p.SettingsPath() != "sub/app/assay.yaml" {
		t.Errorf("%+v", p)
	}
	now, err := p.Config("support")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := p.Repo.At(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	then, err := p.ConfigIn(tree, "support")
	if err != nil {
		t.Fatal(err)
	}
	if then.Path != now.Path || then.Digest() == now.Digest() || !strings.HasPrefix(then.From, "git:main (") || now.From != "working tree" {
		t.Errorf("%s %s %s, %s %s %s", then.Path, then.Digest(), then.From, now.Path, now.Digest(), now.From)
	}
}

// The schema of assay.yaml knows every setting of a provider and no other.
func TestSchemaKnowsTheProvidersSettings(t *testing.T) {
	t.Parallel()
	text, err := schema.JSON("project")
	if err != nil {
		t.Fatal(err)
	}
	var form struct {
		Properties struct {
			Providers struct {
				AdditionalProperties struct {
					Properties map[string]any `json:"properties"`
				} `json:"additionalProperties"`
			} `json:"providers"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(maps.Keys(form.Properties.Providers.AdditionalProperties.Properties))
	var settings []string
	fields := reflect.TypeFor[providers.Settings]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		settings = append(settings, name)
	}
	slices.Sort(settings)
	if !slices.Equal(known, settings) {
		t.Errorf("the schema has %v, the settings are %v", known, settings)
	}
}
