package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assay-llmops/assay/internal/stats"
)

const confidence = 0.95

var (
	plain     = []size{{cases: 20}, {cases: 50}, {cases: 100}, {cases: 200}, {cases: 500}, {cases: 1000}, {cases: 2000}}
	clustered = []size{
		{cases: 40, clusters: 20}, {cases: 100, clusters: 20}, {cases: 200, clusters: 20}, {cases: 200, clusters: 40},
		{cases: 250, clusters: 50, uneven: true}, {cases: 500, clusters: 100}, {cases: 2000, clusters: 200},
	}
)

// grid is every table of the page.
func grid() []*table {
	const (
		inClusters = "Intra-class correlation 0.2. "
		unit       = "Scores from 0 to 1. "
		dagger     = "† marks Tango's known exceptions. "
		warned     = "In brackets the share of data sets, in %, that carried a warning. "
		oneRun     = "Lognormal sizes of cases and lognormal noise on each side, by the spread σ of the logarithm. "
	)
	bootstrapped := []size{{cases: 200}, {cases: 500}, {cases: 1000}}
	bootstrappedClusters := []size{
		{cases: 200, clusters: 20}, {cases: 250, clusters: 50, uneven: true}, {cases: 500, clusters: 100}, {cases: 1000, clusters: 100},
	}
	return []*table{
		rates("Rates: exact bounds", "", plain),
		rates("Rates in clusters: exact bounds ÷ design effect", inClusters, clustered),
		pairedRates("Paired rates: Tango's score", dagger, plain),
		pairedRates("Paired rates in clusters: Tango ÷ design effect", inClusters, clustered),
		scores("Bounded scores", unit, plain),
		scores("Bounded scores in clusters", unit+inClusters, clustered),
		pairedScores("Paired bounded scores", unit, plain),
		pairedScores("Paired bounded scores in clusters", unit+inClusters, clustered),
		ratios("Tokens and cost: ratio of means", oneRun, plain),
		ratios("Tokens and cost in clusters: ratio of means", oneRun+"Clusters share a size and a change. "+inClusters, clustered),
		means("Skewed metrics: at_most on the mean", warned, plain),
		means("Skewed metrics in clusters: at_most on the mean", "Gamma-distributed clusters of shape 4. "+warned, clustered),
		differencesOfMeans("Skewed metrics: not_worse_by on the difference of means", warned, plain),
		skewedRatios("Skewed metrics: not_worse_by 5 % on the ratio of means", warned, plain),
		geometric("Typical cost: geometric mean", "", plain),
		geometric("Typical cost in clusters: geometric mean", "", clustered),
		percentiles("Percentiles: at_most, order statistics", "", plain),
		percentiles("Percentiles in clusters: at_most, order statistics ÷ design effect", inClusters, clustered),
		pairedPercentiles("Paired percentiles: not_worse_by 10 %, bootstrap", "", bootstrapped),
		pairedPercentiles("Paired percentiles in clusters: not_worse_by 10 %, bootstrap", "Clusters share a size. ", bootstrappedClusters),
	}
}

func rates(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	for _, rate := range []float64{0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98} {
		q := stats.Question{Kind: stats.Rate, Rule: stats.AtLeast, Bound: rate, Confidence: confidence}
		t.rows = append(t.rows, &row{label: fmt.Sprintf("at_least %.2f", rate), question: q, draw: rateAt(rate)})
	}
	for _, rate := range []float64{0.02, 0.1, 0.5} {
		q := stats.Question{Kind: stats.Rate, Rule: stats.AtMost, Bound: rate, Confidence: confidence}
		t.rows = append(t.rows, &row{label: fmt.Sprintf("at_most %.2f", rate), question: q, draw: rateAt(rate)})
	}
	return t
}

// pairedRates covers margins and shares of pairs that disagree, from the least
// that the difference allows upwards.
func pairedRates(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	add := func(rule stats.Rule, name string, margin float64, sign float64) {
		for _, disagree := range []float64{0.02, 0.05, 0.1, 0.2, 0.3} {
			if disagree < max(margin, 0.05) && disagree != margin {
				continue
			}
			q := stats.Question{Kind: stats.Rate, Rule: rule, Bound: margin, HigherIsBetter: true, Confidence: confidence}
			t.rows = append(t.rows, &row{
				label: pairLabel(name, margin, disagree), question: q, draw: pairsAt(sign*margin, disagree),
				limit: tangoLimit(disagree),
			})
		}
	}
	for _, margin := range []float64{0.02, 0.05, 0.1} {
		add(stats.NotWorseBy, "not_worse_by", margin, -1)
	}
	for _, margin := range []float64{0, 0.02, 0.05} {
		add(stats.BetterBy, "better_by", margin, 1)
	}
	return t
}

