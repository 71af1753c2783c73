package index

import (
	"context"
	"fmt"
)

// DropBefore removes the rows of a project whose items lie in segments before
// first, which the log has no more, and says how many spans that were.
func (x *Index) DropBefore(ctx context.Context, project, first uint32) (spans int64, err error) {
	ctx = context.WithoutCancel(ctx)
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return 0, err
	}
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if x.broken != nil {
		return 0, x.broken
	}
	if err := x.unrollOf(ctx, fmt.Sprintf("cold.spans WHERE project = %d AND seg < %d", project, first)); err != nil {
		return 0, x.breaks(err)
	}
	var others int64
	for _, hot := range []bool{true, false} {
		for table, count := range map[string]*int64{"spans": &spans, "logs": &others, "scores": &others} {
			err := x.removeRows(ctx, count, fmt.Sprintf("DELETE FROM %s.%s WHERE project = %d AND seg < %d", catalog(hot), table, project, first))
			if err != nil {
				return spans, x.breaks(err)
			}
		}
	}
	x.spans.Add(-spans)
	if spans+others == 0 {
		return 0, nil
	}
	err = x.exec(ctx, fmt.Sprintf("CREATE TABLE memory.hot.affected AS SELECT DISTINCT %s FROM memory.main.scores WHERE project = %d", scoreTarget, project))
	if err == nil {
		err = x.settleLatest(ctx)
	}
	if err != nil {
		return spans, x.breaks(err)
	}
	x.recent.dropBefore(project, first)
	return spans, nil
}
