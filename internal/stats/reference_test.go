package stats

import (
	"math"
	"testing"
)

// Published values, or values computed with SciPy and statsmodels, to the digits
// given.

// near fails when got is not want to the given number of digits.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s: got %.7f, want %.7f", what, got, want)
	}
}

const sixDigits = 0.6e-6

func TestWilsonReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, n, lower, upper float64 }{
		{81, 263, .255289, .366210}, // Newcombe 1998
		{8, 10, .490162, .943318},
		{0, 20, 0, .161125},
		{95, 100, .888250, .978456},
	} {
		lower, upper := Wilson(c.x, c.n, 0.95)
		near(t, "lower", lower, c.lower, sixDigits)
		near(t, "upper", upper, c.upper, sixDigits)
	}
	if lower, upper := Wilson(0, 0, 0.95); lower != 0 || upper != 1 {
		t.Errorf("without cases: got %v to %v, want 0 to 1", lower, upper)
	}
}

func TestClopperPearsonReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, n, lower, upper float64 }{
		{81, 263, .252737, .367622},
		{8, 10, .443905, .974789},
		{0, 20, 0, .168433},
		{20, 20, 1 - .168433, 1},
	} {
		e := exact{c.x, c.n}
		near(t, "lower", e.lower(0.025), c.lower, sixDigits)
		near(t, "upper", e.upper(0.025), c.upper, sixDigits)
	}
}

func TestTangoStatisticReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ b, c, n, difference, z float64 }{
		{12, 20, 200, -.05, .353426},
		{12, 20, 200, -.02, -.712786},
		{0, 0, 200, -.02, 2.020305},
		{5, 5, 100, -.05, 1.465399},
		{25, 15, 500, 0, 1.581139},
		{40, 60, 2000, -.02, 1.939634},
		{0, 0, 50, 0, 0},
	} {
		near(t, "z", tango{c.b, c.c, c.n, normal}.z(c.difference), c.z, sixDigits)
	}
}

func TestTangoIntervalReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, c, d, lower, upper float64 }{
		{1, 1, 7, 12, -.517232, -.026003}, // Fagerland, Lydersen and Laake 2014
		{36, 12, 2, 0, .061112, .344709},
		{150, 12, 20, 18, -.098258, .016186},
		{420, 25, 15, 40, -.005006, .046315},
		{54, 0, 0, 0, -.066414, .066414},
		{0, 29, 1, 0, .666592, .988183},
	} {
		score := tango{c.b, c.c, c.a + c.b + c.c + c.d, normal}
		near(t, "lower", score.lower(0.025), c.lower, sixDigits)
		near(t, "upper", score.upper(0.025), c.upper, sixDigits)
	}
}

func TestClusteredStandardErrorReference(t *testing.T) {
	t.Parallel()
	values := []float64{1, 0, 1, 1, 0, 0, 1, 1, 1, 0}
	names := []string{"0", "0", "0", "1", "1", "1", "2", "2", "3", "3"}
	alone := meanT(values, group(nil, len(values)))
	near(t, "mean", alone.value, .6, 1e-12)
	near(t, "standard error", alone.se, .163299, sixDigits)
	g := group(names, len(values))
	clustered := meanT(values, g)
	near(t, "standard error, C/(C-1)", clustered.se, .134660, sixDigits)
	near(t, "standard error without the correction", clustered.se*math.Sqrt(3./4), .116619, sixDigits)
	if clustered.df != 3 {
		t.Errorf("degrees of freedom: got %v, want 3", clustered.df)
	}
}

func TestBettingWealthReference(t *testing.T) {
	t.Parallel()
	differences := []float64{1, 0, 0, -1, 0, 1, 0, 0, 1, 0}
	wealth := []float64{1.55, 1.6275, 1.708875, .939881, .986875, 1.529657, 1.606140, 1.686447, 2.613992, 2.744692}
	// A bet of 0.5 on differences against −0.1 is a bet of 1 on fractions of the
	// range −1 to 1 against 0.45.
	for n := 1; n <= len(differences); n++ {
		b := newBetting(differences[:n], -1, 1)
		logs := b.wealth(0.45, [len(spreads)]float64{1, 1, 1, 1, 1})
		near(t, "wealth", math.Exp(logs[0]), wealth[n-1], sixDigits)
	}
}

