package sqlquery

import (
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// dimensions are the columns that figures are split by.
var dimensions = map[spanstore.Dimension]struct {
	column string
	dim    Dim // 0: kind, which the dictionary does not hold
}{
	spanstore.ByModel: {"model_id", Model}, spanstore.ByProvider: {"provider_id", Provider}, spanstore.ByKind: {"kind", 0},
	spanstore.ByName: {"name_id", Name}, spanstore.ByConfig: {"config_id", Config}, spanstore.ByVersion: {"version_id", Version},
	spanstore.ByLabel: {"label_id", Label}, spanstore.ByUser: {"user_id", User}, spanstore.ByFeature: {"feature_id", Feature},
	spanstore.BySession: {"session_id", Session}, spanstore.ByEnvironment: {"environment_id", Environment},
	spanstore.ByService: {"service_id", Service},
}

// DimOf is the dictionary's dimension of a dimension of figures; 0 for kind,
// whose values are numbers of trace.Kind, and for tag, whose values are texts.
func DimOf(by spanstore.Dimension) Dim { return dimensions[by].dim }

func dimensionColumn(by spanstore.Dimension) (string, error) {
	d, ok := dimensions[by]
	if !ok || d.dim == 0 {
		return "", fmt.Errorf("there is no list by %q", by)
	}
	return d.column, nil
}

// sums are the expressions of figures, over the columns of spans. NULL is
// unknown.
var sums = map[spanstore.Metric]string{
	spanstore.Count:      "count(*)",
	spanstore.Traces:     "count(DISTINCT (hi, lo))",
	spanstore.Errors:     "count(*) FILTER (error)",
	spanstore.ErrorRate:  "count(*) FILTER (error) / count(*)",
	spanstore.TokensIn:   "sum(t_in) FILTER (counted)",
	spanstore.TokensOut:  "sum(t_out) FILTER (counted)",
	spanstore.Cost:       "sum(coalesce(cost_sent, cost_calc)) FILTER (counted)",
	spanstore.ScoreMean:  "sum(score_sum) / sum(score_n)",
	spanstore.ScoreCount: "coalesce(sum(score_n), 0)",
}

// percentiles are the figures of rank ceil(q·n) among the values of a column.
var percentiles = map[spanstore.Metric]struct{ column, q string }{
	spanstore.P50: {"dur", "0.5"}, spanstore.P95: {"dur", "0.95"}, spanstore.P99: {"dur", "0.99"},
	spanstore.TTFT50: {"ttft", "0.5"}, spanstore.TTFT95: {"ttft", "0.95"}, spanstore.TTFT99: {"ttft", "0.99"},
}

// figures gathers the columns of an aggregate: those of the grouping, and those
// that are read from it.
type figures struct {
	sums          map[spanstore.Metric]string
	grouped, read []string
	asked         map[string][]string // percentiles by column: they cost one pass together
}

func (f *figures) add(m spanstore.Metric) error {
	name := fmt.Sprintf("m%d", len(f.read))
	if expr, ok := f.sums[m]; ok {
		f.grouped = append(f.grouped, "("+expr+")::DOUBLE AS "+name)
		f.read = append(f.read, name)
		return nil
	}
	p, ok := percentiles[m]
	if !ok {
		return fmt.Errorf("there is no metric %q", m)
	}
	f.asked[p.column] = append(f.asked[p.column], p.q)
	f.read = append(f.read, fmt.Sprintf("q_%s[%d]::DOUBLE AS %s", p.column, len(f.asked[p.column]), name))
	return nil
}

// columns are those of the grouping, with a list of percentiles for each column
// that any are asked of. quantile_disc gives the value of rank ceil(q·n).
func (f *figures) columns() []string {
	all := f.grouped
	for _, column := range []string{"dur", "ttft"} {
		if qs := f.asked[column]; len(qs) > 0 {
			all = append(all, fmt.Sprintf("quantile_disc(%[1]s, [%[2]s]) AS q_%[1]s", column, strings.Join(qs, ", ")))
		}
	}
	return all
}

// AggregatePlan is a question for figures whose filter is written.
type AggregatePlan struct {
	scope  Scope
	query  spanstore.Aggregate // Since and Until also of the filter
	where  filter.Expr         // what is left of the filter
	filter string              // the same in SQL
	args   []any
	limit  int
}

// PlanAggregate asks for figures. A row has the start of its bucket (0
// without buckets), the value of each dimension (a BIGINT: an id of DimOf; a
// VARCHAR for tag), then each metric as a nullable DOUBLE. It asks for one row
// more than limit, by which the caller sees that rows are left off. They are
// ordered by time and texts where q names no metric.
func PlanAggregate(s Scope, q *spanstore.Aggregate, limit int) (*AggregatePlan, error) {
	p := &AggregatePlan{scope: s, query: *q, limit: limit}
	p.where, p.query.Since, p.query.Until = bounds(q.Where, q.Since, q.Until)
	c := condition{scope: s}
	var err error
	p.filter, err = c.expr(p.where)
	p.args = c.args
	return p, err
}

// Statement is the question in SQL. Of hours that are in the roll-ups it asks
// these where they know the answer; without rolled it asks the spans.
func (p *AggregatePlan) Statement(rolled *Rolled) (Statement, error) {
	q := &p.query
	f := figures{sums: sums, asked: map[string][]string{}}
	c := condition{scope: p.scope}
	where := "WHERE " + c.scoped(q.Since, q.Until) + " AND " + p.filter
	from, args := "spans", append(c.args, p.args...)
	if summed, summedArgs, ok := p.rolled(rolled); ok {
		f.sums, from, args, where = rolledSums, summed, summedArgs, ""
	}
	bucket := "0::BIGINT"
	if q.Every > 0 {
		bucket = fmt.Sprintf("start - start %% %d", q.Every.Nanoseconds())
	}
	columns, groups, order := []string{bucket + " AS bucket"}, []string{"bucket"}, []string{"bucket"}
	texts := ""
	for i, by := range q.By {
		name := fmt.Sprintf("by%d", i)
		expr := ""
		switch d, ok := dimensions[by]; {
		case by == spanstore.ByTag:
			from = "spans LEFT JOIN " + tagsets + " AS sets ON spans.tags_id = sets.id"
			expr = "coalesce(tag, '')"
		case ok:
			expr = d.column + "::BIGINT"
		default:
			return Statement{}, fmt.Errorf("figures cannot be split by %q", by)
		}
		columns = append(columns, expr+" AS "+name)
		groups = append(groups, name)
		if dim := DimOf(by); dim != 0 { // ids are others in an index that was made anew
			texts += fmt.Sprintf(" LEFT JOIN dict AS text%[1]d ON text%[1]d.dim = %[2]d AND text%[1]d.id = by%[1]d", i, dim)
			name = fmt.Sprintf("text%d.text NULLS FIRST", i)
		}
		order = append(order, name)
	}
	scored := false
	for i, m := range q.Metrics {
		if err := f.add(m); err != nil {
			return Statement{}, err
		}
		scored = scored || m == spanstore.ScoreMean || m == spanstore.ScoreCount
		if m == q.Order {
			order = append([]string{fmt.Sprintf("m%d DESC NULLS LAST", i)}, order...)
		}
	}
	if scored {
		from = fmt.Sprintf("(SELECT spans.*, score_sum, score_n FROM spans LEFT JOIN %s AS marks USING (hi, lo, span)) AS %s", marks(p.scope), from)
		args = append([]any{q.Score, q.Score}, args...)
	}
	names := strings.Join(groups, ", ")
	return Statement{
		SQL: fmt.Sprintf("SELECT %s, %s FROM (SELECT %s FROM %s %s GROUP BY %s)%s ORDER BY %s LIMIT %d", names, strings.Join(f.read, ", "),
			strings.Join(append(columns, f.columns()...), ", "), from, where, names, texts, strings.Join(order, ", "), p.limit+1),
		Args: args,
	}, nil
}

// marks sums the latest scores of one name for each span. A score about a whole
// trace counts at its root.
func marks(s Scope) string {
	from := fmt.Sprintf("scores WHERE project = %d AND latest AND name = ? AND value IS NOT NULL AND (hi <> 0 OR lo <> 0)", s.Project)
	return fmt.Sprintf(`(SELECT hi, lo, span, sum(value) AS score_sum, count(*) AS score_n FROM (
	SELECT hi, lo, span, value FROM %[1]s AND span <> 0
	UNION ALL SELECT r.hi, r.lo, r.span, t.value FROM (SELECT hi, lo, value FROM %[1]s AND span = 0) t
		JOIN spans r ON r.project = %[2]d AND r.hi = t.hi AND r.lo = t.lo AND r.parent = 0
	) GROUP BY hi, lo, span)`, from, s.Project)
}
