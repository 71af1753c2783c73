//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// project is a folder with two configs that differ in their prompt.
type project struct {
	dir, assay string
	cases      int
}

const config = `name: %s
model: builtin/script
script: ../replies.yaml
messages:
  - {role: system, content: "%s"}
  - {role: user, content: "Question number {{ number }}: {{ question }}"}
`

const eval = `config: after
dataset: ../datasets/cases.jsonl
evaluators:
  - {name: correct, type: contains, expected: "{{ expected.answer }}"}
  - {name: short, type: length, unit: words, max: 200}
gate:
  baseline: config:before
  confidence: 0.95
  rules:
    - {metric: correct, not_worse_by: 0.05}
    - {metric: correct, at_least: 0.80}
    - {metric: short, at_least: 0.80}
`

// newProject makes a project of so many cases. Questions and replies have the
// length of ordinary ones.
func newProject(dir, assay string, cases int) (*project, error) {
	var rows strings.Builder
	question := strings.Repeat("what does the page say about this thing, and since when ", 4)
	for i := range cases {
		fmt.Fprintf(&rows, `{"id":"case-%05d","input":{"number":%d,"question":"%s"},"expected":{"answer":"number %d:"},"tags":["t%d"]}`+"\n",
			i, i, question, i, i%7)
	}
	files := map[string]string{
		"assay.yaml":           "name: bench\n",
		"replies.yaml":         "name: bench\nrules:\n  - reply: {content: \"You asked: {{ last_user }}\"}\n",
		"datasets/cases.jsonl": rows.String(),
		"configs/before.yaml":  fmt.Sprintf(config, "before", "You answer."),
		"configs/after.yaml":   fmt.Sprintf(config, "after", "You answer in one sentence."),
		"evals/measured.yaml":  eval,
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	return &project{dir, assay, cases}, nil
}

// run runs a command on the project.
func (p *project) run(want int, args ...string) (use, error) {
	return call(p.assay, want, append([]string{"--project", p.dir, "--quiet"}, args...)...)
}

// calls is how many calls both sides of a gate make now.
func (p *project) calls() (int, error) {
	out := filepath.Join(p.dir, "verdict.json")
	if _, err := p.run(0, "gate", "--out", out); err != nil {
		return 0, err
	}
	type side struct{ Calls int }
	var v struct{ Candidate, Baseline *side }
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return 0, fmt.Errorf("reading the verdict: %w", err)
	}
	if v.Candidate == nil || v.Baseline == nil {
		return 0, fmt.Errorf("%s has not both sides", out)
	}
	return v.Candidate.Calls + v.Baseline.Calls, nil
}
