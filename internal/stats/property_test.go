package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyQuestion draws a question with a sample that fits it.
func anyQuestion(t *rapid.T) (Question, Sample) {
	q := Question{
		Kind:           rapid.SampledFrom([]Kind{Rate, Score, Mean, GeoMean, Percentile}).Draw(t, "kind"),
		Rule:           rapid.SampledFrom([]Rule{AtLeast, AtMost, NotWorseBy, BetterBy}).Draw(t, "rule"),
		HigherIsBetter: rapid.Bool().Draw(t, "higher is better"),
		Hi:             1,
		Q:              rapid.SampledFrom([]float64{0.5, 0.95}).Draw(t, "percentile"),
		Confidence:     rapid.SampledFrom([]float64{0.8, 0.9, 0.95, 0.99}).Draw(t, "confidence"),
	}
	if q.Rule.Paired() {
		q.Bound = rapid.Float64Range(0, 0.2).Draw(t, "margin")
		q.Relative = q.Kind == GeoMean || (q.Kind == Mean || q.Kind == Percentile) && rapid.Bool().Draw(t, "relative")
	} else {
		q.Bound = rapid.Float64Range(0.05, 0.95).Draw(t, "bound")
	}
	return q, anySample(t, q)
}

// anySample draws a sample of up to a few hundred cases from a drawn seed: rapid
// would take long to draw each value.
func anySample(t *rapid.T, q Question) Sample {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	n := rapid.SampledFrom([]int{1, 2, 10, 30, 120, 240}).Draw(t, "cases")
	if q.Kind == Percentile && q.Rule.Paired() {
		n = min(n, 30) // no bootstrap: too slow to repeat
	}
	level := rapid.Float64Range(0.05, 0.95).Draw(t, "level")
	grain := rapid.SampledFrom([]float64{0, 4}).Draw(t, "grain") // 0: continuous
	draw := func() float64 {
		if q.Kind == Rate {
			if random.Float64() < level {
				return 1
			}
			return 0
		}
		v := 0.01 + 0.98*math.Pow(random.Float64(), level)
		if grain > 0 {
			return math.Ceil(v*grain) / grain
		}
		return v
	}
	var s Sample
	size := rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "cluster size")
	for i := range n {
		s.Candidate = append(s.Candidate, draw())
		if q.Rule.Paired() {
			s.Baseline = append(s.Baseline, draw())
		}
		if size > 0 {
			s.Cluster = append(s.Cluster, fmt.Sprint(i/size))
		}
	}
	return s
}

// decided answers a question that must be answerable.
func decided(t interface{ Fatalf(string, ...any) }, q Question, s Sample) Decision {
	d, err := Decide(q, s, s)
	if err != nil {
		t.Fatalf("decide %+v: %v", q, err)
	}
	return d
}

func alike(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*(1+math.Abs(a))
}

func TestOrderOfCasesChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := anyQuestion(t)
		shuffled := Sample{
			Candidate: slices.Clone(s.Candidate), Baseline: slices.Clone(s.Baseline), Cluster: slices.Clone(s.Cluster),
		}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)).Shuffle(len(s.Candidate), func(i, j int) {
			shuffled.Candidate[i], shuffled.Candidate[j] = shuffled.Candidate[j], shuffled.Candidate[i]
			if s.Baseline != nil {
				shuffled.Baseline[i], shuffled.Baseline[j] = shuffled.Baseline[j], shuffled.Baseline[i]
			}
			if s.Cluster != nil {
				shuffled.Cluster[i], shuffled.Cluster[j] = shuffled.Cluster[j], shuffled.Cluster[i]
			}
		})
		a, b := decided(t, q, s), decided(t, q, shuffled)
		if !alike(a.PassP, b.PassP) || !alike(a.FailP, b.FailP) || !alike(a.Lower, b.Lower) || !alike(a.Upper, b.Upper) || !alike(a.Estimate, b.Estimate) {
			t.Fatalf("in order:  %+v\nshuffled: %+v", a, b)
		}
	})
}

func TestBoundsAndPValuesAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := anyQuestion(t)
		d := decided(t, q, s)
		if d.TooFew != "" {
			if d.Outcome != Undecided || d.PassP != 1 || d.FailP != 1 {
				t.Fatalf("too few cases, yet %+v", d)
			}
			return
		}
		lower, upper := d.PassP, d.FailP // p-values of above and below
		if !d.PassesAbove {
			lower, upper = d.FailP, d.PassP
		}
		alpha := 1 - q.Confidence
		agree(t, "lower bound above the threshold", d.Lower-d.Threshold, lower, alpha)
		agree(t, "upper bound below the threshold", d.Threshold-d.Upper, upper, alpha)
		if d.Lower > d.Estimate+1e-9 || d.Upper < d.Estimate-1e-9 {
			t.Fatalf("estimate %v outside %v to %v", d.Estimate, d.Lower, d.Upper)
		}
		if d.Outcome == Pass && d.PassP > alpha || d.Outcome == Fail && d.FailP > alpha {
			t.Fatalf("outcome against its p-value: %+v", d)
		}
		stricter := d.FailBound(alpha / 3)
		if d.PassesAbove && stricter < d.Upper || !d.PassesAbove && stricter > d.Lower {
			t.Fatalf("fail bound at a third of the error lies further in: %v in %+v", stricter, d)
		}
	})
}

// agree fails when a bound clears the threshold and the p-value says it does not,
// or the reverse, apart from rounding.
func agree(t *rapid.T, what string, clearance, p, alpha float64) {
	if math.Abs(clearance) < 1e-9 || math.Abs(p-alpha) < 1e-9 {
		return
	}
	if (clearance > 0) != (p < alpha) {
		t.Fatalf("%s: by %v, but p is %v at error %v", what, clearance, p, alpha)
	}
}

func TestWiderMarginPassesMoreEasily(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := anyQuestion(t)
		step := rapid.Float64Range(0.001, 0.1).Draw(t, "step")
		easier := q
		switch q.Rule {
		case NotWorseBy, AtMost:
			easier.Bound += step
		default:
			easier.Bound = max(0, q.Bound-step)
		}
		hard, easy := decided(t, q, s), decided(t, easier, s)
		if easy.PassP > hard.PassP+1e-9 || easy.FailP < hard.FailP-1e-9 {
			t.Fatalf("harder: pass %v fail %v; easier: pass %v fail %v", hard.PassP, hard.FailP, easy.PassP, easy.FailP)
		}
	})
}

func TestFailuresMirrorPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := anyQuestion(t)
		if q.Kind != Rate && q.Kind != Score {
			return
		}
		mirror := q
		mirror.HigherIsBetter = !q.HigherIsBetter
		switch q.Rule {
		case AtLeast:
			mirror.Rule, mirror.Bound = AtMost, 1-q.Bound
		case AtMost:
			mirror.Rule, mirror.Bound = AtLeast, 1-q.Bound
		}
		m := Sample{Candidate: complement(s.Candidate), Baseline: complement(s.Baseline), Cluster: s.Cluster}
		a, b := decided(t, q, s), decided(t, mirror, m)
		if math.Abs(a.PassP-b.PassP) > 1e-6 || math.Abs(a.FailP-b.FailP) > 1e-6 {
			t.Fatalf("passes: %+v\nfailures: %+v", a, b)
		}
	})
}

func complement(values []float64) []float64 {
	var out []float64
	for _, v := range values {
		out = append(out, 1-v)
	}
	return out
}
