package evaluator

import (
	"errors"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/problem"
)

func TestProblemsOfASpec(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"no list", "type: contains", []string{"evals/e.yaml:1: evaluators are an object", "a list"}},
		{"empty", "[]", []string{"evaluators are an empty list"}},
		{"a text", "- contains", []string{`evals/e.yaml:1: an evaluator is the text "contains"`}},
		{"no type", "- name: a", []string{"evals/e.yaml:1: an evaluator has no type", "equals, contains"}},
		{"unknown type", "- name: a\n  type: contians", []string{`evals/e.yaml:2: the type of an evaluator is the text "contians"`, "did you mean contains?"}},
		{"type no text", "- type: 3", []string{"the type of an evaluator is the number 3"}},
		{"unknown field", "- type: contains\n  expected: a\n  ignorecase: true", []string{`evals/e.yaml:3: unknown field "ignorecase" in an evaluator of type contains`, "did you mean ignore_case?"}},
		{"field of another type", "- type: json_valid\n  max: 3", []string{`evals/e.yaml:2: unknown field "max"`}},
		{"nothing expected", "- type: contains", []string{"evals/e.yaml:1: the evaluator contains has no expected", `expected: "14 days"`}},
		{"wrong type of a field", "- type: contains\n  expected: a\n  ignore_case: maybe", []string{`evals/e.yaml:3: ignore_case is the text "maybe"`, "true or false"}},
		{"wrong choice", "- type: length\n  max: 1\n  unit: word", []string{`evals/e.yaml:3: unit is the text "word"`, "one of chars, words, lines", "did you mean words?"}},
		{"no duration", "- type: latency\n  max: 2000", []string{"evals/e.yaml:2: max is the number 2000", "a duration with a unit"}},
		{"half a token", "- type: tokens\n  max: 1.5", []string{"max is the number 1.5", "a whole number"}},
		{"list for a text", "- type: contains\n  expected: [a]", []string{"evals/e.yaml:2: expected is a list of 1", "a text"}},
		{"text for a list", "- type: contains_all\n  expected: a", []string{`expected is the text "a"`, "a list of texts"}},
		{"empty list", "- type: contains_all\n  expected: []", []string{"evals/e.yaml:2: expected is an empty list", "when:"}},
		{"empty text", "- type: contains\n  expected: ''", []string{"every output would satisfy"}},
		{"pattern", "- type: regex\n  expected: '('", []string{"evals/e.yaml:2: expected does not compile"}},
		{"expression", "- type: contains\n  expected: '{{ expected. }}'", []string{"evals/e.yaml:2"}},
		{"template", "- type: contains\n  expected: 'a {{ b'", []string{"evals/e.yaml:2"}},
		{"when", "- type: json_valid\n  when: tags", []string{`evals/e.yaml:2: when is the text "tags"`, "one expression"}},
		{"when with a template", "- type: json_valid\n  when: 'a {{ b }}'", []string{"when is the text"}},
		{"extract", "- type: json_valid\n  extract: lastline", []string{"evals/e.yaml:2: ", "did you mean last_line?"}},
		{"extract without output", "- type: ttft\n  max: 1s\n  extract: last_line", []string{"evals/e.yaml:3: extract has no effect on ttft"}},
		{"threshold without range", "- type: contains\n  expected: a\n  threshold: 0.5", []string{"evals/e.yaml:3: threshold has no effect on contains"}},
		{"threshold out of range", "- type: contains_all\n  expected: [a]\n  threshold: 50", []string{"the threshold 50 is outside the range", "0 to 1"}},
		{"threshold missing", "- type: mean\n  of: [{type: json_valid}]", []string{"evals/e.yaml:1: the mean mean has no threshold"}},
		{"weight at the top", "- type: json_valid\n  weight: 2", []string{"evals/e.yaml:2: the weight of json_valid has no effect"}},
		{"weight in all", "- type: all\n  of: [{type: json_valid, weight: 2}]", []string{"the weight of json_valid has no effect in a group of type all"}},
		{"negative weight", "- type: mean\n  threshold: 1\n  of: [{type: json_valid, weight: -2}]", []string{"the weight of json_valid is -2"}},
		{"no weight at all", "- type: mean\n  threshold: 1\n  of: [{type: json_valid, weight: 0}]", []string{"a weight of 0"}},
		{"a wrong member", "- type: all\n  of:\n    - type: json_valid\n    - type: jsonvalid", []string{"evals/e.yaml:4: ", "did you mean json_valid?"}},
		{"no members", "- type: all\n  of: []", []string{"evals/e.yaml:2: evaluators are an empty list"}},
		{"two of a name", "- type: json_valid\n- type: json_valid", []string{"evals/e.yaml:2: two evaluators are called json_valid"}},
		{"a reserved name", "- type: json_valid\n  name: cost_usd", []string{"evals/e.yaml:2: the name cost_usd is that of a metric"}},
		{"an odd name", "- type: json_valid\n  name: a.score", []string{`the name "a.score" cannot be`}},
		{"no bounds", "- type: cost", []string{"cost has neither min nor max"}},
		{"crossed bounds", "- type: latency\n  min: 3s\n  max: 2s", []string{"evals/e.yaml:2: min is above max"}},
		{"k", "- type: recall_at_k\n  expected: [a]\n  k: 0", []string{"evals/e.yaml:3: k is 0"}},
		{"negative tolerance", "- type: number\n  expected: 3\n  abs: -1", []string{"evals/e.yaml:3: abs is negative"}},
		{"no number", "- type: number\n  expected: three", []string{`expected is the text "three"`, "exactly one number"}},
		{"path", "- type: json_field\n  path: a.b", []string{`evals/e.yaml:2: "a.b" is not a JSONPath`}},
		{"labels", "- type: label\n  labels: a", []string{"evals/e.yaml:2: labels is the text"}},
		{"label twice", "- type: label\n  labels: [a, A]\n  ignore_case: true", []string{`the label "A" occurs twice`}},
		{"label pattern", "- type: label\n  labels: {a: '('}", []string{"the label a: "}},
		{"label not listed", "- type: label\n  labels: [refund]\n  expected: refnd", []string{"which is none of the labels", "did you mean refund?"}},
		{"calls", "- type: tool_calls\n  expected: [{nam: f}]", []string{"evals/e.yaml:2: ", "name"}},
		{"calls with a slip", "- type: tool_calls\n  expected: [{name: f, args: {}}]", []string{`unknown field "args"`}},
		{"calls that cannot fail", "- type: tool_calls\n  expected: []\n  extra: true", []string{"nothing could fail"}},
		{"error kind", "- type: error\n  expected: timeout", []string{`expected is the text "timeout"`, "content_filter"}},
		{"schema file", "- type: json_schema\n  schema: nowhere.json", []string{"nowhere.json"}},
		{"schema file is no JSON", "- type: json_schema\n  schema: bad.json", []string{"bad.json: the schema is not JSON"}},
		{"schema outside", "- type: json_schema\n  schema: ../../x.json", []string{"evals/e.yaml:2: ", "leaves the repository"}},
		{"schema", "- type: json_schema\n  schema: {type: strng}", []string{"evals/e.yaml:2: the schema is no JSON Schema"}},
		{"schema with a far reference", "- type: json_schema\n  schema: {$ref: 'https://example.com/x.json'}", []string{"leads out of the schema"}},
		{"no program", "- type: command\n  run: []", []string{"evals/e.yaml:2: run names no program"}},
		{"files", "- type: command\n  run: ['true']\n  files: [nothing/*.py]", []string{"evals/e.yaml:3: no file matches nothing/*.py"}},
		{"range", "- type: command\n  run: ['true']\n  range: [1, 0]", []string{"evals/e.yaml:3: range is a list of 2"}},
		{"judge", "- type: judge\n  config: judges/none.yaml", []string{"evals/e.yaml:2: no such judge"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := project(t, map[string]string{"evals/bad.json": "{"})
			env.Judge = func(string) (Judge, error) { return nil, problem.Newf("no such judge") }
			_, err := buildIn(t, env, test.text)
			if err == nil {
				t.Fatal("no problem")
			}
			if !problem.Is(err) {
				t.Errorf("not a problem: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %q", err, want)
				}
			}
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := buildIn(t, project(t, nil), "- type: contains\n- type: regx\n- {type: length, max: 1, units: words}\n")
	var list problem.List
	if !errors.As(err, &list) || len(list) != 3 {
		t.Errorf("%v", err)
	}
}

