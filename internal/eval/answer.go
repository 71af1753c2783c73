package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
)

// reuse says when a kept answer may be used again.
type reuse struct {
	never  string        // why not, "" when it may be
	maxAge time.Duration // 0: for ever
}

// answered is what a question led to.
type answered struct {
	call   *calls.Call // with Reply or Failure; nil when the world failed
	cached bool
	err    *llm.Error // of the world
}

// answer takes the kept answer to a question or asks for one, and keeps it.
// Its error ends the run: a folder that cannot be written, or a context that
// ended.
func (s *Side) answer(ctx context.Context, m *machine, c *dataset.Case, repeat int, q *question) (*answered, error) {
	kept, why, err := s.kept(m, q)
	if err != nil {
		return nil, err
	}
	if err := m.explain(s, c, repeat, q, why); err != nil {
		return nil, err
	}
	if kept != nil {
		return &answered{call: kept, cached: true}, nil
	}
	parts, err := q.parts()
	if err != nil {
		return nil, err
	}
	release, err := m.budget.reserve(s.forecast(m, q))
	if err != nil {
		return nil, err
	}
	began := time.Now()
	reply, err := s.asker.ask(ctx, c, repeat, q)
	call := &calls.Call{
		Key: q.key, Parts: parts, TraceID: randomHex(16), SpanID: randomHex(8),
		Run: s.Header.ID, Config: s.Header.Config, Version: s.Header.Version, Model: s.Header.Model,
		Case: c.ID, Repeat: repeat, Input: c.Input, Request: q.request, Documents: q.documents, Reply: reply,
		Start: began.UnixNano(), End: time.Now().UnixNano(),
	}
	out := &answered{call: call}
	if err != nil {
		var failure *llm.Error
		if !errors.As(err, &failure) {
			release(0)
			return nil, err
		}
		if failure.Kind.OfCandidate() {
			call.Failure = failure
		} else {
			out.call, out.err = nil, failure
		}
	}
	call.CostNanos = m.cost(call)
	release(value(call.CostNanos))
	if s.recorded {
		return out, nil
	}
	return out, m.keep(call, out.err, s.purpose)
}

// kept looks for an answer that may be used again; why says what was found.
func (s *Side) kept(m *machine, q *question) (found *calls.Call, why string, err error) {
	switch {
	case s.recorded:
		return nil, "recorded", nil
	case m.options.Fresh:
		return nil, "miss: calls are made anew (--fresh, or a rule on time)", nil
	case s.reuse.never != "":
		return nil, "miss: " + s.reuse.never, nil
	}
	found, err = m.store.Get(q.key)
	if err != nil || found == nil {
		return nil, "miss", err
	}
	if age := found.Age(time.Now()); s.reuse.maxAge > 0 && age > s.reuse.maxAge {
		return nil, fmt.Sprintf("miss: the kept answer of an unpinned model is %s old (max_age %s)", age.Round(time.Minute), s.reuse.maxAge), nil
	}
	return found, "hit", nil
}

// keep journals a call and keeps its answer.
func (m *machine) keep(call *calls.Call, failed *llm.Error, purpose string) error {
	entry := &calls.Entry{
		Time: call.Start, Key: call.Key, Parts: call.Parts, Run: call.Run, Config: call.Config, Version: call.Version,
		Model: call.Model, Case: call.Case, Repeat: call.Repeat, Purpose: purpose,
		DurationMS: float64(call.End-call.Start) / 1e6, Error: failed,
	}
	if call.Failure != nil {
		entry.Error = call.Failure
	}
	if r := call.Reply; r != nil {
		entry.Usage, entry.Attempts, entry.Finish = r.Usage, r.Attempts, r.FinishReason
		entry.TTFTMS = float64(r.Timing.TTFT) / 1e6
	}
	if call.CostNanos != nil {
		entry.CostUSD = price.FormatUSD(*call.CostNanos)
	}
	if err := m.store.Append(entry); err != nil {
		return err
	}
	if failed != nil {
		return nil
	}
	return m.store.Put(call)
}

// cost is what a call cost in nano-dollars: as the reply says, else by the
// prices of its day; nil when that is not known.
func (m *machine) cost(call *calls.Call) *int64 {
	if call.Reply == nil {
		return nil
	}
	if call.Reply.CostNanos != nil {
		return call.Reply.CostNanos
	}
	if call.Request == nil {
		return nil
	}
	ref := call.Request.Model
	if call.Reply.Provider != "" && call.Reply.Provider != ref.Provider { // a fallback answered
		ref = llm.Ref{Provider: call.Reply.Provider, Name: call.Reply.Model}
	}
	if nanos, known := m.prices.Cost(ref.Provider, ref.Name, time.Unix(0, call.Start), call.Reply.Usage); known {
		return &nanos
	}
	return nil
}

// nanos reads a target's cost; nil when it gave none.
func nanos(usd json.Number) (*int64, error) {
	if usd == "" {
		return nil, nil
	}
	n, err := price.ParseUSD(usd.String())
	if err != nil {
		return nil, fmt.Errorf("cost_usd of the reply: %w", err)
	}
	return &n, nil
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
