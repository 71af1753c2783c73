package stats

import (
	"errors"
	"fmt"
	"math"
)

// Kind says what a metric measures and so which methods fit it.
type Kind uint8

// The kinds of metric.
const (
	// Rate is a share of cases; every value is 0 or 1. Repeats of a case are
	// given as several values in one cluster named by the case.
	Rate Kind = iota + 1
	// Score is the mean of a score with a known range, Question.Lo to
	// Question.Hi. Repeats of a case are averaged first.
	Score
	// Mean is the mean of a metric without a range: cost, tokens, latency. With
	// Question.Relative it is the ratio of the two means.
	Mean
	// GeoMean is the geometric mean, the typical case of a skewed metric. Every
	// value must be above 0. A comparison of two is always relative.
	GeoMean
	// Percentile is the nearest-rank percentile Question.Q.
	Percentile
)

// Rule says what is asked of a metric.
type Rule uint8

// The rules.
const (
	// AtLeast passes when the candidate's figure is at or above the bound.
	AtLeast Rule = iota + 1
	// AtMost passes when the candidate's figure is at or below the bound.
	AtMost
	// NotWorseBy passes when the candidate is worse than the baseline by less
	// than the margin: non-inferiority.
	NotWorseBy
	// BetterBy passes when the candidate is better than the baseline by more
	// than the margin; a margin of 0 asks for better at all.
	BetterBy
)

// Paired reports whether the rule compares the candidate with a baseline.
func (r Rule) Paired() bool { return r == NotWorseBy || r == BetterBy }

// Question is one rule on one metric.
type Question struct {
	Kind Kind
	Rule Rule
	// Bound is the bound of AtLeast and AtMost in the metric's units, or the
	// margin of NotWorseBy and BetterBy: in the metric's units, or a fraction of
	// the baseline's figure when Relative. A margin is never negative.
	Bound float64
	// Relative makes the margin a fraction of the baseline's figure (0.05 for
	// 5 %): the estimate and its bounds are then ratios candidate ÷ baseline. Only
	// for NotWorseBy and BetterBy on Mean, GeoMean and Percentile.
	Relative bool
	// HigherIsBetter gives the direction of NotWorseBy and BetterBy.
	HigherIsBetter bool
	// Lo and Hi are the range of a Score.
	Lo, Hi float64
	// Q is the percentile as a fraction, 0.95 for p95.
	Q float64
	// Confidence is one minus the one-sided error of a pass and of a fail: 0.95
	// is an error of 0.05 for each.
	Confidence float64
}

// alpha is the one-sided error that the question allows on each side.
func (q Question) alpha() float64 { return 1 - q.Confidence }

// target gives the threshold on the raw scale (a figure, a difference candidate
// − baseline, or a ratio candidate ÷ baseline) and whether the rule passes above
// it. It is the only place that knows what better means.
func (q Question) target() (threshold float64, passesAbove bool) {
	switch q.Rule {
	case AtLeast:
		return q.Bound, true
	case AtMost:
		return q.Bound, false
	}
	gain := q.Bound
	if q.Rule == NotWorseBy {
		gain = -q.Bound
	}
	if !q.HigherIsBetter {
		gain = -gain
	}
	if q.Relative {
		return 1 + gain, q.HigherIsBetter
	}
	return gain, q.HigherIsBetter
}

// PassesAbove reports whether the rule passes above its threshold: a figure, a
// difference candidate − baseline or a ratio candidate ÷ baseline.
func (q Question) PassesAbove() bool {
	_, above := q.target()
	return above
}

// Validate refuses a question that no method answers, before any data is at
// hand. Decide and Show do it too.
func (q Question) Validate() error {
	switch {
	case q.Kind < Rate || q.Kind > Percentile:
		return fmt.Errorf("unknown metric kind %d", q.Kind)
	case q.Rule < AtLeast || q.Rule > BetterBy:
		return fmt.Errorf("unknown rule %d", q.Rule)
	case !(q.Confidence >= 0.5 && q.Confidence < 1):
		return fmt.Errorf("confidence is %v, expected at least 0.5 and below 1", q.Confidence)
	case math.IsNaN(q.Bound) || math.IsInf(q.Bound, 0):
		return fmt.Errorf("bound is %v, expected a finite number", q.Bound)
	case q.Rule.Paired() && q.Bound < 0:
		return fmt.Errorf("margin is %v, expected 0 or more", q.Bound)
	case q.Kind == Score && !(q.Lo < q.Hi):
		return fmt.Errorf("range of the score is %v to %v, expected low below high", q.Lo, q.Hi)
	case q.Kind == Percentile && !(q.Q > 0 && q.Q < 1):
		return fmt.Errorf("percentile is %v, expected a fraction between 0 and 1", q.Q)
	case q.Relative && !q.Rule.Paired():
		return errors.New("a relative bound needs a baseline: use not_worse_by or better_by")
	case q.Relative && (q.Kind == Rate || q.Kind == Score):
		return errors.New("a margin on a rate or a bounded score is a difference, not a percentage of the baseline")
	case q.Kind == GeoMean && q.Rule.Paired() && !q.Relative:
		return errors.New("a margin on a geometric mean is a percentage of the baseline")
	}
	return nil
}
