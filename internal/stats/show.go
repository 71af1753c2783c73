package stats

import "fmt"

// Show gives the interval to print beside one side's figure: Wilson for a rate,
// otherwise what decides a rule on that kind of metric, here two-sided at
// q.Confidence. Of the question only Kind, Lo, Hi, Q and Confidence are read.
// An interval whose method wants more cases is given all the same, with TooFew
// set.
func Show(q Question, values []float64, cluster []string) (Interval, error) {
	q.Rule, q.Bound, q.Relative = AtLeast, 0, false
	if err := q.Validate(); err != nil {
		return Interval{}, err
	}
	s := Sample{Candidate: values, Cluster: cluster}
	if err := s.validate(q); err != nil {
		return Interval{}, fmt.Errorf("show an interval: %w", err)
	}
	a := analyse(q, s)
	shown := Interval{
		Estimate: a.value, Lower: nan, Upper: nan, Confidence: q.Confidence, Method: a.method,
		N: a.n, Clusters: a.clusters, DesignEffect: a.designEffect, TooFew: a.tooFew,
	}
	switch {
	case a.n == 0:
	case q.Kind == Rate:
		n := float64(a.n) / a.designEffect
		shown.Lower, shown.Upper = Wilson(a.value*n, n, q.Confidence)
		shown.Method = "Wilson"
		if a.clusters > 0 {
			shown.Method += ", clustered"
		}
	default:
		shown.Lower, shown.Upper = a.lower(q.alpha()/2), a.upper(q.alpha()/2)
	}
	return shown, nil
}
