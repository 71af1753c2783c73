package stats

import "fmt"

// The smallest numbers at which a method holds its error; docs/statistics.md has
// the measurements. A bounded score needs no more than one case: below
// minCasesScoreT it is judged by betting bounds, which hold at every n.
const (
	// minClusters is where a cluster-robust variance is believed at all.
	minClusters = 20
	// minClustersMean is where it is for means of metrics without a range, whose
	// cluster sums are skewed.
	minClustersMean = 100

	minCasesScoreT = 100
	minCasesMean   = 200
	minCasesRatio  = 100
	minCasesGeo    = 100
)

// analysis is what the method for a question makes of one side's sample.
type analysis struct {
	inference
	value                       float64 // the estimate
	method                      string
	n, clusters                 int
	designEffect                float64
	candidateOnly, baselineOnly int
	tooFew                      string // why the inference decides nothing
	needCases, needClusters     int    // what the method needs, with tooFew
	warnings                    []string
}

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
	case Score:
		analyseScore(&a, q, s, g)
	case Mean:
		analyseMean(&a, q, s, g)
	case GeoMean:
		analyseGeoMean(&a, q, s, g)
	case Percentile:
		analysePercentile(&a, q, s, g)
	}
	return a
}

// require reports whether there are the cases, and where cases are clustered the
// clusters, that the method needs, and records what is missing. It also marks the
// method as clustered.
func (a *analysis) require(g groups, cases, clusters int) bool {
	method := a.method
	if g.clustered {
		a.method += ", clustered"
	}
	switch {
	case g.clustered && g.count < clusters:
		a.needClusters = clusters
		a.needCases = max(cases, int(float64(clusters)*g.meanSize()+0.5))
		a.tooFew = fmt.Sprintf("%s with clusters needs %d clusters, there are %d", method, clusters, g.count)
	case a.n < cases:
		a.needCases = cases
		a.tooFew = fmt.Sprintf("%s needs %d cases, there are %d", method, cases, a.n)
	}
	return a.tooFew == ""
}
