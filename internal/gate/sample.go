package gate

import (
	"cmp"
	"slices"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/stats"
)

// answers are the records of one case of one side, by repeat.
type answers []*eval.Record

// cases are a run's records grouped by case, in dataset order. They are made
// once for all metrics of a run: a run may be large.
type cases struct {
	list []answers
	byID map[string]int // index into list
}

func byCase(run *eval.Run) *cases {
	c := &cases{list: make([]answers, 0, run.Header.Cases), byID: make(map[string]int, run.Header.Cases)}
	all := make(answers, len(run.Records))
	for i := range run.Records {
		r := &run.Records[i]
		all[i] = r
		at, seen := c.byID[r.Case]
		if !seen {
			c.byID[r.Case] = len(c.list)
			c.list = append(c.list, all[i:i+1:i+1])
			continue
		}
		c.list[at] = append(c.list[at], r)
	}
	return c
}

// of is what was answered to a case; nil where it was not asked.
func (c *cases) of(id string) answers {
	if at, ok := c.byID[id]; ok {
		return c.list[at]
	}
	return nil
}

// evidence is what a rule has to go on: the samples for its two sides, and the
// cases behind each element.
type evidence struct {
	pass, fail stats.Sample
	cases      []string  // of each element
	harm       []float64 // of each element: how much it speaks against the candidate; 0 for not at all
	errors     int       // cases with an error on a side that counts
	unscored   int
	unpaired   int // cases that the baseline lacks
	regressed  int
	improved   int
	pairs      []pair // of the case that is being taken in
}

// gather collects the evidence for a metric over the cases that keep accepts.
// Without a baseline the candidate stands alone. higherPasses says which way
// the rule wants the candidate's figure to lie.
//
// Errors count as the worst case where the metric has a range: on the pass
// side an errored candidate has the worst value and an errored baseline the
// best, on the fail side the reverse. Elsewhere an errored case leaves the
// metric and counts in error_share alone.
func gather(m *metric, candidate, baseline *cases, higherPasses bool, keep func(*eval.Record) bool) *evidence {
	ev := newEvidence(len(candidate.list), baseline != nil)
	for _, mine := range candidate.list {
		if !keep(mine[0]) {
			continue
		}
		var theirs answers
		if baseline != nil {
			if theirs = baseline.of(mine[0].Case); theirs == nil {
				ev.unpaired++
				continue
			}
		}
		ev.add(m, mine, theirs, baseline != nil, higherPasses)
	}
	ev.fail.Cluster = ev.pass.Cluster
	if ev.errors == 0 {
		ev.fail = ev.pass // the same values, so that one analysis serves both
	}
	return ev
}

// newEvidence has room for one element of each case.
func newEvidence(n int, paired bool) *evidence {
	ev := &evidence{cases: make([]string, 0, n), harm: make([]float64, 0, n)}
	ev.pass.Cluster = make([]string, 0, n)
	ev.pass.Candidate, ev.fail.Candidate = make([]float64, 0, n), make([]float64, 0, n)
	if paired {
		ev.pass.Baseline, ev.fail.Baseline = make([]float64, 0, n), make([]float64, 0, n)
	}
	return ev
}

// pair is one element's values on the pass side and on the fail side.
type pair struct{ candPass, candFail, basePass, baseFail float64 }

// add takes in one case. Repeats of a rate stay apart in a cluster of their
// own; repeats of anything else are averaged first.
func (ev *evidence) add(m *metric, mine, theirs answers, paired, higherPasses bool) {
	pairs := ev.pairs[:0]
	anyError := false
	for k, r := range mine {
		cand := m.read(r)
		base := reading{}
		if paired {
			if k >= len(theirs) {
				break
			}
			base = m.read(theirs[k])
		}
		if cand.state == unscored || base.state == unscored {
			continue
		}
		if cand.state == errored || base.state == errored {
			anyError = true
			if !m.bounded() {
				continue
			}
		}
		pairs = append(pairs, m.impute(cand, base, higherPasses))
	}
	ev.pairs = pairs
	if anyError {
		ev.errors++
	}
	if len(pairs) == 0 {
		if !anyError {
			ev.unscored++
		}
		return
	}
	id, cluster := mine[0].Case, mine[0].Cluster
	if m.kind != stats.Rate {
		pairs = append(pairs[:0], meanPair(pairs))
	} else if cluster == "" && len(mine) > 1 {
		cluster = "case " + id
	}
	harm := 0.0
	for _, p := range pairs {
		ev.pass.Candidate = append(ev.pass.Candidate, p.candPass)
		ev.fail.Candidate = append(ev.fail.Candidate, p.candFail)
		ev.pass.Cluster = append(ev.pass.Cluster, cluster)
		worse := p.candPass
		if paired {
			ev.pass.Baseline = append(ev.pass.Baseline, p.basePass)
			ev.fail.Baseline = append(ev.fail.Baseline, p.baseFail)
			worse -= p.basePass
		}
		if higherPasses {
			worse = -worse
		}
		harm += worse / float64(len(pairs))
		ev.cases = append(ev.cases, id)
	}
	ev.harm = append(ev.harm, harm)
	for len(ev.harm) < len(ev.cases) {
		ev.harm = append(ev.harm, harm)
	}
	if paired && harm > 0 {
		ev.regressed++
	} else if paired && harm < 0 {
		ev.improved++
	}
}

func (m *metric) impute(cand, base reading, higherPasses bool) pair {
	p := pair{cand.value, cand.value, base.value, base.value}
	worst, best := m.lo, m.hi
	if !higherPasses {
		worst, best = best, worst
	}
	if cand.state == errored {
		p.candPass, p.candFail = worst, best
	}
	if base.state == errored {
		p.basePass, p.baseFail = best, worst
	}
	return p
}

func meanPair(pairs []pair) pair {
	var sum pair
	n := float64(len(pairs))
	for _, p := range pairs {
		sum.candPass += p.candPass / n
		sum.candFail += p.candFail / n
		sum.basePass += p.basePass / n
		sum.baseFail += p.baseFail / n
	}
	return sum
}

// worst names the cases that speak most against the candidate, worst first, in
// dataset order where they are equal: below the bound for an absolute rule,
// worse than the baseline for a relative one.
func (ev *evidence) worst(limit int, against func(harm float64) bool) []string {
	type one struct {
		id   string
		harm float64
	}
	var list []one
	for i, id := range ev.cases {
		if against(ev.harm[i]) && (len(list) == 0 || list[len(list)-1].id != id) {
			list = append(list, one{id, ev.harm[i]})
		}
	}
	slices.SortStableFunc(list, func(a, b one) int { return cmp.Compare(b.harm, a.harm) })
	var ids []string
	for _, o := range list[:min(limit, len(list))] {
		ids = append(ids, o.id)
	}
	return ids
}

// mean of values; NaN-free: nil when there are none.
func mean(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	sum /= float64(len(values))
	return &sum
}
