package stats

import "math"

// tango is the difference of two paired rates judged by Tango's score test
// (Tango 1998, Statistics in Medicine 17:891): b cases pass for the candidate
// only, c for the baseline only, of n. The counts may be fractional: ÷ design
// effect. df is that of the critical value: normal, or clusters − 1.
type tango struct{ b, c, n, df float64 }

func (t tango) estimate() float64 { return (t.b - t.c) / t.n }

// z is the score statistic of the hypothesis that the difference is d: positive
// when the data lie above d, falling in d.
func (t tango) z(d float64) float64 {
	qa := 2 * t.n
	qb := -t.b - t.c + (2*t.n-t.b+t.c)*d
	qc := -t.c * d * (1 - d)
	// The share that passes for the baseline only, by maximum likelihood under
	// the hypothesis.
	q := max(0, -d, (math.Sqrt(max(0, qb*qb-4*qa*qc))-qb)/(2*qa))
	variance := t.n * (2*q + d*(1-d))
	return quotient(t.b-t.c-t.n*d, math.Sqrt(max(0, variance)))
}

func (t tango) pAbove(d float64) float64 { return tTail(t.z(d), t.df) }
func (t tango) pBelow(d float64) float64 { return tTail(-t.z(d), t.df) }

func (t tango) lower(alpha float64) float64 { return t.solve(tCritical(alpha, t.df)) }
func (t tango) upper(alpha float64) float64 { return t.solve(-tCritical(alpha, t.df)) }

// solve finds the difference whose statistic is z.
func (t tango) solve(z float64) float64 {
	return falls(func(d float64) float64 { return t.z(d) - z }, -1, 1)
}

func (t tango) grow(times float64) inference {
	return tango{t.b * times, t.c * times, t.n * times, (t.df+1)*times - 1}
}

// discordant counts the pairs that only the candidate and only the baseline
// passes.
func discordant(differences []float64) (candidateOnly, baselineOnly int) {
	for _, v := range differences {
		switch {
		case v > 0:
			candidateOnly++
		case v < 0:
			baselineOnly++
		}
	}
	return candidateOnly, baselineOnly
}

// analyseRateDifference judges a difference of paired rates by Tango's test; with
// clusters at b, c and n ÷ design effect and with t's critical value.
func analyseRateDifference(a *analysis, s Sample, g groups) {
	d := differences(s.Candidate, s.Baseline)
	a.candidateOnly, a.baselineOnly = discordant(d)
	a.value, a.method = mean(d), "Tango score"
	alike := max(a.candidateOnly, a.baselineOnly, a.n-a.candidateOnly-a.baselineOnly)
	a.designEffect = g.countDesignEffect(residuals(d), a.n-alike)
	df := normal
	if g.clustered {
		df = float64(g.count - 1)
	}
	a.inference = tango{
		b:  float64(a.candidateOnly) / a.designEffect,
		c:  float64(a.baselineOnly) / a.designEffect,
		n:  float64(a.n) / a.designEffect,
		df: df,
	}
	a.require(g, 1, minClusters)
}
