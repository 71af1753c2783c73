package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-llmops/assay/internal/yamldoc"
)

var update = flag.Bool("update", false, "write docs/reference/evaluators.md")

const referencePage = "../../docs/reference/evaluators.md"

// TestReferencePage holds that the page is what Types says; -update writes it.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	want := reference()
	if *update {
		if err := os.WriteFile(referencePage, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/reference/evaluators.md is stale: run go test ./internal/evaluator -run ReferencePage -update")
	}
}

// reference writes the page.
func reference() []byte {
	var b bytes.Buffer
	b.WriteString("# Evaluators\n\n<!-- Written by `go test ./internal/evaluator -run ReferencePage -update` from the types themselves. Do not edit. -->\n\n" +
		"An evaluator is an item of `evaluators:` in an eval file. [The guide](../evaluators.md) says how to choose and combine them.\n\n" +
		"| type | passes when | value |\n|---|---|---|\n")
	for _, d := range Types() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", d.Name, d.Name, strings.TrimSuffix(d.Summary, "."), valueRange(d))
	}
	b.WriteString("\n## Fields of every type\n\n")
	table(&b, Common())
	b.WriteString("\nPer case: the value may be `{{ expr }}`, resolved for each case. One expression gives its typed value (a list stays a list); a text around expressions is rendered; lists and objects are gone through. " +
		"Names: every field of the input, `input`, `expected`, `output`, `documents` (id, source, content, score), `tool_calls` (name, arguments, result), `finish_reason`, `tags`, `metadata`, `config` (name, version). " +
		"To compare with a text that holds `{{`, write `{{ \"{{\" }}`.\n\n" +
		"A call that the candidate made fail (bad request, context length, content filter, invalid structured output) is a fail of every evaluator that reads the answer; a bounded value is then the worst. `cost`, `latency`, `ttft`, `tokens` and `error` look at the call itself.\n")
	for _, d := range Types() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", d.Name, d.Summary)
		table(&b, d.Params)
		if len(d.Params) > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n\nValue: %s.\n\n", d.Meaning, valueRange(d))
		for _, edge := range d.Edges {
			fmt.Fprintf(&b, "- %s\n", edge)
		}
		fmt.Fprintf(&b, "\n```yaml\nevaluators:\n  - %s\n```\n", strings.ReplaceAll(strings.TrimRight(d.Example, "\n"), "\n", "\n    "))
	}
	return b.Bytes()
}

func table(b *bytes.Buffer, params []Param) {
	if len(params) == 0 {
		return
	}
	b.WriteString("| field | holds | default | |\n|---|---|---|---|\n")
	for _, p := range params {
		holds := string(p.Type)
		if len(p.OneOf) > 0 {
			holds = "`" + strings.Join(p.OneOf, "`, `") + "`"
		}
		if p.PerCase {
			holds += ", per case"
		}
		otherwise := p.Default
		if p.Required {
			otherwise = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, holds, otherwise, p.Doc)
	}
}

func valueRange(d TypeDoc) string {
	switch {
	case d.Range == nil:
		return "none"
	case d.Range.Bounded:
		return fmt.Sprintf("%s to %s, higher is better", figure(d.Range.Lo), figure(d.Range.Hi))
	case d.Range.LowerBetter:
		return "from 0 up, lower is better"
	}
	return "from 0 up"
}

// exampleFiles are what the examples of the reference name.
var exampleFiles = map[string]string{"evals/checks/polite.py": "", "evals/checks/words.txt": ""}

// TestExamplesWork builds the example of every type, checks it against the JSON
// Schema and scores an answer with it.
func TestExamplesWork(t *testing.T) {
	t.Parallel()
	env := project(t, exampleFiles)
	schema := compiledSchema(t)
	for _, d := range Types() {
		if d.Name == "command" {
			d.Example = strings.Replace(d.Example, "python3", "echo", 1)
		}
		set, err := buildIn(t, env, "- "+strings.ReplaceAll(strings.TrimRight(d.Example, "\n"), "\n", "\n  ")+"\n")
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
			continue
		}
		if err := validate(t, schema, "- "+strings.ReplaceAll(d.Example, "\n", "\n  ")); err != nil {
			t.Errorf("%s: the schema refuses the example: %v", d.Name, err)
		}
		subject := &Subject{Input: map[string]any{"name": "Ann", "order": int64(7)}, Output: "hello", Expected: map[string]any{
			"answer": "a", "facts": []any{"a"}, "sources": []any{"a"}, "total": 3.5, "category": "c", "intent": "refund"}}
		if _, err := set.Score(context.Background(), subject, nil); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

// TestDocsAreComplete holds that every type says what it means.
func TestDocsAreComplete(t *testing.T) {
	t.Parallel()
	for _, d := range Types() {
		if d.Summary == "" || d.Meaning == "" || len(d.Edges) == 0 || !strings.Contains(d.Example, "type: "+d.Name) {
			t.Errorf("%s is not described", d.Name)
		}
		for _, p := range d.Params {
			if p.Doc == "" || p.Type == "" {
				t.Errorf("%s.%s is not described", d.Name, p.Name)
			}
		}
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(map[string]any{"properties": map[string]any{"evaluators": Schema()}})
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("eval.json", root); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("eval.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, list string) error {
	t.Helper()
	doc, err := yamldoc.Parse("e.yaml", []byte(list))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(map[string]any{"evaluators": doc.Value()})
}

func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, list := range []string{
		"[]", "- {}", "- {type: contians}", "- {type: contains}", "- {type: contains, expected: a, x: 1}", "- {type: length, max: 1, unit: word}",
		"- {type: latency, max: 2000}", "- {type: contains_all, expected: 3}", "- {type: all, of: [{type: x}]}", "- {type: tokens, max: 1.5}",
	} {
		if err := validate(t, schema, list); err == nil {
			t.Errorf("the schema accepts %s", list)
		}
		if _, err := parse(t, list); err == nil {
			t.Errorf("ParseSpecs accepts %s", list)
		}
	}
}
