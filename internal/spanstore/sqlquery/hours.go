package sqlquery

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// Hour is the width of a bucket of the roll-ups, which begins at a whole hour of UTC.
const Hour = int64(time.Hour)

// Range is a time from its start to before its end.
type Range struct{ From, Until int64 }

// Rolled says which hours of a project are in the roll-ups.
type Rolled struct {
	Hours   []Range // whole hours, in order, none touching another
	Catalog string  // where the tables of RollUps are
	Whole   string  // the table that they sum
	Beside  string  // the table of spans that no roll-up knows
}

// RollUp is a table of sums, with a row for each hour and each combination of
// values of its columns: project, hour, the columns, n (spans), errors, t_in,
// t_out, cost (counted once; NULL where nothing is known).
type RollUp struct {
	Table   string
	Columns []string // of spans, with the same meaning
}

// RollUps are the tables of sums. Users have one of their own: together with the
// rest they would make nearly as many combinations as there are spans.
func RollUps() []RollUp {
	return []RollUp{
		{"hours", []string{"kind", "provider_id", "model_id", "config_id", "version_id", "label_id", "feature_id", "environment_id", "service_id"}},
		{"user_hours", []string{"user_id"}},
	}
}

// RollUpSums are the sums of a roll-up, over the columns of spans.
var RollUpSums = fmt.Sprintf("count(*) AS n, count(*) FILTER (error) AS errors, %s AS t_in, %s AS t_out, %s AS cost",
	bounded("t_in"), bounded("t_out"), bounded("coalesce(cost_sent, cost_calc)"))

// rollUpRow are the same columns of a single span.
const rollUpRow = `1 AS n, error::INTEGER AS errors, CASE WHEN counted THEN t_in END AS t_in,
	CASE WHEN counted THEN t_out END AS t_out, CASE WHEN counted THEN coalesce(cost_sent, cost_calc) END AS cost`

// rolledSums are the figures that a roll-up knows, over its columns.
var rolledSums = map[spanstore.Metric]string{
	spanstore.Count:     "sum(n)",
	spanstore.Errors:    "sum(errors)",
	spanstore.ErrorRate: "sum(errors) / sum(n)",
	spanstore.TokensIn:  "sum(t_in)",
	spanstore.TokensOut: "sum(t_out)",
	spanstore.Cost:      "sum(cost)",
}

// mostParts bounds the parts of the time that are read from spans beside a
// roll-up; each is one more table for DuckDB.
const mostParts = 16

