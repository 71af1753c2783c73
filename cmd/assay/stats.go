package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/api"
)

type statsCmd struct {
	serverFlag
	spanQuery
	Metric []string `default:"count,error_rate,p50,p99,cost" help:"Figures: count, traces, errors, error_rate, p50, p95, p99, ttft_p50, ttft_p95, ttft_p99, tokens_in, tokens_out, cost, score_mean, score_count."`
	By     []string `help:"Split by at most two of: model, provider, kind, name, config, version, label, user, feature, session, tag, environment, service."`
	Every  string   `placeholder:"TIME" help:"Split by time: 1h, 1d."`
	Order  string   `placeholder:"METRIC" help:"Largest first."`
	Score  string   `placeholder:"NAME" help:"The score that score_mean and score_count are about."`
	Limit  int      `short:"n" default:"1000" help:"How many rows."`
}

func (cmd *statsCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	query := cmd.values()
	for name, text := range map[string]string{
		"metric": strings.Join(cmd.Metric, ","), "by": strings.Join(cmd.By, ","), "every": cmd.Every, "order": cmd.Order, "score": cmd.Score, "limit": strconv.Itoa(cmd.Limit),
	} {
		if text != "" {
			query.Set(name, text)
		}
	}
	var s api.Stats
	if err := cl.get("/stats", query, &s); err != nil {
		return err
	}
	if len(s.Rows) == 0 || len(s.By) == 0 && s.Every == "" && len(s.Rows) == 1 && s.Rows[0].Values["count"] == 0.0 {
		if err := cl.knowsProject(); err != nil {
			return err
		}
	}
	c.lacks(s.Lacking)
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.stats/1", "stats": s})
		return nil
	}
	var head []string
	if s.Every != "" {
		head = append(head, "TIME (UTC)")
	}
	for _, by := range s.By {
		head = append(head, strings.ToUpper(by))
	}
	for _, m := range s.Metrics {
		head = append(head, strings.ToUpper(m))
	}
	layout := bucketLayout(s.Rows)
	rows := [][]string{head}
	for _, r := range s.Rows {
		var line []string
		if s.Every != "" && r.Time != nil {
			line = append(line, r.Time.Format(layout))
		}
		for _, by := range s.By {
			line = append(line, orElse(r.By[by], "-"))
		}
		for _, m := range s.Metrics {
			line = append(line, figure(s.Units[m], r.Values[m]))
		}
		rows = append(rows, line)
	}
	c.table(rows)
	if s.More {
		c.note("more rows were left off: -n says how many")
	}
	return nil
}

// bucketLayout writes times as exactly as the buckets are fine.
func bucketLayout(rows []api.StatsRow) string {
	layout := "2006-01-02 15:04"
	for _, r := range rows {
		switch {
		case r.Time == nil:
		case r.Time.Nanosecond() != 0:
			return "2006-01-02 15:04:05.000"
		case r.Time.Second() != 0:
			layout = "2006-01-02 15:04:05"
		}
	}
	return layout
}

// figure is a value of a table with its unit.
func figure(unit string, v any) string {
	n, isNumber := v.(float64)
	switch {
	case v == nil:
		return "-"
	case unit == "usd":
		return "$" + fmt.Sprint(v)
	case unit == "ms" && isNumber:
		return lasted(&n)
	case unit == "ratio" && isNumber:
		return strconv.FormatFloat(n*100, 'f', 1, 64) + " %"
	case isNumber:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
