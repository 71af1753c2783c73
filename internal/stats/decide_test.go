package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// outcomes makes n values of which the first ones are 1.
func outcomes(n, ones int) []float64 {
	values := make([]float64, n)
	for i := range ones {
		values[i] = 1
	}
	return values
}

// constant makes n equal values.
func constant(n int, value float64) []float64 { return slices.Repeat([]float64{value}, n) }

// spread makes n values evenly between low and high.
func spread(n int, low, high float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = low + (high-low)*(float64(i)+0.5)/float64(n)
	}
	return values
}

func scaled(values []float64, factor float64) []float64 {
	out := slices.Clone(values)
	for i := range out {
		out[i] *= factor
	}
	return out
}

// clusterNames puts size consecutive cases into each cluster.
func clusterNames(n, size int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("conversation ", i/size)
	}
	return names
}

// TestEachRuleOnEachSide is the table of what better means: the side on which
// each rule passes, in both directions of a metric.
func TestEachRuleOnEachSide(t *testing.T) {
	t.Parallel()
	const n = 400
	base := spread(n, 80, 120)
	for _, c := range []struct {
		name           string
		q              Question
		candidate      []float64
		want           Outcome
		threshold      float64
		estimateAround float64
	}{
		{"at_least, above", Question{Rule: AtLeast, Bound: 90}, base, Pass, 90, 100},
		{"at_least, below", Question{Rule: AtLeast, Bound: 110}, base, Fail, 110, 100},
		{"at_most, below", Question{Rule: AtMost, Bound: 110}, base, Pass, 110, 100},
		{"at_most, above", Question{Rule: AtMost, Bound: 90}, base, Fail, 90, 100},
		{"at_least, lower is better changes nothing", Question{Rule: AtLeast, Bound: 90, HigherIsBetter: false}, base, Pass, 90, 100},

		{"not_worse_by, higher better, a little lower", Question{Rule: NotWorseBy, Bound: 5, HigherIsBetter: true}, scaled(base, .98), Pass, -5, -2},
		{"not_worse_by, higher better, much lower", Question{Rule: NotWorseBy, Bound: 5, HigherIsBetter: true}, scaled(base, .9), Fail, -5, -10},
		{"not_worse_by, higher better, higher", Question{Rule: NotWorseBy, Bound: 5, HigherIsBetter: true}, scaled(base, 1.1), Pass, -5, 10},
		{"not_worse_by, lower better, a little higher", Question{Rule: NotWorseBy, Bound: 5}, scaled(base, 1.02), Pass, 5, 2},
		{"not_worse_by, lower better, much higher", Question{Rule: NotWorseBy, Bound: 5}, scaled(base, 1.1), Fail, 5, 10},
		{"not_worse_by, lower better, lower", Question{Rule: NotWorseBy, Bound: 5}, scaled(base, .9), Pass, 5, -10},

		{"better_by, higher better, much higher", Question{Rule: BetterBy, Bound: 5, HigherIsBetter: true}, scaled(base, 1.1), Pass, 5, 10},
		{"better_by, higher better, a little higher", Question{Rule: BetterBy, Bound: 5, HigherIsBetter: true}, scaled(base, 1.02), Fail, 5, 2},
		{"better_by, lower better, much lower", Question{Rule: BetterBy, Bound: 5}, scaled(base, .9), Pass, -5, -10},
		{"better_by, lower better, a little lower", Question{Rule: BetterBy, Bound: 5}, scaled(base, .98), Fail, -5, -2},

		{"not_worse_by 5 %, higher better", Question{Rule: NotWorseBy, Bound: .05, Relative: true, HigherIsBetter: true}, scaled(base, .98), Pass, .95, .98},
		{"not_worse_by 5 %, lower better", Question{Rule: NotWorseBy, Bound: .05, Relative: true}, scaled(base, 1.1), Fail, 1.05, 1.1},
		{"better_by 5 %, higher better", Question{Rule: BetterBy, Bound: .05, Relative: true, HigherIsBetter: true}, scaled(base, 1.1), Pass, 1.05, 1.1},
		{"better_by 5 %, lower better", Question{Rule: BetterBy, Bound: .05, Relative: true}, scaled(base, .98), Fail, .95, .98},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.q.Kind, c.q.Confidence = Mean, 0.95
			s := Sample{Candidate: c.candidate}
			if c.q.Rule.Paired() {
				s.Baseline = base
			}
			d := decided(t, c.q, s)
			if d.Outcome != c.want {
				t.Errorf("got outcome %d, want %d: %+v", d.Outcome, c.want, d)
			}
			near(t, "threshold", d.Threshold, c.threshold, 1e-12)
			near(t, "estimate", d.Estimate, c.estimateAround, 1e-9)
		})
	}
}

