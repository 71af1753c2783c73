package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// Removed counts rows that an erasure removed.
type Removed struct{ Spans, Logs, Scores int64 }

// textColumnNames are the columns of spans that are keys of the dictionary.
func textColumnNames() map[string]sqlquery.Dim {
	return map[string]sqlquery.Dim{
		"name_id": sqlquery.Name, "reason_id": sqlquery.Reason, "provider_id": sqlquery.Provider, "config_id": sqlquery.Config,
		"version_id": sqlquery.Version, "label_id": sqlquery.Label, "feature_id": sqlquery.Feature, "user_id": sqlquery.User,
		"session_id": sqlquery.Session, "environment_id": sqlquery.Environment, "service_id": sqlquery.Service,
		"finish_id": sqlquery.Finish, "tags_id": sqlquery.Tags,
	}
}

// Gone is what a log has no more. All of it was in segments below Before: what is
// in later ones came meanwhile, and stays.
type Gone struct {
	Before   uint32
	Traces   []trace.ID // with the scores about them
	Sessions []string   // the scores about them
	Items    []Ref      // of other traces, or of none
	Touched  []trace.ID // other traces that lost some of these
}

// Erase removes the rows of what is gone, and every text that no row has any
// more, from memory and from the file, which is written anew: DuckDB would leave
// in it what it deleted. The rows go in one transaction. Nothing is asked meanwhile,
// and until they are gone nothing is appended.
func (x *Index) Erase(ctx context.Context, project uint32, g Gone) (removed Removed, err error) {
	ctx = context.WithoutCancel(ctx)
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return removed, err
	}
	x.gate.Lock()
	goOn := sync.OnceFunc(x.gate.Unlock)
	defer goOn()
	x.bufferMu.Lock()
	b, ends := x.take(), maps.Clone(x.ends)
	x.bufferMu.Unlock()
	merged := x.merge(ctx, b, ends)

	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if merged != nil {
		return removed, x.failed(ctx, merged)
	}
	if x.broken != nil {
		return removed, x.broken
	}
	if err := x.point(ctx, project, &g); err != nil {
		return removed, x.breaks(err)
	}
	early := fmt.Sprintf("WHERE project = %d AND seg < %d", project, g.Before)
	err = x.unrollOf(ctx, fmt.Sprintf("(FROM cold.spans SEMI JOIN memory.hot.wanted USING (hi, lo) %[1]s UNION ALL FROM cold.spans SEMI JOIN memory.hot.gone USING (seg, ord) %[1]s)", early))
	var forgotten []entry
	if err == nil {
		forgotten, err = x.remove(ctx, project, g.Before, &removed)
	}
	if err != nil {
		err = x.giveUp(ctx, err) // nothing was removed; whoever asks again finds all of it
		if clear := x.clearScratch(ctx); clear != nil {
			return Removed{}, x.breaks(errors.Join(err, clear))
		}
		return Removed{}, x.failed(ctx, err)
	}
	for _, e := range forgotten {
		x.dict.forget(e.dim, e.id)
	}
	goOn() // what arrives now waits in the buffer
	x.spans.Add(-removed.Spans)
	for _, list := range [][]trace.ID{g.Traces, g.Touched} {
		for _, id := range list {
			x.recent.drop(traceKey{project, id})
		}
	}
	rest := step{again: true, do: func(ctx context.Context) error { return x.settleRest(ctx, project) }}
	if err := x.do(ctx, []step{rest}); err != nil {
		return removed, err
	}
	if err := x.rewrite(ctx); err != nil {
		return removed, x.failed(ctx, err) // whoever asks again finds no rows, and has the file written anew
	}
	return removed, nil
}

// clearScratch empties the tables that say what is meant.
func (x *Index) clearScratch(ctx context.Context) error {
	return x.exec(ctx, "DELETE FROM memory.hot.wanted", "DELETE FROM memory.hot.gone", "DELETE FROM memory.hot.talks")
}

