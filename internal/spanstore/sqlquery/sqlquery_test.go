package sqlquery_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// column is what a test row says of one column: its SQL.
type columns map[string]string

// rig is an index of a few spans. Span n belongs to trace n/10.
type rig struct {
	*sql.DB
	t *testing.T
}

func newRig(t *testing.T) *rig {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	schema, err := os.ReadFile("../local/index/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{db, t}
	r.exec(string(schema))
	return r
}

func (r *rig) exec(text string, args ...any) {
	r.t.Helper()
	if _, err := r.Exec(text, args...); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

func (r *rig) word(dim sqlquery.Dim, id int, text string) {
	r.exec("INSERT INTO dict VALUES (?, ?, ?)", int(dim), id, text)
}

// span inserts span n of trace n/10 with the columns given, others zero or NULL.
func (r *rig) span(n int, set columns) {
	row := columns{"project": "1", "hi": "0", "lo": fmt.Sprint(n / 10), "span": fmt.Sprint(n), "parent": "0", "start": fmt.Sprint(n),
		"kind": "1", "error": "false", "counted": "true", "seg": "1", "ord": fmt.Sprint(n)}
	for _, name := range strings.Fields("name reason provider model asked config version label feature user session environment service finish tags") {
		row[name+"_id"] = "0"
	}
	for name, value := range set {
		row[name] = value
	}
	var names, values []string
	for name, value := range row {
		names, values = append(names, name), append(values, value)
	}
	r.exec("INSERT INTO spans (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")")
}

func (r *rig) query(st sqlquery.Statement, err error, fields func() []any, each func()) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	rows, err := r.Query(st.SQL, st.Args...)
	if err != nil {
		r.t.Fatalf("%s\n%v", st.SQL, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(fields()...); err != nil {
			r.t.Fatal(err)
		}
		each()
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
}

// spans are the numbers of the spans that a query gives, in its order.
func (r *rig) spans(s sqlquery.Scope, q spanstore.Query, after *sqlquery.Cursor, limit int) (numbers []uint64) {
	r.t.Helper()
	st, err := sqlquery.Spans(s, &q, after, limit)
	var row sqlquery.SpanRow
	r.query(st, err, row.Fields, func() { numbers = append(numbers, row.Span) })
	return numbers
}

// asking is a scope whose conditions on texts ask the dictionary first.
func (r *rig) asking(project uint32) sqlquery.Scope {
	ids := func(st sqlquery.Statement) (ids []uint32, err error) {
		var id uint32
		r.query(st, nil, func() []any { return []any{&id} }, func() { ids = append(ids, id) })
		return ids, nil
	}
	return sqlquery.Scope{Project: project, IDs: ids, Find: func(dim sqlquery.Dim, text string) (uint32, bool) {
		found, err := ids(sqlquery.Statement{SQL: fmt.Sprintf("SELECT id FROM dict WHERE dim = %d AND text = ?", dim), Args: []any{text}})
		return append(found, 0)[0], err == nil && len(found) == 1
	}}
}

var project1 = sqlquery.Scope{Project: 1}

func text(f filter.Field, op filter.Op, value string) filter.Cond {
	return filter.Cond{Field: f, Op: op, Value: filter.Value{Text: value}}
}

func integer(f filter.Field, op filter.Op, value int64) filter.Cond {
	return filter.Cond{Field: f, Op: op, Value: filter.Value{Int: value}}
}

// Every kind of condition, alone and turned. Three spans: 1 has everything, 2
// has other values, 3 has nothing.
func TestConditions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.word(sqlquery.Model, 1, "gpt-5-mini")
	r.word(sqlquery.Model, 2, "claude")
	r.word(sqlquery.User, 1, "gpt-5-mini") // the same text elsewhere must not count
	r.word(sqlquery.Tags, 1, `["a","b,\"c"]`)
	r.word(sqlquery.Tags, 2, `["z"]`)
	r.span(1, columns{"lo": "1", "model_id": "1", "tags_id": "1", "cost_sent": "5", "cost_calc": "900", "dur": "100", "ttft": "7", "t_in": "10", "t_out": "3"})
	r.span(2, columns{"lo": "1", "model_id": "2", "tags_id": "2", "cost_calc": "20", "dur": "50", "t_in": "0", "t_out": "0", "error": "true", "kind": "5", "parent": "1"})
	r.span(3, columns{"lo": "1", "kind": "0"})
	r.exec(`INSERT INTO scores VALUES (1,'s1',0,1,1,'','','good',0.9,'','','','',1,true,1,90), (1,'s2',0,1,2,'','','good',0.2,'','','','',1,true,1,91),
		(1,'s3',0,1,3,'','','good',0.95,'','','','',1,false,1,92), (1,'s4',0,1,0,'','','whole',1,'','','','',1,true,1,93), (2,'s5',0,1,3,'','','good',0.9,'','','','',1,true,1,94)`)
	score := func(key string, op filter.Op, x float64) filter.Expr {
		return filter.Cond{Field: filter.FieldScore, Key: key, Op: op, Value: filter.Value{Number: x}}
	}
	all := []uint64{3, 2, 1}
	for _, c := range []struct {
		name string
		expr filter.Expr
		want []uint64
	}{
		{"nothing asked", nil, all},
		{"empty and", filter.And{}, all},
		{"empty or", filter.Or{}, nil},
		{"model =", text(filter.FieldModel, filter.Equal, "gpt-5-mini"), []uint64{1}},
		{"model = unknown", text(filter.FieldModel, filter.Equal, "none"), nil},
		{"model != leaves out what has none", text(filter.FieldModel, filter.Unequal, "claude"), []uint64{1}},
		{"model != unknown", text(filter.FieldModel, filter.Unequal, "none"), []uint64{2, 1}},
		{"not model =", filter.Not{Expr: text(filter.FieldModel, filter.Equal, "claude")}, []uint64{3, 1}},
		{"model ~", text(filter.FieldModel, filter.Match, "^gpt-[0-9]"), []uint64{1}},
		{"model !~", text(filter.FieldModel, filter.NoMatch, "^gpt"), []uint64{2}},
		{"model : folds letters", text(filter.FieldModel, filter.Words, "GPT-5"), []uint64{1}},
		{"model : finds whole words", text(filter.FieldModel, filter.Words, "pt-5"), nil},
		{"model : finds words in a row", text(filter.FieldModel, filter.Words, "5 MINI"), []uint64{1}},
		{"tag :", text(filter.FieldTag, filter.Words, "c"), []uint64{1}},
		{"has model", text(filter.FieldModel, filter.Has, ""), []uint64{2, 1}},
		{"tag = with a quote and a comma", text(filter.FieldTag, filter.Equal, `b,"c`), []uint64{1}},
		{"tag = a separator", text(filter.FieldTag, filter.Equal, `,`), nil},
		{"tag !=", text(filter.FieldTag, filter.Unequal, "z"), []uint64{1}},
		{"has tag", text(filter.FieldTag, filter.Has, ""), []uint64{2, 1}},
		{"cost sent before computed", integer(filter.FieldCost, filter.Equal, 5), []uint64{1}},
		{"cost >", integer(filter.FieldCost, filter.Greater, 5), []uint64{2}},
		{"cost <=: unknown is not zero", integer(filter.FieldCost, filter.LessEqual, 1000), []uint64{2, 1}},
		{"not cost <=", filter.Not{Expr: integer(filter.FieldCost, filter.LessEqual, 1000)}, []uint64{3}},
		{"cost !=", integer(filter.FieldCost, filter.Unequal, 5), []uint64{2}},
		{"has cost", integer(filter.FieldCost, filter.Has, 0), []uint64{2, 1}},
		{"latency <", integer(filter.FieldLatency, filter.Less, 100), []uint64{2}},
		{"ttft >=", integer(filter.FieldTTFT, filter.GreaterEqual, 7), []uint64{1}},
		{"tokens", integer(filter.FieldTokens, filter.Equal, 13), []uint64{1}},
		{"tokens: zero is known", integer(filter.FieldTokensOut, filter.Equal, 0), []uint64{2}},
		{"kind", text(filter.FieldKind, filter.Equal, "tool"), []uint64{2}},
		{"kind !=", text(filter.FieldKind, filter.Unequal, "tool"), []uint64{3, 1}},
		{"status", text(filter.FieldStatus, filter.Equal, "error"), []uint64{2}},
		{"status ok", text(filter.FieldStatus, filter.Equal, "ok"), []uint64{3, 1}},
		{"has error", text(filter.FieldStatus, filter.Has, ""), []uint64{2}},
		{"root", filter.Cond{Field: filter.FieldRoot, Op: filter.Equal, Value: filter.Value{Truth: true}}, []uint64{3, 1}},
		{"not root", filter.Cond{Field: filter.FieldRoot, Op: filter.Equal}, []uint64{2}},
		{"parent", text(filter.FieldParent, filter.Equal, "0000000000000001"), []uint64{2}},
		{"parent !=", text(filter.FieldParent, filter.Unequal, "0000000000000009"), []uint64{2}},
		{"span", text(filter.FieldSpan, filter.Equal, "0000000000000003"), []uint64{3}},
		{"trace", text(filter.FieldTrace, filter.Equal, strings.Repeat("0", 31)+"1"), all},
		{"since", integer(filter.FieldSince, filter.GreaterEqual, 2), []uint64{3, 2}},
		{"until", integer(filter.FieldUntil, filter.Less, 2), []uint64{1}},
		{"score: only the latest, of the span", score("good", filter.Greater, 0.5), []uint64{1}},
		{"score of the trace", score("whole", filter.Equal, 1), all},
		{"has score", score("good", filter.Has, 0), []uint64{2, 1}},
		{"not score", filter.Not{Expr: score("good", filter.Greater, 0.5)}, []uint64{3, 2}},
		{"and, or", filter.And{filter.Or{text(filter.FieldModel, filter.Equal, "claude"), integer(filter.FieldCost, filter.Equal, 5)}, integer(filter.FieldLatency, filter.Less, 60)}, []uint64{2}},
	} {
		for how, scope := range map[string]sqlquery.Scope{"joined": project1, "asked before": r.asking(1)} {
			if got := r.spans(scope, spanstore.Query{Where: c.expr}, nil, 10); !slices.Equal(got, c.want) {
				t.Errorf("%s, the dictionary %s: spans %v, want %v", c.name, how, got, c.want)
			}
		}
	}
	if got := r.spans(sqlquery.Scope{Project: 2}, spanstore.Query{}, nil, 10); got != nil {
		t.Errorf("another project sees %v", got)
	}
}

// A condition that few texts, many or too many for a list of numbers match.
func TestConditionsOfManyTexts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for n := 1; n <= 50; n++ {
		r.word(sqlquery.User, n, fmt.Sprintf("user-%02d", n))
		r.span(n, columns{"user_id": fmt.Sprint(n)})
	}
	r.span(60, nil)
	for _, pattern := range []string{"-0[12]$", "-[01]", "-[01234]", "nobody"} {
		for _, op := range []filter.Op{filter.Match, filter.NoMatch} {
			q := spanstore.Query{Where: text(filter.FieldUser, op, pattern)}
			want := r.spans(project1, q, nil, 100)
			if got := r.spans(r.asking(1), q, nil, 100); !slices.Equal(got, want) {
				t.Errorf("user %s %s: %v, and joined %v", op, pattern, got, want)
			}
		}
	}
}

func TestConditionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, e := range []filter.Expr{
		text(filter.FieldCost, filter.Match, "1"), text(filter.FieldTrace, filter.Equal, "12"), text(filter.FieldSpan, filter.Equal, strings.Repeat("x", 16)),
		text(filter.FieldText, filter.Words, "refund"), text("colour", filter.Equal, "red"), text(filter.FieldKind, filter.Equal, "poem"),
		filter.Not{Expr: text("colour", filter.Equal, "red")}, filter.Or{text("colour", filter.Equal, "red")}, text(filter.FieldStatus, filter.Less, "ok"),
	} {
		if st, err := sqlquery.Spans(project1, &spanstore.Query{Where: e}, nil, 1); err == nil {
			t.Errorf("%v was taken as %s", e, st.SQL)
		}
	}
}

