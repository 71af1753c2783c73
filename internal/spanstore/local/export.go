package local

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

const (
	exportPage  = 5000 // spans that are looked up together
	exportBatch = 500  // items of one batch at most
)

type spanKey struct {
	trace trace.ID
	span  trace.SpanID
}

// Export calls write for every span that matches, and for the log records that
// name it, oldest arrival first.
func (s *Store) Export(ctx context.Context, project string, q spanstore.Query, write func(*spanstore.Batch) error) error {
	p, err := s.page(ctx, project, q.Cursor, 0)
	if err != nil || p == nil {
		return err
	}
	p.limit = exportPage
	var refs []seglog.Ref
	spans := map[spanKey]bool{}
	for {
		rows, more, err := s.matches(ctx, p, q)
		if err != nil {
			return err
		}
		for i := range rows {
			refs = append(refs, seglog.Ref(rows[i].Ref))
			spans[spanKey{trace.IDOf(rows[i].Hi, rows[i].Lo), trace.SpanIDOf(rows[i].Span)}] = true
		}
		if !more {
			break
		}
		last := &rows[len(rows)-1]
		p.after = &sqlquery.Cursor{Start: last.Start, Trace: trace.IDOf(last.Hi, last.Lo), Span: trace.SpanIDOf(last.Span)}
	}
	logs, err := s.logsOf(ctx, p.scope, spans)
	if err != nil {
		return err
	}
	refs = append(refs, logs...)
	slices.SortFunc(refs, seglog.Ref.Compare)
	for part := range slices.Chunk(refs, exportBatch) {
		items, err := readItems(ctx, p.log, part)
		if err != nil {
			return err
		}
		if err := writeBatches(items, write); err != nil {
			return err
		}
	}
	return nil
}

// logsOf are the places of the log records that name one of the spans.
func (s *Store) logsOf(ctx context.Context, scope sqlquery.Scope, spans map[spanKey]bool) (refs []seglog.Ref, err error) {
	st := sqlquery.ProjectLogs(scope)
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var hi, lo, span uint64
		var ref seglog.Ref
		err := rows.Scan(&hi, &lo, &span, &ref.Segment, &ref.Ordinal)
		if spans[spanKey{trace.IDOf(hi, lo), trace.SpanIDOf(span)}] {
			refs = append(refs, ref)
		}
		return err
	})
	return refs, err
}

// writeBatches puts items back into batches: what came together stays together.
func writeBatches(items []*block.Item, write func(*spanstore.Batch) error) error {
	b := &spanstore.Batch{}
	flush := func() error {
		if len(b.Spans)+len(b.Logs) == 0 {
			return nil
		}
		full := b
		b = &spanstore.Batch{}
		return write(full)
	}
	for _, it := range items {
		if it == nil {
			continue
		}
		if it.Received != b.Received {
			if err := flush(); err != nil {
				return err
			}
			b.Received = it.Received
		}
		item := spanstore.Item{Scope: scopeIn(b, it), Bytes: it.Bytes}
		if it.Type == block.Log {
			b.Logs = append(b.Logs, item)
		} else {
			b.Spans = append(b.Spans, item)
		}
	}
	return flush()
}

// scopeIn is the place of an item's scope in the batch, to which it is added
// unless it is the last one.
func scopeIn(b *spanstore.Batch, it *block.Item) int {
	resource, scope := originOf(it)
	if n := len(b.Resources); n == 0 || b.Resources[n-1].SchemaURL != resource.SchemaURL || !bytes.Equal(b.Resources[n-1].Bytes, resource.Bytes) {
		b.Resources = append(b.Resources, resource)
	}
	scope.Resource = len(b.Resources) - 1
	if n := len(b.Scopes); n == 0 || b.Scopes[n-1].Resource != scope.Resource || b.Scopes[n-1].SchemaURL != scope.SchemaURL || !bytes.Equal(b.Scopes[n-1].Bytes, scope.Bytes) {
		b.Scopes = append(b.Scopes, scope)
	}
	return len(b.Scopes) - 1
}
