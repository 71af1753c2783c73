package sqlquery

import (
	"database/sql"
	"fmt"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// ScoreRow is a row of Scores.
type ScoreRow struct {
	ID                           string
	Hi, Lo, Span                 uint64
	Session, Case, Name          string
	Value                        sql.NullFloat64
	Label, Text, Source, Comment string
	Time                         int64
	Ref                          Ref
}

// Fields are the places to scan a row of Scores into.
func (r *ScoreRow) Fields() []any {
	return []any{&r.ID, &r.Hi, &r.Lo, &r.Span, &r.Session, &r.Case, &r.Name, &r.Value, &r.Label, &r.Text, &r.Source, &r.Comment,
		&r.Time, &r.Ref.Segment, &r.Ref.Ordinal}
}

// Scores asks for at most limit scores, newest first. The cursor's Start is the
// last one's time, its trace id the halves seg and ord of the last one's place.
// Rows are read with ScoreRow.Fields.
func Scores(s Scope, q *spanstore.ScoreQuery, after *Cursor, limit int) Statement {
	st := Statement{SQL: fmt.Sprintf(`SELECT id, hi, lo, span, session, "case", name, value, label, text, source, comment, time, seg, ord
FROM scores WHERE project = %d`, s.Project)}
	and := func(sql string, args ...any) {
		st.SQL += " AND " + sql
		st.Args = append(st.Args, args...)
	}
	if t := q.Target; !t.Trace.IsZero() {
		and(fmt.Sprintf("hi = %d AND lo = %d", t.Trace.Hi(), t.Trace.Lo()))
		if !t.Span.IsZero() {
			and(fmt.Sprintf("span = %d", t.Span.Num()))
		}
	}
	if q.Target.Session != "" {
		and("session = ?", q.Target.Session)
	}
	if q.Target.Case != "" {
		and(`"case" = ?`, q.Target.Case)
	}
	if q.Name != "" {
		and("name = ?", q.Name)
	}
	if q.Since != 0 {
		and(fmt.Sprintf("time >= %d", q.Since))
	}
	if q.Until != 0 {
		and(fmt.Sprintf("time < %d", q.Until))
	}
	if q.Latest {
		and("latest")
	}
	if after != nil {
		and(fmt.Sprintf("(time < %[1]d OR (time = %[1]d AND (seg < %[2]d OR (seg = %[2]d AND ord < %[3]d))))",
			after.Start, after.Trace.Hi(), after.Trace.Lo()))
	}
	st.SQL += fmt.Sprintf(" ORDER BY time DESC, seg DESC, ord DESC LIMIT %d", limit)
	return st
}
