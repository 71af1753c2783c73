package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/stats"
)

// renderCoverage computes, without simulation, how often the intervals of a rate
// cover the truth: the binomial probabilities of the counts whose interval does.
func renderCoverage() (page string, broken []string) {
	var b strings.Builder
	b.WriteString("### Coverage of the 95 % intervals of a rate\n\nComputed from binomial probabilities over the rates 0.02, 0.03, …, 0.98: mean and lowest coverage in %.\n\n")
	b.WriteString("| cases | Wilson (for show): mean | lowest | exact (decides): mean | lowest |\n|---|---|---|---|---|\n")
	for _, n := range []int{20, 50, 100, 200, 500, 1000, 2000} {
		show, exact := coverage(n, wilson), coverage(n, clopperPearson)
		fmt.Fprintf(&b, "| %d | %.2f | %.2f | %.2f | %.2f |\n", n,
			100*average(show), 100*slices.Min(show), 100*average(exact), 100*slices.Min(exact))
		if n >= 50 && (math.Abs(average(show)-0.95) > 0.01 || slices.Min(show) < 0.9) {
			broken = append(broken, fmt.Sprintf("coverage of Wilson at n = %d", n))
		}
		if slices.Min(exact) < 0.95 {
			broken = append(broken, fmt.Sprintf("coverage of the exact interval at n = %d", n))
		}
	}
	b.WriteString("\n")
	return b.String(), broken
}

// wilson and clopperPearson are 95 % intervals by the two exported ways.
func wilson(x, n int) (lower, upper float64) {
	return stats.Wilson(float64(x), float64(n), 0.95)
}

func clopperPearson(x, n int) (lower, upper float64) {
	values := make([]float64, n)
	for i := range x {
		values[i] = 1
	}
	q := stats.Question{Kind: stats.Rate, Rule: stats.AtLeast, Bound: 0.5, Confidence: 0.975}
	s := stats.Sample{Candidate: values}
	d, err := stats.Decide(q, s, s)
	if err != nil {
		return math.NaN(), math.NaN()
	}
	return d.Lower, d.Upper
}

// coverage gives the chance, at each rate, that the interval covers it.
func coverage(n int, interval func(x, n int) (lower, upper float64)) []float64 {
	lower, upper := make([]float64, n+1), make([]float64, n+1)
	for x := range lower {
		lower[x], upper[x] = interval(x, n)
	}
	var covered []float64
	for percent := 2; percent <= 98; percent++ {
		rate, chance := float64(percent)/100, 0.0
		for x := range lower {
			if lower[x] <= rate && rate <= upper[x] {
				chance += binomial(x, n, rate)
			}
		}
		covered = append(covered, chance)
	}
	return covered
}

// binomial is the chance of x passes in n at a rate.
func binomial(x, n int, rate float64) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(x + 1))
	c, _ := math.Lgamma(float64(n - x + 1))
	return math.Exp(a - b - c + float64(x)*math.Log(rate) + float64(n-x)*math.Log1p(-rate))
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
