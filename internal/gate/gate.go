// Package gate turns a policy and runs into a verdict: pass, fail or undecided,
// with reasons.
//
// A gate passes when all its rules pass: each rule is tested at the full error
// that the policy's confidence leaves (an intersection–union test). It fails
// when any rule fails; that side is corrected by Holm over the rules. All
// arithmetic is package stats'; what counts as a value, an error and a pair is
// decided here, in metric.go and sample.go.
//
// The room reads runs and makes none: package eval does.
package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/stats"
)

// Input is what a gate decides on.
type Input struct {
	Eval      string
	Policy    evalfile.Policy
	Candidate *eval.Run
	Baseline  *eval.Run // nil when the config did not exist there
	// NoBaseline says why there is no baseline, for the verdict's reader.
	NoBaseline string
	// Unchanged is set when both sides are equal in version, dataset,
	// evaluators, policy and engines: relative rules pass by identity.
	Unchanged bool
}

// worstShown is how many of the worst cases a rule names.
const worstShown = 5

// Check resolves every rule's metric against a run's header, so that a bad
// policy is found before a call is paid for.
func Check(policy evalfile.Policy, header *eval.Header) error {
	for i := range policy.Rules {
		if _, _, err := question(&policy, &policy.Rules[i], header); err != nil {
			return err
		}
	}
	return nil
}

// Decide gives the verdict. Errors are defects in the policy; too little
// evidence is no error but an undecided rule. More errors than the policy
// allows on either side withhold the verdict.
func Decide(in *Input) (*Verdict, error) {
	v := &Verdict{
		Format: VerdictFormat, Eval: in.Eval, Unchanged: in.Unchanged,
		Confidence: in.Policy.Confidence, Estimand: in.Policy.Estimand,
	}
	candidate := byCase(in.Candidate)
	v.Candidate = summary(in.Candidate, candidate, &in.Policy)
	var baseline *cases
	if in.Baseline != nil {
		baseline = byCase(in.Baseline)
		side := summary(in.Baseline, baseline, &in.Policy)
		v.Baseline = &side
	}
	rules := make([]*ruling, len(in.Policy.Rules))
	for i := range in.Policy.Rules {
		r, err := rule(in, &in.Policy.Rules[i], candidate, baseline)
		if err != nil {
			return nil, err
		}
		rules[i] = r
	}
	correct(rules, 1-in.Policy.Confidence)
	for _, r := range rules {
		r.explain(in)
		v.Rules = append(v.Rules, r.RuleResult)
	}
	v.Outcome, v.Summary = outcome(v.Rules, in)
	if text := v.withheld(in.Policy.MaxErrorShare); text != "" {
		v.Outcome, v.Summary = Withheld, text
	}
	return v, nil
}

// withheld says why no verdict is given, or "".
func (v *Verdict) withheld(limit float64) string {
	sides := []struct {
		name string
		side *Side
	}{{"candidate", &v.Candidate}, {"baseline", v.Baseline}}
	for _, s := range sides {
		if s.side != nil && s.side.ErrorShare > limit {
			return fmt.Sprintf("no verdict: %d of %d cases of the %s ended in an error (%s, more than max_error_share %s)",
				s.side.Errors, s.side.Cases, s.name, percent(s.side.ErrorShare), percent(limit))
		}
	}
	return ""
}

// ruling is a rule on its way to a result.
type ruling struct {
	RuleResult
	metric   *metric
	question stats.Question
	decision stats.Decision
	evidence *evidence
	tested   bool // a hypothesis that Holm has to count
	allTimed bool // every case was left out because its call was cached
	bothZero bool // every value of both sides is 0
}

