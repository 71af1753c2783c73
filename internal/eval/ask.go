package eval

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/target"
)

// question is one case, ready to be asked of one side.
type question struct {
	request   *llm.Request // nil for a target
	documents []llm.Document
	identity  map[string]string // what the key is made of
	key       string
}

// asker is how a side gets answers: from a model, or from a target.
type asker interface {
	// prepare renders what would be asked, over the documents that are retrieved
	// or, without retrieval, given; its error is the user's to mend.
	prepare(ctx context.Context, c *dataset.Case, repeat int, given []llm.Document) (*question, error)
	// ask gets the answer. Errors are *llm.Error unless the context ended.
	ask(ctx context.Context, c *dataset.Case, repeat int, q *question) (*llm.Reply, error)
	close() error
}

// modelAsker renders a config's messages and calls its model.
type modelAsker struct {
	config *llmconfig.Config
	model  llm.Model
	index  *retrieve.Index // nil without retrieval
	topK   int
}

func (a *modelAsker) prepare(ctx context.Context, c *dataset.Case, repeat int, given []llm.Document) (*question, error) {
	q, err := a.render(ctx, c, repeat, given)
	if err != nil {
		return nil, err
	}
	return q, a.identify(q, repeat)
}

// render makes the request, which needs no model yet.
func (a *modelAsker) render(ctx context.Context, c *dataset.Case, repeat int, given []llm.Document) (*question, error) {
	q := &question{documents: given}
	if a.index != nil {
		query, err := a.config.Query(ctx, c.Input, c.Tags)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", c.ID, err)
		}
		q.documents = a.index.Search(query, a.topK)
	}
	request, err := a.config.Prompt(ctx, c.Input, q.documents, c.Tags)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", c.ID, err)
	}
	request.CaseID, request.Repeat, request.Input, request.Documents = c.ID, repeat, c.Input, q.documents
	q.request = request
	return q, nil
}

// identify makes the key of a call, which the model's own key decides.
func (a *modelAsker) identify(q *question, repeat int) error {
	whole, err := llm.KeyOf(a.model, q.request)
	if err != nil {
		return err
	}
	q.identity = map[string]string{"model": q.request.Model.String(), "request": string(whole), "repeat": strconv.Itoa(repeat)}
	q.key, err = calls.Key(q.identity)
	return err
}

// parts are what the key is made of, and the digest of each part of the
// request, so that a miss can be explained by what changed.
func (q *question) parts() (map[string]string, error) {
	parts := maps.Clone(q.identity)
	if q.request == nil {
		return parts, nil
	}
	for name, part := range map[string]any{
		"messages": q.request.Messages, "params": q.request.Params, "tools": q.request.Tools,
		"tool_choice": q.request.ToolChoice, "output_schema": q.request.OutputSchema,
	} {
		digest, err := canonical.Quick(part)
		if err != nil {
			return nil, fmt.Errorf("digesting the %s of a request: %w", name, err)
		}
		parts[name] = digest.Short()
	}
	return parts, nil
}

func (a *modelAsker) ask(ctx context.Context, _ *dataset.Case, _ int, q *question) (*llm.Reply, error) {
	return a.model.Call(ctx, q.request)
}

func (a *modelAsker) close() error { return nil }

// targetAsker asks the user's own program.
type targetAsker struct {
	program target.Target
	version string
	digest  canonical.Digest
	timeout time.Duration
}

func (a *targetAsker) prepare(_ context.Context, c *dataset.Case, repeat int, _ []llm.Document) (*question, error) {
	input, err := canonical.Quick(c.Input)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", c.ID, err)
	}
	q := &question{identity: map[string]string{
		"model": "target", "version": string(a.digest), "input": string(input), "repeat": strconv.Itoa(repeat),
	}}
	q.key, err = calls.Key(q.identity)
	return q, err
}

func (a *targetAsker) ask(ctx context.Context, c *dataset.Case, repeat int, _ *question) (*llm.Reply, error) {
	began := time.Now()
	reply, err := a.program.Ask(ctx, &target.Request{
		Assay: target.Protocol, CaseID: c.ID, Repeat: repeat, Input: c.Input, Version: a.version,
		Traceparent: "00-" + randomHex(16) + "-" + randomHex(8) + "-01",
		DeadlineMS:  a.timeout.Milliseconds(),
	})
	if err != nil {
		return nil, err
	}
	if reply.Error != nil {
		return nil, &llm.Error{Kind: llm.TargetFailed, Message: reply.Error.Type + ": " + reply.Error.Message}
	}
	answer := &llm.Reply{
		Message: llm.Message{Role: "assistant", Content: reply.Text(), ToolCalls: reply.ToolCalls},
		Model:   reply.Model, Documents: reply.Documents, Attempts: 1,
		Timing: llm.Timing{Start: began.UnixNano(), Total: time.Since(began).Nanoseconds()},
	}
	if u := reply.Usage; u != nil {
		answer.Usage = llm.Usage{InputTokens: u.InputTokens, CachedTokens: u.CachedTokens, OutputTokens: u.OutputTokens, Known: true}
	}
	if answer.CostNanos, err = nanos(reply.CostUSD); err != nil {
		return nil, &llm.Error{Kind: llm.TargetFailed, Message: err.Error()}
	}
	return answer, nil
}

func (a *targetAsker) close() error { return a.program.Close() }

// randomHex is n random bytes in hex: ids of traces and spans.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails, since Go 1.24
	return hex.EncodeToString(b)
}
