package evalfile

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
	"github.com/assay-llmops/assay/internal/source"
)

func load(t testing.TB, text string) (*File, error) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "evals"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "evals", "a.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load((&source.Repo{Top: dir}).WorkingTree(), "evals/a.yaml")
}

// Every .good file loads; every .bad one is a problem that says what the lines
// "# error:" at its top say.
func TestFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/eval/*.yaml")
	var said []string
	for i := range fixtures {
		_, err := load(t, fixtures[i].Text)
		fixtures[i].Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said, "the rule on %s is about %s, and no case is") // of a dataset
	problemtest.EverySchemaRule(t, "eval", fixtures)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/eval/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := load(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "support" || f.Config != "support" || f.ConfigLine != 5 || f.Dataset != "evals/cases.csv" || f.Repeats != 3 || len(f.Evaluators) != 2 {
		t.Errorf("%+v", f)
	}
	g := f.Gate
	if g.Baseline != "git:main" || g.Confidence != 0.9 || g.MaxErrorShare != 0.05 || g.Estimand != "population" || len(g.Rules) != 7 {
		t.Errorf("%+v", g)
	}
	want := Rule{Metric: "cost_usd", Kind: "not_worse_by", Bound: 0.1, Percent: true, Written: "10%", Line: 22}
	if !reflect.DeepEqual(g.Rules[3], want) {
		t.Errorf("%+v, want %+v", g.Rules[3], want)
	}
	if s := g.Rules[1].String(); s != "correct at_least 0.6 (tag=billing)" {
		t.Errorf("%q", s)
	}
	if s := g.Rules[2].Slice.String(); s != "lang=de,tier=2" {
		t.Errorf("%q", s)
	}
	if err := g.Place(problem.Newf("x"), &g.Rules[0]); err.Error() != "evals/a.yaml:19: x" {
		t.Errorf("%v", err)
	}
}

// A rule on a slice that is empty in the whole dataset is suspect.
func TestSuspects(t *testing.T) {
	t.Parallel()
	f, err := load(t, `config: a
dataset: a.jsonl
evaluators: [{type: json_valid}]
gate:
  rules:
    - {metric: json_valid, at_least: 0.5}
    - {metric: json_valid, at_least: 0.5, slice: {tag: billing}}
    - {metric: json_valid, at_least: 0.5, slice: {tag: biling}}
    - {metric: json_valid, at_least: 0.5, slice: {tag: billing, metadata: {lang: de}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := f.Suspects([]dataset.Case{{Tags: []string{"billing"}}, {Metadata: map[string]any{"lang": "de"}}}).Error()
	want := "evals/a.yaml:8: the rule on json_valid is about tag=biling, and no case is\n  fix: did you mean tag: billing?\n" +
		"evals/a.yaml:9: the rule on json_valid is about tag=billing,lang=de, and no case is\n  fix: mend the slice, or add cases to the dataset"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	f, err := load(t, "config: a\ndataset: a.jsonl\nevaluators: [{type: json_valid}]\ngate: {rules: [{metric: json_valid, at_least: 0.5}]}\n")
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "a" || f.Repeats != 1 || f.Gate.Confidence != 0.95 || f.Gate.MaxErrorShare != 0.02 || f.Gate.Baseline != "" || f.Gate.Estimand != "population" {
		t.Errorf("%+v %+v", f, f.Gate)
	}
	var none *Policy
	if none.Digest() != "" {
		t.Error("no policy has a digest")
	}
}

func TestSlice(t *testing.T) {
	t.Parallel()
	s := Slice{Tag: "a", Metadata: map[string]string{"n": "2", "b": "true"}}
	good := map[string]any{"n": int64(2), "b": true, "x": "y"}
	for _, tc := range []struct {
		tags     []string
		metadata map[string]any
		want     bool
	}{
		{[]string{"b", "a"}, good, true}, {[]string{"b"}, good, false}, {[]string{"a"}, map[string]any{"n": int64(2)}, false},
		{[]string{"a"}, map[string]any{"n": "3", "b": true}, false},
	} {
		if got := s.Holds(tc.tags, tc.metadata); got != tc.want {
			t.Errorf("%v %v: %v", tc.tags, tc.metadata, got)
		}
	}
	if !(Slice{}).Holds(nil, nil) || (Slice{}).String() != "" {
		t.Error("the zero slice is not all cases")
	}
}

func TestPolicyDigest(t *testing.T) {
	t.Parallel()
	digest := func(gate string) string {
		f, err := load(t, "config: a\ndataset: a.jsonl\nevaluators: [{type: json_valid}]\ngate: "+gate+"\n")
		if err != nil {
			t.Fatal(err)
		}
		return string(f.Gate.Digest())
	}
	plain := digest("{baseline: git:main, rules: [{metric: json_valid, not_worse_by: 0.05}]}")
	for gate, same := range map[string]bool{
		"{baseline: git:other, rules: [{metric: json_valid, not_worse_by: 0.05}]}":                 true,
		"{confidence: 0.95, rules: [{not_worse_by: 0.050, metric: json_valid}]}":                   true,
		"{confidence: 0.9, rules: [{metric: json_valid, not_worse_by: 0.05}]}":                     false,
		"{max_error_share: 0.1, rules: [{metric: json_valid, not_worse_by: 0.05}]}":                false,
		"{rules: [{metric: json_valid, not_worse_by: 0.06}]}":                                      false,
		"{rules: [{metric: json_valid, better_by: 0.05}]}":                                         false,
		"{rules: [{metric: json_valid, not_worse_by: 0.05, slice: {tag: a}}]}":                     false,
		"{rules: [{metric: json_valid, not_worse_by: 0.05}, {metric: error_share, at_most: 0.1}]}": false,
	} {
		if got := digest(gate); (got == plain) != same {
			t.Errorf("%s: same digest is %v", gate, got == plain)
		}
	}
}

func TestSchemaHoldsTheEvaluators(t *testing.T) {
	t.Parallel()
	s, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	properties, _ := s["properties"].(map[string]any)
	evaluators, _ := properties["evaluators"].(map[string]any)
	if evaluators["$defs"] == nil {
		t.Errorf("%v", evaluators)
	}
}

// Whatever an eval file says, loading gives a file or a problem.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/eval/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Load(memory(text), "a.yaml")
		if err != nil && !problem.Is(err) {
			t.Fatalf("not a problem: %v", err)
		}
		if err == nil && len(file.Evaluators) == 0 {
			t.Fatal("no evaluator")
		}
	})
}

// memory is a tree of one file.
type memory string

func (m memory) Read(string) ([]byte, error)   { return []byte(m), nil }
func (m memory) Glob(string) ([]string, error) { return nil, nil }
func (m memory) Describe() string              { return "memory" }
