package stats

import "fmt"

// minClusters is the number of clusters below which no cluster-robust variance
// is believed.
const minClusters = 20

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

// require reports whether there are the cases and clusters that the method
// needs, and records what is missing. It also marks the method as clustered.
func (a *analysis) require(g groups, cases int) bool {
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
	}
	return a.tooFew == ""
}