func TestWorstCaseSides(t *testing.T) {
	t.Parallel()
	// 300 cases, the candidate fails one more than the baseline; two of its calls
	// failed: they count against it for the pass and for it in the fail.
	q := Question{Kind: Rate, Rule: NotWorseBy, Bound: 0.02, HigherIsBetter: true, Confidence: 0.95}
	baseline := outcomes(300, 280)
	bad := outcomes(300, 279)
	good := slices.Clone(bad)
	bad[0], bad[1] = 0, 0
	d, err := Decide(q, Sample{Candidate: bad, Baseline: baseline}, Sample{Candidate: good, Baseline: baseline})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "estimate in the middle", d.Estimate, -2./300, 1e-12)
	pass := decided(t, q, Sample{Candidate: bad, Baseline: baseline})
	fail := decided(t, q, Sample{Candidate: good, Baseline: baseline})
	near(t, "pass from the pass side", d.PassP, pass.PassP, 0)
	near(t, "lower from the pass side", d.Lower, pass.Lower, 0)
	near(t, "fail from the fail side", d.FailP, fail.FailP, 0)
	near(t, "upper from the fail side", d.Upper, fail.Upper, 0)
	if d.BaselineOnly != 3 || d.CandidateOnly != 0 {
		t.Errorf("discordant pairs of the pass side: got %d and %d, want 0 and 3", d.CandidateOnly, d.BaselineOnly)
	}
	// A lower-is-better rate takes its upper bound from the pass side.
	q.HigherIsBetter = false
	d, err = Decide(q, Sample{Candidate: good, Baseline: baseline}, Sample{Candidate: bad, Baseline: baseline})
	if err != nil {
		t.Fatal(err)
	}
	pass = decided(t, q, Sample{Candidate: good, Baseline: baseline})
	near(t, "upper from the pass side", d.Upper, pass.Upper, 0)
}

func TestErrorsAcrossTheMarginNeverDecide(t *testing.T) {
	t.Parallel()
	q := Question{Kind: Rate, Rule: AtLeast, Bound: 0.9, Confidence: 0.95}
	d, err := Decide(q, Sample{Candidate: outcomes(100, 88)}, Sample{Candidate: outcomes(100, 92)})
	if err != nil {
		t.Fatal(err)
	}
	if d.Outcome != Undecided || !d.NoneWould || d.NeedCases != 0 {
		t.Errorf("got %+v, want undecided at any number of cases", d)
	}
}

func TestCasesThatWouldDecide(t *testing.T) {
	t.Parallel()
	all := decided(t, Question{Kind: Rate, Rule: AtLeast, Bound: 0.95, Confidence: 0.95}, Sample{Candidate: outcomes(20, 20)})
	// 0.95⁵⁹ is the first power below 0.05.
	if all.Outcome != Undecided || all.NeedCases != 59 {
		t.Errorf("20 of 20 at least 95 %%: got %+v, want 59 cases", all)
	}
	p95 := decided(t, Question{Kind: Percentile, Q: 0.95, Rule: AtMost, Bound: 10, Confidence: 0.95}, Sample{Candidate: spread(20, 0, 5)})
	if p95.Outcome != Undecided || p95.NeedCases != 59 || !math.IsInf(p95.Upper, 1) {
		t.Errorf("p95 of 20 values below the bound: got %+v, want 59 cases and no upper bound", p95)
	}
	onIt := decided(t, Question{Kind: Rate, Rule: AtLeast, Bound: 0.5, Confidence: 0.95}, Sample{Candidate: outcomes(100, 50)})
	if !onIt.NoneWould || onIt.NeedCases != 0 {
		t.Errorf("an estimate on the bound: got %+v, want none would decide", onIt)
	}
	// Growing the sample to the number promised decides, a little less does not.
	q := Question{Kind: Rate, Rule: NotWorseBy, Bound: 0.05, HigherIsBetter: true, Confidence: 0.95}
	pairs := func(times int) Sample {
		return Sample{
			Candidate: slices.Concat(constant(10*times, 1), constant(10*times, 0), constant(80*times, 1)),
			Baseline:  slices.Concat(constant(10*times, 0), constant(10*times, 1), constant(80*times, 1)),
		}
	}
	d := decided(t, q, pairs(1))
	if d.NeedCases <= 100 {
		t.Fatalf("got %+v, want more cases than 100", d)
	}
	if o := decided(t, q, pairs(d.NeedCases/100+1)).Outcome; o != Pass {
		t.Errorf("at %d cases: got outcome %d, want a pass", 100*(d.NeedCases/100+1), o)
	}
	if o := decided(t, q, pairs(d.NeedCases/100)).Outcome; o != Undecided {
		t.Errorf("at %d cases: got outcome %d, want undecided", 100*(d.NeedCases/100), o)
	}
}

