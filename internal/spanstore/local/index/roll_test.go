package index

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// someHours is how many hours the spans of these tests lie in, from noon on.
const someHours = 5

func noon() int64 { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano() }

// figures is the answer to a question, from the roll-ups where they have it, or
// from the spans alone.
func figures(t rapid.TB, x *Index, project string, q spanstore.Aggregate, rollUps bool) (rows []string, statement string) {
	id, _ := x.Project(project)
	plan, err := sqlquery.PlanAggregate(sqlquery.Scope{Project: id}, &q, 1000)
	if err != nil {
		t.Fatal(err)
	}
	write := func(r *sqlquery.Rolled) (st sqlquery.Statement, err error) {
		if !rollUps {
			r = nil
		}
		st, err = plan.Statement(r)
		statement = st.SQL
		return st, err
	}
	err = x.QueryRolled(context.Background(), id, write, func(r *sql.Rows) error {
		cells := make([]any, 1+len(q.By)+len(q.Metrics))
		fields := make([]any, len(cells))
		for i := range cells {
			fields[i] = &cells[i]
		}
		err := r.Scan(fields...)
		rows = append(rows, fmt.Sprint(cells...))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, statement
}

func rollAll(t rapid.TB, x *Index) {
	for more := true; more; {
		var err error
		if more, err = x.roll(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func drawSpan(t *rapid.T, ref Ref) Span {
	pick := func(name string, n int) int { return rapid.IntRange(0, n).Draw(t, name) }
	word := func(name string) string { return []string{"", name + "-a", name + "-b"}[pick(name, 2)] }
	s := Span{Ref: ref, Row: trace.Row{
		Trace: trace.IDOf(9, uint64(1+pick("trace", 5))), Span: trace.SpanIDOf(uint64(1 + pick("span", 5))), Parent: trace.SpanIDOf(uint64(pick("parent", 3))),
		Start: noon() + int64(pick("minute", someHours*60-1))*int64(time.Minute), Kind: trace.Kind(pick("kind", 3)), Error: rapid.Bool().Draw(t, "error"),
		User: word("user"), Model: word("model"), Feature: word("feature"), Session: word("session"),
	}}
	if pick("far", 9) == 0 {
		s.Start = math.MaxInt64 - 1000 // nothing forbids it
	}
	if pick("ended", 3) > 0 {
		s.End = s.Start + int64(pick("seconds", 100))
	}
	if pick("usage", 2) > 0 {
		s.Usage = llm.Usage{InputTokens: int64(pick("in", 1000)), OutputTokens: int64(pick("out", 1000)), Known: true}
	}
	if s.HasPrice = rapid.Bool().Draw(t, "priced"); s.HasPrice {
		s.Cost = int64(pick("cost", 1_000_000))
	}
	return s
}

func drawFilter(t *rapid.T) filter.Expr {
	text := func(f filter.Field, op filter.Op, text string) filter.Expr {
		return filter.Cond{Field: f, Op: op, Value: filter.Value{Text: text}}
	}
	since := filter.Cond{Field: filter.FieldSince, Op: filter.Equal, Value: filter.Value{Int: noon() + 2*sqlquery.Hour - 5}}
	return rapid.SampledFrom([]filter.Expr{
		nil, nil, nil, filter.And{},
		text(filter.FieldUser, filter.Equal, "user-a"), text(filter.FieldKind, filter.Equal, "llm"), text(filter.FieldSession, filter.Has, ""),
		filter.Not{Expr: text(filter.FieldModel, filter.Match, "-a$")},
		filter.And{text(filter.FieldModel, filter.Has, ""), since},
		filter.Or{text(filter.FieldFeature, filter.Unequal, "feature-b"), since},
		filter.And{filter.Or{text(filter.FieldFeature, filter.Has, ""), text(filter.FieldKind, filter.Unequal, "tool")}},
	}).Draw(t, "filter")
}

func drawFigures(t *rapid.T) spanstore.Aggregate {
	bound := func(name string) int64 {
		return rapid.SampledFrom([]int64{0, 0, noon() + sqlquery.Hour, noon() + 3*sqlquery.Hour,
			noon() + int64(rapid.IntRange(0, someHours*60).Draw(t, name))*int64(time.Minute) + 7}).Draw(t, name)
	}
	q := spanstore.Aggregate{
		Since: bound("since"), Until: bound("until"), Where: drawFilter(t),
		Metrics: []spanstore.Metric{spanstore.Count, spanstore.Errors, spanstore.ErrorRate, spanstore.TokensIn, spanstore.TokensOut, spanstore.Cost},
		Every:   rapid.SampledFrom([]time.Duration{0, 0, time.Hour, 2 * time.Hour, 24 * time.Hour, 30 * time.Minute}).Draw(t, "every"),
		By:      rapid.SampledFrom([][]spanstore.Dimension{nil, {spanstore.ByUser}, {spanstore.ByModel}, {spanstore.ByKind, spanstore.ByFeature}, {spanstore.ByUser, spanstore.ByModel}, {spanstore.BySession}, {spanstore.ByTag}, {spanstore.ByModel, spanstore.ByModel}}).Draw(t, "by"),
		Order:   rapid.SampledFrom([]spanstore.Metric{"", spanstore.Cost}).Draw(t, "order"),
	}
	if rapid.IntRange(0, 5).Draw(t, "more") == 0 {
		q.Metrics = append(q.Metrics, spanstore.Traces, spanstore.P95)
	}
	return q
}

// Whatever came, was replaced, counted again, costed again, erased or dropped, and whatever of
// it is hot, cold or rolled up: the roll-ups tell what the spans tell.
func TestRollUpsTellWhatTheSpansTell(t *testing.T) {
	x := openTest(t, t.TempDir(), Options{RollIdle: 1, Recent: 20})
	defer closeTest(t, x)
	checks, used := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		checks++
		project := fmt.Sprintf("p%d", checks)
		next := Ref{1, 0}
		merge := func() {
			if err := x.Merge(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		steps := map[string]func(){
			"add": func() {
				var list []Span
				for range rapid.IntRange(1, 8).Draw(t, "spans") {
					list = append(list, drawSpan(t, next))
					next.Ordinal++
				}
				rows := Rows{Spans: list, End: next}
				if err := x.Append(context.Background(), project, func() (*Rows, error) { return &rows, nil }); err != nil {
					t.Fatal(err)
				}
			},
			"merge":   merge,
			"roll up": func() { merge(); rollAll(t, x) },
			"other costs": func() {
				id, ok := x.Project(project)
				if !ok {
					return
				}
				salt := int64(rapid.IntRange(1, 5).Draw(t, "salt"))
				if _, err := x.Reprice(context.Background(), id, func(_ *trace.Row, r Ref) (int64, bool) {
					return salt * int64(r.Ordinal), salt%2 == int64(r.Ordinal)%2
				}, nil); err != nil {
					t.Fatal(err)
				}
			},
			"next segment": func() { next = Ref{next.Segment + 1, 0} },
			"drop or erase": func() {
				id, ok := x.Project(project)
				if !ok {
					return
				}
				var err error
				if rapid.IntRange(0, 3).Draw(t, "which") > 0 {
					_, err = x.DropBefore(context.Background(), id, next.Segment)
				} else {
					_, err = x.Erase(context.Background(), id, Gone{Before: next.Segment + 1, Traces: []trace.ID{trace.IDOf(9, 2)}, Items: []Ref{{next.Segment, 0}}})
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		}
		for _, step := range append([]string{"add", "add", "roll up"}, rapid.SliceOfN(rapid.SampledFrom([]string{"add", "add", "add", "merge", "roll up", "roll up", "next segment", "drop or erase", "other costs"}), 0, 8).Draw(t, "steps")...) {
			steps[step]()
		}
		for range 4 {
			q := drawFigures(t)
			want, _ := figures(t, x, project, q, false)
			got, statement := figures(t, x, project, q, true)
			if !slices.Equal(got, want) {
				t.Fatalf("%+v: the roll-ups tell\n%s\nand the spans\n%s\n%s", q, strings.Join(got, "\n"), strings.Join(want, "\n"), statement)
			}
			if strings.Contains(statement, "hours") {
				used++
			}
		}
	})
	t.Logf("%d of %d answers were from roll-ups", used, 4*checks)
	if used == 0 {
		t.Error("no question was answered from a roll-up, so this test says nothing")
	}
}

func TestRollUpsAreKept(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{RollIdle: 1})
	var list []Span
	for i := range uint32(4 * 60) {
		s := span(uint64(i+1), 0, i)
		s.Start, s.User = noon()+int64(i)*int64(time.Minute), fmt.Sprint("user-", i%7)
		list = append(list, s)
	}
	add(t, x, "p", spans(list...))
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	rollAll(t, x)
	rolled := []string{fmt.Sprint("[{", noon(), " ", noon()+4*sqlquery.Hour, "}]")}
	check := func(want ...string) {
		t.Helper()
		if got := []string{fmt.Sprint(x.hours.list[1])}; !slices.Equal(got, want) {
			t.Errorf("rolled up %s, want %s", got, want)
		}
		q := spanstore.Aggregate{Metrics: []spanstore.Metric{spanstore.Count, spanstore.TokensIn}, By: []spanstore.Dimension{spanstore.ByUser}, Since: noon() + 1}
		got, statement := figures(t, x, "p", q, true)
		if spans, _ := figures(t, x, "p", q, false); !slices.Equal(got, spans) || len(got) < 7 {
			t.Errorf("the roll-ups tell %v, the spans %v", got, spans)
		}
		if !strings.Contains(statement, "user_hours") {
			t.Errorf("not asked of a roll-up: %s", statement)
		}
	}
	check(rolled...)
	closeTest(t, x)
	x = openTest(t, dir, Options{RollIdle: time.Hour})
	check(rolled...)

	// A copy that replaces a cold span takes its hour out, and so does a late one.
	again := list[70]
	again.Ref.Ordinal, again.Usage.InputTokens = 1000, 77
	late := span(5000, 0, 1001)
	late.Start = noon() + 3*sqlquery.Hour + 1
	add(t, x, "p", spans(again, late))
	if err := x.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(fmt.Sprint("[{", noon(), " ", noon()+sqlquery.Hour, "} {", noon()+2*sqlquery.Hour, " ", noon()+4*sqlquery.Hour, "}]"))
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(fmt.Sprint("[{", noon(), " ", noon()+sqlquery.Hour, "} {", noon()+2*sqlquery.Hour, " ", noon()+3*sqlquery.Hour, "}]"))
	want(t, x, "SELECT count(*) FROM cold.rolled", "2")
	want(t, x, "SELECT count(DISTINCT hour) FROM cold.hours", "2")
	closeTest(t, x)
}

// Hours that are not over, that changed a moment ago, that are before those that
// can be told apart, or after which there is no time stay out.
func TestHoursThatAreNotDue(t *testing.T) {
	t.Parallel()
	h := newHours()
	now := time.Unix(0, noon()).Add(90 * time.Minute)
	for _, at := range []hour{{1, 0}, hourOf(1, math.MaxInt64), {1, noon()}, {1, noon() + sqlquery.Hour}, {1, noon() - sqlquery.Hour}, {1, noon() - 2*sqlquery.Hour}, {2, noon()}} {
		h.open[at] = now.Add(-time.Minute)
	}
	h.open[hour{1, noon() - sqlquery.Hour}] = now
	h.hot[hour{1, noon() - 2*sqlquery.Hour}] = struct{}{}
	if got := h.batch(now, time.Minute); !slices.Equal(got, []hour{{1, noon()}}) {
		t.Errorf("due are %v", got)
	}
}

// Hours that are due come in their order, some at a time and of one project, and
// those that changed meanwhile not at all.
func TestDueHoursComeInTurn(t *testing.T) {
	t.Parallel()
	h := newHours()
	now := time.Unix(0, noon()).Add(1000 * time.Hour)
	at := func(project uint32, i int) hour { return hour{project, noon() + int64(i)*sqlquery.Hour} }
	for i := range 2 * hoursAtOnce {
		h.open[at(1, i)] = time.Time{}
	}
	h.open[at(2, 0)] = time.Time{}
	take := func(want ...hour) {
		t.Helper()
		got := h.batch(now, time.Minute)
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		h.change(got, true)
	}
	var first, second []hour
	for i := range hoursAtOnce {
		first, second = append(first, at(1, i)), append(second, at(1, hoursAtOnce+i))
	}
	take(first...)
	h.touch(1, second[0].start)
	h.open[second[2]] = now
	delete(h.open, second[3])
	take(append([]hour{second[1]}, second[4:]...)...)
	take(at(2, 0))
	take()
	h.hot = map[hour]struct{}{}
	take(second[0])
	take()
}

// While thousands of hours are due, what arrives does not wait for all of them.
func TestWhatArrivesHasItsTurnBetweenHours(t *testing.T) {
	t.Parallel()
	x := openTest(t, t.TempDir(), Options{RollIdle: 1, MergeRows: 1})
	defer closeTest(t, x)
	const hours = 40 * hoursAtOnce
	var list []Span
	for i := range uint32(hours) {
		s := span(uint64(i+1), 0, i)
		s.Start = noon() + int64(i)*sqlquery.Hour
		s.End = s.Start + 1
		list = append(list, s)
	}
	add(t, x, "p", spans(list...))
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	rolled := func() int {
		x.writeMu.Lock()
		defer x.writeMu.Unlock()
		return len(x.hours.set)
	}
	kick := func() {
		select {
		case x.kick <- struct{}{}:
		default:
		}
	}
	kick()
	for rolled() == 0 {
		runtime.Gosched()
	}
	late := span(1_000_000, 0, hours)
	late.Start = noon()
	add(t, x, "q", spans(late))
	kick()
	for x.Figures().Flushed <= hours {
		runtime.Gosched()
	}
	if n := rolled(); n >= hours {
		t.Errorf("was taken after all of %d hours", n)
	}
}
