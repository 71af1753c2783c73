package local

import (
	"context"
	"fmt"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// Append keeps a batch. When it returns nil the batch is on disk, and the next
// query sees it. Spans and log records are one record of the log, scores another:
// where the second fails, what the first holds stays, and sending the batch again
// does no harm.
func (s *Store) Append(ctx context.Context, project string, b *spanstore.Batch) error {
	log, err := s.log(project, true)
	if err != nil {
		return err
	}
	if n := len(b.Spans) + len(b.Logs); n > 0 {
		rows, err := s.rows(seglog.Ref{}, n, func(k int) block.Item { return itemOf(b, k) }, s.now(project))
		if err != nil {
			return err
		}
		body, err := block.Encode(b)
		if err != nil {
			return err
		}
		r := seglog.Record{Type: seglog.Spans, Count: n, Body: body, Received: b.Received}
		for i := range rows.Spans {
			r.Latest = max(r.Latest, rows.Spans[i].Start)
		}
		if err := s.write(ctx, project, log, r, rows); err != nil {
			return err
		}
		s.acknowledged.Add(int64(len(b.Spans)))
	}
	if len(b.Scores) > 0 {
		scores := make([]*trace.Score, len(b.Scores))
		for i := range b.Scores {
			scores[i] = &b.Scores[i]
		}
		body, err := block.EncodeScores(scores)
		if err != nil {
			return err
		}
		r := seglog.Record{Type: seglog.Scores, Count: len(scores), Body: body, Received: b.Received}
		if err := s.write(ctx, project, log, r, scoreRows(scores)); err != nil {
			return err
		}
	}
	return nil
}

// write puts a record into the log, then its rows into the index.
func (s *Store) write(ctx context.Context, project string, log *seglog.Log, r seglog.Record, rows *index.Rows) error {
	return s.index.Append(ctx, project, func() (*index.Rows, error) {
		ref, err := log.Append(ctx, r)
		if err != nil {
			return nil, err
		}
		move(rows, ref, r.Count)
		return rows, nil
	})
}

// move gives rows, whose ordinals count from 0, their place in the log.
func move(rows *index.Rows, first seglog.Ref, count int) {
	for i := range rows.Spans {
		rows.Spans[i].Ref.Segment = first.Segment
		rows.Spans[i].Ref.Ordinal += first.Ordinal
	}
	for i := range rows.Logs {
		rows.Logs[i].Ref.Segment = first.Segment
		rows.Logs[i].Ref.Ordinal += first.Ordinal
	}
	for i := range rows.Scores {
		rows.Scores[i].Ref.Segment = first.Segment
		rows.Scores[i].Ref.Ordinal += first.Ordinal
	}
	rows.End = index.Ref{Segment: first.Segment, Ordinal: first.Ordinal + uint32(count)}
}

// replay tells the index what it has not seen of a log.
func (s *Store) replay(ctx context.Context, project string, log *seglog.Log) error {
	by := s.then(project)
	return log.Replay(ctx, seglog.Ref(s.index.Mark(project)), func(ref seglog.Ref, r seglog.Record) error {
		rows := &index.Rows{}
		switch r.Type {
		case seglog.Spans:
			v, err := block.Decode(r.Body)
			if err != nil {
				s.unreadable.Add(1)
				break
			}
			// What no row can be made of was never acknowledged by this version.
			if rows, err = s.rows(ref, v.Len(), v.Item, by); err != nil {
				s.unreadable.Add(1)
			}
		case seglog.Scores:
			scores, err := block.DecodeScores(r.Body)
			if err != nil {
				s.unreadable.Add(1)
				break
			}
			rows = scoreRows(scores)
		}
		move(rows, ref, r.Count)
		return s.index.Append(ctx, project, func() (*index.Rows, error) { return rows, nil })
	})
}

// itemOf is item k of a batch, as it will be in its block.
func itemOf(b *spanstore.Batch, k int) block.Item {
	it := block.Item{Type: block.Span, Received: b.Received}
	from := &spanstore.Item{}
	if k < len(b.Spans) {
		from = &b.Spans[k]
	} else {
		it.Type, from = block.Log, &b.Logs[k-len(b.Spans)]
	}
	scope := &b.Scopes[from.Scope]
	resource := &b.Resources[scope.Resource]
	it.Origin, it.Bytes = from.Scope, from.Bytes
	it.Scope = otlp.Scope{Bytes: scope.Bytes, SchemaURL: scope.SchemaURL}
	it.Resource = otlp.Resource{Bytes: resource.Bytes, SchemaURL: resource.SchemaURL}
	return it
}

// rows makes the rows of the items of the block at first. An item that cannot be
// read has none; the error is of the first such one.
func (s *Store) rows(first seglog.Ref, n int, item func(k int) block.Item, by books) (*index.Rows, error) {
	rows := &index.Rows{}
	origins := map[int]*semconv.Origin{}
	var bad error
	for k := range n {
		it := item(k)
		if it.Type == block.Empty {
			continue
		}
		o := origins[it.Origin]
		if o == nil {
			read := semconv.ReadOrigin(it.Resource, it.Scope)
			o = &read
			origins[it.Origin] = o
		}
		if err := s.row(rows, o, &it, index.Ref{Ordinal: uint32(k)}, func(start int64) *price.Book {
			return by(seglog.Ref{Segment: first.Segment, Ordinal: first.Ordinal + uint32(k)}, start)
		}); err != nil && bad == nil {
			bad = fmt.Errorf("item %d: %w", k, err)
		}
	}
	return rows, bad
}

func (s *Store) row(rows *index.Rows, o *semconv.Origin, it *block.Item, ref index.Ref, by func(start int64) *price.Book) error {
	if it.Type == block.Log {
		l, err := otlp.ReadLog(it.Bytes)
		if err != nil {
			return err
		}
		if score, ok := semconv.LogScore(o, &l); ok {
			rows.Scores = append(rows.Scores, index.Score{Score: score, Ref: ref})
		}
		row := index.Log{Time: int64(l.Time), Ref: ref}
		if row.Time == 0 {
			row.Time = int64(l.Observed)
		}
		if copy(row.Trace[:], l.TraceID) == len(row.Trace) && copy(row.Span[:], l.SpanID) == len(row.Span) && !row.Trace.IsZero() && !row.Span.IsZero() {
			rows.Logs = append(rows.Logs, row)
		}
		return nil
	}
	span, err := otlp.ReadSpan(it.Bytes)
	if err != nil {
		return err
	}
	row, err := semconv.Row(o, &span)
	if err != nil {
		return err
	}
	r := index.Span{Row: row, Ref: ref}
	r.Cost, r.HasPrice = cost(by(row.Start), &row)
	rows.Spans = append(rows.Spans, r)
	for _, score := range semconv.SpanScores(o, &span) {
		rows.Scores = append(rows.Scores, index.Score{Score: score, Ref: ref})
	}
	return nil
}

// scoreRows are the rows of a record of scores; a nil one was erased.
func scoreRows(scores []*trace.Score) *index.Rows {
	rows := &index.Rows{}
	for i, score := range scores {
		if score != nil {
			rows.Scores = append(rows.Scores, index.Score{Score: *score, Ref: index.Ref{Ordinal: uint32(i)}})
		}
	}
	return rows
}