// Pages give each span once and in order, whatever arrives in between.
func TestSpanPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for n := range 25 {
		r.span(n+1, columns{"start": fmt.Sprint(100 - n/3)}) // threes of equal start
	}
	scope := sqlquery.Scope{Project: 1, Newest: sqlquery.Ref{Segment: 1, Ordinal: 25}}
	want := r.spans(scope, spanstore.Query{}, nil, 100)
	var got []uint64
	var after *sqlquery.Cursor
	for page := range 20 {
		st, err := sqlquery.Spans(scope, &spanstore.Query{}, after, 4)
		var row sqlquery.SpanRow
		n := 0
		r.query(st, err, row.Fields, func() { n++; got = append(got, row.Span) })
		if n == 0 {
			break
		}
		text := sqlquery.Cursor{Start: row.Start, Trace: trace.IDOf(row.Hi, row.Lo), Span: trace.SpanIDOf(row.Span), Newest: scope.Newest}.String()
		c, err := sqlquery.ParseCursor(text)
		if err != nil {
			t.Fatal(err)
		}
		after = &c
		r.span(100+page, columns{"start": fmt.Sprint(100 - page)}) // ord is above the snapshot
	}
	if !slices.Equal(got, want) || len(want) != 25 {
		t.Errorf("pages give %v, one page %v", got, want)
	}
}

