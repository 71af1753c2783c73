package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// name is a system as a config is called: it begins with a letter.
func name(system string) string { return "gpt3-" + strings.ReplaceAll(system, "_", "-") }

// configOf takes a system's answers out of the published file. The key of the
// system begins with a digit, so JSONPath wants it in brackets.
func configOf(system string) string {
	return fmt.Sprintf(`name: %s
description: The answers of %s as published.
model: builtin/recorded
answers:
  file: ../data/solutions.jsonl
  input: $.question
  output: $['%s'].solution
`, name(system), system, system)
}

// evalOf scores a config. The final answer is what follows the last "A:" at the
// beginning of a line, in the expectation and in the output alike; an output
// that was cut off has none, and fails.
func evalOf(system, gate string) string {
	return fmt.Sprintf(`config: %s
dataset:
  file: ../data/solutions.jsonl
  map:
    input.question: $.question
    expected.answer: {path: $.ground_truth, extract: {regex: '(?m)^A: ?(.*)$', match: last}}
evaluators:
  - name: correct
    type: number
    expected: "{{ expected.answer }}"
    extract: {regex: '(?m)^A: ?(.*)$', match: last}
%s`, name(system), gate)
}

// comparison is a gate with one rule.
type comparison struct {
	eval                string // name of the eval file
	candidate, baseline string
	rule                string
	want                string // the verdict
}

// comparisons are what the published flags decide: 175b_finetuning is right on
// 34.7 %, 6b_verification on 39.0 %, with 152 and 209 discordant questions, so
// that a loss of 2 to 7 points is likely; 175b_verification is right on 56.3 %.
var comparisons = []comparison{
	{"margin-0.01", "175b_finetuning", "6b_verification", "not_worse_by: 0.01", "fail"},
	{"margin-0.03", "175b_finetuning", "6b_verification", "not_worse_by: 0.03", "undecided"},
	{"margin-0.07", "175b_finetuning", "6b_verification", "not_worse_by: 0.07", "pass"},
	{"verification", "175b_verification", "175b_finetuning", "better_by: 0.15", "pass"},
	{"verification-far", "175b_verification", "175b_finetuning", "better_by: 0.25", "fail"},
}

func (c comparison) gate() string {
	return fmt.Sprintf("gate:\n  baseline: config:%s\n  confidence: 0.95\n  rules:\n    - {metric: correct, %s}\n", name(c.baseline), c.rule)
}

// writeProject makes the project around an unchanged copy of the data.
func writeProject(dir, data string) error {
	raw, err := os.ReadFile(data)
	if err != nil {
		return err
	}
	files := map[string]string{
		"assay.yaml":           "name: gsm8k\n",
		"data/solutions.jsonl": string(raw),
	}
	for _, s := range systems {
		files["configs/"+name(s)+".yaml"] = configOf(s)
		files["evals/"+name(s)+".yaml"] = evalOf(s, "")
	}
	for _, c := range comparisons {
		files["evals/"+c.eval+".yaml"] = evalOf(c.candidate, c.gate())
	}
	for path, text := range files {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
