package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/llm"
)

// The sample is a help centre's assistant before and after a change that
// retrieves one chunk in place of four. Its texts hold what a page must not
// believe: markup, control characters, a mention, wide characters.

const (
	digestNow    = canonical.Digest("3f9c2a71b0d45e6f7a8b9c0d1e2f30415263748596a7b8c9dae0f1a2b3c4d5e6")
	digestBefore = canonical.Digest("b81e07c4f2a95d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6")
	hostile      = `<script>window.pwned=1</script><img src=x onerror="window.pwned=1"> </script><!-- @octocat #1`
)

var questions = []struct{ section, question, answer, fact string }{
	{"billing.md#refunds", "How long do I have to ask for my money back?", "You can ask for a full refund within 30 days of the first payment. Write to the billing team and name the workspace.", "30 days"},
	{"billing.md#seats", "What happens to the price when I add a seat in the middle of a month?", "A new seat is charged for the days that are left in the month, and in full from the next invoice on.", "charged for the days that are left"},
	{"accounts.md#two-factor", "I lost my phone. How do I sign in?", "Use one of the ten recovery codes that you were given when you set up two-factor sign-in; each works once.", "recovery codes"},
	{"accounts.md#sso", "Which plans include single sign-on?", "Single sign-on is part of the Business and Enterprise plans.", "Business and Enterprise"},
	{"exports.md#csv", "Can I export a rota as CSV?", "Yes: open the rota, choose Export, then CSV. Times are in the workspace's time zone.", "choose Export"},
	{"limits.md#api", "How many API requests may I make a minute?", "600 requests a minute for each key; beyond that the API answers 429 with a Retry-After header.", "600 requests"},
}

func ptr(f float64) *float64 { return &f }

func score(passed bool, reason string) evaluator.Score {
	if passed {
		return evaluator.Score{Outcome: evaluator.Pass, Value: ptr(1), Reason: reason}
	}
	return evaluator.Score{Outcome: evaluator.Fail, Value: ptr(0), Reason: reason}
}

// sampleRun makes cases×repeats records. The baseline answers all but every
// ninth case; the candidate loses every fifth and wins every ninth.
func sampleRun(cases, repeats int, candidate bool) *eval.Run {
	run := &eval.Run{Header: eval.Header{
		Format: eval.Format, ID: "mh2k9x-1c22aa90ef01", Eval: "help-centre", Side: "baseline", Config: "help-centre-before",
		Version: "help-centre-before@" + digestBefore.Short(), Digest: digestBefore, From: "git:main (3f9c2a7)", Model: "builtin/extractive",
		Dataset: "datasets/help-centre.jsonl", Evaluators: map[string]string{"correct": "a1", "found": "b2", "polite": "c3"},
		Ranges: map[string]eval.Range{"found": {Lo: 0, Hi: 1, Bounded: true, Graded: true}}, Engines: map[string]int{"extractive": 1},
		Started: 1790000000_000000000, Finished: 1790000004_200000000, Cases: cases, Repeats: repeats, Assay: "0.1.0",
		Totals: eval.Totals{Calls: 12, Cached: cases*repeats - 12, SpentUSD: "0.0031"},
	}}
	if candidate {
		run.Header.ID, run.Header.Side, run.Header.Config = "mh2k9x-3f9c2a71b0d4", "candidate", "help-centre"
		run.Header.Version, run.Header.Digest, run.Header.From = "help-centre@"+digestNow.Short(), digestNow, "working tree"
	}
	for i := range cases {
		for k := range repeats {
			run.Records = append(run.Records, sampleRecord(i, k, candidate))
		}
	}
	return run
}

