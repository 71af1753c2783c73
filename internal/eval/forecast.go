package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
)

// Forecast is what a run would call and may cost.
type Forecast struct {
	Format string         `json:"format"` // assay.forecast/1
	Sides  []SideForecast `json:"sides"`
	Basis  string         `json:"basis"` // how the figures come about
}

// SideForecast is one side's part.
type SideForecast struct {
	Side     string `json:"side"`
	Version  string `json:"version"`
	Model    string `json:"model"`
	Answers  int    `json:"answers"`
	Kept     int    `json:"kept"`  // answered from the cache
	Calls    int    `json:"calls"` // to be made
	TokensIn int64  `json:"tokens_in"`
	CostUSD  string `json:"cost_usd,omitempty"` // at most; absent when the price is not known
}

// assumedOutput is the output that is reckoned with, in tokens, where a config
// sets no limit.
const assumedOutput = 1000

// Forecast renders every request and looks it up, and calls nothing. Calls of
// judges are not in it: what they are asked is not known yet.
func (p *Plan) Forecast(ctx context.Context, sides []*Side, options Options) (*Forecast, error) {
	m := &machine{store: p.work.Store, prices: p.work.Prices, options: options}
	if options.Explain != nil {
		var err error
		if m.last, err = readLastCalls(m.store); err != nil {
			return nil, err
		}
	}
	f := &Forecast{Format: "assay.forecast/1", Basis: fmt.Sprintf(
		"Tokens are counted by Assay's own tokenizer; output at max_output_tokens, or %d where a config sets none; judges not included.", assumedOutput)}
	for _, s := range sides {
		one := SideForecast{Side: s.Name, Version: s.Header.Version, Model: s.Header.Model}
		var cost int64
		known := true
		for i := range p.Cases {
			for repeat := range p.Repeats {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				q, err := s.asker.prepare(ctx, &p.Cases[i], repeat, nil)
				if err != nil {
					return nil, err
				}
				one.Answers++
				kept, why, err := s.kept(m, q)
				if err != nil {
					return nil, err
				}
				if err := m.explain(s, &p.Cases[i], repeat, q, why); err != nil {
					return nil, err
				}
				if kept != nil || s.recorded {
					one.Kept++
					continue
				}
				one.Calls++
				if q.request == nil {
					known = false
					continue
				}
				usage := expectedUsage(q.request)
				one.TokensIn += usage.InputTokens
				nanos, ok := m.prices.Cost(q.request.Model.Provider, q.request.Model.Name, time.Now(), usage)
				cost, known = cost+nanos, known && ok
			}
		}
		if known {
			one.CostUSD = price.FormatUSD(cost)
		}
		f.Sides = append(f.Sides, one)
	}
	return f, nil
}

// expectedUsage is what a request may use at most.
func expectedUsage(r *llm.Request) llm.Usage {
	u := llm.Usage{OutputTokens: assumedOutput, Known: true}
	for _, m := range r.Messages {
		u.InputTokens += int64(retrieve.Tokens(m.Content)) + 4
	}
	for _, t := range r.Tools {
		u.InputTokens += int64(retrieve.Tokens(t.Description) + retrieve.Tokens(string(t.Parameters)))
	}
	switch n := r.Params["max_output_tokens"].(type) {
	case int64:
		u.OutputTokens = n
	case int:
		u.OutputTokens = int64(n)
	case float64:
		u.OutputTokens = int64(n)
	case json.Number:
		if i, err := n.Int64(); err == nil {
			u.OutputTokens = i
		}
	}
	return u
}

// forecast is what a call may cost, for the budget; an unknown price under a
// budget is refused before any call, in checkBudget.
func (s *Side) forecast(m *machine, q *question) int64 {
	if m.options.MaxCost == 0 || q.request == nil {
		return 0
	}
	nanos, _ := m.prices.Cost(q.request.Model.Provider, q.request.Model.Name, time.Now(), expectedUsage(q.request))
	return nanos
}

// checkBudget refuses --max-cost for a model whose price is not known: a limit
// that cannot be held is worse than none.
func (m *machine) checkBudget(sides []*Side) error {
	if m.options.MaxCost == 0 {
		return nil
	}
	for _, s := range sides {
		ref, ok := llm.ParseRef(s.Header.Model)
		if s.recorded || ok && m.prices.Knows(ref.Provider, ref.Name, time.Now()) {
			continue
		}
		return problem.Newf("--max-cost cannot be held: the price of %s is not known", s.Header.Model).
			Remedy("add its price to the project's prices file, or leave --max-cost out")
	}
	return nil
}