func question(policy *evalfile.Policy, r *evalfile.Rule, header *eval.Header) (*metric, stats.Question, error) {
	m, err := newMetric(r.Metric, header)
	if err != nil {
		return nil, stats.Question{}, policy.Place(err, r)
	}
	kinds := map[string]stats.Rule{
		"at_least": stats.AtLeast, "at_most": stats.AtMost, "not_worse_by": stats.NotWorseBy, "better_by": stats.BetterBy,
	}
	q := stats.Question{
		Kind: m.kind, Rule: kinds[r.Kind], Bound: r.Bound, Relative: r.Percent,
		HigherIsBetter: m.higherBetter, Lo: m.lo, Hi: m.hi, Q: m.q, Confidence: policy.Confidence,
	}
	if err := q.Validate(); err != nil {
		return nil, q, policy.Place(fmt.Errorf("rule on %s: %w", r.Metric, err), r)
	}
	if err := m.within(r, q.Rule.Paired()); err != nil {
		return nil, q, policy.Place(err, r)
	}
	return m, q, nil
}

// within refuses a bound that the metric can never reach and a margin that it
// can never exceed: a rule that cannot fail is worse than none.
func (m *metric) within(r *evalfile.Rule, paired bool) error {
	if !m.bounded() {
		return nil
	}
	p := problem.Newf("%s of %s is %s", r.Kind, r.Metric, r.Written)
	switch {
	case paired && r.Bound >= m.hi-m.lo:
		p = p.Wanted("a margin below %g: %s lies between %g and %g", m.hi-m.lo, r.Metric, m.lo, m.hi)
	case !paired && (r.Bound < m.lo || r.Bound > m.hi):
		p = p.Wanted("a bound between %g and %g", m.lo, m.hi)
	default:
		return nil
	}
	if m.hi == 1 && r.Bound > 1 && r.Bound <= 100 {
		p = p.Remedy("%s %% is %g: write %s: %g", r.Written, r.Bound/100, r.Kind, r.Bound/100)
	}
	return p
}

func rule(in *Input, r *evalfile.Rule, candidate, baseline *cases) (*ruling, error) {
	m, q, err := question(&in.Policy, r, &in.Candidate.Header)
	if err != nil {
		return nil, err
	}
	out := &ruling{metric: m, question: q}
	out.RuleResult = RuleResult{
		Metric: m.name, Rule: r.Kind, Bound: r.Written, Slice: r.Slice.String(), Text: r.String(),
		Unit: m.unit, HigherFirst: m.higherBetter, Scale: "value",
	}
	paired := q.Rule.Paired()
	if paired {
		out.Scale = "difference"
		if q.Relative {
			out.Scale = "ratio"
		}
	}
	if paired && in.Baseline == nil && !in.Unchanged {
		out.Outcome = NotApplicable
		return out, nil
	}
	if in.Unchanged {
		baseline = candidate
	}
	if !paired {
		baseline = nil
	}
	higherPasses := q.PassesAbove()
	keep := func(rec *eval.Record) bool { return r.Slice.Holds(rec.Tags, rec.Metadata) }
	out.evidence = gather(m, candidate, baseline, higherPasses, keep)
	if err := out.decide(higherPasses); err != nil {
		return nil, fmt.Errorf("rule %s: %w", out.Text, err)
	}
	out.figures()
	if paired && in.Unchanged {
		out.ByIdentity, out.Outcome, out.tested = true, Pass, false
	}
	return out, nil
}

// decide asks stats and copies the figures.
func (r *ruling) decide(higherPasses bool) error {
	ev := r.evidence
	r.Errors, r.Unscored = ev.errors, ev.unscored
	r.Regressed, r.Improved = ev.regressed, ev.improved
	if len(ev.pass.Candidate) == 0 {
		r.Outcome = Undecided
		return nil
	}
	if r.question.Relative && r.question.Rule == stats.NotWorseBy && allZero(ev.pass.Candidate) && allZero(ev.pass.Baseline) {
		// No ratio, and no need of one: a model that costs nothing got no dearer.
		r.Outcome, r.N, r.Method, r.bothZero = Pass, len(ev.pass.Candidate), "equal", true
		return nil
	}
	d, err := stats.Decide(r.question, ev.pass, ev.fail)
	if err != nil {
		return err
	}
	r.decision = d
	r.tested = d.TooFew == ""
	r.Estimate, r.Lower, r.Upper, r.Limit = finite(d.Estimate), finite(d.Lower), finite(d.Upper), d.Threshold
	r.Method, r.N, r.Clusters = d.Method, d.N, d.Clusters
	r.NeedCases, r.NoneWould, r.Warnings = d.NeedCases, d.NoneWould, d.Warnings
	r.HasBounds = d.TooFew == ""
	r.Outcome = Undecided
	if d.Outcome == stats.Pass {
		r.Outcome = Pass
	}
	against := func(harm float64) bool { return harm > 0 }
	if !r.question.Rule.Paired() {
		limit := d.Threshold
		if higherPasses {
			limit = -limit
		}
		against = func(harm float64) bool { return harm > limit }
	}
	r.WorstCases = ev.worst(worstShown, against)
	return nil
}