func TestTooFewSaysHowMany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		q        Question
		n, size  int
		cases    int
		clusters int
		says     string
	}{
		{"no case", Question{Kind: Rate, Rule: AtLeast, Bound: .5}, 0, 0, 1, 0, "no scored case"},
		{"mean", Question{Kind: Mean, Rule: AtMost, Bound: 1}, 57, 0, 200, 0, "needs 200 cases, there are 57"},
		{"ratio", Question{Kind: Mean, Rule: NotWorseBy, Bound: .1, Relative: true}, 40, 0, 100, 0, "needs 100 cases, there are 40"},
		{"geometric mean", Question{Kind: GeoMean, Rule: AtMost, Bound: 1}, 99, 0, 100, 0, "needs 100 cases, there are 99"},
		{"median pair", Question{Kind: Percentile, Q: .5, Rule: NotWorseBy, Bound: .1}, 150, 0, 200, 0, "needs 200 cases"},
		{"p99 pair", Question{Kind: Percentile, Q: .99, Rule: NotWorseBy, Bound: .1}, 500, 0, 1000, 0, "needs 1000 cases"},
		{"rate in clusters", Question{Kind: Rate, Rule: AtLeast, Bound: .5}, 50, 5, 100, 20, "needs 20 clusters, there are 10"},
		{"paired rate in clusters", Question{Kind: Rate, Rule: NotWorseBy, Bound: .5}, 50, 5, 100, 20, "needs 20 clusters, there are 10"},
		{"percentage of nothing", Question{Kind: Mean, Rule: NotWorseBy, Bound: .1, Relative: true}, -200, 0, 0, 0, "not above 0"},
		{"percentage of a percentile of nothing", Question{Kind: Percentile, Q: .5, Rule: NotWorseBy, Bound: .1, Relative: true}, -200, 0, 0, 0, "not above 0"},
		{"mean in clusters", Question{Kind: Mean, Rule: AtMost, Bound: 1}, 300, 10, 1000, 100, "needs 100 clusters, there are 30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.q.Confidence = 0.95
			level := 1.0
			if c.n < 0 {
				c.n, level = -c.n, 0
			}
			s := Sample{Candidate: constant(c.n, level)}
			if c.q.Rule.Paired() {
				s.Baseline = constant(c.n, level)
			}
			if c.size > 0 {
				s.Cluster = clusterNames(c.n, c.size)
			}
			d := decided(t, c.q, s)
			if d.Outcome != Undecided || d.PassP != 1 || d.FailP != 1 || !math.IsNaN(d.Lower) || !math.IsNaN(d.FailBound(0.05)) {
				t.Errorf("got %+v, want undecided without bounds", d)
			}
			if !strings.Contains(d.TooFew, c.says) || d.NeedCases != c.cases || d.NeedClusters != c.clusters {
				t.Errorf("got %q, %d cases, %d clusters; want %q, %d, %d", d.TooFew, d.NeedCases, d.NeedClusters, c.says, c.cases, c.clusters)
			}
		})
	}
}

