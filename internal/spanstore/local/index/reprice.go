package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// priced is a span whose cost changes.
type priced struct {
	ref   Ref
	start int64
	cost  any // nil: unknown
}

// rowsAtOnce is how many spans are repriced in one go, while nobody asks.
const rowsAtOnce = 50_000

// Reprice gives every span of a project that tells usage the cost that cost says,
// by its provider, models, start and usage, which is all of the row that is set,
// and says how many costs that changed. progress, which may be nil, is told how
// many spans were looked at. Spans go on arriving and being asked for meanwhile:
// a query may see some of the costs as they were.
func (x *Index) Reprice(ctx context.Context, project uint32, cost func(*trace.Row, Ref) (nanos int64, ok bool), progress func(done int64)) (changed int64, err error) {
	parts, err := x.parts(ctx, project)
	if err != nil {
		return 0, err
	}
	done := int64(0)
	for _, p := range parts {
		looked, list, err := x.changedCosts(ctx, project, p, cost)
		if err == nil && len(list) > 0 {
			err = x.writeCosts(ctx, project, list)
		}
		if err != nil {
			return changed, err
		}
		changed += int64(len(list))
		if done += looked; progress != nil {
			progress(done)
		}
	}
	return changed, nil
}

// part is a run of segments.
type part struct{ first, last uint32 }

// parts are runs of segments that together have about rowsAtOnce spans.
func (x *Index) parts(ctx context.Context, project uint32) (list []part, err error) {
	rowsOf := int64(0)
	query := fmt.Sprintf("SELECT seg, count(*) FROM spans WHERE project = %d GROUP BY seg ORDER BY seg", project)
	err = x.Query(ctx, query, nil, func(rows *sql.Rows) error {
		var seg uint32
		var n int64
		err := rows.Scan(&seg, &n)
		if len(list) == 0 || rowsOf+n > rowsAtOnce {
			list, rowsOf = append(list, part{first: seg}), 0
		}
		list[len(list)-1].last = seg
		rowsOf += n
		return err
	})
	return list, err
}

// changedCosts asks for the costs of the spans of a part.
func (x *Index) changedCosts(ctx context.Context, project uint32, p part, cost func(*trace.Row, Ref) (int64, bool)) (looked int64, list []priced, err error) {
	query := fmt.Sprintf("SELECT seg, ord, start, provider_id, model_id, asked_id, t_in, t_cached, t_write, t_out, t_reason, cost_calc "+
		"FROM spans WHERE project = %d AND seg BETWEEN %d AND %d AND t_in IS NOT NULL", project, p.first, p.last)
	err = x.Query(ctx, query, nil, func(rows *sql.Rows) error {
		var ref Ref
		var provider, model, asked uint32
		var was sql.NullInt64
		r := trace.Row{Usage: llm.Usage{Known: true}}
		u := &r.Usage
		if err := rows.Scan(&ref.Segment, &ref.Ordinal, &r.Start, &provider, &model, &asked,
			&u.InputTokens, &u.CachedTokens, &u.CacheWriteTokens, &u.OutputTokens, &u.ReasoningTokens, &was); err != nil {
			return err
		}
		r.Provider, r.Model, r.ModelAsked = x.Text(sqlquery.Provider, provider), x.Text(sqlquery.Model, model), x.Text(sqlquery.Model, asked)
		looked++
		nanos, ok := cost(&r, ref)
		if ok != was.Valid || ok && nanos != was.Int64 {
			list = append(list, priced{ref, r.Start, known(nanos, ok)})
		}
		return nil
	})
	return looked, list, err
}

// writeCosts sets costs, wherever the rows are by now. Where it fails, of a full
// disk, some may be set; whoever tries again sets the others.
func (x *Index) writeCosts(ctx context.Context, project uint32, list []priced) error {
	ctx = context.WithoutCancel(ctx)
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return err
	}
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if x.broken != nil {
		return x.broken
	}
	var changed []hour
	hours := map[hour]bool{}
	first, last := list[0].start, list[0].start
	for _, p := range list {
		if at := hourOf(project, p.start); !hours[at] {
			hours[at], changed = true, append(changed, at)
		}
		first, last = min(first, p.start), max(last, p.start)
	}
	if err := x.unrollNow(ctx, changed); err != nil {
		return x.failed(ctx, err)
	}
	err := x.fill(ctx, "costs", func(add func(...any) error) error {
		for _, p := range list {
			if err := add(p.ref.Segment, p.ref.Ordinal, p.cost); err != nil {
				return err
			}
		}
		return nil
	})
	for _, hot := range []bool{true, false} {
		if err == nil {
			err = x.exec(ctx, fmt.Sprintf("UPDATE %s.spans s SET cost_calc = c.cost FROM memory.hot.costs c "+
				"WHERE s.project = %d AND s.seg = c.seg AND s.ord = c.ord AND s.start BETWEEN %d AND %d", catalog(hot), project, first, last))
		}
	}
	if clear := x.exec(ctx, "DELETE FROM memory.hot.costs"); clear != nil {
		return x.breaks(errors.Join(err, clear))
	}
	if err != nil {
		return x.failed(ctx, err)
	}
	return nil
}
