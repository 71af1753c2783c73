package evaluator

import (
	"context"
	"fmt"
)

// combine judges a group by its members.
func (e *Evaluator) combine(ctx context.Context, c *call) result {
	if e.spec.Type == "mean" {
		return e.mean(ctx, c)
	}
	// One member of this outcome settles the group: a fail that of all, a pass
	// that of any. The members after it are not asked.
	settles := Fail
	if e.spec.Type == "any" {
		settles = Pass
	}
	var errored, other *result
	var reasons []string
	standing := false
	for _, m := range e.members {
		r := m.score(ctx, c)
		r.Reason = join(m.spec.Name, r.Reason)
		switch r.Outcome {
		case settles:
			return result{Score: Score{Outcome: settles, Reason: r.Reason}, standing: r.standing}
		case Error:
			if errored == nil {
				errored = &r
			}
		case Pass, Fail:
			other = &r
			standing = standing || r.standing
			if r.Outcome == Fail {
				reasons = append(reasons, r.Reason)
			}
		}
	}
	switch {
	case errored != nil:
		return broken(errored.Reason)
	case other == nil:
		return silent("no member has anything to say")
	}
	return result{Score: Score{Outcome: other.Outcome, Reason: firstFew(reasons)}, standing: standing}
}

// mean is the weighted mean of the members: a value between 0 and 1 where the
// member has one, else 1 for a pass and 0 for a fail. Unscored members are left
// out with their weight; an error of one is an error of the whole.
func (e *Evaluator) mean(ctx context.Context, c *call) result {
	var sum, weights float64
	var low []string
	standing := true
	for _, m := range e.members {
		r := m.score(ctx, c)
		if r.Outcome == Error {
			return broken(join(m.spec.Name, r.Reason))
		}
		if r.Outcome == Unscored {
			continue
		}
		value := 0.0
		if r.Outcome == Pass {
			value = 1
		}
		if m.rng != nil && m.rng.Bounded && r.Value != nil {
			value = (*r.Value - m.rng.Lo) / (m.rng.Hi - m.rng.Lo)
		}
		weight := 1.0
		if m.spec.Weight != nil {
			weight = *m.spec.Weight
		}
		sum += weight * value
		weights += weight
		standing = standing && r.standing
		if value < 1 {
			low = append(low, fmt.Sprintf("%s %s", m.spec.Name, figure(value)))
		}
	}
	if weights == 0 {
		return silent("no member has anything to say")
	}
	r := failed(firstFew(low)).withValue(sum / weights) // the threshold decides
	r.standing = standing
	return r
}