func TestMethodForTheMetric(t *testing.T) {
	t.Parallel()
	skewed := constant(200, 1)
	for i := range 24 {
		skewed[i] = 0
	}
	for _, c := range []struct {
		name, method string
		q            Question
		s            Sample
	}{
		{"rate", "exact (Clopper-Pearson)", Question{Kind: Rate, Rule: AtLeast, Bound: .5}, Sample{Candidate: outcomes(30, 20)}},
		{"rate in clusters", "exact (Clopper-Pearson), clustered", Question{Kind: Rate, Rule: AtLeast, Bound: .5}, Sample{Candidate: outcomes(60, 40), Cluster: clusterNames(60, 3)}},
		{"clusters of one", "exact (Clopper-Pearson)", Question{Kind: Rate, Rule: AtLeast, Bound: .5}, Sample{Candidate: outcomes(60, 40), Cluster: clusterNames(60, 1)}},
		{"paired rates", "Tango score", Question{Kind: Rate, Rule: BetterBy}, Sample{Candidate: outcomes(30, 20), Baseline: outcomes(30, 18)}},
		{"paired rates in clusters", "Tango score, clustered", Question{Kind: Rate, Rule: BetterBy}, Sample{Candidate: outcomes(60, 40), Baseline: outcomes(60, 36), Cluster: clusterNames(60, 3)}},
		{"score", "t", Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: .5}, Sample{Candidate: spread(100, .1, .9)}},
		{"score of few cases", "betting bounds", Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: .5}, Sample{Candidate: spread(99, .1, .9)}},
		{"score near the end", "betting bounds", Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: .5}, Sample{Candidate: spread(500, .9, .95)}},
		{"skewed score", "betting bounds", Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: .5}, Sample{Candidate: skewed}},
		{"score in clusters", "betting bounds, clusters as one value each", Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: .5}, Sample{Candidate: spread(300, .1, .9), Cluster: clusterNames(300, 6)}},
		{"mean", "t", Question{Kind: Mean, Rule: AtMost, Bound: 2}, Sample{Candidate: spread(200, 0, 2)}},
		{"ratio", "ratio of means (Fieller)", Question{Kind: Mean, Rule: NotWorseBy, Bound: .1, Relative: true}, Sample{Candidate: spread(100, 1, 2), Baseline: spread(100, 1, 2)}},
		{"geometric mean", "t on logarithms", Question{Kind: GeoMean, Rule: AtMost, Bound: 2}, Sample{Candidate: spread(100, 1, 2)}},
		{"percentile", "order statistics", Question{Kind: Percentile, Q: .5, Rule: AtMost, Bound: 2}, Sample{Candidate: spread(30, 1, 2)}},
		{"percentile pair", "paired bootstrap", Question{Kind: Percentile, Q: .5, Rule: NotWorseBy, Bound: 2}, Sample{Candidate: spread(200, 1, 2), Baseline: spread(200, 1, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.q.Confidence = 0.95
			d := decided(t, c.q, c.s)
			if d.Method != c.method || d.TooFew != "" {
				t.Errorf("got %q (%s), want %q", d.Method, d.TooFew, c.method)
			}
		})
	}
}

func TestClustersWidenBounds(t *testing.T) {
	t.Parallel()
	// Clusters that pass or fail as a whole count as one case each.
	var whole []float64
	for i := range 40 {
		whole = append(whole, constant(5, float64(i%2))...)
	}
	q := Question{Kind: Rate, Rule: AtLeast, Bound: 0.4, Confidence: 0.95}
	d := decided(t, q, Sample{Candidate: whole, Cluster: clusterNames(200, 5)})
	near(t, "design effect", d.DesignEffect, (100*5*40./39+5*40./39)/101, 1e-9)
	near(t, "lower bound", d.Lower, exact{100 / d.DesignEffect, 200 / d.DesignEffect}.lower(0.05), 1e-12)
	if d.Clusters != 40 || d.N != 200 {
		t.Errorf("got %d cases in %d clusters, want 200 in 40", d.N, d.Clusters)
	}
	// Without variance the mean cluster size stands in.
	same := decided(t, q, Sample{Candidate: constant(200, 1), Cluster: clusterNames(200, 5)})
	near(t, "design effect without variance", same.DesignEffect, 5, 1e-12)
	near(t, "lower bound without variance", same.Lower, math.Pow(0.05, 1./40), 1e-9)
	// Tango at counts ÷ design effect with t's critical value.
	pair := decided(t, Question{Kind: Rate, Rule: NotWorseBy, Bound: 0.05, HigherIsBetter: true, Confidence: 0.95},
		Sample{Candidate: constant(200, 1), Baseline: constant(200, 1), Cluster: clusterNames(200, 5)})
	near(t, "lower bound of a difference", pair.Lower, tango{0, 0, 40, 39}.lower(0.05), 1e-12)
}

