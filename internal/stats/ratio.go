package stats

import "math"

// fieller is the ratio of two paired means judged by the t-test of
// mean(candidate) − r·mean(baseline) = 0 at each ratio r (Fieller 1954, JRSS B
// 16:175).
type fieller struct {
	candidate, baseline  float64 // the means
	vCand, vBase, vCross float64 // their (cluster-robust) variances and covariance
	df                   float64
}

func (f fieller) estimate() float64 { return f.candidate / f.baseline }

// z is the statistic of the hypothesis that the ratio is r. It is cut at the
// baseline's own mean ÷ standard error: a baseline that is not clearly above 0
// bounds no ratio.
func (f fieller) z(r float64) float64 {
	se := math.Sqrt(max(0, f.vCand-2*r*f.vCross+r*r*f.vBase))
	limit := quotient(f.baseline, math.Sqrt(f.vBase))
	return min(limit, max(-limit, quotient(f.candidate-r*f.baseline, se)))
}

func (f fieller) pAbove(r float64) float64 { return tTail(f.z(r), f.df) }
func (f fieller) pBelow(r float64) float64 { return tTail(-f.z(r), f.df) }

func (f fieller) lower(alpha float64) float64 {
	low, _ := f.roots(tCritical(alpha, f.df))
	return low
}

func (f fieller) upper(alpha float64) float64 {
	_, high := f.roots(tCritical(alpha, f.df))
	return high
}

// roots are the ratios at which the statistic is t and −t.
func (f fieller) roots(t float64) (low, high float64) {
	a := f.baseline*f.baseline - t*t*f.vBase
	if a <= 0 {
		return math.Inf(-1), math.Inf(1)
	}
	b := f.candidate*f.baseline - t*t*f.vCross
	c := f.candidate*f.candidate - t*t*f.vCand
	root := math.Sqrt(max(0, b*b-a*c))
	return (b - root) / a, (b + root) / a
}

func (f fieller) grow(times float64) inference {
	f.vCand /= times
	f.vBase /= times
	f.vCross /= times
	f.df = (f.df+1)*times - 1
	return f
}

// noPercentage is why a relative rule decides nothing at any number of cases.
const noPercentage = "the baseline's figure is not above 0, so nothing is a percentage of it"

// analyseRatio judges the ratio of the candidate's mean to the baseline's.
func analyseRatio(a *analysis, s Sample, g groups) {
	ec, eb := residuals(s.Candidate), residuals(s.Baseline)
	f := fieller{
		candidate: mean(s.Candidate), baseline: mean(s.Baseline),
		vCand: g.covariance(ec, ec), vBase: g.covariance(eb, eb), vCross: g.covariance(ec, eb),
		df: float64(g.count - 1),
	}
	a.value, a.method = f.estimate(), "ratio of means (Fieller)"
	if f.baseline <= 0 {
		a.value, a.tooFew = nan, noPercentage
		return
	}
	linear := make([]float64, len(ec))
	for i := range ec {
		linear[i] = ec[i] - a.value*eb[i]
	}
	a.designEffect = g.designEffect(linear)
	a.inference = f
	// Between cases the skewness of sizes cancels in the linear form; what a
	// cluster's cases change together leaves it skewed.
	a.require(g, minCasesRatio, max(minClustersMean, casesForSkew(g.sums(linear))))
}
