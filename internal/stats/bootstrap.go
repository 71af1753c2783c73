package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// resamples is the number of bootstrap resamples.
	resamples = 1999
	// The bootstrap's seed is fixed: the same sample gives the same decision.
	seedHigh, seedLow = 0x61737361795f7374, 0x6174735f626f6f74
)

// resampled is a figure judged by the bootstrap's percentile bounds (Efron
// 1979).
type resampled struct {
	value   float64
	effects []float64 // the figure in each resample, ascending
}

func (r resampled) estimate() float64 { return r.value }

// extreme is how many of the resamples may lie beyond a bound at error alpha.
func (r resampled) extreme(alpha float64) int {
	return int(math.Floor(alpha*float64(len(r.effects)+1) + 1e-9))
}

func (r resampled) lower(alpha float64) float64 {
	k := r.extreme(alpha)
	if k < 1 {
		return math.Inf(-1)
	}
	return r.effects[k-1]
}

func (r resampled) upper(alpha float64) float64 {
	k := r.extreme(alpha)
	if k < 1 {
		return math.Inf(1)
	}
	return r.effects[len(r.effects)-k]
}

func (r resampled) pAbove(t float64) float64 {
	atOrBelow, _ := slices.BinarySearchFunc(r.effects, t, func(e, t float64) int {
		if e <= t {
			return -1
		}
		return 1
	})
	return float64(1+atOrBelow) / float64(len(r.effects)+1)
}

func (r resampled) pBelow(t float64) float64 {
	under, _ := slices.BinarySearch(r.effects, t)
	return float64(1+len(r.effects)-under) / float64(len(r.effects)+1)
}

// grow takes the resamples' spread as a standard error.
func (r resampled) grow(times float64) inference {
	e := residuals(r.effects)
	sum := 0.0
	for _, v := range e {
		sum += v * v
	}
	return studentised{r.value, math.Sqrt(sum / float64(len(e)) / times), normal}
}

// minCasesPercentiles is the number of cases that a comparison of percentiles
// needs: the further out, the more.
func minCasesPercentiles(q float64) int {
	if min(q, 1-q) < 0.05-1e-9 {
		return 1000
	}
	return 200
}

// analysePercentiles judges the difference, or the ratio, of two percentiles by
// resampling pairs, or whole clusters of pairs.
func analysePercentiles(a *analysis, q Question, s Sample, g groups) {
	effect := func(candidate, baseline float64) float64 { return candidate - baseline }
	if q.Relative {
		effect = func(candidate, baseline float64) float64 { return candidate / baseline }
	}
	a.method = "paired bootstrap"
	if q.Relative && slices.Min(s.Baseline) <= 0 {
		a.tooFew = noPercentage
		return
	}
	a.value = effect(PercentileOf(s.Candidate, q.Q), PercentileOf(s.Baseline, q.Q))
	if a.require(g, minCasesPercentiles(q.Q), minClusters) {
		a.inference = resampled{a.value, resample(q.Q, s, g, effect)}
	}
}

// resample draws as many groups as there are, with replacement, again and again,
// and gives the effect on the two percentiles in each draw, ascending.
func resample(q float64, s Sample, g groups, effect func(candidate, baseline float64) float64) []float64 {
	units := g.members(s)
	candidate, baseline := ranked(s.Candidate), ranked(s.Baseline)
	random := rand.New(rand.NewPCG(seedHigh, seedLow))
	weight := make([]int, len(s.Candidate))
	effects := make([]float64, resamples)
	for r := range effects {
		clear(weight)
		total := 0
		for range units {
			for _, i := range units[random.IntN(len(units))] {
				weight[i]++
				total++
			}
		}
		k := rank(q, float64(total))
		effects[r] = effect(weighted(s.Candidate, candidate, weight, k, total), weighted(s.Baseline, baseline, weight, k, total))
	}
	slices.Sort(effects)
	return effects
}

// members lists the cases of each group, groups and cases ordered by their
// values, so that the order of the sample does not change what is drawn.
func (g groups) members(s Sample) [][]int {
	units := make([][]int, g.count)
	for i, c := range g.of {
		units[c] = append(units[c], i)
	}
	byValue := func(i, j int) int {
		return cmp.Or(cmp.Compare(s.Candidate[i], s.Candidate[j]), cmp.Compare(s.Baseline[i], s.Baseline[j]))
	}
	for _, u := range units {
		slices.SortFunc(u, byValue)
	}
	slices.SortFunc(units, func(u, v []int) int { return slices.CompareFunc(u, v, byValue) })
	return units
}

// ranked lists the indexes of values in ascending order of value.
func ranked(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	return order
}

// weighted is the value at rank k of total when each value occurs weight times.
// It counts from the nearer end.
func weighted(values []float64, order, weight []int, k, total int) float64 {
	if 2*k > total {
		above := total - k
		for j := len(order) - 1; j >= 0; j-- {
			if above -= weight[order[j]]; above < 0 {
				return values[order[j]]
			}
		}
	}
	for _, i := range order {
		if k -= weight[i]; k <= 0 {
			return values[i]
		}
	}
	return nan
}
