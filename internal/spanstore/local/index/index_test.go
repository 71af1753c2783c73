package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openTest(t *testing.T, dir string, o Options) *Index {
	t.Helper()
	o.Threads = 1
	x, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func closeTest(t *testing.T, x *Index) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// crash releases an index without merging it.
func crash(t *testing.T, x *Index) {
	t.Helper()
	close(x.stop)
	<-x.finished
	if err := x.release(); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, x *Index, project string, r Rows) {
	t.Helper()
	if err := x.Append(t.Context(), project, func() (*Rows, error) { return &r, nil }); err != nil {
		t.Fatal(err)
	}
}

// span is an ended model call that used ten tokens.
func span(id, parent uint64, ord uint32) Span {
	return Span{
		Row: trace.Row{
			Trace: trace.IDOf(1<<63, 7), Span: trace.SpanIDOf(id), Parent: trace.SpanIDOf(parent), Start: 100, End: 200, Kind: trace.KindLLM,
			Name: "chat", Usage: llm.Usage{InputTokens: 10, Known: true},
		},
		Ref: Ref{1, ord},
	}
}

func spans(list ...Span) Rows {
	end := Ref{}
	for _, s := range list {
		if after := (Ref{s.Ref.Segment, s.Ref.Ordinal + 1}); end.Before(after) {
			end = after
		}
	}
	return Rows{Spans: list, End: end}
}

// ask gives the rows of a query as text.
func ask(t *testing.T, x *Index, query string) []string {
	t.Helper()
	got := []string{}
	err := x.Query(t.Context(), query, nil, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		err = rows.Scan(places...)
		line := fmt.Sprintln(values...)
		got = append(got, line[:len(line)-1])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, x *Index, query string, rows ...string) {
	t.Helper()
	if got := ask(t, x, query); !slices.Equal(got, rows) {
		t.Errorf("%s:\n got %q\nwant %q", query, got, rows)
	}
}

const countedSpans = "SELECT span, counted, ord FROM spans ORDER BY span"

func TestRowsSurviveMergeAndReopening(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	full := span(1, 0, 0)
	full.Row = trace.Row{
		Trace: trace.IDOf(1<<63, 7), Span: trace.SpanIDOf(1 << 63), Parent: trace.SpanIDOf(3), Start: 5, End: 12, TTFT: 2, Kind: trace.KindLLM,
		Name: "n", Error: true, Reason: "r", Provider: "p", Model: "m", ModelAsked: "a", Config: "c", Version: "v", Label: "l", Feature: "f",
		User: "u", Session: "s", Environment: "e", Service: "sv", Tags: []string{"b", "a", "b"}, Finish: "stop",
		Usage: llm.Usage{InputTokens: 1, CachedTokens: 2, CacheWriteTokens: 3, OutputTokens: 4, ReasoningTokens: 5, Known: true}, CostSent: 6, HasCost: true,
	}
	full.Cost, full.HasPrice = 7, true
	bare := Span{Row: trace.Row{Trace: trace.IDOf(1, 2), Span: trace.SpanIDOf(9), Start: 6}, Ref: Ref{1, 1}}
	add(t, x, "shop", Rows{Spans: []Span{full, bare}, Logs: []Log{{Trace: full.Trace, Span: full.Span, Time: 8, Ref: Ref{1, 2}}}, End: Ref{1, 3}})
	check := func() {
		t.Helper()
		want(t, x, "SELECT * REPLACE (name_id AS name_id) FROM spans ORDER BY start",
			"1 9223372036854775808 7 9223372036854775808 3 5 7 2 1 true true 1 2 3 4 5 6 7 1 1 1 1 2 1 1 1 1 1 1 1 1 1 1 1 0",
			"1 1 2 9 0 6 <nil> <nil> 0 false false <nil> <nil> <nil> <nil> <nil> <nil> <nil> 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1")
		want(t, x, "SELECT * FROM logs", "1 9223372036854775808 7 9223372036854775808 8 1 2")
		want(t, x, "SELECT text FROM dict WHERE dim = 14", `["a","b"]`)
		if got := x.Text(sqlquery.Model, 2); got != "a" {
			t.Errorf("model 2 is %q", got)
		}
		if got := x.Mark("shop"); got != (Ref{1, 3}) {
			t.Errorf("mark %v", got)
		}
	}
	check()
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	closeTest(t, x)
	x = openTest(t, dir, Options{})
	defer closeTest(t, x)
	check()
	if n := x.Figures().Spans; n != 2 {
		t.Errorf("%d spans", n)
	}
}

func TestCrashLosesOnlyWhatIsAfterTheMark(t *testing.T) {
	dir := t.TempDir()
	x := openTest(t, dir, Options{})
	add(t, x, "shop", spans(span(1, 0, 0)))
	if err := x.Merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, x, "shop", spans(span(2, 0, 1)))
	want(t, x, countedSpans, "1 true 0", "2 true 1")
	crash(t, x)

	x = openTest(t, dir, Options{})
	defer closeTest(t, x)
	if got := x.Mark("shop"); got != (Ref{1, 1}) {
		t.Errorf("mark %v", got)
	}
	want(t, x, countedSpans, "1 true 0")
	add(t, x, "shop", spans(span(2, 0, 1)))
	want(t, x, countedSpans, "1 true 0", "2 true 1")
}

func TestUnusableFileIsMadeAnew(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, file string){
		"not a database": func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte("no database"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"another layout": func(t *testing.T, file string) {
			x := openTest(t, filepath.Dir(file), Options{})
			if err := x.exec(t.Context(), "UPDATE cold.layout SET number = 99"); err != nil {
				t.Fatal(err)
			}
			closeTest(t, x)
		},
		"another reading": func(t *testing.T, file string) {
			closeTest(t, openTest(t, filepath.Dir(file), Options{Reading: 99}))
		},
		"damaged": func(t *testing.T, file string) {
			bytes, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := range bytes {
				bytes[i] ^= 0x55
			}
			if err := os.WriteFile(file, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			x := openTest(t, dir, Options{})
			add(t, x, "shop", spans(span(1, 0, 0)))
			closeTest(t, x)
			spoil(t, filepath.Join(dir, FileName))
			x = openTest(t, dir, Options{})
			defer closeTest(t, x)
			if got := x.Mark("shop"); got != (Ref{}) {
				t.Errorf("mark %v", got)
			}
			want(t, x, countedSpans)
		})
	}
}

// What DuckDB puts aside may have texts in it, and so may a file that was to take
// the place of the index's: none outlives the process that made it.
func TestNothingIsLeftOfAProcessThatWasKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	leave := func(names ...string) {
		t.Helper()
		for _, name := range names {
			file := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("text"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func(want ...string) {
		t.Helper()
		got, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i] = filepath.Base(got[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("the folder has %v, want %v", got, want)
		}
	}
	leave("tmp/duckdb_temp_block-1.block", "tmp/deeper/block")
	closeTest(t, openTest(t, dir, Options{}))
	left(FileName)
	leave("tmp/duckdb_temp_block-1.block", FileName+".new", FileName+".new.wal", marker)
	closeTest(t, openTest(t, dir, Options{})) // is made anew
	left(FileName)
}

// Each step may fall before or after a merge, and the trace may be in memory or
// have to be looked up.
func TestDuplicatesAndCounting(t *testing.T) {
	going := func(s Span) Span { s.End = 0; return s }
	other := span(9, 0, 50)
	other.Trace = trace.IDOf(5, 5)
	for name, c := range map[string]struct {
		steps []Span
		want  []string
	}{
		"resent":                 {[]Span{span(1, 0, 0), span(1, 0, 1)}, []string{"1 true 1"}},
		"older copy late":        {[]Span{span(1, 0, 1), span(1, 0, 0)}, []string{"1 true 1"}},
		"ended after going on":   {[]Span{going(span(1, 0, 0)), span(1, 0, 1)}, []string{"1 true 1"}},
		"going on after ended":   {[]Span{span(1, 0, 0), going(span(1, 0, 1))}, []string{"1 true 0"}},
		"parent after child":     {[]Span{span(2, 1, 0), span(1, 0, 1)}, []string{"1 false 1", "2 true 0"}},
		"child after parent":     {[]Span{span(1, 0, 0), span(2, 1, 1)}, []string{"1 false 0", "2 true 1"}},
		"copy with other parent": {[]Span{span(1, 0, 0), span(2, 1, 1), span(2, 0, 2)}, []string{"1 true 0", "2 true 2"}},
	} {
		for _, how := range []string{"together", "flushed", "merged", "forgotten"} {
			t.Run(name+" "+how, func(t *testing.T) {
				x := openTest(t, t.TempDir(), Options{Recent: 1})
				defer closeTest(t, x)
				for i, s := range c.steps {
					if i > 0 && how != "together" {
						if err := x.Flush(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					if i > 0 && (how == "merged" || how == "forgotten" && i%2 == 1) {
						if err := x.Merge(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					if how == "forgotten" {
						x.recent.young, x.recent.old = map[traceKey]*traceNodes{}, map[traceKey]*traceNodes{}
					}
					add(t, x, "shop", spans(s))
				}
				add(t, x, "another", spans(span(1, 0, 99))) // the same ids in another project are another span
				add(t, x, "shop", spans(other))
				want(t, x, "SELECT span, counted, ord FROM spans WHERE project = 1 AND lo = 7 ORDER BY span", c.want...)
				if n := int(x.Figures().Spans); n != len(c.want)+2 {
					t.Errorf("%d spans, want %d", n, len(c.want)+2)
				}
			})
		}
	}
}

func TestScores(t *testing.T) {
	score := func(id, name string, value float64, time int64, ord uint32) Score {
		return Score{Score: trace.Score{ID: id, Name: name, Value: &value, Time: time, Target: trace.Target{Trace: trace.IDOf(1, 2)}}, Ref: Ref{1, ord}}
	}
	steps := [][]Score{
		{score("a", "tone", 1, 10, 0), score("b", "tone", 2, 20, 1)},
		{score("c", "tone", 3, 15, 2), score("d", "truth", 4, 1, 3)},
		{score("b", "tone", 5, 12, 4), score("b", "tone", 6, 12, 5)}, // replaces itself, and is the newest no more
		{score("a", "truth", 7, 10, 6)},                              // goes to another name
	}
	for _, merge := range []bool{false, true} {
		x := openTest(t, t.TempDir(), Options{})
		for i, list := range steps {
			add(t, x, "shop", Rows{Scores: list, End: Ref{1, uint32(2*i + 2)}})
			if merge {
				if err := x.Merge(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else if err := x.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		add(t, x, "other", Rows{Scores: []Score{score("a", "tone", 8, 99, 0)}, End: Ref{1, 1}})
		want(t, x, "SELECT id, name, value, time, latest FROM scores WHERE project = 1 ORDER BY id",
			"a truth 7 10 true", "b tone 6 12 false", "c tone 3 15 true", "d truth 4 1 false")
		closeTest(t, x)
	}
}

// While others append and rows change place, no query sees a row twice or not
// at all.
func TestQueriesSeeEachRowOnce(t *testing.T) {
	x := openTest(t, t.TempDir(), Options{MergeRows: 50})
	defer closeTest(t, x)
	const writers, each = 4, 60
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				s := span(uint64(i+1), 0, uint32(w*each+i))
				s.Trace = trace.IDOf(uint64(w+1), 1)
				r := spans(s)
				if err := x.Append(context.Background(), "shop", func() (*Rows, error) { return &r, nil }); err != nil {
					t.Error(err)
				}
				n := 0
				err := x.Query(context.Background(), fmt.Sprintf("SELECT count(*) FROM spans WHERE hi = %d", w+1), nil,
					func(rows *sql.Rows) error { return rows.Scan(&n) })
				if err != nil || n != i+1 {
					t.Errorf("writer %d sees %d spans after %d: %v", w, n, i+1, err)
				}
				if i%20 == w {
					if err := x.Merge(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	want(t, x, "SELECT count(*), count(DISTINCT (hi, span)) FROM spans", "240 240")
}

func TestSeenForgetsOnlyBeyondItsBound(t *testing.T) {
	s := newSeen(1000)
	key := func(i int) traceKey { return traceKey{1, trace.IDOf(1, uint64(i))} }
	wrong := 0
	for i := range 5000 {
		if s.add(key(i)) {
			wrong++
		}
		if i >= 450 && !s.add(key(i-450)) {
			t.Fatalf("forgot %d at %d", i-450, i)
		}
	}
	if wrong > 5 {
		t.Errorf("%d of 5000 new traces were taken for known ones", wrong)
	}
}
