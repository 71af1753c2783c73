package gate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
)

// side is a run of n cases in which ok says which pass.
func side(n int, change func(i int, r *eval.Record)) *eval.Run {
	run := &eval.Run{Header: eval.Header{
		Config: "c", Version: "c@1", Evaluators: map[string]string{"correct": "1", "graded": "2"},
		Ranges: map[string]eval.Range{"graded": {Lo: 0, Hi: 1, Bounded: true, Graded: true}},
		Cases:  n, Repeats: 1,
	}}
	for i := range n {
		half := 0.5
		r := eval.Record{
			Case: fmt.Sprintf("c%03d", i), CostUSD: "0.001", Usage: llm.Usage{InputTokens: 100, OutputTokens: 10, Known: true},
			Timing: llm.Timing{Total: 1e6}, Scores: map[string]evaluator.Score{
				"correct": {Outcome: evaluator.Pass}, "graded": {Outcome: evaluator.Pass, Value: &half},
			},
		}
		change(i, &r)
		run.Records = append(run.Records, r)
	}
	return run
}

func fails(r *eval.Record) { r.Scores["correct"] = evaluator.Score{Outcome: evaluator.Fail} }

func breaks(r *eval.Record) {
	r.Error = &llm.Error{Kind: llm.Overloaded, Message: "no"}
	r.Scores, r.CostUSD = nil, ""
}

func policy(rules ...evalfile.Rule) evalfile.Policy {
	for i := range rules {
		rules[i].Written = fmt.Sprint(rules[i].Bound)
	}
	return evalfile.Policy{Confidence: 0.95, Estimand: "population", MaxErrorShare: 0.02, Rules: rules}
}

func decide(t *testing.T, in *Input) *Verdict {
	t.Helper()
	v, err := Decide(in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The direction of every rule: what is worse by more than the margin fails,
// what is equal passes, and the same the other way round.
func TestDirections(t *testing.T) {
	const n = 400
	first := func(k int) func(int, *eval.Record) {
		return func(i int, r *eval.Record) {
			if i < k {
				fails(r)
			}
		}
	}
	cost := func(usd string) func(int, *eval.Record) {
		return func(i int, r *eval.Record) {
			r.CostUSD = usd
			if i%2 == 0 {
				r.CostUSD += "1"
			}
		}
	}
	score := func(v float64) func(int, *eval.Record) {
		return func(i int, r *eval.Record) {
			x := v + 0.1*float64(i%3-1)
			r.Scores["graded"] = evaluator.Score{Outcome: evaluator.Pass, Value: &x}
		}
	}
	for _, c := range []struct {
		name                string
		rule                evalfile.Rule
		candidate, baseline func(int, *eval.Record)
		want                Outcome
	}{
		{"equal is not worse", evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.05}, first(40), first(40), Pass},
		{"much worse", evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.05}, first(120), first(40), Fail},
		{"much better is not worse", evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.05}, first(40), first(120), Pass},
		{"slightly worse cannot be told", evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.05}, first(58), first(40), Undecided},
		{"better by enough", evalfile.Rule{Metric: "correct", Kind: "better_by", Bound: 0.05}, first(40), first(120), Pass},
		{"equal is not better", evalfile.Rule{Metric: "correct", Kind: "better_by", Bound: 0.05}, first(40), first(40), Fail},
		{"worse is not better", evalfile.Rule{Metric: "correct", Kind: "better_by", Bound: 0}, first(120), first(40), Fail},
		{"rate at least", evalfile.Rule{Metric: "correct", Kind: "at_least", Bound: 0.8}, first(40), nil, Pass},
		{"rate not at least", evalfile.Rule{Metric: "correct", Kind: "at_least", Bound: 0.95}, first(60), nil, Fail},
		{"rate at most", evalfile.Rule{Metric: "correct", Kind: "at_most", Bound: 0.95}, first(60), nil, Pass},
		{"errors at most", evalfile.Rule{Metric: "error_share", Kind: "at_most", Bound: 0.02}, first(0), nil, Pass},
		{"score not worse", evalfile.Rule{Metric: "graded.score", Kind: "not_worse_by", Bound: 0.05}, score(0.5), score(0.5), Pass},
		{"score worse", evalfile.Rule{Metric: "graded.score", Kind: "not_worse_by", Bound: 0.05}, score(0.3), score(0.5), Fail},
		{"score better", evalfile.Rule{Metric: "graded.score", Kind: "better_by", Bound: 0.05}, score(0.7), score(0.5), Pass},
		{"score at least", evalfile.Rule{Metric: "graded.score", Kind: "at_least", Bound: 0.6}, score(0.5), nil, Fail},
		{"dearer", evalfile.Rule{Metric: "cost_usd", Kind: "not_worse_by", Bound: 0.10, Percent: true}, cost("0.002"), cost("0.001"), Fail},
		{"cheaper", evalfile.Rule{Metric: "cost_usd", Kind: "not_worse_by", Bound: 0.10, Percent: true}, cost("0.001"), cost("0.002"), Pass},
		{"cheaper by half", evalfile.Rule{Metric: "cost_usd", Kind: "better_by", Bound: 0.30, Percent: true}, cost("0.001"), cost("0.002"), Pass},
		{"dearer is not better", evalfile.Rule{Metric: "cost_usd", Kind: "better_by", Bound: 0.30, Percent: true}, cost("0.002"), cost("0.001"), Fail},
		{"free on both sides", evalfile.Rule{Metric: "cost_usd", Kind: "not_worse_by", Bound: 0.10, Percent: true}, free, free, Pass},
		{"within budget", evalfile.Rule{Metric: "cost_usd", Kind: "at_most", Bound: 0.01}, cost("0.001"), nil, Pass},
		{"over budget", evalfile.Rule{Metric: "cost_usd", Kind: "at_most", Bound: 0.0001}, cost("0.001"), nil, Fail},
		{"tokens in a difference", evalfile.Rule{Metric: "tokens_in", Kind: "not_worse_by", Bound: 5}, tokens(150), tokens(100), Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &Input{Policy: policy(c.rule), Candidate: side(n, c.candidate)}
			if c.baseline != nil {
				in.Baseline = side(n, c.baseline)
			}
			v := decide(t, in)
			if v.Rules[0].Outcome != c.want || v.Outcome != c.want {
				t.Errorf("rule %s, gate %s, want %s: %s", v.Rules[0].Outcome, v.Outcome, c.want, v.Rules[0].Reason)
			}
			if r := v.Rules[0]; !(r.Lower <= r.Estimate && r.Estimate <= r.Upper) {
				t.Errorf("estimate %v is not between %v and %v", r.Estimate, r.Lower, r.Upper)
			}
		})
	}
}

