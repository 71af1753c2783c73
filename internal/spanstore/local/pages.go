package local

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

const (
	usualLimit = 50
	mostLimit  = 1000
	mostRows   = 100_000 // of a table
)

func limit(n, usual, most int) int {
	if n <= 0 {
		return usual
	}
	return min(n, most)
}

// page is what lists have in common: where the page begins and what it sees.
type page struct {
	log   *seglog.Log
	scope sqlquery.Scope
	after *sqlquery.Cursor
	limit int
}

// page begins a page; it is nil where there is nothing of the project.
func (s *Store) page(ctx context.Context, project, cursor string, n int) (*page, error) {
	p := &page{limit: limit(n, usualLimit, mostLimit)}
	if cursor != "" {
		c, err := sqlquery.ParseCursor(cursor)
		if err != nil {
			return nil, err
		}
		p.after = &c
		p.scope.Newest = c.Newest
	}
	log, number, ok, err := s.find(project)
	if err != nil || !ok {
		return nil, err
	}
	p.log, p.scope.Project, p.scope.Parts = log, number, s.index.SpanTables()
	p.scope.Find = s.index.Find
	p.scope.IDs = func(st sqlquery.Statement) (ids []uint32, err error) {
		err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
			var id uint32
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		return ids, err
	}
	if p.after == nil {
		if err := s.index.Flush(ctx); err != nil {
			return nil, err
		}
		p.scope.Newest = sqlquery.Ref(s.index.Newest(number))
	}
	return p, nil
}

// next is the cursor behind something of this page.
func (p *page) next(start int64, id trace.ID, span trace.SpanID) string {
	return sqlquery.Cursor{Start: start, Trace: id, Span: span, Newest: p.scope.Newest}.String()
}

// Spans are the spans that a query matches, newest first.
func (s *Store) Spans(ctx context.Context, project string, q spanstore.Query) (*spanstore.SpanPage, error) {
	p, err := s.page(ctx, project, q.Cursor, q.Limit)
	if err != nil || p == nil {
		return &spanstore.SpanPage{}, err
	}
	rows, more, err := s.matches(ctx, p, q)
	if err != nil {
		return nil, err
	}
	out := &spanstore.SpanPage{}
	for i := range rows {
		out.Spans = append(out.Spans, s.record(&rows[i]))
	}
	if more {
		last := &out.Spans[len(rows)-1]
		out.Next = p.next(last.Start, last.Trace, last.Span)
	}
	if !q.Text {
		return out, nil
	}
	refs := make([]seglog.Ref, len(rows))
	for i := range rows {
		refs[i] = seglog.Ref(rows[i].Ref)
	}
	return out, s.previews(ctx, p, refs, func(i int, input, output string) {
		out.Spans[i].Input, out.Spans[i].Output = input, output
	})
}

// Count is how many spans a query matches.
func (s *Store) Count(ctx context.Context, project string, q spanstore.Query, told func(spans, seen int64) error) (n int64, err error) {
	if !hasText(q.Where) {
		t, err := s.Aggregate(ctx, project, spanstore.Aggregate{Where: q.Where, Since: q.Since, Until: q.Until, Metrics: []spanstore.Metric{spanstore.Count}})
		if err != nil || len(t.Rows) == 0 {
			return 0, err
		}
		return int64(*t.Rows[0].Values[0]), nil
	}
	p, err := s.page(ctx, project, "", 0)
	if err != nil || p == nil {
		return 0, err
	}
	err = s.search(ctx, p, &q, func(found []sqlquery.Place, seen int64) (bool, error) {
		n += int64(len(found))
		if seen == math.MinInt64 { // the end
			return false, nil
		}
		return true, told(n, seen)
	})
	return n, err
}

// tracesPerSpan is how many matching spans are looked at, at first, for each
// trace of a page.
const tracesPerSpan = 20

