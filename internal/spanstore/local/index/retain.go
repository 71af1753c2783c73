package index

import (
	"context"
	"fmt"
)

// DropBefore removes the rows of a project whose items lie in segments before
// first, which the log has no more, and says how many spans that were. Those for
// which the file has no room go later, before anything is asked.
func (x *Index) DropBefore(ctx context.Context, project, first uint32) (spans int64, err error) {
	ctx = context.WithoutCancel(ctx)
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return 0, err
	}
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	others := int64(0)
	err = x.do(ctx, []step{
		{again: true, do: func(ctx context.Context) error {
			return x.unrollOf(ctx, fmt.Sprintf("cold.spans WHERE project = %d AND seg < %d", project, first))
		}},
		{again: true, do: func(ctx context.Context) error {
			was := spans
			defer func() { x.spans.Add(was - spans) }()
			for _, hot := range []bool{true, false} {
				for table, count := range map[string]*int64{"spans": &spans, "logs": &others, "scores": &others} {
					err := x.removeRows(ctx, count, fmt.Sprintf("DELETE FROM %s.%s WHERE project = %d AND seg < %d", catalog(hot), table, project, first))
					if err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{again: true, do: func(ctx context.Context) error {
			x.recent.dropBefore(project, first)
			if spans+others == 0 {
				return nil
			}
			err := x.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TABLE memory.hot.affected AS SELECT DISTINCT %s FROM memory.main.scores WHERE project = %d", scoreTarget, project))
			if err != nil {
				return err
			}
			return x.settleLatest(ctx)
		}},
	})
	return spans, err
}