func pairLabel(name string, margin, disagree float64) string {
	return fmt.Sprintf("%s %.2f, %.0f %% of pairs disagree", name, margin, 100*disagree)
}

// tangoLimit holds Tango's known exceptions without clusters: at most 9 % where
// few pairs disagree, 6.8 % where 20 or more are expected to.
func tangoLimit(disagree float64) func(size) (float64, string) {
	return func(s size) (float64, string) {
		switch {
		case s.clusters > 0:
			return usualLimit, ""
		case float64(s.cases)*disagree >= 20:
			return 0.068, " †"
		}
		return 0.09, " †"
	}
}

func scores(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	for _, mean := range []float64{0.2, 0.5, 0.8, 0.9, 0.95} {
		q := stats.Question{Kind: stats.Score, Rule: stats.AtLeast, Bound: mean, Hi: 1, Confidence: confidence}
		t.rows = append(t.rows,
			&row{label: fmt.Sprintf("smooth scores, mean %.2f", mean), question: q, draw: smoothScore(mean)},
			&row{label: fmt.Sprintf("only 0 and 1, mean %.2f", mean), question: q, draw: rareLow(mean, 1)})
		if mean > 0.5 {
			t.rows = append(t.rows, &row{label: fmt.Sprintf("1 or 0.5, mean %.2f", mean), question: q, draw: rareLow(mean, 0.5)})
		}
	}
	return t
}

func pairedScores(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	add := func(rule stats.Rule, name string, margin, sign float64) {
		q := stats.Question{Kind: stats.Score, Rule: rule, Bound: margin, Hi: 1, HigherIsBetter: true, Confidence: confidence}
		label := fmt.Sprintf("%s %.2f, ", name, margin)
		t.rows = append(t.rows, &row{label: label + "smooth differences", question: q, draw: scorePairs(sign*margin, 0.2)})
		t.rows = append(t.rows, &row{label: label + "0 and 1, 20 % differ", question: q, draw: pairsAt(sign*margin, 0.2)})
		if margin > 0 {
			t.rows = append(t.rows,
				&row{label: label + "rare changes of 0.5", question: q, draw: rareDrop(sign*margin, 0.5, 0)},
				&row{label: label + "rare changes of 0.8 in noise", question: q, draw: rareDrop(sign*margin, 0.8, 0.1)})
		}
	}
	for _, margin := range []float64{0.02, 0.05, 0.1} {
		add(stats.NotWorseBy, "not_worse_by", margin, -1)
	}
	for _, margin := range []float64{0, 0.05} {
		add(stats.BetterBy, "better_by", margin, 1)
	}
	return t
}

// correlatedChange is the spread of the logarithm of a cluster's own change, ÷
// that of the noise, which gives log ratios the usual intra-class correlation:
// √(2ρ ÷ (1−ρ)), the two sides having noise of their own.
var correlatedChange = math.Sqrt(2 * correlation / (1 - correlation))

func ratios(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	for _, shape := range []struct{ caseSize, noise float64 }{{0.5, 0.2}, {0.5, 0.5}, {1, 0.3}} {
		for _, rule := range []struct {
			rule   stats.Rule
			name   string
			margin float64
		}{{stats.NotWorseBy, "not_worse_by 5 %", 0.05}, {stats.BetterBy, "better_by 10 %", -0.1}} {
			q := stats.Question{Kind: stats.Mean, Rule: rule.rule, Bound: math.Abs(rule.margin), Relative: true, Confidence: confidence}
			t.rows = append(t.rows, &row{
				label:    fmt.Sprintf("%s, σ %.1f a case, %.1f noise", rule.name, shape.caseSize, shape.noise),
				question: q,
				draw:     costPairs(1+rule.margin, lognormal(shape.caseSize), lognormal(shape.noise), correlatedChange*shape.noise),
			})
		}
	}
	return t
}

// family is a distribution of a skewed metric with mean 1.
type family struct {
	name    string
	draw    func(*rand.Rand) float64
	geoMean float64
}

// families are the skewed metrics, from mild to extreme.
var families = []family{
	gammaFamily(4), gammaFamily(1), gammaFamily(0.5),
	lognormalFamily(0.5), lognormalFamily(1), lognormalFamily(1.5),
}

