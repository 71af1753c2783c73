package local

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// opened is a span whose bytes were read, with the log records that name it:
// some instrumentations send what was said in records of its own.
type opened struct {
	item *block.Item // nil where it is erased or lost; then there is nothing else
	span otlp.Span
	logs []*block.Item // by time, each once
}

// open reads spans and what names them.
func (s *Store) open(ctx context.Context, log *seglog.Log, scope sqlquery.Scope, refs []seglog.Ref) ([]opened, error) {
	items, err := readItems(ctx, log, refs)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	list := make([]opened, len(items))
	at := map[sqlquery.SpanKey]int{}
	var keys []sqlquery.SpanKey
	for i, it := range items {
		if it == nil {
			continue
		}
		o := &list[i]
		if o.span, err = otlp.ReadSpan(it.Bytes); err != nil {
			return nil, err
		}
		o.item = it
		id, span, _, _ := o.span.Identity()
		k := sqlquery.SpanKey{Hi: id.Hi(), Lo: id.Lo(), Span: span.Num()}
		at[k] = i
		keys = append(keys, k)
	}
	if len(keys) == 0 || !s.index.Logged(scope.Project) {
		return list, nil
	}
	var owners []int
	var logs []seglog.Ref
	st := sqlquery.LogsOf(scope, keys)
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var k sqlquery.SpanKey
		var ref seglog.Ref
		err := rows.Scan(&k.Hi, &k.Lo, &k.Span, &ref.Segment, &ref.Ordinal)
		owners, logs = append(owners, at[k]), append(logs, ref)
		return err
	})
	if err != nil {
		return nil, err
	}
	if items, err = readItems(ctx, log, logs); err != nil {
		return nil, err
	}
	for i, it := range items {
		o := &list[owners[i]]
		// A batch that was sent twice has brought its records twice.
		if it != nil && !slices.ContainsFunc(o.logs, func(other *block.Item) bool { return bytes.Equal(other.Bytes, it.Bytes) }) {
			o.logs = append(o.logs, it)
		}
	}
	return list, nil
}

// texts calls visit with every text of the span and of its log records.
func (o *opened) texts(visit func([]byte) error) error {
	if err := semconv.EachText(&o.span, visit); err != nil {
		return err
	}
	for _, it := range o.logs {
		l, err := otlp.ReadLog(it.Bytes)
		if err != nil {
			return err
		}
		if err := semconv.EachLogText(&l, visit); err != nil {
			return err
		}
	}
	return nil
}

// preview is the beginning of what went in and of what came out.
func (o *opened) preview() (input, output string, err error) {
	origin := semconv.ReadOrigin(o.item.Resource, o.item.Scope)
	var logs []semconv.Log
	for _, it := range o.logs {
		l, err := otlp.ReadLog(it.Bytes)
		if err != nil {
			return "", "", err
		}
		from := semconv.ReadOrigin(it.Resource, it.Scope)
		logs = append(logs, semconv.Log{Origin: &from, Log: l})
	}
	input, output = semconv.Preview(&origin, &o.span, logs, previewLength)
	return input, output, nil
}

const previewLength = 200

// previews gives what went into and came out of each span that is there.
func (s *Store) previews(ctx context.Context, p *page, refs []seglog.Ref, give func(i int, input, output string)) error {
	list, err := s.open(ctx, p.log, p.scope, refs)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].item == nil {
			continue
		}
		input, output, err := list[i].preview()
		if err != nil {
			return err
		}
		give(i, input, output)
	}
	return nil
}
