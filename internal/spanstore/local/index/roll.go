package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

// hour is an hour of a project.
type hour struct {
	project uint32
	start   int64
}

// hours knows which hours the roll-ups have. An hour is rolled up as a whole from
// its cold rows, once it is over and nothing has changed in it for a while; when a
// cold row of it comes, goes or changes, it leaves the roll-ups in the same
// transaction, or before. So a roll-up is never corrected, and is right by
// construction. Rows in the hot tables are in no roll-up.
type hours struct {
	open map[hour]time.Time          // not rolled, but with cold rows; when they changed last
	hot  map[hour]struct{}           // with hot rows
	last hour                        // that was added to hot
	due  []hour                      // may be rolled up, unless they changed; sorted
	set  map[hour]struct{}           // rolled
	list map[uint32][]sqlquery.Range // the same by project; guarded by placesMu
}

func newHours() hours {
	return hours{open: map[hour]time.Time{}, hot: map[hour]struct{}{}, set: map[hour]struct{}{}, list: map[uint32][]sqlquery.Range{}}
}

func hourOf(project uint32, start int64) hour { return hour{project, start - start%sqlquery.Hour} }

// touch says that the hour of a span has hot rows.
func (h *hours) touch(project uint32, start int64) {
	if at := hourOf(project, start); at != h.last {
		h.last, h.hot[at] = at, struct{}{}
	}
}

// rollable says that an hour could be rolled up: where times are not negative, an
// hour is what shares the start that hourOf gives, and the last hour that there
// is has no end that a time could tell.
func (h hour) rollable() bool {
	return h.start >= sqlquery.Hour && h.start <= math.MaxInt64-sqlquery.Hour
}

// change keeps that hours are rolled up, or are not any more. The caller holds
// placesMu.
func (h *hours) change(changed []hour, rolled bool) {
	now := time.Now()
	projects := map[uint32]bool{}
	for _, at := range changed {
		projects[at.project] = true
		if rolled {
			h.set[at] = struct{}{}
			delete(h.open, at)
		} else {
			delete(h.set, at)
			h.open[at] = now
		}
	}
	for project := range projects {
		var starts []int64
		for at := range h.set {
			if at.project == project {
				starts = append(starts, at.start)
			}
		}
		slices.Sort(starts)
		var list []sqlquery.Range
		for _, start := range starts {
			if n := len(list); n > 0 && list[n-1].Until == start {
				list[n-1].Until += sqlquery.Hour
			} else {
				list = append(list, sqlquery.Range{From: start, Until: start + sqlquery.Hour})
			}
		}
		h.list[project] = list
	}
}

// batch are some hours of one project that may be rolled up.
func (h *hours) batch(now time.Time, quiet time.Duration) (some []hour) {
	ready := func(at hour) bool {
		changed, open := h.open[at]
		_, hot := h.hot[at]
		return open && !hot && at.rollable() && at.start+sqlquery.Hour <= now.UnixNano() && now.Sub(changed) >= quiet
	}
	if len(h.due) == 0 {
		for at := range h.open {
			if ready(at) {
				h.due = append(h.due, at)
			}
		}
		slices.SortFunc(h.due, func(a, b hour) int {
			return cmp.Or(cmp.Compare(a.project, b.project), cmp.Compare(a.start, b.start))
		})
	}
	for len(h.due) > 0 && len(some) < hoursAtOnce && (len(some) == 0 || h.due[0].project == some[0].project) {
		if ready(h.due[0]) { // still
			some = append(some, h.due[0])
		}
		h.due = h.due[1:]
	}
	return some
}

// hoursAtOnce bounds how long a roll-up keeps a query waiting that comes
// meanwhile: hours of 14,000 spans take 5 ms each.
const hoursAtOnce = 12

// rollUpSchema makes the tables of the roll-ups, and the one that says which
// hours they have. Their sums are BIGINT: DuckDB compresses no HUGEINT, and reads
// it twenty times slower.
func rollUpSchema() []string {
	statements := []string{"CREATE TABLE rolled (project UINTEGER NOT NULL, hour BIGINT NOT NULL)"}
	for _, t := range sqlquery.RollUps() {
		columns := ""
		for _, c := range t.Columns {
			kind := "UINTEGER"
			if c == "kind" {
				kind = "UTINYINT"
			}
			columns += ", " + c + " " + kind + " NOT NULL"
		}
		statements = append(statements, fmt.Sprintf(
			"CREATE TABLE %s (project UINTEGER NOT NULL, hour BIGINT NOT NULL%s, n BIGINT NOT NULL, errors BIGINT NOT NULL, t_in BIGINT, t_out BIGINT, cost BIGINT)",
			t.Table, columns))
	}
	return statements
}

