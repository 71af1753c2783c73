package schema

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

func check(t *testing.T, kind, text string) problem.List {
	t.Helper()
	doc, err := yamldoc.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	found, err := Check(kind, doc)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ kind, text, want string }{
		{"config", "modle: a/b\n", "a.yaml:1: unknown field \"modle\"\n  fix: did you mean model?"},
		{"config", "model: a/b\nmessages:\n  - {role: user, contents: x}\n", "a.yaml:3: unknown field \"contents\" in messages[0]\n  fix: did you mean content?"},
		{"config", "zzz: 1\n", "unknown field \"zzz\"\n  expected: one of answers, description, fallbacks"},
		{"config", "model: 3\n", "a.yaml:1: model is a number\n  expected: text: provider/model, pinned"},
		{"config", "model: gpt-5\n", "model is \"gpt-5\"\n  expected: provider/model"},
		{"config", "messages: []\n", "messages is an empty list\n  expected: at least one item: The prompt"},
		{"config", "messages:\n  - {role: sytem, content: x}\n", "messages[0].role is \"sytem\"\n  expected: one of system, developer, user, assistant, tool\n  fix: did you mean system?"},
		{"config", "retrieval: {corpus: a, top_k: -1}\n", "retrieval.top_k is -1\n  expected: at least 0: "},
		{"config", "retrieval: {corpus: a, top_k: 1.5}\n", "retrieval.top_k is a number\n  expected: a whole number: "},
		{"config", "retrieval: {}\n", "retrieval has no corpus\n  expected: corpus: Glob"},
		{"config", "- a\n", "the file is a list\n  expected: an object (fields with values)"},
		{"eval", "config: a\ndataset: b\nevaluators: [{type: x}]\ngate: {confidence: 1}\n", "gate.confidence is 1\n  expected: less than 1: "},
		{"eval", "config: a\n", "the file has no dataset\n  expected: dataset: The cases"},
		{"project", "run: {concurrency: 0}\n", "run.concurrency is 0\n  expected: at least 1: "},
		{"script", "rules:\n- {when: {call: 1}}\n", "a.yaml:2: rules[0] has neither reply nor fault\n  expected: One rule: "},
		{"script", "rules: [{fault: {}}]\n", "rules[0].fault has none of status, disconnect, "},
		{"script", "rules: [{fault: {status: 500, hang: true}}]\n", "rules[0].fault has both status and hang\n  expected: exactly one of status, disconnect, "},
		{"script", "rules: [{fault: {hang: 1}}]\n", "rules[0].fault.hang is 1\n  expected: true"},
		{"script", "rules: [{reply: {usage: 3}}]\n", "rules[0].reply.usage is 3\n  expected: {input_tokens, "},
		{"script", "rules: [{reply: {usage: {input_token: 3}}}]\n", "unknown field \"input_token\" in rules[0].reply.usage\n  fix: did you mean input_tokens?"},
		{"script", "rules: [{reply: {usage: {x: 3}}}]\n", "expected: one of cached_tokens, input_tokens, "},
		{"prices", "providers: {p: [{model: \"\", input: 1, output: 0.0000001}]}\n", "model is an empty text\n  expected: Name of the model"},
		{"prices", "providers: {p: [{model: m, input: 1, output: 0.0000001}]}\n", "output is 0.0000001\n  expected: a multiple of 0.000001: Price of output"},
		{"case", "{id: a}\n", "the file has no input\n  expected: input: "},
	} {
		found := check(t, tc.kind, tc.text)
		if len(found) == 0 || !strings.Contains(found.Error(), tc.want) {
			t.Errorf("%s: %q gives\n%v\nwant\n%s", tc.kind, tc.text, found.Error(), tc.want)
		}
	}
}

func TestAllProblemsInOrderOfLines(t *testing.T) {
	t.Parallel()
	found := check(t, "config", "zzz: 1\nname: a b\nmodel: 3\n")
	if len(found) != 3 || found[0].Line != 1 || found[1].Line != 2 || found[2].Line != 3 {
		t.Errorf("%v", found)
	}
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	if _, err := JSON("confg"); !problem.Is(err) || !strings.Contains(err.Error(), "did you mean config?") {
		t.Errorf("%v", err)
	}
}

// Every schema is valid, teaches with a description everywhere a person
// writes, and says which fields there are.
func TestSchemasTeach(t *testing.T) {
	t.Parallel()
	for _, name := range Kinds() {
		text, err := JSON(name)
		if err != nil {
			t.Fatal(err)
		}
		root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(name, root); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := compiler.Compile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var top map[string]any
		if err := json.Unmarshal(text, &top); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"$schema", "title", "description"} {
			if top[field] == nil {
				t.Errorf("%s has no %s", name, field)
			}
		}
		if name == "run" || name == "verdict" || name == "output" {
			continue // written by Assay, not by people
		}
		teaches(t, name, top)
	}
}

func teaches(t *testing.T, at string, v any) {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		return
	}
	properties, _ := object["properties"].(map[string]any)
	for name, p := range properties {
		property, _ := p.(map[string]any)
		if property["description"] == nil && property["$ref"] == nil {
			t.Errorf("%s.%s has no description", at, name)
		}
	}
	for name, inner := range object {
		if name == "properties" || name == "$defs" {
			members, _ := inner.(map[string]any)
			for member, m := range members {
				teaches(t, at+"."+member, m)
			}
			continue
		}
		teaches(t, at+"."+name, inner)
	}
}
