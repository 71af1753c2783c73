package stats

import (
	"fmt"
	"math"
)

// Sample holds the values of the cases that a rule counts, one element per case.
type Sample struct {
	// Candidate and Baseline are aligned: the same index is the same case.
	// Baseline is nil for AtLeast and AtMost.
	Candidate, Baseline []float64
	// Cluster names the group of each case; nil, or "" for a case that stands
	// alone. When no two cases share a name the sample counts as unclustered.
	Cluster []string
}

// validate refuses a sample that does not fit the question.
func (s Sample) validate(q Question) error {
	n := len(s.Candidate)
	if q.Rule.Paired() && len(s.Baseline) != n {
		return fmt.Errorf("%d candidate values and %d baseline values, expected as many of each", n, len(s.Baseline))
	}
	if s.Cluster != nil && len(s.Cluster) != n {
		return fmt.Errorf("%d values and %d cluster names, expected as many of each", n, len(s.Cluster))
	}
	if err := checkValues(q, s.Candidate); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if q.Rule.Paired() {
		if err := checkValues(q, s.Baseline); err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
	}
	return nil
}

// checkValues refuses values that the metric's kind cannot have.
func checkValues(q Question, values []float64) error {
	for i, v := range values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return fmt.Errorf("value %d is %v, expected a finite number", i, v)
		case q.Kind == Rate && v != 0 && v != 1:
			return fmt.Errorf("value %d is %v, expected 0 or 1 for a rate", i, v)
		case q.Kind == Score && (v < q.Lo || v > q.Hi):
			return fmt.Errorf("value %d is %v, outside the score's range %v to %v", i, v, q.Lo, q.Hi)
		case q.Kind == GeoMean && v <= 0:
			return fmt.Errorf("value %d is %v, a geometric mean needs values above 0", i, v)
		}
	}
	return nil
}
