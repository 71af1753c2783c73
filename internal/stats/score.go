package stats

import (
	"fmt"
	"math"
)

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
	a.value = mean(units)
	if tFits(units, lo, hi) {
		a.method = "t"
		a.inference = bounded{meanT(units, group(nil, len(units))), float64(len(units)), lo, hi}
	} else {
		a.method = "betting bounds"
		a.inference = newBetting(units, lo, hi)
	}
	if g.clustered {
		a.method += ", clusters as one value each"
	}
}

// tFits reports whether Student's t holds its error on a bounded score: enough
// values, a mean away from the ends of the range, and little skew.
func tFits(values []float64, lo, hi float64) bool {
	share := (mean(values) - lo) / (hi - lo)
	return len(values) >= minCasesScoreT && share >= 0.1 && share <= 0.9 &&
		len(values) >= casesForSkew(values)
}

// casesForSkew is the number of values at which t holds its error in spite of
// their skewness.
func casesForSkew(values []float64) int {
	need := skewness(values) / largestSkew
	return int(math.Ceil(need * need))
}

// largestSkew is the skewness ÷ √n up to which t is used. The one-sided error of
// t moves away from 5 % by about 11 % of that (the first Edgeworth term, Hall
// 1992, "The Bootstrap and Edgeworth Expansion", section 2.6): by 0.7 points.
const largestSkew = 0.06

// skewness is the third central moment ÷ the 1.5th power of the second; 0 for
// values without spread.
func skewness(values []float64) float64 {
	second, third := 0.0, 0.0
	for _, e := range residuals(values) {
		second += e * e
		third += e * e * e
	}
	if second == 0 {
		return 0
	}
	n := float64(len(values))
	return third / n / math.Pow(second/n, 1.5)
}

// bounded is t on n values in the range lo to hi, kept from promising more than
// n values can: a rare value at the end of the range may not have been seen. If
// the mean were m because of it, none of n values would show it with chance
// ((m−lo) ÷ (estimate−lo))ⁿ; the p-value is at least that, and a bound lies at
// least as far out as that needs.
type bounded struct {
	studentised
	n, lo, hi float64
}

func (b bounded) lower(alpha float64) float64 {
	unseen := b.lo + (b.value-b.lo)*math.Pow(alpha, 1/b.n)
	return max(b.lo, min(b.studentised.lower(alpha), unseen))
}

func (b bounded) upper(alpha float64) float64 {
	unseen := b.hi - (b.hi-b.value)*math.Pow(alpha, 1/b.n)
	return min(b.hi, max(b.studentised.upper(alpha), unseen))
}

func (b bounded) pAbove(t float64) float64 {
	unseen := math.Pow(unit((t-b.lo)/(b.value-b.lo)), b.n)
	return max(b.studentised.pAbove(t), unseen)
}

func (b bounded) pBelow(t float64) float64 {
	unseen := math.Pow(unit((b.hi-t)/(b.hi-b.value)), b.n)
	return max(b.studentised.pBelow(t), unseen)
}

func (b bounded) grow(times float64) inference {
	return bounded{b.grown(times), b.n * times, b.lo, b.hi}
}

// unequalClusters warns when counting each cluster once moves the mean visibly.
func unequalClusters(overCases, overClusters, width float64) []string {
	if math.Abs(overCases-overClusters) < 0.01*width {
		return nil
	}
	return []string{fmt.Sprintf(
		"clusters differ in size and each counts once: the mean over clusters is %.4g, over cases %.4g", overClusters, overCases)}
}
