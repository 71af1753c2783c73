package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"testing"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

const manual = "../../docs/reports.md"

var exampleBlock = regexp.MustCompile("(?s)<!-- example: (\\w+) -->\n```(\\w+)\n(.*?)```\n")

// The manual's examples are what is written for the gate below.
func TestManual(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	in := manualGate()
	rule := func(w io.Writer, in *Input) error { return indented(w, in.Verdict.Rules[0]) }
	record := func(w io.Writer, in *Input) error { return indented(w, in.Candidate.Records[0]) }
	plain := func(w io.Writer, in *Input) error {
		side := in.Verdict.Candidate
		side.Metrics = side.Metrics[:1]
		return JSON(w, &Input{Candidate: in.Candidate, Side: &side})
	}
	forms := map[string]func(io.Writer, *Input) error{
		"table":    func(w io.Writer, in *Input) error { return Table(w, in, TableOptions{}) },
		"markdown": Markdown, "junit": JUnit, "rule": rule, "eval": plain, "record": record,
	}
	fresh := exampleBlock.ReplaceAllFunc(text, func(block []byte) []byte {
		m := exampleBlock.FindSubmatch(block)
		write := forms[string(m[1])]
		if write == nil {
			t.Fatalf("no example is called %s", m[1])
		}
		var b bytes.Buffer
		if err := write(&b, in); err != nil {
			t.Fatal(err)
		}
		delete(forms, string(m[1]))
		return []byte("<!-- example: " + string(m[1]) + " -->\n```" + string(m[2]) + "\n" + b.String() + "```\n")
	})
	for name := range forms {
		t.Errorf("the manual has no example %s", name)
	}
	if *update {
		if err := os.WriteFile(manual, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(fresh, text) {
		t.Error("docs/reports.md is not what is written now; run: go test ./internal/report -run Manual -update")
	}
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// manualGate is a gate of 240 cases of which two are kept.
func manualGate() *Input {
	side := func(name, version, from, id string, correct, lower, upper, cost float64) gate.Side {
		return gate.Side{
			Name: name, Version: version, From: from, Run: id, Model: "openai/gpt-5-mini-2025-08-07", Cases: 240, Answers: 240,
			Calls: 238, Cached: 2, CostUSD: "0.0514", SpentUSD: "0.0511",
			Metrics: []gate.Metric{
				{Name: "correct", Value: correct, Lower: lower, Upper: upper, HasInterval: true, Level: 0.95, Method: "Wilson", N: 240, Unit: "share"},
				{Name: "cost_usd", Value: cost, Lower: cost * 0.95, Upper: cost * 1.05, HasInterval: true, Level: 0.95, Method: "t", N: 240, Unit: "usd"},
			},
		}
	}
	baseline := side("support", "support@b81e07c4f2a9", "git:main (3f9c2a7)", "mh2k9w-5b6c7d8e9f01", 0.888, 0.841, 0.922, 0.000214)
	holm := -0.053
	v := &gate.Verdict{
		Format: gate.VerdictFormat, Eval: "support", Outcome: gate.Fail, Summary: "1 rule of 2 broken: correct", Confidence: 0.95, Estimand: "population",
		Candidate: side("support", "support@3f9c2a71b0d4", "working tree", "mh2k9x-1c22aa90ef01", 0.783, 0.727, 0.831, 0.000198), Baseline: &baseline,
		Changes: []string{"retrieval.top_k: 4 → 1"},
		Rules: []gate.RuleResult{
			{Metric: "correct", Rule: "not_worse_by", Bound: "0.05", Text: "correct not_worse_by 0.05", Outcome: gate.Fail,
				Reason:   "fail: difference -10.4 %, bounds -14.6 % to -6.5 %, below -5.0 %",
				Estimate: -0.104, HasBounds: true, Lower: -0.146, Upper: -0.065, HolmUpper: &holm, Limit: -0.05, Scale: "difference", Unit: "share",
				Candidate: ptr(0.783), Baseline: ptr(0.888), Method: "Tango score", N: 240, Regressed: 31, Improved: 6, WorstCases: []string{"refund-window"}, HigherFirst: true},
			{Metric: "cost_usd", Rule: "not_worse_by", Bound: "10%", Text: "cost_usd not_worse_by 10%", Outcome: gate.Pass,
				Reason:   "pass: ratio ×0.925, bounds ×0.897 to ×0.954, below ×1.100",
				Estimate: 0.925, HasBounds: true, Lower: 0.897, Upper: 0.954, Limit: 1.1, Scale: "ratio", Unit: "usd",
				Candidate: ptr(0.000198), Baseline: ptr(0.000214), Method: "ratio of means, Fieller", N: 240},
		},
	}
	return &Input{Verdict: v, Candidate: manualRun(&v.Candidate, true), Baseline: manualRun(&baseline, false)}
}

func manualRun(s *gate.Side, candidate bool) *eval.Run {
	run := &eval.Run{Header: eval.Header{
		Format: eval.Format, ID: s.Run, Eval: "support", Config: s.Name, Version: s.Version, From: s.From, Model: s.Model,
		Dataset: "datasets/support.jsonl", Evaluators: map[string]string{"correct": "5d41402abc4b"}, Engines: map[string]int{"bm25": 1}, Cases: 240, Repeats: 1,
		Started: 1790000000_000000000, Finished: 1790000041_700000000, Assay: "0.1.0",
		Totals: eval.Totals{Calls: s.Calls, Cached: s.Cached, SpentUSD: s.SpentUSD},
	}}
	answer, outcome, reason := "You can ask for a refund within 30 days.", evaluator.Pass, ""
	if candidate {
		answer, outcome, reason = "You can ask for a refund at any time.", evaluator.Fail, `missing "30 days"`
	}
	run.Records = []eval.Record{
		{Case: "refund-window", Line: 1, Tags: []string{"billing"}, Input: map[string]any{"question": "How long can I get my money back?"},
			Expected: map[string]any{"facts": []any{"30 days"}}, Output: answer, Model: "gpt-5-mini-2025-08-07",
			Usage: llm.Usage{InputTokens: 612, OutputTokens: 11, Known: true}, CostUSD: "0.000175", Timing: llm.Timing{Start: 1790000001_000000000, Total: 840_000000},
			Attempts: 1, Call: "9f2c77aa01d3e4b5", FinishReason: "stop", Scores: map[string]evaluator.Score{"correct": {Outcome: outcome, Value: ptr(0), Reason: reason}}},
		{Case: "api-limit", Line: 2, Tags: []string{"limits"}, Input: map[string]any{"question": "How many requests a minute may I make?"},
			Expected: map[string]any{"facts": []any{"600"}}, Output: "600 a minute for each key.", Model: "gpt-5-mini-2025-08-07",
			Usage: llm.Usage{InputTokens: 598, OutputTokens: 8, Known: true}, CostUSD: "0.000166", Timing: llm.Timing{Start: 1790000001_000000000, Total: 790_000000},
			Attempts: 1, Call: "0b7d1c5e88aa41f2", FinishReason: "stop", Scores: map[string]evaluator.Score{"correct": {Outcome: evaluator.Pass, Value: ptr(1)}}},
	}
	if !candidate {
		run.Records[0].Scores["correct"] = evaluator.Score{Outcome: evaluator.Pass, Value: ptr(1)}
	}
	return run
}

// What JSON writes is what `assay schema verdict` describes.
func TestVerdictFitsItsSchema(t *testing.T) {
	t.Parallel()
	for _, in := range []*Input{manualGate(), sample(40, 1), unchanged(), withheld()} {
		var b bytes.Buffer
		if err := JSON(&b, in); err != nil {
			t.Fatal(err)
		}
		doc, err := yamldoc.Parse("verdict.json", b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		problems, err := schema.Check("verdict", doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Error(p)
		}
	}
}
