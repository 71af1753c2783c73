package stats

// groups says which cases belong together. Unclustered cases are groups of one,
// so that one formula serves both.
type groups struct {
	of        []int // group of each case
	count     int
	clustered bool
}

// group reads cluster names; an empty name is a group of its own.
func group(cluster []string, n int) groups {
	g := groups{of: make([]int, n)}
	named := make(map[string]int)
	for i := range g.of {
		if cluster != nil && cluster[i] != "" {
			if earlier, ok := named[cluster[i]]; ok {
				g.of[i], g.clustered = earlier, true
				continue
			}
			named[cluster[i]] = g.count
		}
		g.of[i] = g.count
		g.count++
	}
	return g
}

// clusters is the number of clusters for a Decision: 0 when unclustered.
func (g groups) clusters() int {
	if !g.clustered {
		return 0
	}
	return g.count
}

// unit is the word for one group in a sentence's plural.
func (g groups) unit() string {
	if g.clustered {
		return "clusters"
	}
	return "cases"
}

// meanSize is the mean number of cases in a group.
func (g groups) meanSize() float64 { return float64(len(g.of)) / float64(g.count) }

// sums adds the values of each group.
func (g groups) sums(values []float64) []float64 {
	sums := make([]float64, g.count)
	for i, v := range values {
		sums[g.of[i]] += v
	}
	return sums
}

// means averages the values of each group.
func (g groups) means(values []float64) []float64 {
	sizes := make([]float64, g.count)
	for _, c := range g.of {
		sizes[c]++
	}
	means := g.sums(values)
	for c := range means {
		means[c] /= sizes[c]
	}
	return means
}

// covariance is the cluster-robust covariance of the means of two columns of
// residuals (values less their mean): C/(C−1) · Σ_c (Σ_{i∈c} e_i)(Σ_{i∈c} f_i) ÷
// n² (Miller 2024, arXiv:2411.00640, with the C/(C−1) correction). With groups
// of one it is the usual s²/n. NaN with a single group.
func (g groups) covariance(e, f []float64) float64 {
	total := 0.0
	fs := g.sums(f)
	for c, sum := range g.sums(e) {
		total += sum * fs[c]
	}
	n, count := float64(len(e)), float64(g.count)
	return total * count / (count - 1) / (n * n)
}

// designEffect is the cluster-robust variance of a mean ÷ the variance n
// independent cases would give it, at least 1. Without any variance to compare
// it is the mean group size: each group then counts as one case.
func (g groups) designEffect(residuals []float64) float64 {
	if !g.clustered {
		return 1
	}
	n, independent := float64(len(residuals)), 0.0
	for _, e := range residuals {
		independent += e * e
	}
	if independent == 0 || g.count == 1 {
		return g.meanSize()
	}
	return max(1, g.covariance(residuals, residuals)/(independent/(n*n)))
}

// countDesignEffect is the design effect for counts of outcomes, of which all
// but informative cases are alike. Few informative cases say little about how
// far cases of a group go together, and an effect estimated from them comes out
// too low when they happen to fall apart. So one more case is counted in, with
// the effect that holds when groups go together entirely, the mean group size.
func (g groups) countDesignEffect(residuals []float64, informative int) float64 {
	if !g.clustered {
		return 1
	}
	effect, whole := g.designEffect(residuals), g.meanSize()
	return (float64(informative)*effect + max(effect, whole)) / (float64(informative) + 1)
}

// mean is the arithmetic mean; NaN without values. It adds up what lies above the
// first value, so that equal values have no spread by rounding.
func mean(values []float64) float64 {
	if len(values) == 0 {
		return nan
	}
	sum := 0.0
	for _, v := range values {
		sum += v - values[0]
	}
	return values[0] + sum/float64(len(values))
}

// residuals are the values less their mean.
func residuals(values []float64) []float64 {
	m, out := mean(values), make([]float64, len(values))
	for i, v := range values {
		out[i] = v - m
	}
	return out
}

// differences are a − b, element by element.
func differences(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}