// loadHours reads which hours there are of a cold index.
func (x *Index) loadHours(ctx context.Context) error {
	read := func(query string, visit func(hour)) error {
		return x.each(ctx, query, func(rows *sql.Rows) error {
			var at hour
			err := rows.Scan(&at.project, &at.start)
			visit(at)
			return err
		})
	}
	var rolled []hour
	if err := read("SELECT project, hour FROM cold.rolled", func(at hour) { rolled = append(rolled, at) }); err != nil {
		return err
	}
	x.hours.change(rolled, true)
	return read("SELECT DISTINCT project, "+startOfHour+" FROM cold.spans", func(at hour) {
		if _, ok := x.hours.set[at]; !ok {
			x.hours.open[at] = time.Time{}
		}
	})
}

var startOfHour = fmt.Sprintf("start - start %% %d", sqlquery.Hour)

// roll rolls up some of the hours that are due, and says whether there were
// any.
func (x *Index) roll(ctx context.Context) (more bool, err error) {
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := errors.Join(x.finish(ctx), x.Err()); err != nil { // rows that are about to go are in no roll-up
		return false, err
	}
	due := x.hours.batch(time.Now(), x.options.RollIdle)
	if len(due) == 0 {
		return false, nil
	}
	first, last := due[0], due[len(due)-1]
	statements := []string{"BEGIN"}
	for _, t := range sqlquery.RollUps() {
		columns := strings.Join(t.Columns, ", ")
		statements = append(statements, fmt.Sprintf("INSERT INTO cold.%s SELECT project, %s AS hour, %s, %s FROM cold.spans WHERE %s AND start >= %d AND start < %d GROUP BY ALL",
			t.Table, startOfHour, columns, sqlquery.RollUpSums, among(startOfHour, due), first.start, last.start+sqlquery.Hour))
	}
	for _, at := range due {
		statements = append(statements, fmt.Sprintf("INSERT INTO cold.rolled VALUES (%d, %d)", at.project, at.start))
	}
	if err := x.exec(ctx, append(statements, "COMMIT")...); err != nil {
		for _, at := range due { // a full disk, or sums that are more than a number holds: the spans can answer
			x.hours.open[at] = time.Now().Add(time.Hour)
		}
		err = x.giveUp(ctx, err)
		x.placesMu.Lock()
		defer x.placesMu.Unlock()
		return false, x.failed(ctx, err)
	}
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	x.hours.change(due, true)
	return true, nil
}

// among is a condition on an hour: it is one of these, all of one project.
func among(column string, list []hour) string {
	starts := make([]string, len(list))
	for i, at := range list {
		starts[i] = fmt.Sprint(at.start)
	}
	return fmt.Sprintf("project = %d AND %s IN (%s)", list[0].project, column, strings.Join(starts, ", "))
}

// unroll gives the statements that take hours out of the roll-ups, and which of
// them these have. The caller runs them and calls change.
func (x *Index) unroll(changed []hour) (statements []string, rolled []hour) {
	byProject := map[uint32][]hour{}
	for _, at := range changed {
		if _, ok := x.hours.set[at]; ok {
			rolled = append(rolled, at)
			byProject[at.project] = append(byProject[at.project], at)
		}
	}
	for _, list := range byProject {
		where := among("hour", list)
		statements = append(statements, "DELETE FROM cold.rolled WHERE "+where)
		for _, t := range sqlquery.RollUps() {
			statements = append(statements, fmt.Sprintf("DELETE FROM cold.%s WHERE %s", t.Table, where))
		}
	}
	return statements, rolled
}

// unrollNow takes hours out of the roll-ups whose cold rows are about to change.
// The caller holds writeMu and placesMu.
func (x *Index) unrollNow(ctx context.Context, changed []hour) error {
	statements, rolled := x.unroll(changed)
	if len(rolled) == 0 {
		return nil
	}
	// Not all of a roll-up may be gone while it is still said to be there.
	statements = append(append([]string{"BEGIN"}, statements...), "COMMIT")
	if err := x.exec(ctx, statements...); err != nil {
		return x.giveUp(ctx, err)
	}
	x.hours.change(rolled, false)
	return nil
}

// unrollOf is unrollNow for the hours of the spans that follow FROM.
func (x *Index) unrollOf(ctx context.Context, from string) error {
	var changed []hour
	err := x.each(ctx, "SELECT DISTINCT project, "+startOfHour+" FROM "+from, func(rows *sql.Rows) error {
		var at hour
		err := rows.Scan(&at.project, &at.start)
		changed = append(changed, at)
		return err
	})
	if err != nil {
		return err
	}
	return x.unrollNow(ctx, changed)
}

// QueryRolled is Query for a statement over a project's spans that is written
// when it is known which hours are rolled up. write must not ask the index.
func (x *Index) QueryRolled(ctx context.Context, project uint32, write func(*sqlquery.Rolled) (sqlquery.Statement, error), scan func(*sql.Rows) error) error {
	return x.ask(ctx, func() (sqlquery.Statement, error) {
		return write(&sqlquery.Rolled{Hours: x.hours.list[project], Catalog: "cold.main", Whole: catalog(false) + ".spans", Beside: catalog(true) + ".spans"})
	}, scan)
}