func free(_ int, r *eval.Record) { r.CostUSD = "0" }

func tokens(n int64) func(int, *eval.Record) {
	return func(i int, r *eval.Record) { r.Usage.InputTokens = n + int64(i%7) }
}

// Errors count as the worst case for the side that is tested: a few keep a pass
// from being given and a fail from being given, but turn nothing round.
func TestErrorsAreTheWorstCase(t *testing.T) {
	const n = 400
	in := &Input{
		Policy:   policy(evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.02}),
		Baseline: side(n, func(int, *eval.Record) {}),
		Candidate: side(n, func(i int, r *eval.Record) {
			if i < 8 {
				breaks(r)
			}
		}),
	}
	clean := &Input{Policy: in.Policy, Baseline: in.Baseline, Candidate: side(n, func(int, *eval.Record) {})}
	if v := decide(t, clean); v.Outcome != Pass {
		t.Fatalf("without errors: %s", v.Rules[0].Reason)
	}
	v := decide(t, in)
	if v.Outcome != Undecided || v.Rules[0].Errors != 8 {
		t.Errorf("%s with %d errors: %s", v.Outcome, v.Rules[0].Errors, v.Rules[0].Reason)
	}

	in.Candidate = side(n, func(i int, r *eval.Record) {
		if i < 40 {
			breaks(r)
		}
	})
	v = decide(t, in)
	if v.Outcome != Withheld || !strings.Contains(v.Summary, "40 of 400 cases of the candidate") {
		t.Errorf("%s: %s", v.Outcome, v.Summary)
	}
	if len(v.Candidate.Faults) != 1 || v.Candidate.Faults[0].Answers != 40 {
		t.Errorf("faults %+v", v.Candidate.Faults)
	}
}

// What leaves a metric without a range leaves it on both sides.
func TestErrorsLeaveAMetricWithoutARange(t *testing.T) {
	in := &Input{
		Policy:   policy(evalfile.Rule{Metric: "cost_usd", Kind: "at_most", Bound: 0.01}),
		Baseline: nil,
		Candidate: side(400, func(i int, r *eval.Record) {
			if i < 4 {
				breaks(r)
			}
		}),
	}
	v := decide(t, in)
	if r := v.Rules[0]; r.N != 396 || r.Errors != 4 || r.Outcome != Pass {
		t.Errorf("n %d, errors %d, %s", r.N, r.Errors, r.Reason)
	}
}