func TestPrecheckNamesTheCase(t *testing.T) {
	t.Parallel()
	d, err := dataset.Read("cases.jsonl", []byte(`{"id":"good","input":{"q":1},"expected":{"facts":["a"],"n":1}}
{"id":"lacking","input":{"q":2},"expected":{"n":1}}
{"id":"empty","input":{"q":3},"expected":{"facts":[],"n":1}}
{"id":"nothing","input":{"q":4}}
`), dataset.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, text string
		want       []string // none: no problem
	}{
		{"no condition", "- {type: contains_all, name: facts, expected: '{{ expected.facts }}'}", []string{
			"cases.jsonl:2: case lacking cannot be scored by facts", "cases.jsonl:3: case empty cannot be scored by facts: expected is an empty list",
			"cases.jsonl:4: case nothing", "evals/e.yaml:1"}},
		{"condition", "- {type: contains_all, expected: '{{ expected.facts }}', when: '{{ expected.facts }}'}", nil},
		{"wrong type", "- {type: regex, expected: '{{ expected.n }}(', when: '{{ expected }}'}", []string{"cases.jsonl:1: ", "does not compile"}},
		{"in a group", "- {type: all, name: g, of: [{type: contains_all, name: m, expected: '{{ expected.facts }}'}]}", []string{"cases.jsonl:2: case lacking cannot be scored by m"}},
		{"group with a condition", "- {type: all, when: '{{ expected.facts }}', of: [{type: contains_all, expected: '{{ expected.facts }}'}]}", nil},
		{"after the call", "- {type: contains, expected: '{{ documents[0].source }}'}", nil},
		{"condition after the call", "- {type: contains, expected: '{{ expected.facts[0] }}', when: '{{ output }}'}", nil},
		{"a slip in a condition", "- {type: json_valid, when: '{{ expcted.facts }}'}", []string{
			`evals/e.yaml:1: the when of json_valid uses "expcted", which no case has`, "did you mean expected?"}},
		{"a slip in a member", "- {type: all, of: [{type: contains, expected: '{{ inptu.q }}'}]}", []string{`the expected of contains uses "inptu"`}},
		{"a name of another dataset", "- {type: json_valid, when: '{{ language }}'}", nil},
		{"a missing input", "- {type: contains, expected: '{{ name }}'}", []string{"cases.jsonl:1: ", "name"}},
	} {
		set, err := buildIn(t, project(t, nil), test.text)
		if err != nil {
			t.Fatal(err)
		}
		err = set.Precheck(d.Path, d.Cases)
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v\nwant %q", test.name, err, want)
			}
		}
	}
}

