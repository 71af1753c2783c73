package stats

// Outcome is what the evidence says about one rule.
type Outcome uint8

// The outcomes. Undecided is the zero value: without evidence nothing passes.
const (
	Undecided Outcome = iota
	Pass
	Fail
)

// Decision is the answer to one question.
type Decision struct {
	// Outcome is the rule's own verdict, before Holm's correction over the rules
	// of a gate: a gate fails a rule by comparing Holm's adjusted FailP.
	Outcome Outcome
	// Estimate is the figure (AtLeast, AtMost), the difference candidate −
	// baseline, or the ratio candidate ÷ baseline (Relative). Where the pass and
	// the fail side differ (errors counted as the worst case) it is the middle of
	// the two. NaN without any case, and for a ratio to a baseline of 0.
	Estimate float64
	// Lower and Upper are the one-sided bounds at Question.Confidence. The one
	// that must clear the threshold for a pass comes from the pass side, the other
	// from the fail side. They are infinite, or an end of the metric's range,
	// where the data bound nothing, and NaN when TooFew is set.
	Lower, Upper float64
	// Threshold is what the bounds are compared with, in the units of Estimate;
	// PassesAbove says on which side of it the rule passes.
	Threshold   float64
	PassesAbove bool
	// PassP and FailP are the one-sided p-values of the pass and of the fail;
	// both are 1 when TooFew is set. Holm corrects FailP.
	PassP, FailP float64
	// Method names what was used, for example "Tango score, clustered".
	Method string
	// N is the number of cases; Clusters the number of clusters, 0 when the
	// sample is unclustered.
	N, Clusters int
	// DesignEffect is the cluster-robust variance ÷ the independent variance, at
	// least 1; 1 when the sample is unclustered.
	DesignEffect float64
	// CandidateOnly and BaselineOnly count, for a comparison of rates, the cases
	// that only one side passes, on the pass side's sample.
	CandidateOnly, BaselineOnly int
	// TooFew says in words why the method was not applied, "" when it was:
	// "t needs 200 cases, there are 40".
	TooFew string
	// NeedCases is, for an undecided rule, about how many cases in all would
	// decide it if the estimate and the spread stayed as they are; with TooFew,
	// how many cases (NeedClusters: clusters) the method needs. 0 means unknown.
	NeedCases, NeedClusters int
	// NoneWould is set when no number of cases would decide: the estimate lies on
	// the margin, or errors alone reach across it.
	NoneWould bool
	// Warnings are plain sentences to show beside the figures.
	Warnings []string

	pass, fail inference
}

// FailBound is the bound that must clear the threshold for a fail, at a
// one-sided error of alpha: what Holm's correction moves. NaN when TooFew is
// set.
func (d Decision) FailBound(alpha float64) float64 {
	if d.fail == nil {
		return nan
	}
	if d.PassesAbove {
		return d.fail.upper(alpha)
	}
	return d.fail.lower(alpha)
}

// Interval is a figure for show with its two-sided interval.
type Interval struct {
	// Estimate lies between Lower and Upper. All are NaN without any case, the
	// bounds also where a single case or cluster has no spread to judge by; a bound
	// is infinite where too few cases bound a percentile.
	Estimate, Lower, Upper float64
	// Confidence is the two-sided coverage, 0.95 for a 95 % interval.
	Confidence float64
	// Method names the interval, for example "Wilson".
	Method string
	// N is the number of cases; Clusters the number of clusters, 0 when
	// unclustered.
	N, Clusters int
	// DesignEffect is as in Decision.
	DesignEffect float64
	// TooFew says why a gate would not decide by this interval yet; "" when it
	// would.
	TooFew string
}