func gammaFamily(shape float64) family {
	name := fmt.Sprintf("gamma, shape %g (skewness %.1f)", shape, 2/math.Sqrt(shape))
	return family{name, gammaOf(shape), math.Exp(mathext.Digamma(shape)) / shape}
}

func lognormalFamily(sigma float64) family {
	e := math.Exp(sigma * sigma)
	name := fmt.Sprintf("lognormal, σ %.1f (skewness %.1f)", sigma, (e+2)*math.Sqrt(e-1))
	return family{name, lognormal(sigma), math.Exp(-sigma * sigma / 2)}
}

// lognormalQuantile is a quantile of the lognormal distribution with mean 1 and
// spread 1 of the logarithm.
func lognormalQuantile(q float64) float64 {
	return math.Exp(distuv.UnitNormal.Quantile(q) - 0.5)
}

func means(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns, informative: true, thin: 4}
	for _, f := range families {
		q := stats.Question{Kind: stats.Mean, Rule: stats.AtMost, Bound: 1, Confidence: confidence}
		t.rows = append(t.rows, &row{label: f.name, question: q, draw: costs(f.draw)})
	}
	return t
}

func differencesOfMeans(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns, informative: true, thin: 4}
	for _, f := range families {
		q := stats.Question{Kind: stats.Mean, Rule: stats.NotWorseBy, Bound: 0.05, Confidence: confidence}
		t.rows = append(t.rows, &row{label: f.name + ", noise σ 0.3", question: q, draw: costPairs(1.05, f.draw, lognormal(0.3), 0)})
	}
	return t
}

func skewedRatios(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns, informative: true, thin: 4}
	for _, f := range families {
		q := stats.Question{Kind: stats.Mean, Rule: stats.NotWorseBy, Bound: 0.05, Relative: true, Confidence: confidence}
		t.rows = append(t.rows,
			&row{label: "shared " + f.name + ", noise σ 0.3", question: q, draw: costPairs(1.05, f.draw, lognormal(0.3), 0)},
			&row{label: "noise " + f.name, question: q, draw: costPairs(1.05, lognormal(0.3), f.draw, 0)})
	}
	return t
}

func geometric(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns, thin: 4}
	geoChange := 0.0
	if columns[0].clusters > 0 {
		geoChange = 0.3
	}
	for _, f := range families {
		if columns[0].clusters == 0 {
			q := stats.Question{Kind: stats.GeoMean, Rule: stats.AtMost, Bound: f.geoMean, Confidence: confidence}
			t.rows = append(t.rows, &row{label: "at_most, " + f.name, question: q, draw: costs(f.draw)})
		}
		q := stats.Question{Kind: stats.GeoMean, Rule: stats.NotWorseBy, Bound: 0.05, Relative: true, Confidence: confidence}
		t.rows = append(t.rows, &row{label: "not_worse_by 5 %, noise " + f.name, question: q, draw: costPairs(1.05*math.Exp(geoChange*geoChange/2), lognormal(0.5), f.draw, geoChange)})
	}
	return t
}

func percentiles(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns}
	for _, p := range []float64{0.5, 0.95, 0.99} {
		q := stats.Question{Kind: stats.Percentile, Rule: stats.AtMost, Q: p, Bound: lognormalQuantile(p), Confidence: confidence}
		t.rows = append(t.rows, &row{label: fmt.Sprintf("p%.0f, lognormal, σ 1.0", 100*p), question: q, draw: clusteredLognormal(1)})
	}
	return t
}

func pairedPercentiles(title, note string, columns []size) *table {
	t := &table{title: title, note: note, columns: columns, thin: 20}
	for _, p := range []float64{0.5, 0.95, 0.99} {
		q := stats.Question{Kind: stats.Percentile, Rule: stats.NotWorseBy, Q: p, Bound: 0.1, Relative: true, Confidence: confidence}
		for _, shape := range []struct{ caseSize, noise float64 }{{0.5, 0.3}, {0.3, 0.8}} {
			label := fmt.Sprintf("p%.0f, σ %.1f a case, %.1f noise", 100*p, shape.caseSize, shape.noise)
			draw := costPairs(1.1, lognormal(shape.caseSize), lognormal(shape.noise), 0)
			t.rows = append(t.rows, &row{label: label, question: q, draw: draw})
		}
	}
	return t
}