// Only the places that are named count, and for a condition on text what is near.
func TestPlaces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for n := range 4 {
		r.span(n+1, columns{"seg": fmt.Sprint(n/2 + 1), "ord": fmt.Sprint(300 * (n % 2))})
	}
	r.exec("INSERT INTO logs VALUES (1, 0, 0, 2, 0, 7, 900), (2, 0, 0, 1, 0, 7, 900)")
	ref := func(segment, ordinal uint32) sqlquery.Ref { return sqlquery.Ref{Segment: segment, Ordinal: ordinal} }
	near := filter.Cond{Field: filter.FieldText, Value: filter.Value{Int: 1}}
	groups := [][]sqlquery.Group{nil, {sqlquery.GroupOf(ref(2, 10)), sqlquery.GroupOf(ref(7, 1000))}}
	for name, c := range map[string]struct {
		scope sqlquery.Scope
		where filter.Expr
		want  []uint64
	}{
		"only":               {sqlquery.Scope{Only: []sqlquery.Ref{ref(1, 300), ref(2, 0), ref(9, 9)}}, nil, []uint64{3, 2}},
		"near":               {sqlquery.Scope{Near: groups}, near, []uint64{3}},
		"near, or its logs":  {sqlquery.Scope{Near: groups, Logs: true}, near, []uint64{3, 2}},
		"near nothing":       {sqlquery.Scope{Near: make([][]sqlquery.Group, 2)}, near, nil},
		"only, and not near": {sqlquery.Scope{Only: []sqlquery.Ref{ref(1, 300), ref(2, 0)}, Near: groups}, filter.Not{Expr: near}, []uint64{2}},
	} {
		c.scope.Project = 1
		if got := r.spans(c.scope, spanstore.Query{Where: c.where}, nil, 10); !slices.Equal(got, c.want) {
			t.Errorf("%s: spans %v, want %v", name, got, c.want)
		}
	}
}

