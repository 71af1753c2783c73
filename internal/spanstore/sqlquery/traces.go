package sqlquery

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// TraceRow is a row of Traces.
type TraceRow struct {
	Hi, Lo                                  uint64
	Start                                   int64
	End                                     sql.NullInt64
	Spans, Errors                           int64
	In, Cached, Write, Out, Reasoning, Cost sql.NullInt64 // counted once
	Name, User, Session, Config, Version    uint32        // ids of the dictionary
	Kind                                    uint8
	Models                                  []any // of uint32
	Orphaned                                bool
	Root                                    Ref // of the root, or of the earliest span
}

// Fields are the places to scan a row of Traces into.
func (r *TraceRow) Fields() []any {
	return []any{
		&r.Hi, &r.Lo, &r.Start, &r.End, &r.Spans, &r.Errors, &r.In, &r.Cached, &r.Write, &r.Out, &r.Reasoning, &r.Cost,
		&r.Name, &r.Kind, &r.User, &r.Session, &r.Config, &r.Version, &r.Models, &r.Root.Segment, &r.Root.Ordinal, &r.Orphaned,
	}
}

// Horizon asks how far back to look for traces: the start of the n-th newest
// span that matches and is not after the cursor, no row when there are fewer. A list of the newest traces
// that is made of spans after a horizon is right as far as it reaches, and costs
// what it shows.
func Horizon(s Scope, q *spanstore.Query, after *Cursor, n int) (Statement, error) {
	c := condition{scope: s}
	where, err := c.where(q.Where, q.Since, q.Until)
	if err != nil {
		return Statement{}, err
	}
	if after != nil {
		where += fmt.Sprintf(" AND start <= %d", after.Start)
	}
	return c.newest("start", where, "ORDER BY start DESC", n, fmt.Sprintf("LIMIT 1 OFFSET %d", n-1)), nil
}

// Traces asks for at most limit traces that start at horizon or later and have
// a span that matches, newest start first, each summed over all of its spans.
// Rows are read with TraceRow.Fields.
func Traces(s Scope, q *spanstore.Query, after *Cursor, horizon int64, limit int) (Statement, error) {
	c := condition{scope: s}
	where, err := c.where(q.Where, max(q.Since, horizon), q.Until)
	if err != nil {
		return Statement{}, err
	}
	all := condition{scope: s}
	all.scope.Only = nil
	known, err := all.where(nil, 0, 0)
	if err != nil {
		return Statement{}, err
	}
	having := fmt.Sprintf("min(start) >= %d", horizon)
	if after != nil {
		having += " AND " + before("min(start)", after, "")
	}
	const first = "ROW(parent <> 0, start, span)" // the root, or else the earliest span
	return Statement{
		SQL: fmt.Sprintf(`WITH hits AS (SELECT DISTINCT hi, lo FROM spans WHERE %s),
whole AS MATERIALIZED (SELECT spans.* FROM spans SEMI JOIN hits ON spans.hi = hits.hi AND spans.lo = hits.lo WHERE %s),
page AS (SELECT hi, lo, min(start) AS first, max(start + dur) AS last, count(*) AS n, count(*) FILTER (error) AS errors,
	%s,
	arg_min(name_id, %[4]s) AS name_id, arg_min(kind, %[4]s) AS kind,
	coalesce(arg_min(user_id, %[4]s) FILTER (user_id <> 0), 0) AS user_id,
	coalesce(arg_min(session_id, %[4]s) FILTER (session_id <> 0), 0) AS session_id,
	coalesce(arg_min(config_id, %[4]s) FILTER (config_id <> 0), 0) AS config_id,
	coalesce(arg_min(version_id, %[4]s) FILTER (version_id <> 0), 0) AS version_id,
	coalesce(list_sort(list(DISTINCT model_id) FILTER (model_id <> 0)), []) AS models,
	arg_min(seg, %[4]s) AS seg, arg_min(ord, %[4]s) AS ord
	FROM whole GROUP BY hi, lo HAVING %[5]s ORDER BY first DESC, hi DESC, lo DESC LIMIT %[6]d),
lost AS (SELECT DISTINCT c.hi, c.lo FROM whole c SEMI JOIN page ON c.hi = page.hi AND c.lo = page.lo
	ANTI JOIN whole p ON p.hi = c.hi AND p.lo = c.lo AND p.span = c.parent WHERE c.parent <> 0)
SELECT page.*, lost.hi IS NOT NULL FROM page LEFT JOIN lost ON page.hi = lost.hi AND page.lo = lost.lo
ORDER BY first DESC, page.hi DESC, page.lo DESC`, where, known, countedSums, first, having, limit),
		Args: c.args,
	}, nil
}

