package sqlquery_test

import (
	"database/sql"
	"math"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

// Spans that claim more tokens and more cost than a number holds make no list and
// no roll-up fail: the sums end where numbers do. What is unknown stays unknown.
func TestSumsOfMadeUpFigures(t *testing.T) {
	r := newRig(t)
	r.span(10, columns{"session_id": "1", "t_in": "9007199254740992", "t_out": "7", "cost_sent": "-9007199254740992"})
	r.exec("INSERT INTO spans SELECT spans.* REPLACE (100000 + i AS span) FROM spans, range(1100) AS many(i)")
	r.word(sqlquery.Session, 1, "s")

	want := []sql.NullInt64{{Int64: math.MaxInt64, Valid: true}, {Int64: 7 * 1101, Valid: true}, {Int64: -math.MaxInt64, Valid: true}, {}}
	check := func(what string, got ...sql.NullInt64) {
		t.Helper()
		for i := range want {
			if i < len(got) && got[i] != want[i] {
				t.Errorf("%s: sum %d is %v, want %v", what, i, got[i], want[i])
			}
		}
	}
	lists := 0
	var trace sqlquery.TraceRow
	st, err := sqlquery.Traces(project1, &spanstore.Query{}, nil, 0, 10)
	r.query(st, err, trace.Fields, func() {
		lists++
		check("trace", trace.In, trace.Out, trace.Cost, trace.Cached)
	})
	var group sqlquery.GroupRow
	st, err = sqlquery.Groups(project1, spanstore.BySession, &spanstore.Query{}, nil, 10)
	r.query(st, err, group.Fields, func() {
		lists++
		check("session", group.In, group.Out, group.Cost, group.Cached)
	})
	if lists != 2 {
		t.Errorf("%d rows", lists)
	}
	r.exec("CREATE TABLE rolled_up (n BIGINT, errors BIGINT, t_in BIGINT, t_out BIGINT, cost BIGINT)")
	r.exec("INSERT INTO rolled_up SELECT " + sqlquery.RollUpSums + " FROM spans")
	var in, out, cost sql.NullInt64
	if err := r.QueryRow("SELECT t_in, t_out, cost FROM rolled_up").Scan(&in, &out, &cost); err != nil {
		t.Fatal(err)
	}
	check("roll-up", in, out, cost)
}