func TestUnseenValuesKeepBoundsOut(t *testing.T) {
	t.Parallel()
	// 100 equal pairs do not exclude that one in fifty drops from 1 to 0.
	q := Question{Kind: Score, Hi: 1, Rule: NotWorseBy, Bound: 0.02, HigherIsBetter: true, Confidence: 0.95}
	s := Sample{Candidate: constant(100, .7), Baseline: constant(100, .7)}
	if d := decided(t, q, s); d.Outcome != Undecided || d.Method != "t" {
		t.Errorf("margin 0.02: got %+v, want undecided by t", d)
	} else {
		near(t, "lower bound", d.Lower, math.Pow(0.05, 0.01)-1, 1e-12)
	}
	q.Bound = 0.03
	if d := decided(t, q, s); d.Outcome != Pass {
		t.Errorf("margin 0.03: got %+v, want a pass", d)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	costs := constant(300, 1)
	for i := range 10 {
		costs[i] = 40
	}
	d := decided(t, Question{Kind: Mean, Rule: AtMost, Bound: 1, Confidence: 0.95}, Sample{Candidate: costs})
	if len(d.Warnings) != 2 || !strings.Contains(d.Warnings[0], "ten largest of 300 cases carry 58 %") ||
		!strings.Contains(d.Warnings[1], "skewness 5.2): below about 7510 cases") {
		t.Errorf("concentrated cost: got %q", d.Warnings)
	}
	if d := decided(t, Question{Kind: Mean, Rule: AtMost, Bound: 1, Confidence: 0.95}, Sample{Candidate: constant(300, 1)}); len(d.Warnings) != 0 {
		t.Errorf("even cost: got %q", d.Warnings)
	}
	uneven := Sample{Candidate: outcomes(40, 30), Cluster: make([]string, 40)}
	for i := range 30 {
		uneven.Cluster[i] = "long conversation"
	}
	d = decided(t, Question{Kind: Score, Hi: 1, Rule: AtLeast, Bound: 0.5, Confidence: 0.95}, uneven)
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "over clusters is 0.09091, over cases 0.75") {
		t.Errorf("uneven clusters: got %q", d.Warnings)
	}
}