// rolled is where the rows of figures come from, when the hours in the roll-ups
// may stand for their spans; ok is false when no roll-up can answer. The rows
// have start, the columns asked for, and the sums; of what is not in whole rolled
// hours they are the spans themselves.
func (p *AggregatePlan) rolled(r *Rolled) (from string, args []any, ok bool) {
	table, columns, ok := p.rollUp()
	if !ok || r == nil {
		return "", nil, false
	}
	all := Range{math.MinInt64, math.MaxInt64}
	if p.query.Since != 0 {
		all.From = p.query.Since
	}
	if p.query.Until != 0 {
		all.Until = p.query.Until
	}
	hours, rest := cover(r.Hours, all)
	if len(hours) == 0 {
		return "", nil, false
	}
	list := ""
	for _, c := range columns {
		list += ", " + c
	}
	within := make([]string, len(hours))
	for i, h := range hours {
		within[i] = fmt.Sprintf("(hour >= %d AND hour < %d)", h.From, h.Until)
	}
	parts := []string{fmt.Sprintf("SELECT hour AS start%s, n, errors, t_in, t_out, cost FROM %s.%s WHERE project = %d AND (%s) AND %s",
		list, r.Catalog, table, p.scope.Project, strings.Join(within, " OR "), p.filter)}
	args = slices.Clone(p.args)
	spans := func(table string, in Range) {
		where := fmt.Sprintf("project = %d AND %s AND start >= %d", p.scope.Project, p.filter, in.From)
		if in.Until != math.MaxInt64 {
			where += fmt.Sprintf(" AND start < %d", in.Until)
		}
		parts = append(parts, fmt.Sprintf("SELECT start%s, %s FROM %s WHERE %s", list, rollUpRow, table, where))
		args = append(args, p.args...)
	}
	spans(r.Beside, all)
	for _, in := range rest {
		spans(r.Whole, in)
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ")", args, true
}

// rollUp is the table that has all columns that the figures need, and those of
// them that they are split by.
func (p *AggregatePlan) rollUp() (table string, columns []string, ok bool) {
	q := p.query
	if p.scope.Newest != (Ref{}) || p.scope.Only != nil || int64(q.Every)%Hour != 0 {
		return "", nil, false
	}
	for _, m := range q.Metrics {
		if rolledSums[m] == "" {
			return "", nil, false
		}
	}
	for _, by := range q.By {
		d, ok := dimensions[by]
		if !ok {
			return "", nil, false
		}
		columns = append(columns, d.column)
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	needed, ok := filtered(p.where, slices.Clone(columns))
	if !ok {
		return "", nil, false
	}
	for _, t := range RollUps() {
		if !slices.ContainsFunc(needed, func(c string) bool { return !slices.Contains(t.Columns, c) }) {
			return t.Table, columns, true
		}
	}
	return "", nil, false
}

// filtered appends the columns that a filter compares; ok is false where it
// compares more than a column of a roll-up.
func filtered(e filter.Expr, columns []string) (_ []string, ok bool) {
	var parts []filter.Expr
	switch e := e.(type) {
	case nil:
	case filter.And:
		parts = e
	case filter.Or:
		parts = e
	case filter.Not:
		parts = []filter.Expr{e.Expr}
	case filter.Cond:
		if e.Field == filter.FieldKind {
			return append(columns, "kind"), true
		}
		column, ok := textColumns[e.Field]
		return append(columns, column.column), ok
	default:
		return nil, false
	}
	for _, part := range parts {
		if columns, ok = filtered(part, columns); !ok {
			return nil, false
		}
	}
	return columns, true
}

// bounds takes the times from a filter, where they hold for all of it.
func bounds(e filter.Expr, since, until int64) (filter.Expr, int64, int64) {
	switch e := e.(type) {
	case filter.And:
		var rest filter.And
		for _, part := range e {
			part, since, until = bounds(part, since, until)
			if part != nil {
				rest = append(rest, part)
			}
		}
		if len(rest) == 0 {
			return nil, since, until
		}
		return rest, since, until
	case filter.Cond:
		switch at := e.Value.Int; {
		case at == 0: // which a bound says for none
		case e.Field == filter.FieldSince:
			if since == 0 || at > since {
				since = at
			}
			return nil, since, until
		case e.Field == filter.FieldUntil:
			if until == 0 || at < until {
				until = at
			}
			return nil, since, until
		}
	}
	return e, since, until
}

// cover splits a time into whole hours of the roll-ups and what is left beside
// them, of few parts.
func cover(rolled []Range, all Range) (hours, rest []Range) {
	if all.Until <= 0 { // before all hours
		rolled = nil
	}
	for _, r := range rolled {
		if all.From > r.From {
			r.From = all.From
			if m := mod(all.From); m != 0 {
				r.From += Hour - m
			}
		}
		if r.Until = min(r.Until, all.Until-mod(all.Until)); all.From < r.Until && r.From < r.Until {
			hours = append(hours, r)
		}
	}
	if len(hours) >= mostParts { // what is short costs least when it is read
		slices.SortFunc(hours, func(a, b Range) int { return cmp.Compare(b.Until-b.From, a.Until-a.From) })
		hours = hours[:mostParts-1]
		slices.SortFunc(hours, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	}
	at := all.From
	for _, h := range hours {
		if at < h.From {
			rest = append(rest, Range{at, h.From})
		}
		at = h.Until
	}
	if at < all.Until {
		rest = append(rest, Range{at, all.Until})
	}
	return hours, rest
}

// mod is how far at lies behind a whole hour.
func mod(at int64) int64 { return ((at % Hour) + Hour) % Hour }
