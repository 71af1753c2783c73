package eval

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// judges makes each judge's side once: its config, pinned and digested like
// any other.
type judges struct {
	plan *Plan
	mu   sync.Mutex
	made map[string]*judge
}

// judge answers for an evaluator by a config of its own. Its calls go the way
// of all calls: looked up, journalled, priced and held to the budget.
type judge struct {
	side *Side
	mu   sync.Mutex
	m    *machine // of the execution under way
}

// get returns the judge that a config makes: a path of the tree, or what stands
// in its place when an eval file gives a name alone.
func (j *judges) get(config string) (evaluator.Judge, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if have := j.made[config]; have != nil {
		return have, nil
	}
	loaded, err := j.plan.work.Project.ConfigNamed(config)
	if err != nil {
		return nil, err
	}
	for _, w := range loaded.Warnings {
		if err := j.plan.work.Warn(w); err != nil {
			return nil, err
		}
	}
	if loaded.Target != nil {
		return nil, problem.Newf("the judge %s is a target", config).Wanted("a config with messages and a model")
	}
	if loaded.Output == nil {
		if loaded, err = loaded.WithOutput(evaluator.JudgeSchema); err != nil {
			return nil, err
		}
	}
	side := newSide("judge "+loaded.Name, loaded, Header{})
	if err := j.plan.connect(side); err != nil {
		return nil, err
	}
	side.purpose = "judge " + loaded.Name
	made := &judge{side: side}
	j.made[config] = made
	return made, nil
}

// sides are the sides of all judges.
func (j *judges) sides() []*Side {
	j.mu.Lock()
	defer j.mu.Unlock()
	var sides []*Side
	for _, one := range j.made {
		sides = append(sides, one.side)
	}
	return sides
}

// unfixed says which judge's verdicts its digest does not fix; "" when all are
// fixed.
func (j *judges) unfixed() string {
	for _, s := range j.sides() {
		if why := s.Header.Unfixed; why != "" {
			return "of the judge " + s.Config.Name + ": " + why
		}
	}
	return ""
}

// use gives all judges the execution that pays for their calls.
func (j *judges) use(m *machine) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.made {
		one.mu.Lock()
		one.m = m
		one.mu.Unlock()
	}
}

// Version is the name and digest of the judge's config.
func (j *judge) Version() string { return j.side.Config.Version() }

// Ask renders the judge's messages over a question and returns the reply. The
// reply to one question is kept, whatever case and repeat it comes from.
func (j *judge) Ask(ctx context.Context, question evaluator.Question) (*llm.Reply, error) {
	j.mu.Lock()
	m := j.m
	j.mu.Unlock()
	if m == nil {
		return nil, errors.New("a judge is asked outside a run")
	}
	input := maps.Clone(question.Input)
	if question.Expected != nil {
		input["expected"] = question.Expected // a prompt has no expected of its own: only a judge may see it
	}
	c := &dataset.Case{ID: question.CaseID, Input: input}
	q, err := j.side.asker.prepare(ctx, c, 0, question.Documents)
	if err != nil {
		return nil, err
	}
	got, err := j.side.answer(ctx, m, c, 0, q)
	switch {
	case err != nil:
		return nil, err
	case got.err != nil:
		return nil, got.err
	case got.call.Failure != nil:
		return nil, got.call.Failure
	}
	return got.call.Reply, nil
}