func TestBootstrapIsRepeatable(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	s := Sample{Cluster: clusterNames(240, 4)}
	for range 240 {
		base := math.Exp(random.NormFloat64())
		s.Baseline = append(s.Baseline, base)
		s.Candidate = append(s.Candidate, base*math.Exp(0.2*random.NormFloat64()))
	}
	for _, relative := range []bool{true, false} {
		q := Question{Kind: Percentile, Q: 0.95, Rule: NotWorseBy, Bound: 0.2, Relative: relative, Confidence: 0.95}
		a := decided(t, q, s)
		reversed := Sample{Candidate: slices.Clone(s.Candidate), Baseline: slices.Clone(s.Baseline), Cluster: slices.Clone(s.Cluster)}
		slices.Reverse(reversed.Candidate)
		slices.Reverse(reversed.Baseline)
		slices.Reverse(reversed.Cluster)
		b := decided(t, q, reversed)
		if a.Lower != b.Lower || a.Upper != b.Upper || a.PassP != b.PassP || a.FailP != b.FailP {
			t.Errorf("the order of cases changed the bootstrap: %+v and %+v", a, b)
		}
		if !(a.Lower < a.Estimate && a.Estimate < a.Upper) {
			t.Errorf("estimate outside its bounds: %+v", a)
		}
		if p, bound := a.PassP <= 0.05, a.Upper < a.Threshold; p != bound {
			t.Errorf("p-value and bound disagree: %+v", a)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := Question{Kind: Rate, Rule: AtLeast, Bound: 0.5, Confidence: 0.95}
	s := Sample{Candidate: outcomes(10, 5), Baseline: outcomes(10, 5)}
	for _, c := range []struct {
		name   string
		change func(q *Question, s *Sample)
		says   string
	}{
		{"kind", func(q *Question, _ *Sample) { q.Kind = 0 }, "unknown metric kind 0"},
		{"rule", func(q *Question, _ *Sample) { q.Rule = 9 }, "unknown rule 9"},
		{"confidence", func(q *Question, _ *Sample) { q.Confidence = 95 }, "confidence is 95"},
		{"bound", func(q *Question, _ *Sample) { q.Bound = math.NaN() }, "bound is NaN"},
		{"margin", func(q *Question, _ *Sample) { q.Rule, q.Bound = NotWorseBy, -0.1 }, "margin is -0.1"},
		{"range", func(q *Question, _ *Sample) { q.Kind = Score }, "range of the score is 0 to 0"},
		{"percentile", func(q *Question, _ *Sample) { q.Kind, q.Q = Percentile, 95 }, "percentile is 95"},
		{"relative bound", func(q *Question, _ *Sample) { q.Relative = true }, "needs a baseline"},
		{"relative rate", func(q *Question, _ *Sample) { q.Rule, q.Relative = NotWorseBy, true }, "is a difference"},
		{"absolute geometric margin", func(q *Question, _ *Sample) { q.Kind, q.Rule = GeoMean, NotWorseBy }, "is a percentage"},
		{"rate value", func(_ *Question, s *Sample) { s.Candidate = []float64{0, .5} }, "value 1 is 0.5, expected 0 or 1"},
		{"not a number", func(_ *Question, s *Sample) { s.Candidate = []float64{math.NaN()} }, "value 0 is NaN"},
		{"score value", func(q *Question, s *Sample) { q.Kind, q.Hi = Score, 1; s.Candidate = []float64{2} }, "outside the score's range"},
		{"cost of 0", func(q *Question, s *Sample) { q.Kind = GeoMean; s.Candidate = []float64{0} }, "above 0"},
		{"lengths", func(q *Question, s *Sample) { q.Rule = NotWorseBy; s.Baseline = nil }, "10 candidate values and 0 baseline"},
		{"clusters", func(_ *Question, s *Sample) { s.Cluster = []string{"a"} }, "10 values and 1 cluster"},
		{"baseline value", func(q *Question, s *Sample) { q.Rule = BetterBy; s.Baseline = constant(10, 3) }, "baseline: value 0 is 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, changed := good, s
			c.change(&q, &changed)
			if _, err := Decide(q, changed, changed); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
	if _, err := Decide(good, s, Sample{Candidate: outcomes(9, 5)}); err == nil || !strings.Contains(err.Error(), "10 cases on the pass side and 9 on the fail side") {
		t.Errorf("sides of unequal length: got %v", err)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	show := func(q Question, values []float64, cluster []string) Interval {
		t.Helper()
		q.Confidence = 0.95
		shown, err := Show(q, values, cluster)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	rate := show(Question{Kind: Rate}, outcomes(263, 81), nil)
	near(t, "Wilson lower", rate.Lower, .255289, sixDigits)
	if rate.Method != "Wilson" || rate.N != 263 {
		t.Errorf("rate: got %+v", rate)
	}
	grouped := show(Question{Kind: Rate}, outcomes(100, 100), clusterNames(100, 5))
	near(t, "Wilson of 20 clusters", grouped.Lower, 1-.161125, sixDigits)
	if grouped.Method != "Wilson, clustered" {
		t.Errorf("rate in clusters: got %+v", grouped)
	}
	few := show(Question{Kind: Mean}, []float64{1, 2, 3}, nil)
	near(t, "t of three values", few.Lower, 2-4.302653/math.Sqrt(3), 1e-6)
	if !strings.Contains(few.TooFew, "needs 200 cases") {
		t.Errorf("mean of three: got %+v", few)
	}
	for name, empty := range map[string]Interval{
		"nothing":     show(Question{Kind: Rate}, nil, nil),
		"one value":   show(Question{Kind: Mean}, []float64{1}, nil),
		"one cluster": show(Question{Kind: Mean}, []float64{1, 2}, []string{"a", "a"}),
	} {
		if !math.IsNaN(empty.Lower) || !math.IsNaN(empty.Upper) {
			t.Errorf("%s: got %+v, want no bounds", name, empty)
		}
	}
	if _, err := Show(Question{Kind: Rate, Confidence: 0.95}, []float64{2}, nil); err == nil || !strings.Contains(err.Error(), "expected 0 or 1") {
		t.Errorf("a rate of 2: got %v", err)
	}
}
