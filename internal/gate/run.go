package gate

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/problem"
)

// Result is a verdict with the runs behind it.
type Result struct {
	Verdict   *Verdict
	Candidate *eval.Run
	Baseline  *eval.Run // nil when there was none, or nothing has changed
}

// Run makes the runs that a plan's gate needs and decides. baseline overrides
// the policy's, "" leaves it.
func Run(ctx context.Context, plan *eval.Plan, baseline string, options eval.Options) (*Result, error) {
	policy := plan.File.Gate
	if policy == nil {
		return nil, (&problem.Problem{File: plan.File.Path, What: "the eval file has no gate"}).
			Wanted("a gate: with rules").Remedy("add for example\ngate:\n  baseline: git:main\n  rules:\n    - {metric: NAME, not_worse_by: 0.05}")
	}
	if baseline == "" {
		baseline = policy.Baseline
	}
	candidate, err := plan.Candidate()
	if err != nil {
		return nil, err
	}
	defer candidate.Close() //nolint:errcheck // a target's end is no result
	if err := Check(*policy, &candidate.Header); err != nil {
		return nil, err
	}
	base, err := findBaseline(ctx, plan, candidate, baseline)
	if err != nil {
		return nil, err
	}
	defer base.close()
	in := &Input{Eval: plan.Name, Policy: *policy, NoBaseline: base.none}
	in.Unchanged = base.side != nil && unchanged(candidate, base.side)

	sides := []*eval.Side{candidate}
	if base.side != nil && !in.Unchanged {
		sides = append(sides, base.side)
	}
	options.Fresh = options.Fresh || needsTime(policy, &candidate.Header) && !in.Unchanged
	runs, err := plan.Execute(ctx, sides, options)
	if err != nil {
		return nil, err
	}
	in.Candidate, in.Baseline = runs[0], base.run
	if len(runs) == 2 {
		in.Baseline = runs[1]
	}
	v, err := Decide(in)
	if err != nil {
		return nil, err
	}
	v.describe(candidate, base)
	for _, run := range runs {
		if age := run.Header.Age(); age != "" {
			v.Notes = append(v.Notes, age)
		}
	}
	result := &Result{Verdict: v, Candidate: in.Candidate, Baseline: in.Baseline}
	return result, nil
}

// base is the other side of a gate, or why there is none.
type base struct {
	side    *eval.Side
	run     *eval.Run // stored: nothing is asked
	none    string
	explain string // which commit, and why that one
}

func (b *base) close() {
	if b.side != nil {
		b.side.Close() //nolint:errcheck // a target's end is no result
	}
}

// findBaseline resolves git:REF, config:NAME, version:DIGEST, run:ID and
// file:RESULTS.
func findBaseline(ctx context.Context, plan *eval.Plan, candidate *eval.Side, ref string) (*base, error) {
	kind, rest, _ := strings.Cut(ref, ":")
	b := &base{}
	var err error
	switch kind {
	case "":
		b.none = "no baseline is named"
	case "git":
		var found *eval.Base
		if found, err = plan.BaselineAt(ctx, rest, candidate); err != nil {
			return nil, err
		}
		b.side, b.explain = found.Side, found.Explain
		if b.side == nil {
			b.none = found.Explain
		}
	case "config":
		b.side, err = plan.BaselineConfig(rest)
	case "version":
		b.run, err = plan.RunOfVersion(ctx, rest)
	case "run":
		b.run, err = plan.RunOf(ctx, rest)
	case "file":
		b.run, err = plan.RunFrom(ctx, filepath.FromSlash(rest))
	default:
		err = problem.Newf("%q is not a baseline", ref).
			Wanted("git:REF, config:NAME, version:DIGEST, run:ID or file:RESULTS").
			Remedy("for example --baseline git:main or --baseline config:%s", candidate.Header.Config)
	}
	return b, err
}

// Sides are the sides that a gate would ask, for a forecast. The caller closes
// them.
func Sides(ctx context.Context, plan *eval.Plan, baseline string) ([]*eval.Side, error) {
	candidate, err := plan.Candidate()
	if err != nil {
		return nil, err
	}
	if baseline == "" && plan.File.Gate != nil {
		baseline = plan.File.Gate.Baseline
	}
	base, err := findBaseline(ctx, plan, candidate, baseline)
	if err != nil {
		return nil, err
	}
	if base.side == nil || unchanged(candidate, base.side) {
		return []*eval.Side{candidate}, nil
	}
	return []*eval.Side{candidate, base.side}, nil
}

// needsTime reports whether a rule asks about time, which a kept answer does
// not tell.
func needsTime(policy *evalfile.Policy, header *eval.Header) bool {
	for i := range policy.Rules {
		if m, err := newMetric(policy.Rules[i].Metric, header); err == nil && m.timed {
			return true
		}
	}
	return false
}

// unchanged reports whether both sides are the same in everything that counts.
// Dataset, evaluators, policy and engines are the working tree's for both, so
// the versions decide; a config whose behaviour its digest cannot see never
// counts as unchanged.
func unchanged(a, b *eval.Side) bool {
	return a.Header.Digest == b.Header.Digest && a.Header.Model == b.Header.Model &&
		a.Header.Unfixed == "" && b.Header.Unfixed == ""
}

// describe adds what differs between the sides.
func (v *Verdict) describe(candidate *eval.Side, b *base) {
	if b.explain != "" {
		v.Notes = append(v.Notes, "baseline: "+b.explain)
	}
	if b.side != nil && !v.Unchanged {
		v.Changes = llmconfig.Diff(b.side.Config, candidate.Config).Lines()
	}
	if why := candidate.Header.Unfixed; why != "" {
		v.Warnings = append(v.Warnings, fmt.Sprintf("%s never counts as unchanged: %s", candidate.Header.Config, why))
	}
}