func TestUnknownCostIsNotZero(t *testing.T) {
	in := &Input{
		Policy:    policy(evalfile.Rule{Metric: "cost_usd", Kind: "at_most", Bound: 0.01}),
		Candidate: side(300, func(_ int, r *eval.Record) { r.CostUSD = "" }),
	}
	v := decide(t, in)
	if v.Outcome != Undecided || v.Candidate.CostUSD != "" || v.Rules[0].Unscored != 300 {
		t.Errorf("%s, cost %q: %s", v.Outcome, v.Candidate.CostUSD, v.Rules[0].Reason)
	}
}

func TestUnchangedPassesByIdentity(t *testing.T) {
	rules := []evalfile.Rule{
		{Metric: "correct", Kind: "not_worse_by", Bound: 0.01},
		{Metric: "correct", Kind: "better_by", Bound: 0.5},
		{Metric: "correct", Kind: "at_least", Bound: 0.99},
	}
	in := &Input{Policy: policy(rules...), Unchanged: true, Candidate: side(50, func(i int, r *eval.Record) {
		if i < 20 {
			fails(r)
		}
	})}
	v := decide(t, in)
	if !v.Rules[0].ByIdentity || v.Rules[0].Outcome != Pass || v.Rules[1].Outcome != Pass {
		t.Errorf("relative rules: %s; %s", v.Rules[0].Reason, v.Rules[1].Reason)
	}
	if v.Rules[2].Outcome != Fail || v.Outcome != Fail {
		t.Errorf("an absolute rule is not evaluated: %s", v.Rules[2].Reason)
	}
}

func TestWithoutABaseline(t *testing.T) {
	relative := evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.05}
	absolute := evalfile.Rule{Metric: "correct", Kind: "at_least", Bound: 0.5}
	in := &Input{Policy: policy(relative, absolute), NoBaseline: "the config is new", Candidate: side(50, func(int, *eval.Record) {})}
	v := decide(t, in)
	if v.Outcome != Pass || v.Rules[0].Outcome != NotApplicable {
		t.Errorf("%s: %s", v.Outcome, v.Rules[0].Reason)
	}
	in.Policy = policy(relative)
	if v = decide(t, in); v.Outcome != Undecided || !strings.Contains(v.Summary, "the config is new") {
		t.Errorf("%s: %s", v.Outcome, v.Summary)
	}
}

func TestSlicesAndUnscored(t *testing.T) {
	in := &Input{
		Policy: policy(evalfile.Rule{Metric: "correct", Kind: "at_least", Bound: 0.5, Slice: evalfile.Slice{Tag: "billing"}}),
		Candidate: side(100, func(i int, r *eval.Record) {
			if i < 40 {
				r.Tags = []string{"billing"}
			} else {
				fails(r)
			}
			if i < 10 {
				r.Scores["correct"] = evaluator.Score{Outcome: evaluator.Unscored}
			}
		}),
	}
	v := decide(t, in)
	if r := v.Rules[0]; r.N != 30 || r.Unscored != 10 || r.Outcome != Pass || r.Slice != "tag=billing" {
		t.Errorf("n %d, unscored %d, %s", r.N, r.Unscored, r.Reason)
	}
	if !slices.ContainsFunc(v.Candidate.Metrics, func(m Metric) bool { return m.Slice == "tag=billing" && m.N == 30 }) {
		t.Error("the slice's figure is not among the metrics")
	}
}

// Times of kept answers say nothing; recorded ones do.
func TestCachedTimesAreUnscored(t *testing.T) {
	rule := evalfile.Rule{Metric: "latency_ms", Kind: "at_most", Bound: 100}
	in := &Input{Policy: policy(rule), Candidate: side(300, func(_ int, r *eval.Record) { r.Cached = true })}
	if v := decide(t, in); v.Outcome != Undecided || !strings.Contains(v.Rules[0].Reason, "cached") {
		t.Errorf("%s: %s", v.Outcome, v.Rules[0].Reason)
	}
	in.Candidate = side(300, func(i int, r *eval.Record) { r.Cached, r.Recorded, r.Timing.Total = true, true, int64(1e6+1e4*i) })
	if v := decide(t, in); v.Outcome != Pass {
		t.Errorf("%s: %s", v.Outcome, v.Rules[0].Reason)
	}
}