// countedSums are usage and cost, counted once; NULL when nothing is known.
var countedSums = strings.Join([]string{
	bounded("t_in") + " AS t_in", bounded("t_cached") + " AS t_cached", bounded("t_write") + " AS t_write", bounded("t_out") + " AS t_out",
	bounded("t_reason") + " AS t_reason", bounded("coalesce(cost_sent, cost_calc)") + " AS cost",
}, ", ")

// bounded is the sum of what counts once as a BIGINT, at most as large as one can
// be: a sender that makes figures up makes no question fail.
func bounded(expr string) string {
	return fmt.Sprintf("CASE WHEN sum(%[1]s) FILTER (counted) IS NOT NULL THEN greatest(least(sum(%[1]s) FILTER (counted), %[2]d), -%[2]d)::BIGINT END", expr, int64(math.MaxInt64))
}

// GroupRow is a row of Groups.
type GroupRow struct {
	ID                                      uint32 // of the dictionary
	First, Last                             int64
	Traces, Spans, Errors                   int64
	In, Cached, Write, Out, Reasoning, Cost sql.NullInt64
}

// Fields are the places to scan a row of Groups into.
func (r *GroupRow) Fields() []any {
	return []any{&r.ID, &r.First, &r.Last, &r.Traces, &r.Spans, &r.Errors, &r.In, &r.Cached, &r.Write, &r.Out, &r.Reasoning, &r.Cost}
}

// Groups asks for at most limit values of a dimension, latest first, with the
// sums of the spans that match; those of one moment by text, since ids are others
// in an index that was made anew. The cursor's Start is the last one's Last, the
// second half of its trace id the value's id. Rows are read with GroupRow.Fields.
func Groups(s Scope, by spanstore.Dimension, q *spanstore.Query, after *Cursor, limit int) (Statement, error) {
	column, err := dimensionColumn(by)
	if err != nil {
		return Statement{}, err
	}
	c := condition{scope: s}
	where, err := c.where(q.Where, q.Since, q.Until)
	if err != nil {
		return Statement{}, err
	}
	behind := ""
	if after != nil {
		behind = fmt.Sprintf("WHERE last < %[1]d OR (last = %[1]d AND text < (SELECT text FROM dict WHERE dim = %[2]d AND id = %[3]d))", after.Start, DimOf(by), after.Trace.Lo())
	}
	return Statement{
		// Which values are shown is asked first: to count distinct traces costs most.
		SQL: fmt.Sprintf(`WITH page AS (SELECT found.id, text FROM (SELECT %[1]s AS id, max(start) AS last FROM spans WHERE %[3]s AND %[1]s <> 0 GROUP BY %[1]s) AS found
	LEFT JOIN dict ON dict.dim = %[4]d AND dict.id = found.id %[5]s ORDER BY last DESC, text DESC LIMIT %[6]d)
SELECT sums.* FROM (SELECT %[1]s AS id, min(start), max(start) AS last, count(DISTINCT (hi, lo)), count(*), count(*) FILTER (error), %[2]s
	FROM spans SEMI JOIN page ON %[1]s = page.id WHERE %[3]s GROUP BY %[1]s) AS sums JOIN page USING (id) ORDER BY last DESC, text DESC`,
			column, countedSums, where, DimOf(by), behind, limit),
		Args: slices.Concat(c.args, c.args),
	}, nil
}
