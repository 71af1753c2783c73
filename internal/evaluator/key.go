package evaluator

import (
	"context"
	"slices"

	"github.com/assay-llmops/assay/internal/canonical"
)

// Keeper keeps scores of costly evaluators between runs, by key.
type Keeper interface {
	GetScore(key string, score any) bool
	PutScore(key string, score any) error
}

// Key names the score that the evaluator gives to a subject: the digest of the
// evaluator and of all that it is given as its type declares. It fails for a
// subject whose expectation cannot be resolved or whose values JSON cannot
// hold; such a score is not kept.
func (e *Evaluator) Key(s *Subject) (canonical.Digest, error) {
	return e.key(context.Background(), s, s.vars())
}

func (e *Evaluator) key(ctx context.Context, s *Subject, vars map[string]any) (canonical.Digest, error) {
	wanted, err := e.when.holds(ctx, vars)
	if err != nil {
		return "", err
	}
	parts := map[string]any{"evaluator": e.digest, "when": wanted}
	if s.Failure != nil {
		parts["failure"] = s.Failure.Kind
	}
	if wanted && e.expected != nil {
		if parts["resolved"], err = e.expected.resolve(ctx, vars); err != nil {
			return "", err
		}
	}
	for _, use := range e.Uses() {
		parts[use] = s.part(use)
	}
	var members []canonical.Digest
	for _, m := range e.members {
		key, err := m.key(ctx, s, vars)
		if err != nil {
			return "", err
		}
		members = append(members, key)
	}
	if members != nil {
		parts["of"] = members
	}
	return canonical.Of(parts)
}

// part is what an evaluator that uses a part of a subject is given.
func (s *Subject) part(use string) any {
	switch use {
	case "output":
		return s.Output
	case "input":
		return s.Input
	case "expected":
		return s.Expected
	case "tags":
		return s.Tags
	case "metadata":
		return s.Metadata
	case "documents":
		return s.Documents
	case "tool_calls":
		return s.ToolCalls
	case "usage":
		return s.Usage
	case "cost":
		return s.CostNanos
	case "timing":
		return []any{s.Timing.TTFT, s.Timing.Total, s.Cached}
	case "finish_reason":
		return s.FinishReason
	case "config":
		return []any{s.ConfigName, s.Version}
	}
	return nil
}

// Uses are the parts of a subject that the evaluator is given, beside the
// expectation that it resolves: output, input, expected, tags, metadata,
// documents, tool_calls, usage, cost, timing, finish_reason, config.
func (e *Evaluator) Uses() []string {
	uses := append(slices.Clone(e.kind.Uses), e.alsoUses...)
	for _, m := range e.members {
		uses = append(uses, m.Uses()...)
	}
	slices.Sort(uses)
	return slices.Compact(uses)
}

// kept is a score before threshold and negate, as it is stored.
type kept struct {
	Score    Score `json:"score"`
	Standing bool  `json:"standing,omitempty"`
}

// recall gives a kept result, or judges and keeps it. Errors are never kept.
func (e *Evaluator) recall(ctx context.Context, c *call) result {
	key, err := e.key(ctx, c.Subject, c.vars)
	if err != nil {
		return e.judge(ctx, c)
	}
	var known kept
	if c.kept.GetScore(string(key), &known) && (known.Score.Outcome == Pass || known.Score.Outcome == Fail) {
		return result{known.Score, known.Standing}
	}
	r := e.judge(ctx, c)
	if r.Outcome == Pass || r.Outcome == Fail {
		if err := c.kept.PutScore(string(key), kept{r.Score, r.standing}); err != nil {
			return broken("keeping the score: " + err.Error())
		}
	}
	return r
}