// A gate of many rules at the edge fails no more often than one rule does:
// Holm corrects the side that a single rule decides.
func TestHolmHoldsTheFailSide(t *testing.T) {
	const n, gates, rules = 200, 400, 5
	random := rand.New(rand.NewPCG(7, 7))
	failed := 0
	for range gates {
		var list []evalfile.Rule
		candidate := side(n, func(_ int, r *eval.Record) {
			r.Scores = map[string]evaluator.Score{}
			for k := range rules {
				outcome := evaluator.Pass
				if random.Float64() < 0.3 {
					outcome = evaluator.Fail
				}
				r.Scores[fmt.Sprint("e", k)] = evaluator.Score{Outcome: outcome}
			}
		})
		candidate.Header.Evaluators = map[string]string{}
		for k := range rules {
			name := fmt.Sprint("e", k)
			candidate.Header.Evaluators[name] = name
			list = append(list, evalfile.Rule{Metric: name, Kind: "at_least", Bound: 0.7})
		}
		if decide(t, &Input{Policy: policy(list...), Candidate: candidate}).Outcome == Fail {
			failed++
		}
	}
	// 5 % of 400 are 20; four standard errors more are 37.
	if failed > 37 {
		t.Errorf("%d of %d gates at the edge failed", failed, gates)
	}
}

func TestWorstCasesAreThoseThatGotWorse(t *testing.T) {
	in := &Input{
		Policy:   policy(evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.01}),
		Baseline: side(100, func(int, *eval.Record) {}),
		Candidate: side(100, func(i int, r *eval.Record) {
			if i == 7 || i == 93 {
				fails(r)
			}
		}),
	}
	r := decide(t, in).Rules[0]
	if !slices.Equal(r.WorstCases, []string{"c007", "c093"}) || r.Regressed != 2 || r.Improved != 0 {
		t.Errorf("%v, %d regressed, %d improved", r.WorstCases, r.Regressed, r.Improved)
	}
}

// Repeats of a rate are a cluster; of a score they are averaged first.
func TestRepeats(t *testing.T) {
	run := side(60, func(int, *eval.Record) {})
	var twice []eval.Record
	for _, r := range run.Records {
		again := r
		again.Repeat = 1
		twice = append(twice, r, again)
	}
	run.Records, run.Header.Repeats = twice, 2
	v := decide(t, &Input{Candidate: run, Policy: policy(
		evalfile.Rule{Metric: "correct", Kind: "at_least", Bound: 0.5}, evalfile.Rule{Metric: "graded.score", Kind: "at_least", Bound: 0.1},
	)})
	if v.Rules[0].Clusters != 60 || v.Rules[1].N != 60 || v.Rules[1].Clusters != 0 {
		t.Errorf("rate: %d clusters; score: n %d, %d clusters", v.Rules[0].Clusters, v.Rules[1].N, v.Rules[1].Clusters)
	}
}

func TestUnknownMetricNamesTheNearest(t *testing.T) {
	p := policy(evalfile.Rule{Metric: "corect", Kind: "at_least", Bound: 0.5})
	err := Check(p, &side(1, func(int, *eval.Record) {}).Header)
	if err == nil || !strings.Contains(err.Error(), "did you mean correct?") {
		t.Errorf("got %v", err)
	}
	for _, r := range []evalfile.Rule{
		{Metric: "correct", Kind: "not_worse_by", Bound: 10}, {Metric: "correct", Kind: "better_by", Bound: 1},
		{Metric: "correct", Kind: "at_least", Bound: 75}, {Metric: "error_share", Kind: "at_most", Bound: 2},
		{Metric: "graded.score", Kind: "at_least", Bound: -0.1},
	} {
		if err := Check(policy(r), &side(1, func(int, *eval.Record) {}).Header); err == nil {
			t.Errorf("%s %s %g can never decide anything and is accepted", r.Metric, r.Kind, r.Bound)
		}
	}
	p = policy(evalfile.Rule{Metric: "correct", Kind: "not_worse_by", Bound: 0.1, Percent: true})
	if err := Check(p, &side(1, func(int, *eval.Record) {}).Header); err == nil || !strings.Contains(err.Error(), "difference") {
		t.Errorf("got %v", err)
	}
}