// Traces are the traces of which one span matches the query, newest start first.
func (s *Store) Traces(ctx context.Context, project string, q spanstore.Query) (*spanstore.TracePage, error) {
	p, err := s.page(ctx, project, q.Cursor, q.Limit)
	if err != nil || p == nil {
		return &spanstore.TracePage{}, err
	}
	list := s.newestTraces
	if hasText(q.Where) {
		list = s.textTraces
	}
	rows, err := list(ctx, p, &q)
	if err != nil {
		return nil, err
	}
	out := &spanstore.TracePage{}
	more := len(rows) > p.limit
	rows = rows[:min(len(rows), p.limit)]
	refs := make([]seglog.Ref, len(rows))
	for i := range rows {
		refs[i] = seglog.Ref(rows[i].Root)
		out.Traces = append(out.Traces, s.summary(&rows[i]))
	}
	if more {
		last := &out.Traces[len(rows)-1]
		out.Next = p.next(last.Start, last.Trace, trace.SpanID{})
	}
	if !q.Text {
		return out, nil
	}
	return out, s.previews(ctx, p, refs, func(i int, input, output string) {
		out.Traces[i].Input, out.Traces[i].Output = input, output
	})
}

// newestTraces are the rows of a page of traces, and one more where there is one.
func (s *Store) newestTraces(ctx context.Context, p *page, q *spanstore.Query) ([]sqlquery.TraceRow, error) {
	for n := (p.limit + 1) * tracesPerSpan; ; n *= 8 {
		horizon, whole, err := s.horizon(ctx, p, q, n)
		if err != nil {
			return nil, err
		}
		rows, err := s.traceRows(ctx, p, q, horizon)
		if err != nil || whole || len(rows) > p.limit {
			return rows, err
		}
	}
}

// horizon is the start of the n-th newest span that matches; whole says that
// there are fewer.
func (s *Store) horizon(ctx context.Context, p *page, q *spanstore.Query, n int) (start int64, whole bool, err error) {
	st, err := sqlquery.Horizon(p.scope, q, p.after, n)
	if err != nil {
		return 0, false, err
	}
	start, whole = math.MinInt64, true
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		whole = false
		return rows.Scan(&start)
	})
	return start, whole, err
}

func (s *Store) traceRows(ctx context.Context, p *page, q *spanstore.Query, horizon int64) (list []sqlquery.TraceRow, err error) {
	st, err := sqlquery.Traces(p.scope, q, p.after, horizon, p.limit+1)
	if err != nil {
		return nil, err
	}
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var r sqlquery.TraceRow
		err := rows.Scan(r.Fields()...)
		list = append(list, r)
		return err
	})
	return list, err
}

func (s *Store) summary(r *sqlquery.TraceRow) spanstore.Summary {
	x := s.index
	t := spanstore.Summary{
		Trace: trace.IDOf(r.Hi, r.Lo), Root: x.Text(sqlquery.Name, r.Name), Kind: trace.Kind(r.Kind), Start: r.Start, End: r.End.Int64,
		Spans: r.Spans, Errors: r.Errors, Usage: usage(r.In, r.Cached, r.Write, r.Out, r.Reasoning), Cost: known(r.Cost),
		User: x.Text(sqlquery.User, r.User), Session: x.Text(sqlquery.Session, r.Session),
		Config: x.Text(sqlquery.Config, r.Config), Version: x.Text(sqlquery.Version, r.Version), Orphaned: r.Orphaned,
	}
	for _, id := range r.Models {
		if id, ok := id.(uint32); ok {
			t.Models = append(t.Models, x.Text(sqlquery.Model, id))
		}
	}
	slices.Sort(t.Models) // their ids may be others in an index that was made anew
	return t
}

// Groups sums the spans that match the query by a dimension, latest first.
func (s *Store) Groups(ctx context.Context, project string, by spanstore.Dimension, q spanstore.Query) (*spanstore.GroupPage, error) {
	p, err := s.page(ctx, project, q.Cursor, q.Limit)
	if err != nil || p == nil {
		return &spanstore.GroupPage{}, err
	}
	scope, where, none, err := s.indexed(ctx, p, q.Where, q.Since, q.Until)
	if err != nil || none {
		return &spanstore.GroupPage{}, err
	}
	q.Where = where
	st, err := sqlquery.Groups(scope, by, &q, p.after, p.limit+1)
	if err != nil {
		return nil, err
	}
	out := &spanstore.GroupPage{}
	var last sqlquery.GroupRow
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var r sqlquery.GroupRow
		if err := rows.Scan(r.Fields()...); err != nil {
			return err
		}
		if len(out.Groups) == p.limit {
			out.Next = p.next(last.Last, trace.IDOf(0, uint64(last.ID)), trace.SpanID{})
			return nil
		}
		last = r
		out.Groups = append(out.Groups, spanstore.Group{
			Value: s.index.Text(sqlquery.DimOf(by), r.ID), First: r.First, Last: r.Last, Traces: r.Traces, Spans: r.Spans, Errors: r.Errors,
			Usage: usage(r.In, r.Cached, r.Write, r.Out, r.Reasoning), Cost: known(r.Cost),
		})
		return nil
	})
	return out, err
}

