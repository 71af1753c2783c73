package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

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

// Erase removes the rows of traces of a project that are of segments below
// before, the scores there about those of the sessions that have no span any
// more, and every text that no row has any more, from memory and
// from the file, which is written anew: DuckDB would leave in it what it
// deleted. Nothing is appended or asked meanwhile.
func (x *Index) Erase(ctx context.Context, project uint32, traces []trace.ID, sessions []string, before uint32) (removed Removed, err error) {
	ctx = context.WithoutCancel(ctx)
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	x.gate.Lock()
	defer x.gate.Unlock()
	x.bufferMu.Lock()
	b, ends := x.take(), maps.Clone(x.ends)
	x.bufferMu.Unlock()
	if err := x.merge(ctx, b, ends); err != nil {
		return removed, err
	}

	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if x.broken != nil {
		return removed, x.broken
	}
	err = x.remove(ctx, project, traces, sessions, before, &removed)
	if err == nil {
		err = x.forgetTexts(ctx)
	}
	if err == nil {
		err = x.rewrite(ctx)
	}
	if err != nil {
		return removed, x.breaks(err)
	}
	for _, id := range traces {
		x.recent.drop(traceKey{project, id})
	}
	x.spans.Add(-removed.Spans)
	return removed, nil
}

// remove deletes rows; all of them are cold.
func (x *Index) remove(ctx context.Context, project uint32, traces []trace.ID, sessions []string, before uint32, removed *Removed) error {
	err := x.fill(ctx, "wanted", func(add func(...any) error) error {
		for _, id := range traces {
			if err := add(project, id.Hi(), id.Lo()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	those := fmt.Sprintf(" t USING memory.hot.wanted w WHERE t.project = w.project AND t.hi = w.hi AND t.lo = w.lo AND t.seg < %d", before)
	for table, count := range map[string]*int64{"spans": &removed.Spans, "logs": &removed.Logs, "scores": &removed.Scores} {
		if err := x.removeRows(ctx, count, "DELETE FROM cold."+table+those); err != nil {
			return err
		}
	}
	for _, session := range sessions {
		id, _ := x.dict.find(sqlquery.Session, session)
		err := x.removeRows(ctx, &removed.Scores, fmt.Sprintf("DELETE FROM cold.scores WHERE project = %[1]d AND seg < %[3]d AND session <> '' AND session = ? "+
			"AND NOT EXISTS (FROM cold.spans WHERE project = %[1]d AND session_id <> 0 AND session_id = %[2]d)", project, id, before), session)
		if err != nil {
			return err
		}
	}
	return x.exec(ctx, "DELETE FROM memory.hot.wanted")
}

// removeRows runs one DELETE and adds the rows that it removed.
func (x *Index) removeRows(ctx context.Context, count *int64, statement string, args ...any) error {
	result, err := x.conn.ExecContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("erasing rows of the index: %w", err)
	}
	n, err := result.RowsAffected()
	*count += n
	return err
}

// forgetTexts takes the texts that no span has from the dictionary. Those of
// models stay, which two columns have and no person is told by.
func (x *Index) forgetTexts(ctx context.Context) error {
	for column, dim := range textColumnNames() {
		orphans := fmt.Sprintf("dim = %d AND text <> '' AND id NOT IN (SELECT %s FROM cold.spans)", dim, column)
		err := x.each(ctx, "SELECT id FROM cold.dict WHERE "+orphans, func(rows *sql.Rows) error {
			var id uint32
			if err := rows.Scan(&id); err != nil {
				return err
			}
			x.dict.forget(dim, id)
			return nil
		})
		if err != nil {
			return err
		}
		if err := x.exec(ctx, "UPDATE cold.dict SET text = '' WHERE "+orphans); err != nil {
			return err
		}
	}
	return nil
}

// rewrite writes the file anew and puts it in the place of the old one.
func (x *Index) rewrite(ctx context.Context) error {
	const fresh = FileName + ".new"
	path := func(name string) string { return filepath.Join(x.dir, name) }
	for _, name := range []string{fresh, fresh + ".wal"} { // of an attempt that was cut short
		if err := os.Remove(path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("rewriting the index: %w", err)
		}
	}
	err := x.exec(ctx, x.attach(fresh, "fresh"), "COPY FROM DATABASE cold TO fresh", "CHECKPOINT fresh", "CHECKPOINT cold", "DETACH fresh", "DETACH cold")
	if err != nil {
		return err
	}
	if err := os.Rename(path(fresh), path(FileName)); err != nil {
		return fmt.Errorf("rewriting the index: %w", err)
	}
	if err := os.Remove(path(FileName + ".wal")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("rewriting the index: %w", err)
	}
	return x.exec(ctx, x.attach(FileName, "cold"))
}
