package stats

import (
	"fmt"
	"math"
)

// Decide answers a question. Errors that count as the worst case make two
// samples: on the pass side an errored candidate has the worst value and an errored
// baseline the best, on the fail side the reverse. Without errors give the same sample
// twice. Both must have the same cases and clusters. An error means a question
// or a sample that no method fits; too few cases are no error but an undecided
// decision.
func Decide(q Question, passSample, failSample Sample) (Decision, error) {
	if err := q.Validate(); err != nil {
		return Decision{}, err
	}
	if err := passSample.validate(q); err != nil {
		return Decision{}, fmt.Errorf("pass side: %w", err)
	}
	if err := failSample.validate(q); err != nil {
		return Decision{}, fmt.Errorf("fail side: %w", err)
	}
	if a, b := len(passSample.Candidate), len(failSample.Candidate); a != b {
		return Decision{}, fmt.Errorf("%d cases on the pass side and %d on the fail side, expected as many", a, b)
	}
	pass := analyse(q, passSample)
	fail := pass
	if !same(passSample, failSample) {
		fail = analyse(q, failSample)
	}
	threshold, passesAbove := q.target()
	d := Decision{
		Estimate: (pass.value + fail.value) / 2,
		Lower:    nan, Upper: nan,
		Threshold: threshold, PassesAbove: passesAbove,
		PassP: 1, FailP: 1,
		Method: pass.method,
		N:      pass.n, Clusters: pass.clusters, DesignEffect: pass.designEffect,
		CandidateOnly: pass.candidateOnly, BaselineOnly: pass.baselineOnly,
		Warnings: pass.warnings,
	}
	if fail.method != pass.method {
		d.Method = pass.method + " for the pass, " + fail.method + " for the fail"
	}
	for _, side := range []analysis{pass, fail} {
		if side.tooFew != "" {
			d.TooFew, d.NeedCases, d.NeedClusters = side.tooFew, side.needCases, side.needClusters
			return d, nil
		}
	}
	d.pass, d.fail = pass.inference, fail.inference
	alpha := q.alpha()
	if passesAbove {
		d.PassP, d.FailP = d.pass.pAbove(threshold), d.fail.pBelow(threshold)
		d.Lower, d.Upper = d.pass.lower(alpha), d.fail.upper(alpha)
	} else {
		d.PassP, d.FailP = d.pass.pBelow(threshold), d.fail.pAbove(threshold)
		d.Lower, d.Upper = d.fail.lower(alpha), d.pass.upper(alpha)
	}
	switch {
	case d.PassP <= alpha:
		d.Outcome = Pass
	case d.FailP <= alpha:
		d.Outcome = Fail
	default:
		d.NeedCases, d.NoneWould = casesToDecide(d, alpha)
	}
	return d, nil
}

// same reports whether two samples are one: without errors a caller gives the
// same slices for both sides, and one analysis serves.
func same(a, b Sample) bool {
	one := func(x, y []float64) bool { return len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0]) }
	return one(a.Candidate, b.Candidate) && one(a.Baseline, b.Baseline) &&
		len(a.Cluster) == len(b.Cluster) && (len(a.Cluster) == 0 || &a.Cluster[0] == &b.Cluster[0])
}

// largestGrowth is how many times the present cases are considered; beyond it
// the estimate counts as lying on the margin.
const largestGrowth = 1 << 20

// casesToDecide finds how many cases would decide an undecided rule if the
// estimates and the spread stayed as they are: the smallest growth at which a
// p-value reaches alpha. At that number the chance of a verdict is about even
// when the estimates are true.
func casesToDecide(d Decision, alpha float64) (cases int, noneWould bool) {
	side, above := d.pass, d.PassesAbove
	if (d.pass.estimate() > d.Threshold) != d.PassesAbove {
		side, above = d.fail, !d.PassesAbove
	}
	if side.estimate() == d.Threshold || (side.estimate() > d.Threshold) != above {
		return 0, true
	}
	decided := func(times float64) bool {
		if above {
			return side.grow(times).pAbove(d.Threshold) <= alpha
		}
		return side.grow(times).pBelow(d.Threshold) <= alpha
	}
	low, high := 1.0, 2.0
	for !decided(high) {
		if high >= largestGrowth {
			return 0, true
		}
		low, high = high, high*2
	}
	for high-low > 0.001*low {
		middle := (low + high) / 2
		if decided(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return int(math.Ceil(high * float64(d.N))), false
}