// figures are each side's own value over the cases that count.
func (r *ruling) figures() {
	of := func(values []float64) *float64 {
		if len(values) == 0 {
			return nil
		}
		switch r.metric.kind {
		case stats.Percentile:
			p := stats.PercentileOf(values, r.metric.q)
			return &p
		case stats.GeoMean:
			logs := make([]float64, len(values))
			for i, v := range values {
				logs[i] = math.Log(v)
			}
			g := math.Exp(*mean(logs))
			return &g
		}
		return mean(values)
	}
	r.Candidate = of(r.evidence.pass.Candidate)
	r.Baseline = of(r.evidence.pass.Baseline)
	if r.Candidate == nil && r.metric.timed {
		r.allTimed = true
	}
}

// correct applies Holm to the fail sides of all rules that were tested.
func correct(rules []*ruling, alpha float64) {
	var tested []*ruling
	var p []float64
	for _, r := range rules {
		if r.tested {
			tested = append(tested, r)
			p = append(p, r.decision.FailP)
		}
	}
	adjusted, levels := stats.Holm(p), stats.HolmLevels(p, alpha)
	for i, r := range tested {
		if r.Outcome != Pass && adjusted[i] <= alpha {
			r.Outcome = Fail
		}
		if len(tested) == 1 {
			continue
		}
		bound := finite(r.decision.FailBound(levels[i]))
		if r.decision.PassesAbove {
			r.HolmUpper = &bound
		} else {
			r.HolmLower = &bound
		}
	}
}

// outcome joins the rules into one.
func outcome(rules []RuleResult, in *Input) (Outcome, string) {
	count := map[Outcome]int{}
	for _, r := range rules {
		count[r.Outcome]++
	}
	applicable := len(rules) - count[NotApplicable]
	switch {
	case applicable == 0 && len(rules) > 0:
		return Undecided, "there is nothing to compare with: " + in.NoBaseline + ", and every rule is relative; add an at_least or at_most rule, or commit this config as the first baseline"
	case applicable == 0:
		return Undecided, "the gate has no rules; add rules under gate: in the eval file"
	case count[Fail] > 0:
		return Fail, fmt.Sprintf("%s of %d broken: %s", plural(count[Fail], "rule"), applicable, named(rules, Fail))
	case count[Undecided] > 0:
		return Undecided, fmt.Sprintf("%s of %d cannot be decided yet: %s", plural(count[Undecided], "rule"), applicable, named(rules, Undecided))
	case in.Unchanged:
		return Pass, "nothing that counts has changed since the baseline; " + allHold(applicable)
	}
	return Pass, allHold(applicable)
}

func allHold(n int) string {
	if n == 1 {
		return "its one rule holds"
	}
	return fmt.Sprintf("all %d rules hold", n)
}

func named(rules []RuleResult, outcome Outcome) string {
	var names []string
	for _, r := range rules {
		if r.Outcome != outcome {
			continue
		}
		name := r.Metric
		if r.Slice != "" {
			name += " (" + r.Slice + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func allZero(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != 0 })
}

// finite keeps a figure printable: JSON has no infinities.
func finite(f float64) float64 {
	switch {
	case math.IsNaN(f):
		return 0
	case math.IsInf(f, 1):
		return math.MaxFloat64
	case math.IsInf(f, -1):
		return -math.MaxFloat64
	}
	return f
}
