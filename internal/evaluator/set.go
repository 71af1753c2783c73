package evaluator

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/problem"
)

// Set is the evaluators of an eval file.
type Set struct {
	evaluators []*Evaluator
}

// All are the evaluators of the set, in the order of the file.
func (s *Set) All() []*Evaluator { return s.evaluators }

// Digests are the digests of the evaluators by name.
func (s *Set) Digests() map[string]string {
	digests := make(map[string]string, len(s.evaluators))
	for _, e := range s.evaluators {
		digests[e.Name()] = string(e.Digest())
	}
	return digests
}

// Score judges an answer with every evaluator, by name. Scores of costly
// evaluators are kept in keep, which may be nil. The error is that of the
// context when it ended: the scores are then incomplete and nil.
func (s *Set) Score(ctx context.Context, subject *Subject, keep Keeper) (map[string]Score, error) {
	scores := make(map[string]Score, len(s.evaluators))
	c := &call{Subject: subject, vars: subject.vars(), kept: keep}
	for _, e := range s.evaluators {
		r := e.score(ctx, c)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("scoring with %s: %w", e.Name(), err)
		}
		scores[e.Name()] = r.Score
	}
	return scores, nil
}

// maxCaseProblems bounds what Precheck reports of one evaluator.
const maxCaseProblems = 3

// Precheck finds cases that an evaluator cannot score because what it expects
// is missing or of the wrong type, before any call is paid for. Expectations
// that use the output, the documents, the tool calls or the config have no
// value yet and are not checked. The problems are placed in path, the
// dataset's file, at the case's line; names in expressions that look like a
// slip are placed in the eval file.
func (s *Set) Precheck(path string, cases []dataset.Case) error {
	known := slices.Concat(beforehand, afterwards, slices.Sorted(maps.Keys(inputNames(cases))))
	var problems problem.List
	for _, e := range s.evaluators {
		if slips := e.checkNames(known); slips != nil {
			problems = append(problems, slips...)
			continue
		}
		wrong := 0
		for i := range cases {
			c := &cases[i]
			who, err := e.checkCase(context.Background(), caseVars(c.Input, c.Expected, c.Tags, c.Metadata))
			if err == nil {
				continue
			}
			if wrong++; wrong <= maxCaseProblems {
				problems = append(problems, caseProblem(c, who, err).At(path, c.Line))
			}
		}
		if wrong > maxCaseProblems {
			problems = append(problems, problem.Newf("%d more cases cannot be scored by %s", wrong-maxCaseProblems, e.Name()).At(path, 0))
		}
	}
	return problems.OrNil()
}

// inputNames are the fields that the input of at least one case has.
func inputNames(cases []dataset.Case) map[string]bool {
	names := make(map[string]bool)
	for i := range cases {
		for name := range cases[i].Input {
			names[name] = true
		}
	}
	return names
}

// checkCase resolves and prepares the expectation of a case; who is the
// evaluator, this one or a member, that cannot.
func (e *Evaluator) checkCase(ctx context.Context, vars map[string]any) (who *Evaluator, err error) {
	if e.when.afterCall() {
		return nil, nil
	}
	wanted, err := e.when.holds(ctx, vars)
	if err != nil {
		return e, err
	}
	if !wanted {
		return nil, nil
	}
	for _, m := range e.members {
		if who, err := m.checkCase(ctx, vars); err != nil {
			return who, err
		}
	}
	if e.fixed != nil || e.expected == nil || e.expected.afterCall() {
		return nil, nil
	}
	expected, err := e.expected.resolve(ctx, vars)
	if err != nil {
		return e, err
	}
	_, err = e.prepare(expected)
	return e, err
}
