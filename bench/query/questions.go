//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/spangen"
)

// question is asked again and again with other values.
type question struct {
	name string
	aim  float64 // milliseconds
	// ask draws a request, and what its answer must hold.
	ask func(r *rand.Rand) (path string, query url.Values, holds string)
	// least is how often it must hold it; 0 is once.
	least int
	// rounds, where it is not worth as many as the others.
	rounds int
}

func (m *measurement) catalogue() []question {
	during := func(since, until time.Time, query url.Values) url.Values {
		query.Set("since", since.Format(time.RFC3339))
		query.Set("until", until.Format(time.RFC3339))
		return query
	}
	month := func(query url.Values) url.Values { return during(m.filled.Since, m.filled.Until, query) }
	day := func(r *rand.Rand, query url.Values) url.Values {
		since := m.filled.Since.Add(time.Duration(r.IntN((days-1)*24)) * time.Hour)
		return during(since, since.AddDate(0, 0, 1), query)
	}
	const word = spangen.RareWord
	return []question{
		{name: "a trace by its id", aim: 30, ask: func(r *rand.Rand) (string, url.Values, string) {
			id := spangen.TraceID(seed, r.Uint64N(uint64(m.filled.Traces)))
			return "/api/v1/traces/" + hex.EncodeToString(id[:]), nil, hex.EncodeToString(id[:])
		}},
		{name: "the newest 50 spans with three filters", aim: 100, least: 50, ask: func(r *rand.Rand) (string, url.Values, string) {
			filter := fmt.Sprintf(`kind=llm feature=support-answer latency>%dms`, 200+r.IntN(800))
			return "/api/v1/spans", month(url.Values{"q": {filter}, "limit": {"50"}}), `"span_id"`
		}},
		{name: "a day's p99 by model and hour", aim: 100, least: 24, ask: func(r *rand.Rand) (string, url.Values, string) {
			return "/api/v1/stats", day(r, url.Values{"q": {"kind=llm"}, "metric": {"p99"}, "by": {"model"}, "every": {"1h"}, "limit": {"100000"}}), "gpt-5-mini"
		}},
		{name: "30 days of counts, tokens and cost of the top 20 users", aim: 300, least: 20, ask: func(*rand.Rand) (string, url.Values, string) {
			return "/api/v1/stats", month(url.Values{"metric": {"count,tokens_in,tokens_out,cost"}, "by": {"user"}, "order": {"cost"}, "limit": {"20"}}), "user-"
		}},
		{name: "30 days of exact p50, p95, p99 by model and hour", aim: 1000, least: days * 20, ask: func(*rand.Rand) (string, url.Values, string) {
			return "/api/v1/stats", month(url.Values{"q": {"kind=llm"}, "metric": {"p50,p95,p99"}, "by": {"model"}, "every": {"1h"}, "limit": {"100000"}}), "gpt-5-mini"
		}},
		{name: "the first 50 hits of a word in 0.4 % of the spans", aim: 1000, rounds: 10, least: 50, ask: func(r *rand.Rand) (string, url.Values, string) {
			until := m.filled.Until.Add(-time.Duration(r.IntN(20*24)) * time.Hour)
			return "/api/v1/spans", during(m.filled.Since, until, url.Values{"q": {"text:" + word}, "limit": {"50"}}), `"span_id"`
		}},
		{name: "all hits of a word in 0.004 % of the spans, 50 at most", rounds: 5, ask: func(*rand.Rand) (string, url.Values, string) {
			return "/api/v1/spans", month(url.Values{"q": {"text:" + spangen.RarestWord}, "limit": {"50"}}), `"span_id"`
		}},
	}
}

// questions asks each of them, after a few that do not count.
func (m *measurement) questions(ctx context.Context, when string) error {
	for _, q := range m.catalogue() {
		r := rand.New(rand.NewPCG(seed, uint64(m.rounds)))
		var took []time.Duration
		rounds := min(m.rounds, max(1, q.rounds))
		if q.rounds == 0 {
			rounds = m.rounds
		}
		const warm = 3
		for i := range warm + rounds {
			path, query, holds := q.ask(r)
			begin := time.Now()
			body, err := m.server.Get(ctx, path, query)
			if err != nil {
				return fmt.Errorf("asking for %s: %w", q.name, err)
			}
			if i >= warm {
				took = append(took, time.Since(begin))
			}
			if got := bytes.Count(body, []byte(holds)); got < max(1, q.least) {
				return fmt.Errorf("the answer to %s (%s?%s) holds %q %d times: %.300s", q.name, path, query.Encode(), holds, got, body)
			}
		}
		slices.Sort(took)
		m.figure(q.name+", "+when+", p95", milliseconds(load.Percentile(took, 0.95)), q.aim, "ms")
		m.figure("  p50", milliseconds(load.Percentile(took, 0.5)), 0, "ms")
	}
	return nil
}
