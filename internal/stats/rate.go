package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Wilson is the two-sided score interval of a rate of x in n (Wilson 1927), the
// interval for show. n and x may be fractional: counts ÷ design effect.
func Wilson(x, n, confidence float64) (lower, upper float64) {
	if n == 0 {
		return 0, 1
	}
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	p, z2 := x/n, z*z
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z * math.Sqrt(p*(1-p)/n+z2/(4*n*n)) / (1 + z2/n)
	return max(0, centre-half), min(1, centre+half)
}

// exact is a rate of x in n judged by the binomial distribution itself (Clopper
// and Pearson 1934), written with beta distributions so that n and x may be
// fractional: counts ÷ design effect (Korn and Graubard 1998).
type exact struct{ x, n float64 }

func (e exact) estimate() float64 { return e.x / e.n }

func (e exact) lower(alpha float64) float64 {
	if e.x <= 0 {
		return 0
	}
	return mathext.InvRegIncBeta(e.x, e.n-e.x+1, alpha)
}

func (e exact) upper(alpha float64) float64 {
	if e.x >= e.n {
		return 1
	}
	return mathext.InvRegIncBeta(e.x+1, e.n-e.x, 1-alpha)
}

// pAbove is P(X ≥ x) for a rate of t.
func (e exact) pAbove(t float64) float64 {
	if e.x <= 0 {
		return 1
	}
	return mathext.RegIncBeta(e.x, e.n-e.x+1, unit(t))
}

// pBelow is P(X ≤ x) for a rate of t.
func (e exact) pBelow(t float64) float64 {
	if e.x >= e.n {
		return 1
	}
	return mathext.RegIncBeta(e.n-e.x, e.x+1, 1-unit(t))
}

func (e exact) grow(times float64) inference { return exact{e.x * times, e.n * times} }

// unit cuts v to the range 0 to 1.
func unit(v float64) float64 { return min(1, max(0, v)) }

// analyseRate judges a rate by exact bounds at n and x ÷ design effect, and a
// difference of paired rates by Tango's score test.
func analyseRate(a *analysis, q Question, s Sample, g groups) {
	if q.Rule.Paired() {
		analyseRateDifference(a, s, g)
		return
	}
	a.value, a.method = mean(s.Candidate), "exact (Clopper-Pearson)"
	passes := 0
	for _, v := range s.Candidate {
		passes += int(v)
	}
	a.designEffect = g.countDesignEffect(residuals(s.Candidate), min(passes, a.n-passes))
	a.inference = exact{float64(passes) / a.designEffect, float64(a.n) / a.designEffect}
	a.require(g, 1, minClusters)
}