func TestHolmReference(t *testing.T) {
	t.Parallel()
	p := []float64{.01, .04, .03, .005, .2}
	adjusted := Holm(p)
	for i, want := range []float64{.04, .09, .09, .025, .2} {
		near(t, "adjusted", adjusted[i], want, 1e-12)
	}
	levels := HolmLevels(p, 0.05)
	for i, want := range []float64{.05 / 4, .05 / 2, .05 / 3, .05 / 5, .05} {
		near(t, "level", levels[i], want, 1e-12)
	}
}

func TestPairedCasesReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ disagree, margin, cases float64 }{
		{.1, .05, 247.3}, {.2, .05, 494.6}, {.3, .05, 741.9},
		{.1, .02, 1545.6}, {.2, .02, 3091.3}, {.3, .02, 4636.9},
	} {
		near(t, "cases", PairedCases(c.disagree, 0, c.margin, 0.95, 0.8), c.cases, 0.051)
	}
}

func TestFiellerAgainstItsTest(t *testing.T) {
	t.Parallel()
	candidate := []float64{4.1, 5.2, 3.9, 6.6, 5.1, 4.4, 7.3, 5.0}
	baseline := []float64{4.0, 5.5, 3.1, 6.9, 4.7, 4.6, 6.8, 4.1}
	var a analysis
	analyseRatio(&a, Sample{Candidate: candidate, Baseline: baseline}, group(nil, len(candidate)))
	for _, alpha := range []float64{0.05, 0.01} {
		low, high := a.lower(alpha), a.upper(alpha)
		for _, ratio := range []float64{low, high} {
			// By definition the one-sample t of candidate − ratio·baseline is at
			// its critical value on the bound.
			d := make([]float64, len(candidate))
			for i := range d {
				d[i] = candidate[i] - ratio*baseline[i]
			}
			s := meanT(d, group(nil, len(d)))
			near(t, "t on the bound", math.Abs(s.value/s.se), tCritical(alpha, 7), 1e-9)
		}
		if !(low < a.value && a.value < high) {
			t.Errorf("estimate %v outside %v to %v", a.value, low, high)
		}
	}
}

func TestOrderStatisticsReference(t *testing.T) {
	t.Parallel()
	// 59 cases are the fewest that bound p95 from above at 95 %, 299 for p99.
	for _, c := range []struct {
		q float64
		n int
	}{{0.95, 59}, {0.99, 299}} {
		for n, bounded := range map[int]bool{c.n: true, c.n - 1: false} {
			o := orderStatistics{q: c.q, weight: 1}
			for i := range n {
				o.sorted = append(o.sorted, float64(i+1))
			}
			if got := !math.IsInf(o.upper(0.05), 1); got != bounded {
				t.Errorf("p%v of %d cases has an upper bound: %v, want %v", 100*c.q, n, got, bounded)
			}
		}
	}
	// The median of 20: the usual table gives ranks 6 and 15 for 95.9 %.
	o := orderStatistics{q: 0.5, weight: 1}
	for i := range 20 {
		o.sorted = append(o.sorted, float64(i+1))
	}
	near(t, "lower rank", o.lower(0.025), 6, 0)
	near(t, "upper rank", o.upper(0.025), 15, 0)
}

func TestPercentileOfIsNearestRank(t *testing.T) {
	t.Parallel()
	values := []float64{15, 20, 35, 40, 50}
	for _, c := range []struct{ q, want float64 }{{.05, 15}, {.3, 20}, {.4, 20}, {.5, 35}, {1, 50}} {
		near(t, "percentile", PercentileOf(values, c.q), c.want, 0)
	}
	twenty := make([]float64, 20)
	for i := range twenty {
		twenty[i] = float64(i + 1)
	}
	near(t, "0.95 of 20 is the 19th", PercentileOf(twenty, 0.95), 19, 0)
	if !math.IsNaN(PercentileOf(nil, 0.5)) {
		t.Error("a percentile of nothing should be NaN")
	}
}