func sampleRecord(i, repeat int, candidate bool) eval.Record {
	q := questions[i%len(questions)]
	file, _, _ := strings.Cut(q.section, ".")
	good := i%9 != 8
	if candidate {
		good = i%5 != 4 || i%9 == 8
	}
	r := eval.Record{
		Case: fmt.Sprintf("%s-%03d", file, i+1), Repeat: repeat, Line: i + 1, Tags: []string{file, "direct"}, Cluster: q.section,
		Input: map[string]any{"question": q.question}, Expected: map[string]any{"facts": []any{q.fact}, "sources": []any{q.section}},
		Output: q.answer, Model: "builtin/extractive", Usage: llm.Usage{InputTokens: 812, CachedTokens: 512, OutputTokens: 31, Known: true},
		CostUSD: "0.000213", Timing: llm.Timing{Start: 1790000000_000000000, TTFT: 41_000000, Total: 212_000000}, Attempts: 1,
		Call: "9f2c77aa01d3e4b5", Cached: i >= 12, FinishReason: "stop",
		Documents: []llm.Document{{ID: q.section, Source: q.section, Content: "# " + q.section + "\n\n" + q.answer, Score: 7.31, End: 140}},
	}
	system := "You answer questions about Shiftloom from the help centre. Say only what the chunks say."
	if candidate {
		system = "You answer questions about Shiftloom from its help centre. Be brief. Say only what the chunks say."
	} else {
		for n := range 3 {
			d := questions[(i+n+1)%len(questions)]
			r.Documents = append(r.Documents, llm.Document{ID: d.section, Source: d.section, Content: d.answer, Score: 4.2 - float64(n)})
		}
	}
	r.Messages = []llm.Message{{Role: "system", Content: system}, {Role: "user", Content: q.question}}
	reason := "holds " + q.fact
	if !good {
		r.Output = "The help centre says: " + strings.Replace(q.answer, q.fact, "contact support", 1)
		reason = "missing “" + q.fact + "”"
	}
	found := evaluator.Score{Outcome: evaluator.Pass, Value: ptr(1), Reason: "1 of 1 source in the first 4"}
	if candidate && i%4 == 3 {
		found = evaluator.Score{Outcome: evaluator.Fail, Value: ptr(0), Reason: "0 of 1 source in the first 1"}
	}
	r.Scores = map[string]evaluator.Score{"correct": score(good, reason), "found": found, "polite": {Outcome: evaluator.Unscored, Reason: "when is false"}}
	unusual(&r, i, candidate)
	return r
}

// unusual makes a few records unlike the others: hostile text, an error of the
// world, a failure of the candidate, a tool call, wide characters.
func unusual(r *eval.Record, i int, candidate bool) {
	switch i {
	case 4:
		if candidate {
			r.Output = hostile + " The answer follows.\nSecond line \x1b[31mred\u202eevil"
			r.Scores["correct"] = score(false, "missing “charged”, found "+hostile+"\x1b[31m\nnext line")
		}
	case 6:
		r.Case = "case 7/ä \"quoted\" <b>&amp;"
		r.Tags = append(r.Tags, "<i>odd</i> tag")
		r.ToolCalls = []llm.ToolCall{{ID: "call_1", Name: "lookup_order", Arguments: json.RawMessage(`{"order":"A-17","verbose":true}`), Result: json.RawMessage(`{"status":"sent"}`)}}
		r.Messages[1].Content = hostile
	case 10:
		if candidate {
			r.Output, r.Scores = "", map[string]evaluator.Score{}
			r.Error = &llm.Error{Kind: llm.Overloaded, Status: 503, Message: "the upstream is overloaded", Attempts: 4}
		}
	case 13:
		if candidate {
			r.Output, r.Failure = "", &llm.Error{Kind: llm.ContextLength, Status: 400, Message: "the request has 9001 tokens, the model takes 8192"}
			r.Scores["correct"] = score(false, "no answer: context_length")
		}
	case 14:
		r.Case = "accounts-払い戻しはいつまでに申請できますか-and-a-name-that-is-longer-than-any-line-of-a-terminal-should-be"
		r.Input["question"] = "返金はいつまでに申請できますか？ 🙂"
	case 16:
		for name := range r.Scores {
			r.Scores[name] = evaluator.Score{Outcome: evaluator.Unscored, Reason: "when is false"}
		}
	}
}

func sampleSide(run *eval.Run, correct, found float64) gate.Side {
	h := &run.Header
	n := h.Cases
	half := func(p float64) float64 { return 1.96 * math.Sqrt(p*(1-p)/float64(max(1, n))) }
	share := func(name, slice string, p float64, n int) gate.Metric {
		return gate.Metric{Name: name, Slice: slice, Value: p, Lower: max(0, p-half(p)), Upper: min(1, p+half(p)), HasInterval: true, Level: 0.95,
			Method: "Wilson", N: n, Unit: "share", Unscored: 1}
	}
	return gate.Side{
		Name: h.Config, Version: h.Version, Digest: h.Digest, From: h.From, Run: h.ID, Model: h.Model, Cases: n, Answers: len(run.Records),
		Errors: 1, ErrorShare: 1 / float64(n), Calls: 12, Cached: n - 12, CostUSD: "0.08733", SpentUSD: "0.0031",
		Metrics: []gate.Metric{
			share("correct", "", correct, n-1), share("found", "", found, n-1),
			{Name: "cost_usd", Value: 0.000213, Lower: 0.000201, Upper: 0.000226, HasInterval: true, Level: 0.95, Method: "t", N: n, Unit: "usd"},
			{Name: "tokens_out", Value: 31.2, Lower: 29.8, Upper: 32.6, HasInterval: true, Level: 0.95, Method: "t", N: n, Unit: "tokens"},
			{Name: "latency_p95_ms", Value: 212, Level: 0.95, Method: "order statistics", N: 12, Unit: "ms", Unscored: n - 12},
			share("correct", "tag=billing", correct+0.04, n/3),
		},
	}
}

