package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

const (
	maxTraceScores = 10_000 // shown with a trace
	mostSegments   = 16     // where a trace may be in more, naming them saves nothing
)

// Trace gives all spans of a trace by start, with what belongs to them. A span
// whose bytes are lost is left out and named.
func (s *Store) Trace(ctx context.Context, project string, id trace.ID) (*spanstore.Trace, error) {
	log, number, ok, err := s.find(project)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, spanstore.ErrNotFound
	}
	scope := sqlquery.Scope{Project: number}
	of := scope
	if of.Segments = log.SegmentsOf(id); len(of.Segments) > mostSegments {
		of.Segments = nil
	}
	rows, err := s.spanRows(ctx, sqlquery.TraceSpans(of, id.Hi(), id.Lo()))
	if err != nil {
		return nil, err
	}
	t := &spanstore.Trace{}
	refs := make([]seglog.Ref, len(rows))
	for i := range rows {
		refs[i] = seglog.Ref(rows[i].Ref)
	}
	list, err := s.open(ctx, log, of, refs)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		o := &list[i]
		if o.item == nil {
			if _, err := log.Item(ctx, refs[i]); errors.Is(err, seglog.ErrDamaged) { // else it is being erased
				t.Lost = append(t.Lost, trace.SpanIDOf(rows[i].Span))
			}
			continue
		}
		raw := spanstore.Raw{Bytes: o.item.Bytes}
		raw.Resource, raw.Scope = originOf(o.item)
		for _, it := range o.logs {
			l := spanstore.RawLog{Bytes: it.Bytes}
			l.Resource, l.Scope = originOf(it)
			raw.Logs = append(raw.Logs, l)
		}
		t.Records, t.Spans = append(t.Records, s.record(&rows[i])), append(t.Spans, raw)
	}
	switch {
	case len(t.Spans) == 0 && len(t.Lost) > 0:
		return nil, fmt.Errorf("the spans of the trace are lost: %w", spanstore.ErrDamaged)
	case len(t.Spans) == 0:
		return nil, spanstore.ErrNotFound
	}
	t.Scores, _, err = s.scoreRows(ctx, sqlquery.Scores(scope, &spanstore.ScoreQuery{Target: trace.Target{Trace: id}}, nil, maxTraceScores))
	return t, err
}

// find gives the log of a project and its number in the index; ok is false where
// there is nothing of it.
func (s *Store) find(project string) (log *seglog.Log, number uint32, ok bool, err error) {
	log, err = s.log(project, false)
	if err != nil || log == nil {
		return nil, 0, false, err
	}
	number, ok = s.index.Project(project)
	return log, number, ok, nil
}

// readItems reads items of a log; one is nil where it is erased or lost.
func readItems(ctx context.Context, log *seglog.Log, refs []seglog.Ref) ([]*block.Item, error) {
	items := make([]*block.Item, len(refs))
	err := log.Items(ctx, refs, func(i int, it *block.Item) error {
		items[i] = it
		return nil
	})
	return items, err
}

func originOf(it *block.Item) (spanstore.Resource, spanstore.Scope) {
	return spanstore.Resource{Bytes: it.Resource.Bytes, SchemaURL: it.Resource.SchemaURL},
		spanstore.Scope{Bytes: it.Scope.Bytes, SchemaURL: it.Scope.SchemaURL}
}
