package stats

import (
	"math"
	"slices"
	"sort"
)

// PercentileOf is the nearest-rank percentile: the value at rank ceil(q·n) in
// ascending order, never interpolated. q is above 0 and at most 1; NaN without
// values.
func PercentileOf(values []float64, q float64) float64 {
	if len(values) == 0 {
		return nan
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[rank(q, float64(len(sorted)))-1]
}

// rank is ceil(q·n), from 1. The small allowance keeps a product that is whole
// on paper, such as 0.95·20, from being rounded up.
func rank(q, n float64) int { return max(1, int(math.Ceil(q*n-1e-9))) }

// orderStatistics is a percentile judged by how many values lie below a
// threshold: that count is binomial, whatever the distribution (David and
// Nagaraja 2003, section 7.1). With clusters the counts enter ÷ design effect
// (Woodruff 1952, with exact bounds).
type orderStatistics struct {
	sorted []float64
	q      float64
	weight float64 // what one value counts: 1 ÷ design effect
}

func (o orderStatistics) estimate() float64 {
	return o.sorted[rank(o.q, float64(len(o.sorted)))-1]
}

// below is the share of values below a threshold when k are.
func (o orderStatistics) below(k int) exact {
	return exact{float64(k) * o.weight, float64(len(o.sorted)) * o.weight}
}

// pAbove: too few values are at or below t for the percentile to be there.
func (o orderStatistics) pAbove(t float64) float64 {
	atOrBelow := sort.Search(len(o.sorted), func(i int) bool { return o.sorted[i] > t })
	return o.below(atOrBelow).pBelow(o.q)
}

// pBelow: so many values are below t that the percentile must be.
func (o orderStatistics) pBelow(t float64) float64 {
	under := sort.SearchFloat64s(o.sorted, t)
	return o.below(under).pAbove(o.q)
}

// lower is the largest value with so few values below it that the percentile
// cannot be lower; −∞ when even the smallest value is not.
func (o orderStatistics) lower(alpha float64) float64 {
	n := len(o.sorted)
	first := sort.Search(n, func(k int) bool { return o.below(k).pBelow(o.q) > alpha })
	if first == 0 {
		return math.Inf(-1)
	}
	return o.sorted[first-1]
}

// upper is the smallest value with so many values up to it that the percentile
// cannot be higher; +∞ when even the largest value is not.
func (o orderStatistics) upper(alpha float64) float64 {
	n := len(o.sorted)
	k := 1 + sort.Search(n, func(i int) bool { return o.below(i+1).pAbove(o.q) <= alpha })
	if k > n {
		return math.Inf(1)
	}
	return o.sorted[k-1]
}

func (o orderStatistics) grow(times float64) inference {
	o.weight *= times
	return o
}

// analysePercentile judges a percentile by order statistics, and the difference
// or ratio of two by a paired bootstrap.
func analysePercentile(a *analysis, q Question, s Sample, g groups) {
	if q.Rule.Paired() {
		analysePercentiles(a, q, s, g)
		return
	}
	o := orderStatistics{sorted: slices.Clone(s.Candidate), q: q.Q}
	slices.Sort(o.sorted)
	a.value, a.method = o.estimate(), "order statistics"
	under, count := make([]float64, a.n), 0
	for i, v := range s.Candidate {
		if v <= a.value {
			under[i] = 1
			count++
		}
	}
	a.designEffect = g.countDesignEffect(residuals(under), min(count, a.n-count))
	o.weight = 1 / a.designEffect
	a.inference = o
	a.require(g, 1, minClusters)
}
