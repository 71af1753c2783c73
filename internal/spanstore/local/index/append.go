package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

// buffer are rows that are in no table yet.
type buffer struct {
	spans  []spanRow
	logs   []logRow
	scores []scoreRow
	since  time.Time // when the first of them came
}

func (b *buffer) rows() int { return len(b.spans) + len(b.logs) + len(b.scores) }

func (b *buffer) empty() bool { return b.rows() == 0 }

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
	if err != nil || !full {
		return err
	}
	if err := x.Flush(ctx); !errors.Is(err, spanstore.ErrFull) {
		return err
	}
	return nil // this record is in the log and in the buffer; the next is refused
}

func (x *Index) append(project string, write func() (*Rows, error)) (full bool, err error) {
	if x.stuck.Load() && x.waiting() >= fullRows {
		return false, fmt.Errorf("a flush of the index waits for room: %w", spanstore.ErrFull)
	}
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
	n := b.rows()
	if n >= flushRows {
		select {
		case x.kick <- struct{}{}:
		default: // already told
		}
	}
	return n >= fullRows, nil
}

// waiting is how many rows the buffer has.
func (x *Index) waiting() int {
	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	return x.buffer.rows()
}

// Flush moves the buffer into the hot tables. It waits for rows that are on their
// way there, so what was appended before the call is there when it returns.
func (x *Index) Flush(ctx context.Context) error {
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	if err := x.finish(ctx); err != nil {
		return err
	}
	x.bufferMu.Lock()
	b := x.take()
	x.bufferMu.Unlock()
	return x.flush(ctx, b)
}

// take empties the buffer; the caller holds bufferMu and writeMu, and called
// finish.
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
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if err != nil {
		return x.breaks(err)
	}
	return x.do(ctx, x.steps(b, plan))
}

// step is a part of a flush, or of what changes rows that are in tables.
type step struct {
	do    func(context.Context) error
	again bool // where there was no room, it may be done again, from its start
}

// steps make visible what settle planned, and the rows.
func (x *Index) steps(b *buffer, plan *plan) []step {
	list := []step{
		{do: x.writeTexts},
		{do: func(ctx context.Context) error { return x.change(ctx, plan) }, again: true},
		{do: func(ctx context.Context) error { return x.writeSpans(ctx, b.spans, plan.drop) }},
	}
	if len(b.logs) > 0 {
		list = append(list, step{do: func(ctx context.Context) error { return x.writeLogs(ctx, b.logs) }})
	}
	if len(b.scores) > 0 {
		list = append(list, step{do: func(ctx context.Context) error { return x.writeScores(ctx, b.scores) }, again: true}, step{do: x.settleLatest, again: true})
	}
	return append(list, step{do: func(context.Context) error {
		if x.hotRows == 0 {
			x.hotSince = time.Now()
		}
		x.hotRows += b.rows()
		x.flushed.Add(int64(len(b.spans)))
		x.spans.Add(-int64(len(plan.gone)))
		return nil
	}})
}

// do does steps. Those for which the file has no room are left for
// finish. The caller holds placesMu.
func (x *Index) do(ctx context.Context, steps []step) error {
	if x.broken != nil {
		return x.broken
	}
	for i, s := range steps {
		if err := s.do(ctx); err != nil {
			if err = noRoom(err); !s.again || !errors.Is(err, spanstore.ErrFull) {
				return x.breaks(err)
			}
			if err = x.failed(ctx, err); x.broken == nil {
				x.left = steps[i:]
				x.stuck.Store(true)
			}
			return err
		}
	}
	x.left = nil
	x.stuck.Store(false)
	return nil
}

// finish does the steps that are left. Until then nothing is asked, since every
// question flushes, and nothing else is written. The caller holds writeMu.
func (x *Index) finish(ctx context.Context) error {
	if len(x.left) == 0 {
		return nil
	}
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	if x.broken != nil { // they are for the next index
		x.left = nil
		x.stuck.Store(false)
		return nil
	}
	return x.do(context.WithoutCancel(ctx), x.left)
}

func (x *Index) writeTexts(ctx context.Context) error {
	return x.fill(ctx, "dict", func(add func(...any) error) error {
		for _, e := range x.dict.takeFresh() {
			if err := add(uint8(e.dim), e.id, e.text); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *Index) writeSpans(ctx context.Context, list []spanRow, drop []bool) error {
	kept := int64(0)
	err := x.fill(ctx, "spans", func(add func(...any) error) error {
		var values []any
		for i := range list {
			if drop[i] {
				continue
			}
			kept++
			x.hours.touch(list[i].project, list[i].start)
			values = list[i].values(values)
			if err := add(values...); err != nil {
				return err
			}
		}
		return nil
	})
	x.spans.Add(kept)
	return err
}

func (x *Index) writeLogs(ctx context.Context, list []logRow) error {
	return x.fill(ctx, "logs", func(add func(...any) error) error {
		for _, l := range list {
			if err := add(l.project, l.Trace.Hi(), l.Trace.Lo(), l.Span.Num(), l.Time, l.Ref.Segment, l.Ref.Ordinal); err != nil {
				return err
			}
		}
		return nil
	})
}
