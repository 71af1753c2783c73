package stats

import "fmt"

// minClusters is the number of clusters below which no cluster-robust variance
// is believed.
const minClusters = 20

// analyse chooses the method for a question and applies it to one sample.
func analyse(q Question, s Sample) analysis {
	a := analysis{value: nan, n: len(s.Candidate), designEffect: 1}
	if a.n == 0 {
		a.method, a.tooFew, a.needCases = "none", "there is no scored case", 1
		return a
	}
	g := group(s.Cluster, a.n)
	a.clusters = g.clusters()
	switch q.Kind {
	case Rate:
		analyseRate(&a, q, s, g)
	}
	return a
}

// analyseRate judges a rate by exact bounds and a difference of paired rates by
// Tango's score test, both at counts ÷ design effect where cases are clustered.
func analyseRate(a *analysis, q Question, s Sample, g groups) {
	n := float64(a.n)
	if !q.Rule.Paired() {
		a.value, a.method = mean(s.Candidate), "exact (Clopper-Pearson)"
		a.designEffect = g.designEffect(residuals(s.Candidate))
		if a.enough(g, 1) {
			a.inference = exact{a.value * n / a.designEffect, n / a.designEffect}
		}
		return
	}
	d := differences(s.Candidate, s.Baseline)
	for _, v := range d {
		switch {
		case v > 0:
			a.candidateOnly++
		case v < 0:
			a.baselineOnly++
		}
	}
	a.value, a.method = mean(d), "Tango score"
	a.designEffect = g.designEffect(residuals(d))
	df := normal
	if g.clustered {
		df = float64(g.count - 1)
	}
	if a.enough(g, 1) {
		effect := a.designEffect
		a.inference = tango{float64(a.candidateOnly) / effect, float64(a.baselineOnly) / effect, n / effect, df}
	}
}

// enough reports whether there are the cases and clusters that the method
// needs, and records what is missing. It also marks the method as clustered.
func (a *analysis) enough(g groups, cases int) bool {
	method := a.method
	if g.clustered {
		a.method += ", clustered"
	}
	switch {
	case g.clustered && g.count < minClusters:
		a.needClusters = minClusters
		a.needCases = max(cases, int(float64(minClusters)*g.meanSize()+0.5))
		a.tooFew = fmt.Sprintf("%s with clusters needs %d clusters, there are %d", method, minClusters, g.count)
	case a.n < cases:
		a.needCases = cases
		a.tooFew = fmt.Sprintf("%s needs %d cases, there are %d", method, cases, a.n)
	default:
		return true
	}
	return false
}
