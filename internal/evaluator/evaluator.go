package evaluator

import (
	"context"
	"fmt"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/extract"
)

// Evaluator is a Spec that was checked and made ready. It has no state and may
// be used from many goroutines.
type Evaluator struct {
	spec     Spec
	kind     kind
	rng      *Range
	digest   canonical.Digest
	when     *condition
	expected *dynamic // nil when the type or the spec has none
	extract  *extract.Extract
	alsoUses []string // parts of a subject, beside those of the type
	prepare  prepare
	fixed    scoreFunc // prepared once, when the expectation is literal or absent
	members  []*Evaluator
}

// Name is the metric's name.
func (e *Evaluator) Name() string { return e.spec.Name }

// Type is the name of the type.
func (e *Evaluator) Type() string { return e.spec.Type }

// Digest covers everything that the evaluator's scores depend on but the
// subject: the spec without its name, the content of files, the version of a
// judge, the number of the type's engine.
func (e *Evaluator) Digest() canonical.Digest { return e.digest }

// Range is where the values lie; has is false when the type gives none.
func (e *Evaluator) Range() (r Range, has bool) {
	if e.rng == nil {
		return Range{}, false
	}
	return *e.rng, true
}

// Costly reports whether a score is worth keeping on disk: it comes from a
// judge or from a command.
func (e *Evaluator) Costly() bool {
	for _, m := range e.members {
		if m.Costly() {
			return true
		}
	}
	return e.kind.costly
}

// Score judges one answer. When the context ends before a judge or a command
// has answered, the score is an error and should be thrown away.
func (e *Evaluator) Score(ctx context.Context, s *Subject) Score {
	return e.score(ctx, &call{Subject: s, vars: s.vars()}).Score
}

// call is a subject on its way through the evaluators of a set.
type call struct {
	*Subject
	vars map[string]any // names of expressions
	kept Keeper         // nil where no scores are kept
}

func (e *Evaluator) score(ctx context.Context, c *call) result {
	wanted, err := e.when.holds(ctx, c.vars)
	if err != nil {
		return broken("when: " + causeOf(err))
	}
	if !wanted {
		return silent("when is false")
	}
	if e.members != nil {
		return e.finish(e.combine(ctx, c))
	}
	if e.kind.costly && c.kept != nil {
		return e.finish(e.recall(ctx, c))
	}
	return e.finish(e.judge(ctx, c))
}

// judge gives the result before threshold and negate.
func (e *Evaluator) judge(ctx context.Context, c *call) result {
	if c.Failure != nil && !e.kind.anyCall {
		return nothing(fmt.Sprintf("no answer: %s", c.Failure.Kind))
	}
	score := e.fixed
	if score == nil {
		expected, err := e.expected.resolve(ctx, c.vars)
		if err != nil {
			return broken("expected: " + causeOf(err))
		}
		if score, err = e.prepare(expected); err != nil {
			return broken(causeOf(err))
		}
	}
	in := &input{Subject: c.Subject, answer: c.Output, vars: c.vars}
	if e.extract != nil {
		part, found, reason := e.extract.Apply(in.answer)
		if !found {
			return nothing("extract: " + reason)
		}
		in.answer = part
	}
	return score(ctx, in)
}

// finish applies threshold and negate, and gives a bounded value to a fail that
// has none: the worst.
func (e *Evaluator) finish(r result) result {
	if r.Outcome != Pass && r.Outcome != Fail {
		r.Value, r.Label = nil, ""
		return r
	}
	bounded := e.rng != nil && e.rng.Bounded
	if r.standing {
		if bounded {
			r = r.withValue(e.rng.Lo)
		}
		return r
	}
	if e.spec.Threshold != nil && r.Value != nil {
		limit := *e.spec.Threshold
		r.Outcome = Fail
		if *r.Value >= limit {
			r.Outcome = Pass
		}
		r.Reason = join(fmt.Sprintf("%s against a threshold of %s", figure(*r.Value), figure(limit)), r.Reason)
	}
	if !e.spec.Negate {
		return r
	}
	if r.Outcome == Pass {
		r.Outcome, r.Reason = Fail, join("negated", r.Reason)
	} else {
		r.Outcome, r.Reason = Pass, join("negated", r.Reason)
	}
	if bounded && r.Value != nil {
		r = r.withValue(e.rng.Lo + e.rng.Hi - *r.Value)
	}
	return r
}
