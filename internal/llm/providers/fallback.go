package providers

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
)

// WithFallbacks returns the model that ref names, backed by others: when a call
// fails for a reason of the world, the next is asked the same. What the
// candidate did (a bad request, a filtered answer) is a result and asks nobody
// else. Provider and Model of the reply say who answered.
func (r *Registry) WithFallbacks(ctx context.Context, ref llm.Ref, fallbacks []llm.Ref) (llm.Model, error) {
	first, err := r.Model(ctx, ref)
	if err != nil || len(fallbacks) == 0 {
		return first, err
	}
	f := &fallback{named{ref, first}}
	for _, next := range fallbacks {
		m, err := r.Model(ctx, next)
		if err != nil {
			return nil, fmt.Errorf("the fallback %s: %w", next, err)
		}
		*f = append(*f, named{next, m})
	}
	return f, nil
}

type named struct {
	ref   llm.Ref
	model llm.Model
}

// fallback asks its models in order.
type fallback []named

// Call implements llm.Model. The error is that of the last model, after those of
// the others; its attempts are all that were made.
func (f *fallback) Call(ctx context.Context, req *llm.Request) (*llm.Reply, error) {
	attempts := 0
	var failures []error
	for _, n := range *f {
		asked := *req
		asked.Model = n.ref
		reply, err := n.model.Call(ctx, &asked)
		var failure *llm.Error
		if err == nil || !errors.As(err, &failure) || failure.Kind.OfCandidate() {
			if reply != nil {
				reply.Attempts += attempts
			}
			return reply, err
		}
		attempts += failure.Attempts
		failures = append(failures, fmt.Errorf("%s: %w", n.ref, failure))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	var last *llm.Error
	errors.As(failures[len(failures)-1], &last)
	all := *last
	all.Attempts, all.Err = attempts, errors.Join(failures...)
	all.Message = fmt.Sprintf("%s (after %d other models failed)", last.Message, len(failures)-1)
	return nil, &all
}

// Key implements llm.Keyer: who may answer is part of the question.
func (f *fallback) Key(req *llm.Request) (canonical.Digest, error) {
	keys := make([]canonical.Digest, len(*f))
	for i, n := range *f {
		asked := *req
		asked.Model = n.ref
		var err error
		if keys[i], err = llm.KeyOf(n.model, &asked); err != nil {
			return "", err
		}
	}
	return canonical.Of(keys)
}
