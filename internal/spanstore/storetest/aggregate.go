package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// aggregates holds figures against a model that computes them from a list.
func aggregates(t *testing.T, s spanstore.Store) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		project := fmt.Sprintf("p%d", run)
		n := rapid.IntRange(1, 40).Draw(r, "spans")
		spans := make([]Span, n)
		for i := range spans {
			spans[i] = Span{
				Trace: uint64(rapid.IntRange(1, 5).Draw(r, "trace")), ID: uint64(i + 1), Start: float64(rapid.IntRange(0, 7200).Draw(r, "start")),
				Seconds: float64(rapid.IntRange(-1, 6).Draw(r, "seconds")), Name: "call", Error: rapid.Bool().Draw(r, "error"),
				Attributes: LLM(rapid.SampledFrom([]string{"m-1", "m-2", "m-3"}).Draw(r, "model"), rapid.IntRange(0, 9).Draw(r, "in"), 1, nil),
			}
		}
		appendTo(t, s, project, Batch(t, spans...))
		q := spanstore.Aggregate{
			Metrics: []spanstore.Metric{spanstore.Count, spanstore.Traces, spanstore.Errors, spanstore.P50, spanstore.P95, spanstore.P99, spanstore.TokensIn},
			By:      []spanstore.Dimension{spanstore.ByModel},
		}
		if rapid.Bool().Draw(r, "hours") {
			q.Every = time.Hour
		}
		table, err := s.Aggregate(t.Context(), project, q)
		if err != nil {
			r.Fatal(err)
		}
		got := []string{}
		for _, row := range table.Rows {
			line := fmt.Sprint(row.Time, row.By[0])
			for _, v := range row.Values {
				if v == nil {
					line += " -"
				} else {
					line += fmt.Sprintf(" %.0f", *v)
				}
			}
			got = append(got, line)
		}
		slices.Sort(got)
		if want := model(spans, q.Every); !slices.Equal(got, want) {
			r.Fatalf("got %q\nwant %q", got, want)
		}
	})
}

type cell struct {
	time  int64
	model string
}

func model(spans []Span, every time.Duration) []string {
	cells := map[cell][]Span{}
	for _, s := range spans {
		c := cell{model: s.Attributes["gen_ai.response.model"].(string)}
		if every > 0 {
			start := int64(at(s.Start))
			c.time = start - start%int64(every)
		}
		cells[c] = append(cells[c], s)
	}
	lines := []string{}
	for c, list := range cells {
		traces, errs, in := map[uint64]bool{}, 0, 0
		var durations []float64
		for _, s := range list {
			traces[s.Trace] = true
			in += s.Attributes["gen_ai.usage.input_tokens"].(int)
			if s.Error {
				errs++
			}
			if s.Seconds >= 0 {
				durations = append(durations, s.Seconds*second)
			}
		}
		slices.SortFunc(durations, cmp.Compare[float64])
		line := fmt.Sprint(c.time, c.model) + fmt.Sprintf(" %d %d %d", len(list), len(traces), errs)
		for _, q := range []float64{0.5, 0.95, 0.99} {
			if len(durations) == 0 {
				line += " -"
				continue
			}
			line += fmt.Sprintf(" %.0f", durations[int(math.Ceil(q*float64(len(durations))))-1])
		}
		lines = append(lines, line+fmt.Sprintf(" %d", in))
	}
	slices.Sort(lines)
	return lines
}