// sample is a failed gate with every outcome among its rules.
func sample(cases, repeats int) *Input {
	in := &Input{Candidate: sampleRun(cases, repeats, true), Baseline: sampleRun(cases, repeats, false)}
	before := sampleSide(in.Baseline, 0.889, 0.996)
	now := sampleSide(in.Candidate, 0.801, 0.752)
	now.Faults = []gate.Fault{{Kind: "overloaded", Answers: 1, Example: "overloaded (HTTP 503): the upstream is overloaded", Case: "exports-011"}}
	in.Verdict = &gate.Verdict{
		Format: gate.VerdictFormat, Eval: "help-centre", Outcome: gate.Fail, Summary: "1 rule of 5 broken: correct",
		Candidate: now, Baseline: &before, Confidence: 0.95, Estimand: "population",
		Rules:    sampleRules(cases),
		Warnings: []string{"docs/help/new.md is not tracked by git: it counts in the working tree and is absent at the baseline"},
		Changes:  []string{"retrieval.top_k: 4 → 1", "messages[0]: 3 words changed"},
		Notes:    []string{"baseline: main is at HEAD's merge-base 3f9c2a7"},
	}
	return in
}

func sampleRules(n int) []gate.RuleResult {
	worst := []string{"billing-008", "case 7/ä \"quoted\" <b>&amp;", "accounts-払い戻しはいつまでに申請できますか-and-a-name-that-is-longer-than-any-line-of-a-terminal-should-be", "exports-005"}
	holmUpper := -0.0312
	return []gate.RuleResult{
		{Metric: "correct", Rule: "not_worse_by", Bound: "0.05", Text: "correct not_worse_by 0.05", Outcome: gate.Fail,
			Reason:   "fail: difference -8.8 %, bounds -11.9 % to -5.7 %, below -5.0 %",
			Estimate: -0.088, HasBounds: true, Lower: -0.119, Upper: -0.057, HolmUpper: &holmUpper, Limit: -0.05, Scale: "difference", Unit: "share",
			Candidate: ptr(0.801), Baseline: ptr(0.889), Method: "Tango's score test, clustered", N: n - 1, Clusters: 6, Errors: 1, Regressed: 7, Improved: 4,
			WorstCases: worst, HigherFirst: true},
		{Metric: "correct", Slice: "tag=billing", Rule: "at_least", Bound: "0.60", Text: "correct at_least 0.60 (tag=billing)", Outcome: gate.Undecided,
			Reason:   "undecided: correct is 66.7 %, bounds 43.2 % to 84.5 %, on both sides of 60.0 %; about 160 cases would decide it, there are 13",
			Estimate: 0.667, HasBounds: true, Lower: 0.432, Upper: 0.845, Limit: 0.60, Scale: "value", Unit: "share",
			Candidate: ptr(0.667), Method: "exact (Clopper–Pearson)", N: 13, NeedCases: 160, WorstCases: []string{"billing-025"}, HigherFirst: true,
			Warnings: []string{"the slice has fewer than 20 clusters: cases were taken as independent"}},
		{Metric: "found", Rule: "at_least", Bound: "0.75", Text: "found at_least 0.75", Outcome: gate.Pass,
			Reason:   "pass: found is 81.2 %, bounds 76.1 % to 85.6 %, above 75.0 %",
			Estimate: 0.812, HasBounds: true, Lower: 0.761, Upper: 0.856, Limit: 0.75, Scale: "value", Unit: "share", Candidate: ptr(0.812),
			Method: "exact (Clopper–Pearson)", N: n, HigherFirst: true},
		{Metric: "cost_usd", Rule: "not_worse_by", Bound: "10%", Text: "cost_usd not_worse_by 10%", Outcome: gate.Pass,
			Reason:   "pass: ratio ×0.412, bounds ×0.398 to ×0.427, below ×1.100",
			Estimate: 0.412, HasBounds: true, Lower: 0.398, Upper: 0.427, Limit: 1.10, Scale: "ratio", Unit: "usd", Candidate: ptr(0.000213), Baseline: ptr(0.000517),
			Method: "ratio of means, delta on the log", N: n},
		{Metric: "latency_p95_ms", Rule: "at_most", Bound: "800", Text: "latency_p95_ms at_most 800", Outcome: gate.Undecided,
			Reason: "undecided: 12 cases are too few for a bound on p95; 59 are enough", Scale: "value", Unit: "ms", Method: "order statistics", N: 12,
			NeedCases: 59, Unscored: n - 12, Limit: 800},
		{Metric: "polite", Rule: "better_by", Bound: "0.02", Text: "polite better_by 0.02", Outcome: gate.NotApplicable,
			Reason: "not applicable: the evaluator is new", Scale: "difference", Unit: "share", HigherFirst: true},
	}
}
