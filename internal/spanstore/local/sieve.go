package local

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

const (
	sieves     = 2      // goroutines that look at bytes for one search
	mostSieved = 10_000 // spans that are sieved together: a search that is given up ends soon
)

// sieved leaves out the candidates whose bytes, with those of their log records,
// show that they do not match, and notes which conditions on text cannot hold.
func (s *Store) sieved(ctx context.Context, p *page, in *inquiry, list []candidate) ([]candidate, error) {
	for k := range in.texts {
		t := &in.texts[k]
		if len(t.tokens) == 0 {
			continue
		}
		var asked []*candidate
		for i := range list {
			if in.ask(&list[i].facts) == open {
				asked = append(asked, &list[i])
			}
		}
		maybe := make([]bool, len(asked))
		refs := make([]seglog.Ref, len(asked))
		for i := range asked {
			refs[i] = seglog.Ref(asked[i].Ref)
		}
		if err := sieve(ctx, p.log, refs, t, func(i int) { maybe[i] = true }); err != nil {
			return nil, err
		}
		if err := s.sieveLogs(ctx, p, asked, t, maybe); err != nil {
			return nil, err
		}
		for i, c := range asked {
			if !maybe[i] {
				c.facts.texts[k] = no
			}
		}
		list = slices.DeleteFunc(list, func(c candidate) bool { return in.ask(&c.facts) == no })
	}
	return list, nil
}

// sieveLogs marks the spans that a log record names which may have a text that
// the condition holds for.
func (s *Store) sieveLogs(ctx context.Context, p *page, list []*candidate, t *textCond, maybe []bool) error {
	if !s.index.Logged(p.scope.Project) {
		return nil
	}
	at := map[sqlquery.SpanKey]int{}
	var keys []sqlquery.SpanKey
	for i, c := range list {
		if !maybe[i] {
			k := sqlquery.SpanKey{Hi: c.Hi, Lo: c.Lo, Span: c.Span}
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
		if err := sieve(ctx, p.log, logs, t, func(i int) { maybe[owners[i]] = true }); err != nil {
			return err
		}
	}
	return nil
}

// sieve calls found with the index of each of refs whose item may have a text
// that the condition holds for. Neighbours in the log go to one goroutine, which unpacks their block
// once; found is called by one goroutine at a time.
func sieve(ctx context.Context, log *seglog.Log, refs []seglog.Ref, t *textCond, found func(i int)) error {
	var order []int
	for i := range refs {
		if t.mayBeAt(refs[i]) {
			order = append(order, i)
		}
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
				if scratch, maybe = t.needs.maybeIn(it.Bytes, scratch); maybe {
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