// point fills the scratch tables.
func (x *Index) point(ctx context.Context, project uint32, g *Gone) error {
	err := x.fill(ctx, "wanted", func(add func(...any) error) error {
		for _, id := range g.Traces {
			if err := add(project, id.Hi(), id.Lo()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = x.fill(ctx, "gone", func(add func(...any) error) error {
		for _, r := range g.Items {
			if err := add(project, r.Segment, r.Ordinal); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.fill(ctx, "talks", func(add func(...any) error) error {
		for _, session := range g.Sessions {
			if err := add(session); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes, in one transaction, the rows that the scratch tables point at,
// all of which are cold, and the texts that no row has any more, which it gives.
func (x *Index) remove(ctx context.Context, project, before uint32, removed *Removed) ([]entry, error) {
	if err := x.exec(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	early := fmt.Sprintf("t.project = %d AND t.seg < %d", project, before)
	for table, count := range map[string]*int64{"spans": &removed.Spans, "logs": &removed.Logs, "scores": &removed.Scores} {
		for _, pointed := range []string{
			"memory.hot.wanted w WHERE t.hi = w.hi AND t.lo = w.lo",
			"memory.hot.gone w WHERE t.seg = w.seg AND t.ord = w.ord",
		} {
			if err := x.removeRows(ctx, count, fmt.Sprintf("DELETE FROM cold.%s t USING %s AND %s", table, pointed, early)); err != nil {
				return nil, err
			}
		}
	}
	err := x.removeRows(ctx, &removed.Scores, "DELETE FROM cold.scores t USING memory.hot.talks w WHERE t.session <> '' AND t.session = w.session AND "+early)
	if err != nil {
		return nil, err
	}
	forgotten, err := x.forgetTexts(ctx)
	if err != nil {
		return nil, err
	}
	return forgotten, x.exec(ctx, "COMMIT")
}

// removeRows runs one DELETE and adds the rows that it removed.
func (x *Index) removeRows(ctx context.Context, count *int64, statement string) error {
	result, err := x.conn.ExecContext(ctx, statement)
	if err != nil {
		return fmt.Errorf("erasing rows of the index: %w", err)
	}
	n, err := result.RowsAffected()
	*count += n
	return err
}

// settleRest says again which scores are the latest, of those that came later
// about what the scratch tables point at, and empties these.
func (x *Index) settleRest(ctx context.Context, project uint32) error {
	err := x.exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TABLE memory.hot.affected AS SELECT DISTINCT %[1]s FROM
		(FROM memory.main.scores SEMI JOIN memory.hot.wanted USING (project, hi, lo)
		UNION ALL FROM memory.main.scores SEMI JOIN memory.hot.talks USING (session)) WHERE project = %[2]d`, scoreTarget, project))
	if err == nil {
		err = x.settleLatest(ctx)
	}
	if err != nil {
		return err
	}
	return x.clearScratch(ctx)
}

// forgetTexts takes the texts that no span has from the dictionary's table, and
// gives which. Those of models stay, which two columns have and no person is told
// by.
func (x *Index) forgetTexts(ctx context.Context) (forgotten []entry, err error) {
	for column, dim := range textColumnNames() {
		orphans := fmt.Sprintf("dim = %d AND text <> '' AND id NOT IN (SELECT %s FROM cold.spans)", dim, column)
		err := x.each(ctx, "SELECT id FROM cold.dict WHERE "+orphans, func(rows *sql.Rows) error {
			e := entry{dim: dim}
			err := rows.Scan(&e.id)
			forgotten = append(forgotten, e)
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := x.exec(ctx, "UPDATE cold.dict SET text = '' WHERE "+orphans); err != nil {
			return nil, err
		}
	}
	return forgotten, nil
}

// fresh is the name of a file that will take the place of the index's.
const fresh = FileName + ".new"

// rewrite writes the file anew and puts it in the place of the old one, for good:
// a power cut does not bring that one back.
func (x *Index) rewrite(ctx context.Context) error {
	path := func(name string) string { return filepath.Join(x.dir, name) }
	if err := removeAll(x.dir, fresh, fresh+".wal"); err != nil { // of an attempt that was cut short
		return err
	}
	if err := x.exec(ctx, x.attach(fresh, "fresh"), "COPY FROM DATABASE cold TO fresh", "CHECKPOINT fresh", "CHECKPOINT cold", "DETACH fresh"); err != nil {
		_ = x.exec(ctx, "DETACH DATABASE IF EXISTS fresh") // what of it stays, the next attempt meets
		return errors.Join(err, removeAll(x.dir, fresh, fresh+".wal"))
	}
	if err := x.exec(ctx, "DETACH cold"); err != nil {
		return err
	}
	if err := x.disk.Rename(path(fresh), path(FileName)); err != nil {
		return fmt.Errorf("rewriting the index: %w", err)
	}
	if err := removeAll(x.dir, FileName+".wal"); err != nil {
		return err
	}
	if err := x.exec(ctx, x.attach(FileName, "cold")); err != nil {
		return err
	}
	if err := x.disk.SyncDir(x.dir); err != nil {
		return fmt.Errorf("rewriting the index: %w", err)
	}
	return nil
}

// removeAll removes those files of a folder that are there.
func removeAll(dir string, names ...string) error {
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing a file of the index: %w", err)
		}
	}
	return nil
}
