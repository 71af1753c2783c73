package api

import (
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// units says of every metric in what it is counted.
func units() map[spanstore.Metric]string {
	return map[spanstore.Metric]string{
		spanstore.Count: "count", spanstore.Traces: "count", spanstore.Errors: "count", spanstore.ErrorRate: "ratio",
		spanstore.P50: "ms", spanstore.P95: "ms", spanstore.P99: "ms",
		spanstore.TTFT50: "ms", spanstore.TTFT95: "ms", spanstore.TTFT99: "ms",
		spanstore.TokensIn: "tokens", spanstore.TokensOut: "tokens", spanstore.Cost: "usd",
		spanstore.ScoreMean: "score", spanstore.ScoreCount: "count",
	}
}

func metrics() []spanstore.Metric {
	return []spanstore.Metric{
		spanstore.Count, spanstore.Traces, spanstore.Errors, spanstore.ErrorRate, spanstore.P50, spanstore.P95, spanstore.P99,
		spanstore.TTFT50, spanstore.TTFT95, spanstore.TTFT99, spanstore.TokensIn, spanstore.TokensOut, spanstore.Cost,
		spanstore.ScoreMean, spanstore.ScoreCount,
	}
}

func dimensions() []spanstore.Dimension {
	return []spanstore.Dimension{
		spanstore.ByModel, spanstore.ByProvider, spanstore.ByKind, spanstore.ByName, spanstore.ByConfig, spanstore.ByVersion,
		spanstore.ByLabel, spanstore.ByUser, spanstore.ByFeature, spanstore.BySession, spanstore.ByTag, spanstore.ByEnvironment,
		spanstore.ByService,
	}
}

func (c *call) stats() (any, error) {
	a, err := c.aggregate()
	if err != nil {
		return nil, err
	}
	table, err := c.Store.Aggregate(c.ctx, c.project, a)
	if err != nil {
		return nil, err
	}
	out := Stats{Metrics: texts(a.Metrics), Units: map[string]string{}, By: texts(a.By), Rows: make([]StatsRow, 0, len(table.Rows)), More: table.More, Lacking: c.lacking()}
	if a.Every > 0 {
		out.Every = a.Every.String()
	}
	for _, m := range a.Metrics {
		out.Units[string(m)] = units()[m]
	}
	for _, r := range table.Rows {
		row := StatsRow{Time: ended(r.Time), Values: map[string]any{}}
		for i, by := range a.By {
			if row.By == nil {
				row.By = map[string]string{}
			}
			row.By[string(by)] = r.By[i]
		}
		for i, m := range a.Metrics {
			row.Values[string(m)] = figure(m, r.Values[i])
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// figure is a value of the store at the edge's units.
func figure(m spanstore.Metric, v *float64) any {
	switch {
	case v == nil || math.IsNaN(*v) || math.IsInf(*v, 0):
		return nil
	case units()[m] == "ms":
		return *v / 1e6
	case units()[m] == "usd":
		return price.FormatUSD(int64(math.Round(*v)))
	}
	return *v
}

func (c *call) aggregate() (a spanstore.Aggregate, err error) {
	if a.Where, err = c.where(); err != nil {
		return a, err
	}
	if a.Since, a.Until, err = c.times(); err != nil {
		return a, err
	}
	if a.Metrics, err = several(c, "metric", metrics()); err != nil {
		return a, err
	}
	if len(a.Metrics) == 0 {
		a.Metrics = []spanstore.Metric{spanstore.Count}
	}
	if a.By, err = several(c, "by", dimensions()); err != nil {
		return a, err
	}
	if len(a.By) > 2 {
		return a, wrong("by", problem.Newf("%d dimensions", len(a.By)).Wanted("at most two"))
	}
	if text := c.given["every"]; text != "" {
		if a.Every, err = filter.ParseDuration(text); err != nil {
			return a, wrong("every", err)
		}
		if a.Every == 0 {
			return a, wrong("every", problem.Newf("buckets of no width"))
		}
	}
	if a.Limit, err = c.number("limit", 100_000); err != nil {
		return a, err
	}
	a.Order = spanstore.Metric(c.given["order"])
	if a.Order != "" && !slices.Contains(a.Metrics, a.Order) {
		return a, wrong("order", problem.Newf("%q is none of the metrics that are asked for", a.Order).Wanted("one of %s", strings.Join(texts(a.Metrics), ", ")))
	}
	a.Score = c.given["score"]
	if needs := slices.Contains(a.Metrics, spanstore.ScoreMean) || slices.Contains(a.Metrics, spanstore.ScoreCount); needs != (a.Score != "") {
		return a, wrong("score", problem.Newf("the name of a score and the metrics score_mean and score_count go together").Remedy("score=NAME&metric=score_mean"))
	}
	return a, nil
}
