package local

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

var _ spanstore.Eraser = (*Store)(nil)

// Erase removes all that is kept of a user, a session or a trace: every trace in
// which it has a span, whole, the scores about them, and those about sessions
// that are left without a span. It looks through the whole log, since copies that
// the index no longer knows go too. What arrives meanwhile stays. The log comes
// first: an erasure that was cut short can be asked for again.
func (s *Store) Erase(ctx context.Context, project string, what spanstore.Erasure) (*spanstore.Erased, error) {
	log, number, ok, err := s.find(project)
	if err != nil {
		return nil, err
	}
	out := &spanstore.Erased{}
	if !ok {
		return out, nil
	}
	where := "FALSE"
	switch {
	case !what.Trace.IsZero():
		where = fmt.Sprintf("hi = %d AND lo = %d", what.Trace.Hi(), what.Trace.Lo())
	case what.User != "":
		where = s.named(sqlquery.User, "user_id", what.User)
	case what.Session != "":
		where = s.named(sqlquery.Session, "session_id", what.Session)
	}
	// What is about to be forgotten is known for good first: an erasure that a
	// crash cuts short finds the same traces when it is asked for again.
	if err := s.index.Merge(ctx); err != nil {
		return nil, err
	}
	gone, err := s.doomed(ctx, number, where, what)
	if err != nil {
		return nil, err
	}
	dropped, err := log.Rewrite(ctx, seglog.Drop{
		Item: func(_ seglog.Ref, it *block.Item) bool { return gone.traces[traceOf(it)] || names(it, what) },
		Score: func(_ seglog.Ref, score *trace.Score) bool {
			return gone.traces[score.Target.Trace] || gone.sessions[score.Target.Session]
		},
	})
	if err != nil {
		return nil, err
	}
	for id := range gone.traces {
		out.Traces = append(out.Traces, id)
	}
	slices.SortFunc(out.Traces, func(a, b trace.ID) int { return bytes.Compare(a[:], b[:]) })
	var sessions []string
	for name := range gone.sessions {
		sessions = append(sessions, name)
	}
	var removed index.Removed
	if removed, err = s.index.Erase(ctx, number, out.Traces, sessions, dropped.Before); err != nil {
		return nil, err
	}
	// Scores that spans bring with them are rows of the index only.
	out.Spans, out.Logs, out.Scores = dropped.Spans, dropped.Logs, max(dropped.Scores, removed.Scores)
	return out, nil
}

// named is the condition that a span has a text.
func (s *Store) named(dim sqlquery.Dim, column, text string) string {
	id, ok := s.index.Find(dim, text)
	if !ok {
		return "FALSE"
	}
	return fmt.Sprintf("%s = %d", column, id)
}

// doomed is what an erasure takes. The zero id and the empty session are never
// in it.
type doomed struct {
	traces   map[trace.ID]bool
	sessions map[string]bool
}

// doomed finds the traces that have a span for which where holds, and the
// sessions that have no other.
func (s *Store) doomed(ctx context.Context, project uint32, where string, what spanstore.Erasure) (doomed, error) {
	d := doomed{traces: map[trace.ID]bool{}, sessions: map[string]bool{}}
	hits := fmt.Sprintf("(SELECT DISTINCT hi, lo FROM spans WHERE project = %d AND %s)", project, where)
	err := s.index.Query(ctx, "FROM "+hits, nil, func(rows *sql.Rows) error {
		var hi, lo uint64
		err := rows.Scan(&hi, &lo)
		d.traces[trace.IDOf(hi, lo)] = true
		return err
	})
	if err != nil {
		return d, err
	}
	err = s.index.Query(ctx, fmt.Sprintf(`SELECT session_id FROM spans LEFT JOIN %s AS hits ON spans.hi = hits.hi AND spans.lo = hits.lo
WHERE project = %d AND session_id <> 0 GROUP BY session_id HAVING bool_and(hits.hi IS NOT NULL)`, hits, project), nil, func(rows *sql.Rows) error {
		var id uint32
		err := rows.Scan(&id)
		d.sessions[s.index.Text(sqlquery.Session, id)] = true
		return err
	})
	// What was named goes even where no span of it is known: log records and
	// scores may be.
	if !what.Trace.IsZero() {
		d.traces[what.Trace] = true
	}
	if what.Session != "" {
		d.sessions[what.Session] = true
	}
	delete(d.sessions, "")
	return d, err
}

// names says that a span names the user or the session. The index knows of the
// copy of a span that replaced others; an older one may have said more.
func names(it *block.Item, what spanstore.Erasure) bool {
	if it.Type != block.Span || what.User == "" && what.Session == "" {
		return false
	}
	span, err := otlp.ReadSpan(it.Bytes)
	if err != nil {
		return false
	}
	origin := semconv.ReadOrigin(it.Resource, it.Scope)
	row, err := semconv.Row(&origin, &span)
	return err == nil && (what.User != "" && row.User == what.User || what.Session != "" && row.Session == what.Session)
}

// traceOf is the trace that an item is of, zero where it is of none.
func traceOf(it *block.Item) (id trace.ID) {
	if it.Type == block.Log {
		if l, err := otlp.ReadLog(it.Bytes); err == nil && len(l.TraceID) == len(id) {
			copy(id[:], l.TraceID)
		}
		return id
	}
	if span, err := otlp.ReadSpan(it.Bytes); err == nil {
		id, _, _, _ = span.Identity()
	}
	return id
}
