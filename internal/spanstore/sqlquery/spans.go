package sqlquery

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

// SpanRow is a row of spans as Spans reads it.
type SpanRow struct {
	Hi, Lo, Span, Parent                 uint64
	Start                                int64
	Dur, TTFT                            sql.NullInt64
	Kind                                 uint8
	Error, Counted                       bool
	In, Cached, Write, Out, Reasoning    sql.NullInt64
	CostSent, CostCalc                   sql.NullInt64
	Name, Reason, Provider, Model, Asked uint32 // ids of the dictionary
	Config, Version, Label, Feature      uint32
	User, Session, Environment, Service  uint32
	Finish, Tags                         uint32
	Ref                                  Ref
}

const spanColumns = `hi, lo, span, parent, start, dur, ttft, kind, error, counted,
	t_in, t_cached, t_write, t_out, t_reason, cost_sent, cost_calc,
	name_id, reason_id, provider_id, model_id, asked_id, config_id, version_id, label_id, feature_id,
	user_id, session_id, environment_id, service_id, finish_id, tags_id, seg, ord`

// Fields are the places to scan a row of Spans into.
func (r *SpanRow) Fields() []any {
	return []any{
		&r.Hi, &r.Lo, &r.Span, &r.Parent, &r.Start, &r.Dur, &r.TTFT, &r.Kind, &r.Error, &r.Counted,
		&r.In, &r.Cached, &r.Write, &r.Out, &r.Reasoning, &r.CostSent, &r.CostCalc,
		&r.Name, &r.Reason, &r.Provider, &r.Model, &r.Asked, &r.Config, &r.Version, &r.Label, &r.Feature,
		&r.User, &r.Session, &r.Environment, &r.Service, &r.Finish, &r.Tags, &r.Ref.Segment, &r.Ref.Ordinal,
	}
}

// Place is a row of Places: which span it is, where its bytes are, and which of
// some conditions hold for it. A search of texts looks at many spans of which few
// are shown, and reading a row of all columns costs several times what looking at
// its text does.
type Place struct {
	Hi, Lo, Span uint64
	Start        int64
	Ref          Ref
	Holds        []bool
}

// Fields are the places to scan a row of Places into; Holds must have its length.
func (p *Place) Fields() []any {
	list := []any{&p.Hi, &p.Lo, &p.Span, &p.Start, &p.Ref.Segment, &p.Ref.Ordinal}
	for i := range p.Holds {
		list = append(list, &p.Holds[i])
	}
	return list
}

// Cursor is where a list goes on after the place.
func (p *Place) Cursor() *Cursor {
	return &Cursor{Start: p.Start, Trace: trace.IDOf(p.Hi, p.Lo), Span: trace.SpanIDOf(p.Span)}
}

// Spans asks for at most limit spans that match, newest first, after a cursor
// where there is one. Rows are read with SpanRow.Fields.
func Spans(s Scope, q *spanstore.Query, after *Cursor, limit int) (Statement, error) {
	return list(s, q, after, limit, spanColumns, nil)
}

// Places is Spans with only what says which span it is and where its bytes are,
// and whether each of some conditions holds for it. Rows are read with
// Place.Fields.
func Places(s Scope, q *spanstore.Query, holds []filter.Expr, after *Cursor, limit int) (Statement, error) {
	return list(s, q, after, limit, "hi, lo, span, start, seg, ord", holds)
}

func list(s Scope, q *spanstore.Query, after *Cursor, limit int, columns string, holds []filter.Expr) (Statement, error) {
	c := condition{scope: s}
	for _, e := range holds { // their arguments come before those of the clause
		sql, err := c.expr(e)
		if err != nil {
			return Statement{}, err
		}
		columns += ", " + sql
	}
	where, err := c.where(q.Where, q.Since, q.Until)
	if err != nil {
		return Statement{}, err
	}
	if after != nil {
		where += " AND " + before("start", after, fmt.Sprintf(" OR (hi = %d AND lo = %d AND span < %d)",
			after.Trace.Hi(), after.Trace.Lo(), after.Span.Num()))
	}
	const order = "ORDER BY start DESC, hi DESC, lo DESC, span DESC"
	return c.newest(columns, where, order, limit, fmt.Sprintf("LIMIT %d", limit)), nil
}

// newest asks each part for its first n rows, and of these for what limit says.
func (c *condition) newest(columns, where, order string, n int, limit string) Statement {
	parts := slices.Clone(c.scope.Parts)
	if len(parts) == 0 {
		parts = []string{"spans"}
	}
	var args []any
	for i, part := range parts {
		parts[i] = fmt.Sprintf("(SELECT %s FROM %s WHERE %s %s LIMIT %d)", columns, part, where, order, n)
		args = append(args, c.args...)
	}
	return Statement{fmt.Sprintf("FROM (%s) %s %s", strings.Join(parts, " UNION ALL "), order, limit), args}
}

// before holds for what comes after a cursor in an order that falls by start,
// then by trace id; equal adds what tells rows of one trace apart.
func before(start string, after *Cursor, equal string) string {
	hi, lo := after.Trace.Hi(), after.Trace.Lo()
	return fmt.Sprintf("%[1]s <= %[2]d AND (%[1]s < %[2]d OR (%[1]s = %[2]d AND (hi < %[3]d OR (hi = %[3]d AND lo < %[4]d)%[5]s)))",
		start, after.Start, hi, lo, equal)
}

// TraceSpans asks for all spans of one trace by start, then id.
func TraceSpans(s Scope, hi, lo uint64) Statement {
	return Statement{SQL: fmt.Sprintf("SELECT %s FROM spans WHERE project = %d AND hi = %d AND lo = %d%s ORDER BY start, span", spanColumns, s.Project, hi, lo, s.segments())}
}

// segments is the condition that a row's bytes are in the scope's segments.
func (s *Scope) segments() string {
	if len(s.Segments) == 0 {
		return ""
	}
	list := make([]string, len(s.Segments))
	for i, n := range s.Segments {
		list[i] = strconv.FormatUint(uint64(n), 10)
	}
	return " AND seg IN (" + strings.Join(list, ", ") + ")"
}

// ProjectLogs asks for (hi, lo, span, seg, ord) of all log records of a project.
func ProjectLogs(s Scope) Statement {
	return Statement{SQL: fmt.Sprintf("SELECT hi, lo, span, seg, ord FROM logs WHERE project = %d", s.Project)}
}

// SpanKey names a span.
type SpanKey struct{ Hi, Lo, Span uint64 }

// LogsOf asks for (hi, lo, span, seg, ord) of the log records that name one of
// the spans, by time.
func LogsOf(s Scope, spans []SpanKey) Statement {
	keys := make([]string, len(spans))
	for i, k := range spans {
		keys[i] = fmt.Sprintf("(%d, %d, %d)", k.Hi, k.Lo, k.Span)
	}
	return Statement{SQL: fmt.Sprintf(`SELECT logs.hi, logs.lo, logs.span, seg, ord
FROM logs JOIN (VALUES %s) AS of(hi, lo, span) ON logs.hi = of.hi AND logs.lo = of.lo AND logs.span = of.span
WHERE project = %d%s ORDER BY time, seg, ord`, strings.Join(keys, ", "), s.Project, s.segments())}
}
