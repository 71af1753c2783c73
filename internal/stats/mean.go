package stats

import (
	"fmt"
	"math"
	"slices"
)

// The smallest numbers of cases (of clusters, for a bounded score) at which a
// method holds its error; docs/statistics.md has the measurements.
const (
	minCasesScoreT = 100 // t on a bounded score; betting bounds below
	minCasesMean   = 200
	minCasesRatio  = 100
	minCasesGeo    = 100
)

// meanT judges a mean by Student's t with cluster-robust variance and C − 1
// degrees of freedom; with groups of one it is the usual t.
func meanT(values []float64, g groups) studentised {
	e := residuals(values)
	return studentised{mean(values), math.Sqrt(g.covariance(e, e)), float64(g.count - 1)}
}

// analyseScore judges the mean of a bounded score, or of the difference of two.
// Each cluster counts as one value, the mean of its cases: betting bounds need
// values within a known range, and a cluster's mean keeps to the score's.
func analyseScore(a *analysis, q Question, s Sample, g groups) {
	values, lo, hi := s.Candidate, q.Lo, q.Hi
	if q.Rule.Paired() {
		values, lo, hi = differences(s.Candidate, s.Baseline), q.Lo-q.Hi, q.Hi-q.Lo
	}
	a.designEffect = g.designEffect(residuals(values))
	units := values
	if g.clustered {
		units = g.means(values)
		a.warnings = append(a.warnings, unequalClusters(mean(values), mean(units), hi-lo)...)
	}
	a.value, a.method = mean(units), "betting bounds"
	a.inference = newBetting(units, lo, hi)
	if tFits(units, lo, hi) {
		a.method = "t"
		a.inference = meanT(units, group(nil, len(units)))
	}
	if g.clustered {
		a.method += ", clusters as one value each"
	}
}

// tFits reports whether Student's t holds its error on a bounded score: enough
// values and a mean away from the ends of the range.
func tFits(values []float64, lo, hi float64) bool {
	share := (mean(values) - lo) / (hi - lo)
	return len(values) >= minCasesScoreT && share >= 0.1 && share <= 0.9
}

// unequalClusters warns when counting each cluster once moves the mean visibly.
func unequalClusters(overCases, overClusters, width float64) []string {
	if math.Abs(overCases-overClusters) < 0.01*width {
		return nil
	}
	return []string{fmt.Sprintf(
		"clusters differ in size and each counts once: the mean over clusters is %.4g, over cases %.4g", overClusters, overCases)}
}

// analyseMean judges a mean, a difference of means, or a ratio of means.
func analyseMean(a *analysis, q Question, s Sample, g groups) {
	a.warnings = append(a.warnings, concentrated("candidate", s.Candidate)...)
	if q.Rule.Paired() {
		a.warnings = append(a.warnings, concentrated("baseline", s.Baseline)...)
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
	a.require(g, minCasesMean)
}

// concentrated warns when ten cases carry over a third of a sum: the mean then
// depends on a few cases, and t and ratio bounds err more than they promise.
func concentrated(side string, values []float64) []string {
	if len(values) <= 10 {
		return nil
	}
	sizes := make([]float64, len(values))
	total := 0.0
	for i, v := range values {
		sizes[i] = math.Abs(v)
		total += sizes[i]
	}
	slices.Sort(sizes)
	top := 0.0
	for _, v := range sizes[len(sizes)-10:] {
		top += v
	}
	if top*3 <= total {
		return nil
	}
	return []string{fmt.Sprintf("the ten largest of %d cases carry %.0f %% of the %s's sum: its mean rests on few cases, and the bounds may err more than stated",
		len(values), 100*top/total, side)}
}

// analyseGeoMean judges a geometric mean, or the ratio of two, by t on the
// logarithms.
func analyseGeoMean(a *analysis, q Question, s Sample, g groups) {
	logs := logarithms(s.Candidate)
	if q.Rule.Paired() {
		logs = differences(logs, logarithms(s.Baseline))
	}
	a.designEffect = g.designEffect(residuals(logs))
	a.value, a.method = math.Exp(mean(logs)), "t on logarithms"
	a.inference = onLogs{meanT(logs, g)}
	a.require(g, minCasesGeo)
}

// logarithms of values above 0.
func logarithms(values []float64) []float64 {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	return logs
}
