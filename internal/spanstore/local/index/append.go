package index

import (
	"context"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

// buffer are rows that are in no table yet.
type buffer struct {
	spans  []spanRow
	logs   []logRow
	scores []scoreRow
	since  time.Time // when the first of them came
}

func (b *buffer) empty() bool { return len(b.spans)+len(b.logs)+len(b.scores) == 0 }

const (
	flushRows = 10_000  // in the buffer are worth a flush
	fullRows  = 100_000 // in the buffer make who appends wait for it
)

// Append takes in the rows of one record of a project's log. write puts the
// record into the log and gives its rows, whose texts may alias its bytes. The
// index has to know of the writing, since records of concurrent calls reach it in
// another order than the log: a mark is only set when no record is between log
// and index.
func (x *Index) Append(ctx context.Context, project string, write func() (*Rows, error)) error {
	x.gate.RLock()
	full, err := x.append(project, write)
	x.gate.RUnlock()
	if err != nil {
		return err
	}
	if full {
		return x.Flush(ctx)
	}
	return nil
}

func (x *Index) append(project string, write func() (*Rows, error)) (full bool, err error) {
	rows, err := write()
	if err != nil {
		return false, err
	}
	id := x.dict.id(sqlquery.Project, project)
	spans := make([]spanRow, len(rows.Spans))
	for i := range rows.Spans {
		spans[i] = x.dict.spanRow(id, &rows.Spans[i])
	}

	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	b := &x.buffer
	if b.since.IsZero() {
		b.since = time.Now()
	}
	b.spans = append(b.spans, spans...)
	if len(rows.Logs) > 0 {
		x.logged[id] = true
	}
	for _, l := range rows.Logs {
		b.logs = append(b.logs, logRow{l, id})
	}
	for _, s := range rows.Scores {
		b.scores = append(b.scores, scoreRow{cloneScore(s), id})
	}
	if x.ends[id].Before(rows.End) {
		x.ends[id] = rows.End
	}
	n := len(b.spans) + len(b.logs) + len(b.scores)
	if n >= flushRows {
		select {
		case x.kick <- struct{}{}:
		default: // already told
		}
	}
	return n >= fullRows, nil
}

// Flush moves the buffer into the hot tables. It waits for rows that are on their
// way there, so what was appended before the call is there when it returns.
func (x *Index) Flush(ctx context.Context) error {
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	x.bufferMu.Lock()
	b := x.take()
	x.bufferMu.Unlock()
	return x.flush(ctx, b)
}

// take empties the buffer; the caller holds bufferMu and writeMu.
func (x *Index) take() *buffer {
	b := x.buffer
	x.buffer = buffer{}
	return &b
}

// flush puts rows into the hot tables. It does not end early: rows that are out
// of the buffer have nowhere else to be.
func (x *Index) flush(ctx context.Context, b *buffer) error {
	if b.empty() {
		return x.Err()
	}
	ctx = context.WithoutCancel(ctx)
	plan, err := x.settle(ctx, b.spans)
	if err == nil {
		err = x.write(ctx, b, plan)
	}
	if err != nil {
		x.placesMu.Lock()
		defer x.placesMu.Unlock()
		return x.breaks(err)
	}
	return nil
}

// write makes what settle planned visible, and the rows.
func (x *Index) write(ctx context.Context, b *buffer, plan *plan) error {
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if x.broken != nil {
		return x.broken
	}
	kept := int64(0)
	err := x.fill(ctx, "dict", func(add func(...any) error) error {
		for _, e := range x.dict.takeFresh() {
			if err := add(uint8(e.dim), e.id, e.text); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = x.change(ctx, plan)
	}
	if err == nil {
		err = x.fill(ctx, "spans", func(add func(...any) error) error {
			var values []any
			for i := range b.spans {
				if plan.drop[i] {
					continue
				}
				kept++
				x.hours.touch(b.spans[i].project, b.spans[i].start)
				values = b.spans[i].values(values)
				if err := add(values...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil && len(b.logs) > 0 {
		err = x.fill(ctx, "logs", func(add func(...any) error) error {
			for _, l := range b.logs {
				if err := add(l.project, l.Trace.Hi(), l.Trace.Lo(), l.Span.Num(), l.Time, l.Ref.Segment, l.Ref.Ordinal); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = x.writeScores(ctx, b.scores)
	}
	if err != nil {
		return err
	}
	if x.hotRows == 0 {
		x.hotSince = time.Now()
	}
	x.hotRows += len(b.spans) + len(b.logs) + len(b.scores)
	x.spans.Add(kept - int64(len(plan.gone)))
	x.flushed.Add(int64(len(b.spans)))
	return nil
}