func TestDigestSeesWhatCounts(t *testing.T) {
	t.Parallel()
	files := map[string]string{"evals/s.json": `{"type":"object"}`, "evals/check.py": "pass", "evals/words/a.txt": "a"}
	digest := func(item string, change map[string]string) string {
		all := map[string]string{}
		for name, content := range files {
			all[name] = content
		}
		for name, content := range change {
			all[name] = content
		}
		return string(one(t, project(t, all), item).Digest())
	}
	base := "type: contains\nexpected: a"
	for _, test := range []struct {
		name, a, b string
		change     map[string]string // of b
		same       bool
	}{
		{"name", base, base + "\nname: other", nil, true},
		{"order and quotes", base, "expected: \"a\"\ntype: contains", nil, true},
		{"negate: false", base, base + "\nnegate: false", nil, true},
		{"negate", base, base + "\nnegate: true", nil, false},
		{"expected", base, "type: contains\nexpected: b", nil, false},
		{"type", base, "type: equals\nexpected: a", nil, false},
		{"option", base, base + "\nignore_case: true", nil, false},
		{"when", base, base + "\nwhen: '{{ q }}'", nil, false},
		{"extract", base, base + "\nextract: last_line", nil, false},
		{"threshold", "type: contains_all\nexpected: [a]", "type: contains_all\nexpected: [a]\nthreshold: 1", nil, false},
		{"schema file", "type: json_schema\nschema: s.json", "type: json_schema\nschema: s.json", map[string]string{"evals/s.json": `{"type":"array"}`}, false},
		{"schema file, blanks", "type: json_schema\nschema: s.json", "type: json_schema\nschema: s.json", map[string]string{"evals/s.json": "{ \"type\": \"object\" }\r\n"}, true},
		{"program file", "type: command\nrun: [python3, check.py]", "type: command\nrun: [python3, check.py]", map[string]string{"evals/check.py": "fail"}, false},
		{"named file", "type: command\nrun: ['true']\nfiles: ['words/*.txt']", "type: command\nrun: ['true']\nfiles: ['words/*.txt']", map[string]string{"evals/words/b.txt": "b"}, false},
		{"unrelated file", "type: command\nrun: ['true']", "type: command\nrun: ['true']", map[string]string{"evals/check.py": "fail"}, true},
		{"member", "type: all\nof: [{type: json_valid}]", "type: all\nof: [{type: json_valid, negate: true}]", nil, false},
		{"member's name", "type: all\nof: [{type: json_valid}]", "type: all\nof: [{type: json_valid, name: x}]", nil, true},
	} {
		if same := digest(test.a, nil) == digest(test.b, test.change); same != test.same {
			t.Errorf("%s: same digest is %t", test.name, same)
		}
	}
	env := project(t, nil)
	version := "judge@1"
	env.Judge = func(path string) (Judge, error) {
		if path != "judges/j.yaml" {
			t.Errorf("the judge's path is %s", path)
		}
		return &fakeJudge{version: version}, nil
	}
	first := one(t, env, "type: judge\nconfig: ../judges/j.yaml").Digest()
	version = "judge@2"
	if first == one(t, env, "type: judge\nconfig: ../judges/j.yaml").Digest() {
		t.Error("another version of the judge has the same digest")
	}
}