// A list from the parts is the list from the whole.
func TestSpansOfParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.word(sqlquery.Model, 1, "m")
	for n := range 30 {
		r.span(n+1, columns{"start": fmt.Sprint(n * 7 % 30), "model_id": fmt.Sprint(n % 2)})
	}
	r.exec("CREATE VIEW odd AS SELECT * FROM spans WHERE span % 2 = 1 OR span % 3 = 0")
	r.exec("CREATE VIEW even AS SELECT * FROM spans WHERE NOT (span % 2 = 1 OR span % 3 = 0)")
	parts := sqlquery.Scope{Project: 1, Parts: []string{"odd", "even"}}
	for _, q := range []spanstore.Query{{}, {Where: text(filter.FieldModel, filter.Equal, "m")}} {
		for _, after := range []*sqlquery.Cursor{nil, {Start: 17, Trace: trace.IDOf(0, 1), Span: trace.SpanIDOf(12)}} {
			want := r.spans(project1, q, after, 8)
			if got := r.spans(parts, q, after, 8); !slices.Equal(got, want) || len(want) != 8 {
				t.Errorf("parts give %v, the whole %v", got, want)
			}
		}
	}
}

func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	good := sqlquery.Cursor{Start: -5, Newest: sqlquery.Ref{Segment: 3, Ordinal: 4}}
	if back, err := sqlquery.ParseCursor(good.String()); err != nil || back != good {
		t.Errorf("a cursor comes back as %v, %v", back, err)
	}
	for _, s := range []string{"", "x", good.String()[1:], good.String() + "A", "A" + good.String()[1:]} {
		if _, err := sqlquery.ParseCursor(s); !errors.Is(err, spanstore.ErrCursor) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestTraces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.word(sqlquery.Model, 1, "m")
	// Trace 1: a root that came with its children. Trace 2: its root never came.
	r.span(10, columns{"name_id": "1", "start": "100", "dur": "50", "kind": "6", "counted": "false", "t_in": "9"})
	r.span(11, columns{"name_id": "2", "start": "90", "dur": "10", "parent": "10", "model_id": "1", "t_in": "5", "t_out": "1", "cost_calc": "7", "user_id": "4"})
	r.span(12, columns{"name_id": "3", "start": "120", "parent": "10", "error": "true", "model_id": "2", "t_in": "4", "t_out": "1", "cost_sent": "1", "cost_calc": "9"})
	r.span(20, columns{"name_id": "5", "start": "130", "parent": "29"})
	r.span(30, columns{"name_id": "6", "start": "80"})
	list := func(q spanstore.Query, after *sqlquery.Cursor, horizon int64, limit int) (rows []sqlquery.TraceRow) {
		st, err := sqlquery.Traces(project1, &q, after, horizon, limit)
		var row sqlquery.TraceRow
		r.query(st, err, row.Fields, func() { rows = append(rows, row) })
		return rows
	}
	ids := func(rows []sqlquery.TraceRow) (ids []uint64) {
		for _, row := range rows {
			ids = append(ids, row.Lo)
		}
		return ids
	}
	all := list(spanstore.Query{}, nil, 0, 10)
	if !slices.Equal(ids(all), []uint64{2, 1, 3}) {
		t.Fatalf("traces %v", ids(all))
	}
	one := all[1]
	known := func(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
	want := sqlquery.TraceRow{Lo: 1, Start: 90, End: known(150), Spans: 3, Errors: 1, In: known(9), Out: known(2), Cost: known(8),
		Name: 1, User: 4, Kind: 6, Models: []any{uint32(1), uint32(2)}, Root: sqlquery.Ref{Segment: 1, Ordinal: 10}}
	if !reflect.DeepEqual(one, want) {
		t.Errorf("trace 1 is\n%+v, want\n%+v", one, want)
	}
	if !all[0].Orphaned || all[2].Orphaned || all[0].Name != 5 || all[0].End.Valid || all[0].In.Valid || all[0].Cost.Valid {
		t.Errorf("the trace without a root: %+v", all[0])
	}
	// A condition on one span lists the whole trace.
	if got := list(spanstore.Query{Where: text(filter.FieldStatus, filter.Equal, "error")}, nil, 0, 10); len(got) != 1 || got[0].Spans != 3 {
		t.Errorf("traces with an error: %+v", got)
	}
	// A trace that began before the horizon is not of this stretch, though a span of it is.
	if got := ids(list(spanstore.Query{}, nil, 100, 10)); !slices.Equal(got, []uint64{2}) {
		t.Errorf("traces from the horizon on: %v", got)
	}
	if got := ids(list(spanstore.Query{}, &sqlquery.Cursor{Start: 130, Trace: trace.IDOf(0, 2)}, 0, 1)); !slices.Equal(got, []uint64{1}) {
		t.Errorf("the page after trace 2: %v", got)
	}
	var start int64
	st, err := sqlquery.Horizon(project1, &spanstore.Query{}, nil, 2)
	r.query(st, err, func() []any { return []any{&start} }, func() {})
	if start != 120 {
		t.Errorf("the second newest span starts at %d", start)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.span(10, columns{"user_id": "1", "t_in": "5", "t_out": "1", "cost_calc": "7"})
	r.span(11, columns{"user_id": "1", "start": "50", "error": "true", "counted": "false", "t_in": "5"})
	r.span(20, columns{"user_id": "2"})
	r.span(30, columns{"user_id": "1"})
	r.span(50, columns{"user_id": "3", "start": "50"}) // at the same time as the last of 1
	r.word(sqlquery.User, 1, "zoe")
	r.word(sqlquery.User, 2, "bob")
	r.word(sqlquery.User, 3, "ann")
	r.span(40, nil)
	var rows []sqlquery.GroupRow
	list := func(after *sqlquery.Cursor) string {
		rows = nil
		st, err := sqlquery.Groups(project1, spanstore.ByUser, &spanstore.Query{}, after, 5)
		var row sqlquery.GroupRow
		r.query(st, err, row.Fields, func() { rows = append(rows, row) })
		var ids []string
		for _, row := range rows {
			ids = append(ids, fmt.Sprintf("%d: %d traces %d spans %d errors %d-%d", row.ID, row.Traces, row.Spans, row.Errors, row.First, row.Last))
		}
		return strings.Join(ids, "; ")
	}
	if got, want := list(nil), "1: 2 traces 3 spans 1 errors 10-50; 3: 1 traces 1 spans 0 errors 50-50; 2: 1 traces 1 spans 0 errors 20-20"; got != want {
		t.Errorf("users %s, want %s", got, want)
	}
	if rows[0].Cost.Int64 != 7 || rows[0].In.Int64 != 5 || rows[2].Cost.Valid {
		t.Errorf("sums: %+v", rows)
	}
	if got := list(&sqlquery.Cursor{Start: 50, Trace: trace.IDOf(0, 1)}); !strings.HasPrefix(got, "3: ") {
		t.Errorf("after user 1: %s", got)
	}
	if _, err := sqlquery.Groups(project1, "colour", &spanstore.Query{}, nil, 1); err == nil {
		t.Error("a list by colour")
	}
}

func statement(q *spanstore.Aggregate, limit int) (sqlquery.Statement, error) {
	p, err := sqlquery.PlanAggregate(project1, q, limit)
	if err != nil {
		return sqlquery.Statement{}, err
	}
	return p.Statement(nil)
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.word(sqlquery.Tags, 1, `["a","b"]`)
	r.word(sqlquery.Model, 1, "small") // by text it comes second
	r.word(sqlquery.Model, 2, "large")
	for i := range 10 { // durations 10 … 100, half of them of model 1
		r.span(10+i, columns{"start": fmt.Sprint(int64(i) * int64(time.Hour) / 2), "dur": fmt.Sprint(10 * (i + 1)), "model_id": fmt.Sprint(1 + i%2), "t_in": "2", "cost_calc": "3"})
	}
	r.span(30, columns{"start": "1", "error": "true", "tags_id": "1", "counted": "false", "cost_sent": "1000"})
	r.exec(`INSERT INTO scores VALUES (1,'s1',0,1,10,'','','good',1,'','','','',1,true,1,90), (1,'s2',0,3,0,'','','good',0,'','','','',1,true,1,91),
		(1,'s3',0,3,0,'','','bad',0,'','','','',1,true,1,92)`)
	table := func(q spanstore.Aggregate, limit int) string {
		st, err := statement(&q, limit)
		cells := make([]any, 1+len(q.By)+len(q.Metrics))
		fields := make([]any, len(cells))
		for i := range cells {
			fields[i] = &cells[i]
		}
		var rows []string
		r.query(st, err, func() []any { return fields }, func() {
			line, err := json.Marshal(cells)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, string(line))
		})
		return strings.Join(rows, " ")
	}
	hour := fmt.Sprint(int64(time.Hour))
	for _, c := range []struct {
		q    spanstore.Aggregate
		want string
	}{
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count, spanstore.Traces, spanstore.Errors, spanstore.Cost, spanstore.TokensIn, spanstore.TokensOut}},
			`[0,11,2,1,30,20,null]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.P50, spanstore.P95, spanstore.P99, spanstore.TTFT50}}, `[0,50,100,100,null]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count, spanstore.ErrorRate}, By: []spanstore.Dimension{spanstore.ByModel}},
			`[0,0,1,1] [0,2,5,0] [0,1,5,0]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.P50}, By: []spanstore.Dimension{spanstore.ByModel}, Order: spanstore.P50},
			`[0,2,60] [0,1,50] [0,0,null]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count}, Every: time.Hour, Until: int64(2 * time.Hour)}, `[0,3] [` + hour + `,2]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count}, By: []spanstore.Dimension{spanstore.ByTag}}, `[0,"",10] [0,"a",1] [0,"b",1]`},
		{spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.ScoreMean, spanstore.ScoreCount, spanstore.Count}, Score: "good", By: []spanstore.Dimension{spanstore.ByModel},
			Where: text(filter.FieldKind, filter.Equal, "llm")}, `[0,0,0,1,1] [0,2,null,0,5] [0,1,1,1,5]`},
	} {
		if got := table(c.q, 100); got != c.want {
			t.Errorf("%v by %v: %s, want %s", c.q.Metrics, c.q.By, got, c.want)
		}
	}
	q := spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count}, By: []spanstore.Dimension{spanstore.ByModel}}
	if got := strings.Count(table(q, 1), "["); got != 2 {
		t.Errorf("a limit of 1 asks for %d rows, one more tells that there are others", got)
	}
	for _, q := range []spanstore.Aggregate{{Metrics: []spanstore.Metric{"beauty"}}, {By: []spanstore.Dimension{"colour"}}} {
		if _, err := statement(&q, 1); err == nil {
			t.Errorf("%+v was taken", q)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.exec(`INSERT INTO scores VALUES (1,'s1',0,1,10,'','','good',1,'','','person','',5,true,1,1), (1,'s2',0,1,0,'','','good',NULL,'yes','','','',6,true,1,2),
		(1,'s3',0,0,0,'chat-1','','calm',0.5,'','','','',6,false,1,3), (2,'s4',0,1,10,'','','good',1,'','','','',7,true,1,4)`)
	list := func(q spanstore.ScoreQuery, after *sqlquery.Cursor) string {
		var ids []string
		var row sqlquery.ScoreRow
		r.query(sqlquery.Scores(project1, &q, after, 10), nil, row.Fields, func() { ids = append(ids, row.ID) })
		return strings.Join(ids, " ")
	}
	one := trace.IDOf(0, 1)
	for _, c := range []struct {
		q    spanstore.ScoreQuery
		want string
	}{
		{spanstore.ScoreQuery{}, "s3 s2 s1"}, {spanstore.ScoreQuery{Latest: true}, "s2 s1"}, {spanstore.ScoreQuery{Name: "calm"}, "s3"},
		{spanstore.ScoreQuery{Target: trace.Target{Trace: one}}, "s2 s1"}, {spanstore.ScoreQuery{Target: trace.Target{Trace: one, Span: trace.SpanIDOf(10)}}, "s1"},
		{spanstore.ScoreQuery{Target: trace.Target{Session: "chat-1"}}, "s3"}, {spanstore.ScoreQuery{Since: 6}, "s3 s2"}, {spanstore.ScoreQuery{Until: 6}, "s1"},
		{spanstore.ScoreQuery{Target: trace.Target{Case: "c"}}, ""},
	} {
		if got := list(c.q, nil); got != c.want {
			t.Errorf("%+v gives %s, want %s", c.q, got, c.want)
		}
	}
	if got := list(spanstore.ScoreQuery{}, &sqlquery.Cursor{Start: 6, Trace: trace.IDOf(1, 3)}); got != "s2 s1" {
		t.Errorf("after s3: %s", got)
	}
}