// Scores are scores, newest first.
func (s *Store) Scores(ctx context.Context, project string, q spanstore.ScoreQuery) (*spanstore.ScorePage, error) {
	p, err := s.page(ctx, project, q.Cursor, q.Limit)
	if err != nil || p == nil {
		return &spanstore.ScorePage{}, err
	}
	scores, refs, err := s.scoreRows(ctx, sqlquery.Scores(p.scope, &q, p.after, p.limit+1))
	if err != nil || len(scores) <= p.limit {
		return &spanstore.ScorePage{Scores: scores}, err
	}
	last := refs[p.limit-1]
	return &spanstore.ScorePage{
		Scores: scores[:p.limit],
		Next:   p.next(scores[p.limit-1].Time, trace.IDOf(uint64(last.Segment), uint64(last.Ordinal)), trace.SpanID{}),
	}, nil
}

func (s *Store) scoreRows(ctx context.Context, st sqlquery.Statement) (scores []trace.Score, refs []sqlquery.Ref, err error) {
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var r sqlquery.ScoreRow
		err := rows.Scan(r.Fields()...)
		scores, refs = append(scores, score(&r)), append(refs, r.Ref)
		return err
	})
	return scores, refs, err
}

// Aggregate is a table of figures over the spans that match.
func (s *Store) Aggregate(ctx context.Context, project string, q spanstore.Aggregate) (*spanstore.Table, error) {
	p, err := s.page(ctx, project, "", 0)
	if err != nil || p == nil {
		return &spanstore.Table{}, err
	}
	scope, where, none, err := s.indexed(ctx, p, q.Where, q.Since, q.Until)
	if err != nil || none {
		return &spanstore.Table{}, err
	}
	q.Where = where
	most := limit(q.Limit, 1000, mostRows)
	scope.Newest = sqlquery.Ref{} // figures are of all that came
	plan, err := sqlquery.PlanAggregate(scope, &q, most)
	if err != nil {
		return nil, err
	}
	table := &spanstore.Table{}
	err = s.index.QueryRolled(ctx, p.scope.Project, plan.Statement, func(rows *sql.Rows) error {
		if len(table.Rows) == most {
			table.More = true
			return nil
		}
		row, err := s.aggregateRow(rows, &q)
		table.Rows = append(table.Rows, row)
		return err
	})
	return table, err
}

func (s *Store) aggregateRow(rows *sql.Rows, q *spanstore.Aggregate) (row spanstore.AggregateRow, err error) {
	by, values := make([]any, len(q.By)), make([]sql.NullFloat64, len(q.Metrics))
	fields := []any{&row.Time}
	for i := range by {
		fields = append(fields, &by[i])
	}
	for i := range values {
		fields = append(fields, &values[i])
	}
	if err := rows.Scan(fields...); err != nil {
		return row, err
	}
	for i, v := range by {
		switch v := v.(type) {
		case string:
			row.By = append(row.By, v)
		case int64:
			if q.By[i] == spanstore.ByKind {
				row.By = append(row.By, trace.Kind(v).String())
			} else {
				row.By = append(row.By, s.index.Text(sqlquery.DimOf(q.By[i]), uint32(v)))
			}
		default:
			return row, fmt.Errorf("a value of %s is a %T", q.By[i], v)
		}
	}
	for i := range values {
		if values[i].Valid {
			row.Values = append(row.Values, &values[i].Float64)
		} else {
			row.Values = append(row.Values, nil)
		}
	}
	return row, nil
}
