package local

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

const (
	firstCandidates = 200 // spans whose text is looked at together, at first
	mostCandidates  = 50_000
	openedTogether  = 500 // spans that are held in memory at once
	sieves          = 2   // goroutines that look at bytes for one search
)

// matches gives the page's rows, and whether there are more behind it.
func (s *Store) matches(ctx context.Context, p *page, q spanstore.Query) (rows []sqlquery.SpanRow, more bool, err error) {
	var texts []textCond
	if q.Where, texts, err = splitText(q.Where); err != nil {
		return nil, false, err
	}
	if len(texts) == 0 {
		st, err := sqlquery.Spans(p.scope, &q, p.after, p.limit+1)
		if err != nil {
			return nil, false, err
		}
		rows, err = s.spanRows(ctx, st)
		return rows[:min(len(rows), p.limit)], len(rows) > p.limit, err
	}
	if rows, more, err = s.searched(ctx, p, &q, texts); err != nil || len(rows) == 0 {
		return nil, false, err
	}
	st, err := sqlquery.SpansAt(p.scope, rows)
	if err != nil {
		return nil, false, err
	}
	rows, err = s.spanRows(ctx, st)
	return rows, more && len(rows) > 0, err // what was erased meanwhile is not there
}

// searched gives the places of the page's spans: those that the rest of the
// filter and all conditions on text hold for.
func (s *Store) searched(ctx context.Context, p *page, q *spanstore.Query, texts []textCond) (rows []sqlquery.SpanRow, more bool, err error) {
	for after, chunk := p.after, firstCandidates; len(rows) <= p.limit; chunk = min(4*chunk, mostCandidates) {
		st, err := sqlquery.Places(p.scope, q, after, chunk)
		if err != nil {
			return nil, false, err
		}
		found, err := s.placeRows(ctx, st)
		if err != nil {
			return nil, false, err
		}
		end := len(found) < chunk
		if !end {
			last := &found[len(found)-1]
			after = &sqlquery.Cursor{Start: last.Start, Trace: trace.IDOf(last.Hi, last.Lo), Span: trace.SpanIDOf(last.Span)}
		}
		if found, err = s.sieved(ctx, p, found, texts); err != nil {
			return nil, false, err
		}
		for part := range slices.Chunk(found, openedTogether) {
			if len(rows) > p.limit {
				break
			}
			kept, err := s.withText(ctx, p, part, texts)
			if err != nil {
				return nil, false, err
			}
			rows = append(rows, kept...)
		}
		if end {
			break
		}
	}
	return rows[:min(len(rows), p.limit)], len(rows) > p.limit, nil
}

// sieved leaves out the spans whose bytes, with those of their log records, show
// that a condition on text cannot hold.
func (s *Store) sieved(ctx context.Context, p *page, rows []sqlquery.SpanRow, texts []textCond) ([]sqlquery.SpanRow, error) {
	for k := range texts {
		t := &texts[k]
		if t.negated || t.needs.nothing() {
			continue
		}
		maybe := make([]bool, len(rows))
		refs := make([]seglog.Ref, len(rows))
		for i := range rows {
			refs[i] = seglog.Ref(rows[i].Ref)
		}
		if err := sieve(ctx, p.log, refs, &t.needs, func(i int) { maybe[i] = true }); err != nil {
			return nil, err
		}
		if err := s.sieveLogs(ctx, p, rows, &t.needs, maybe); err != nil {
			return nil, err
		}
		kept := rows[:0]
		for i := range rows {
			if maybe[i] {
				kept = append(kept, rows[i])
			}
		}
		rows = kept
	}
	return rows, nil
}

// sieveLogs marks the spans that a log record names which may hold what is
// needed.
func (s *Store) sieveLogs(ctx context.Context, p *page, rows []sqlquery.SpanRow, n *needs, maybe []bool) error {
	if !s.index.Logged(p.scope.Project) {
		return nil
	}
	at := map[sqlquery.SpanKey]int{}
	var keys []sqlquery.SpanKey
	for i := range rows {
		if !maybe[i] {
			k := sqlquery.SpanKey{Hi: rows[i].Hi, Lo: rows[i].Lo, Span: rows[i].Span}
			at[k], keys = i, append(keys, k)
		}
	}
	for part := range slices.Chunk(keys, 5000) { // they are written into the statement
		var owners []int
		var logs []seglog.Ref
		st := sqlquery.LogsOf(p.scope, part)
		err := s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
			var k sqlquery.SpanKey
			var ref seglog.Ref
			err := rows.Scan(&k.Hi, &k.Lo, &k.Span, &ref.Segment, &ref.Ordinal)
			owners, logs = append(owners, at[k]), append(logs, ref)
			return err
		})
		if err != nil {
			return err
		}
		if err := sieve(ctx, p.log, logs, n, func(i int) { maybe[owners[i]] = true }); err != nil {
			return err
		}
	}
	return nil
}

// sieve calls found with the index of each of refs whose item may hold what is
// needed. Neighbours in the log go to one goroutine, which unpacks their block
// once; found is called by one goroutine at a time.
func sieve(ctx context.Context, log *seglog.Log, refs []seglog.Ref, n *needs, found func(i int)) error {
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(refs[a].Segment, refs[b].Segment), cmp.Compare(refs[a].Ordinal, refs[b].Ordinal))
	})
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for part := range slices.Chunk(order, max(1, (len(order)+sieves-1)/sieves)) {
		g.Go(func() error {
			mine := make([]seglog.Ref, len(part))
			for i, k := range part {
				mine[i] = refs[k]
			}
			var scratch []byte
			return log.Items(ctx, mine, func(i int, it *block.Item) error {
				if it == nil {
					return nil
				}
				var maybe bool
				if scratch, maybe = n.maybeIn(it.Bytes, scratch); maybe {
					mu.Lock()
					defer mu.Unlock()
					found(part[i])
				}
				return nil
			})
		})
	}
	return g.Wait()
}

// withText keeps the rows whose spans fit all conditions on text.
func (s *Store) withText(ctx context.Context, p *page, rows []sqlquery.SpanRow, texts []textCond) ([]sqlquery.SpanRow, error) {
	refs := make([]seglog.Ref, len(rows))
	for i := range rows {
		refs[i] = seglog.Ref(rows[i].Ref)
	}
	list, err := s.open(ctx, p.log, p.scope, refs)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i := range list {
		fits := list[i].item != nil
		for k := 0; fits && k < len(texts); k++ {
			if fits, err = texts[k].holds(&list[i]); err != nil {
				return nil, err
			}
		}
		if fits {
			kept = append(kept, rows[i])
		}
	}
	return kept, nil
}
