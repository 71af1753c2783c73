package index

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Merge moves the hot tables into the cold ones, with the mark of every project.
// Queries go on meanwhile, but for the moment in which the rows change place.
func (x *Index) Merge(ctx context.Context) error {
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return err
	}

	// With the gate closed, every record that is in the log is also in the buffer.
	x.gate.Lock()
	x.bufferMu.Lock()
	b, ends := x.take(), maps.Clone(x.ends)
	x.bufferMu.Unlock()
	x.gate.Unlock()

	if err := x.merge(ctx, b, ends); err != nil {
		x.placesMu.Lock()
		defer x.placesMu.Unlock()
		return x.failed(ctx, err)
	}
	return nil
}

// merge moves what is in b and in the hot tables into the cold ones.
func (x *Index) merge(ctx context.Context, b *buffer, ends map[uint32]Ref) error {
	if err := x.flush(ctx, b); err != nil {
		return err
	}
	if x.hotRows == 0 {
		return nil
	}
	statements := []string{"BEGIN"}
	for _, table := range tableNames() {
		statements = append(statements, fmt.Sprintf("INSERT INTO cold.%[1]s SELECT * FROM memory.hot.%[1]s", table))
	}
	changed := slices.Collect(maps.Keys(x.hours.hot))
	unroll, _ := x.unroll(changed)
	statements = append(append(statements, unroll...), "DELETE FROM cold.marks")
	for project, end := range ends {
		statements = append(statements, fmt.Sprintf("INSERT INTO cold.marks VALUES (%d, %d, %d)", project, end.Segment, end.Ordinal))
	}
	if err := x.exec(ctx, statements...); err != nil {
		return x.giveUp(ctx, err)
	}

	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if err := x.exec(ctx, "COMMIT"); err != nil {
		return x.giveUp(ctx, err)
	}
	x.hours.change(changed, false)
	x.hours.hot, x.hours.last = map[hour]struct{}{}, hour{}
	x.generation++
	x.hotRows = 0
	// The rows are in both places now; no query may see that.
	if err := x.exec(ctx, "DROP SCHEMA memory.hot CASCADE", "CREATE SCHEMA memory.hot", "USE memory.hot", schema, scratch, "USE memory.main"); err != nil {
		return x.breaks(err)
	}
	return nil
}

// giveUp ends a transaction that failed; the rows stay hot.
func (x *Index) giveUp(ctx context.Context, err error) error {
	_ = x.exec(context.WithoutCancel(ctx), "ROLLBACK") // where DuckDB has not done it already
	return fmt.Errorf("merging the index: %w", err)
}
