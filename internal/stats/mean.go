package stats

import (
	"fmt"
	"math"
	"slices"
)

// meanT judges a mean by Student's t with cluster-robust variance and C − 1
// degrees of freedom; with groups of one it is the usual t.
func meanT(values []float64, g groups) studentised {
	e := residuals(values)
	return studentised{mean(values), math.Sqrt(g.covariance(e, e)), float64(g.count - 1)}
}

// analyseMean judges a mean, a difference of means, or a ratio of means.
func analyseMean(a *analysis, q Question, s Sample, g groups) {
	a.warnings = append(a.warnings, concentrated("candidate", g.sums(s.Candidate), g)...)
	if q.Rule.Paired() {
		a.warnings = append(a.warnings, concentrated("baseline", g.sums(s.Baseline), g)...)
	}
	if q.Relative {
		analyseRatio(a, s, g)
		return
	}
	values := s.Candidate
	if q.Rule.Paired() {
		values = differences(s.Candidate, s.Baseline)
	}
	a.designEffect = g.designEffect(residuals(values))
	a.value, a.method = mean(values), "t"
	a.inference = meanT(values, g)
	if a.require(g, minCasesMean, minClustersMean) {
		a.warnings = append(a.warnings, skewed(g.sums(residuals(values)), g)...)
	}
}

// skewed warns when a mean is judged by t on values, or sums over clusters, that
// are too skewed for t to hold its error.
func skewed(sums []float64, g groups) []string {
	need := casesForSkew(sums)
	if need <= len(sums) {
		return nil
	}
	return []string{fmt.Sprintf("the values are skewed (skewness %.1f): below about %d %s the bounds may err more than stated",
		skewness(sums), need, g.unit())}
}

// concentrated warns when the ten largest cases, or clusters, carry over a third
// of a side's sum: the mean then rests on few of them, and t and Fieller's bounds
// err more than they promise.
func concentrated(side string, sums []float64, g groups) []string {
	if len(sums) <= 10 {
		return nil
	}
	sizes, total, top := make([]float64, len(sums)), 0.0, 0.0
	for i, v := range sums {
		sizes[i] = math.Abs(v)
		total += sizes[i]
	}
	slices.Sort(sizes)
	for _, v := range sizes[len(sizes)-10:] {
		top += v
	}
	if top*3 <= total {
		return nil
	}
	return []string{fmt.Sprintf("the ten largest of %d %s carry %.0f %% of the %s's sum: its mean rests on few of them, and the bounds may err more than stated",
		len(sums), g.unit(), 100*top/total, side)}
}

// analyseGeoMean judges a geometric mean, or the ratio of two, by t on the
// logarithms. Logarithms that are skewed themselves need more cases.
func analyseGeoMean(a *analysis, q Question, s Sample, g groups) {
	logs := logarithms(s.Candidate)
	if q.Rule.Paired() {
		logs = differences(logs, logarithms(s.Baseline))
	}
	a.designEffect = g.designEffect(residuals(logs))
	a.value, a.method = math.Exp(mean(logs)), "t on logarithms"
	a.inference = onLogs{meanT(logs, g)}
	a.require(g, max(minCasesGeo, casesForSkew(logs)), minClusters)
}

// logarithms of values above 0.
func logarithms(values []float64) []float64 {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	return logs
}
