package index

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/assay-llmops/assay/internal/trace"
)

// plan is what a flush does besides adding rows.
type plan struct {
	drop    []bool // rows of the buffer that are not kept
	gone    []place
	recount []place
}

// place is a row in a table.
type place struct {
	project uint32
	ref     Ref
	start   int64
	hot     bool
	counted bool
}

// settle decides which spans are kept and which count. Of copies of a span, one
// that ended replaces one that had not, and of equals the later in the log wins.
func (x *Index) settle(ctx context.Context, rows []spanRow) (*plan, error) {
	p := &plan{drop: make([]bool, len(rows))}
	x.recent.turn()
	touched, err := x.traces(ctx, rows)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		n := node{
			span: r.span, parent: r.parent, start: r.start, ref: r.ref, row: int32(i + 1), generation: x.generation,
			kind: trace.Kind(r.kind), reports: r.reports(), ended: r.dur >= 0,
		}
		t := touched[traceKey{r.project, r.id}]
		old := t.find(r.span)
		switch {
		case old == nil:
			x.recent.add(t, n)
		case !n.replaces(old):
			p.drop[i] = true
		default:
			if old.row > 0 {
				p.drop[old.row-1] = true
			} else {
				p.gone = append(p.gone, x.place(r.project, old))
			}
			*old = n
		}
	}
	for k, t := range touched {
		for i, counted := range count(t.nodes) {
			n := &t.nodes[i]
			if n.row > 0 {
				rows[n.row-1].counted = counted
			} else if n.counted != counted {
				n.counted = counted
				p.recount = append(p.recount, x.place(k.project, n))
			}
			n.counted, n.row = counted, 0
		}
	}
	return p, nil
}

func (n *node) replaces(old *node) bool {
	if n.ended != old.ended {
		return n.ended
	}
	return old.ref.Before(n.ref)
}

func (x *Index) place(project uint32, n *node) place {
	return place{project: project, ref: n.ref, start: n.start, hot: n.generation == x.generation, counted: n.counted}
}

// traces gives the nodes of every trace that rows are of, from memory, or from
// the tables where a trace may be there.
func (x *Index) traces(ctx context.Context, rows []spanRow) (map[traceKey]*traceNodes, error) {
	touched := map[traceKey]*traceNodes{}
	var wanted []traceKey
	for i := range rows {
		k := traceKey{rows[i].project, rows[i].id}
		if touched[k] != nil {
			continue
		}
		t := x.recent.get(k)
		if known := x.seen.add(k); t == nil {
			t = &traceNodes{}
			x.recent.put(k, t)
			if known {
				wanted = append(wanted, k)
			}
		}
		touched[k] = t
	}
	if len(wanted) == 0 {
		return touched, nil
	}
	err := x.fill(ctx, "wanted", func(add func(...any) error) error {
		for _, k := range wanted {
			if err := add(k.project, k.id.Hi(), k.id.Lo()); err != nil {
				return err
			}
		}
		return nil
	})
	for _, hot := range []bool{true, false} {
		if err == nil {
			err = x.readNodes(ctx, hot, touched)
		}
	}
	if err == nil {
		err = x.exec(ctx, "DELETE FROM memory.hot.wanted")
	}
	return touched, err
}

func (x *Index) readNodes(ctx context.Context, hot bool, touched map[traceKey]*traceNodes) error {
	query := "SELECT project, hi, lo, span, parent, start, kind, dur IS NOT NULL, t_in IS NOT NULL OR cost_sent IS NOT NULL, counted, seg, ord FROM " +
		catalog(hot) + ".spans SEMI JOIN memory.hot.wanted USING (project, hi, lo)"
	return x.each(ctx, query, func(rows *sql.Rows) error {
		var k traceKey
		var hi, lo uint64
		var n node
		if hot {
			n.generation = x.generation
		}
		err := rows.Scan(&k.project, &hi, &lo, &n.span, &n.parent, &n.start, &n.kind, &n.ended, &n.reports, &n.counted, &n.ref.Segment, &n.ref.Ordinal)
		if err != nil {
			return err
		}
		k.id = trace.IDOf(hi, lo)
		t := touched[k]
		if t == nil {
			return errors.New("a trace that was not asked for")
		}
		x.recent.add(t, n)
		return nil
	})
}

// change removes and changes rows that are in tables already. The log still has
// what replaces a cold row, and brings it back after a crash. Doing it again does
// no more.
func (x *Index) change(ctx context.Context, p *plan) error {
	for _, c := range []struct {
		places    []place
		table     string
		statement string
	}{
		{p.gone, "gone", "DELETE FROM %[1]s.spans s USING memory.hot.gone g WHERE s.project = g.project AND s.seg = g.seg AND s.ord = g.ord"},
		{p.recount, "recount", "UPDATE %[1]s.spans s SET counted = g.counted FROM memory.hot.recount g WHERE s.project = g.project AND s.seg = g.seg AND s.ord = g.ord"},
	} {
		for _, hot := range []bool{true, false} {
			found, first, last := false, int64(math.MaxInt64), int64(math.MinInt64)
			var changed []hour
			err := x.fill(ctx, c.table, func(add func(...any) error) error {
				for _, at := range c.places {
					if at.hot != hot {
						continue
					}
					found, first, last = true, min(first, at.start), max(last, at.start)
					changed = append(changed, hourOf(at.project, at.start))
					values := []any{at.project, at.ref.Segment, at.ref.Ordinal, at.counted}
					if c.table == "gone" {
						values = values[:3]
					}
					if err := add(values...); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil && found && !hot {
				err = x.unrollNow(ctx, changed)
			}
			if err == nil && found {
				within := fmt.Sprintf(" AND s.start BETWEEN %d AND %d", first, last) // of which DuckDB knows where it is
				err = x.exec(ctx, fmt.Sprintf(c.statement, catalog(hot))+within)
			}
			if err != nil || found {
				err = errors.Join(err, x.exec(ctx, "DELETE FROM memory.hot."+c.table))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func catalog(hot bool) string {
	if hot {
		return "memory.hot"
	}
	return "cold.main"
}

func scanKey(rows *sql.Rows) (k traceKey, err error) {
	var hi, lo uint64
	err = rows.Scan(&k.project, &hi, &lo)
	k.id = trace.IDOf(hi, lo)
	return k, err
}

// fill appends rows to a hot table.
func (x *Index) fill(ctx context.Context, table string, rows func(add func(...any) error) error) error {
	err := x.conn.Raw(func(conn any) error {
		c, ok := conn.(driver.Conn)
		if !ok {
			return errors.New("DuckDB's driver gave no connection")
		}
		a, err := duckdb.NewAppender(c, "memory", "hot", table)
		if err != nil {
			return err
		}
		var values []driver.Value
		err = rows(func(row ...any) error {
			values = values[:0]
			for _, v := range row {
				values = append(values, v)
			}
			return a.AppendRow(values...)
		})
		return errors.Join(err, a.CloseWithCancel(ctx))
	})
	if err != nil {
		return fmt.Errorf("adding rows to table %s of the index: %w", table, err)
	}
	return nil
}
