package local

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

const (
	firstCandidates = 200    // spans that the index gives together, at first
	mostCandidates  = 4_000  // DuckDB keeps the newest up to 5,000 as it reads (10 ms of a CPU, of ten million); of more it may sort all (700 ms)
	nearCandidates  = 50_000 // where it must look at every row anyway
	openedTogether  = 500    // spans that are held in memory at once

	// mostMatches is of how many spans the places are handed to the index, for
	// figures and traces of them: each takes some 300 bytes there.
	mostMatches = 500_000
)

// filtering says when it is worth to ask all filters of the log what it may hold.
type filtering struct {
	after int   // so many candidates have been looked at
	share int64 // the filters leave no more than one in so many items
}

// candidate is a span that the filter may be true of.
type candidate struct {
	sqlquery.Place
	facts facts
}

// search calls visit with the places of the spans that the query matches, newest
// first, part by part, until visit wants no more. Of the spans that start after
// seen, all that match have been given then. A part may be empty: that tells how
// far the search has come.
func (s *Store) search(ctx context.Context, p *page, q *spanstore.Query, visit func(found []sqlquery.Place, seen int64) (more bool, err error)) error {
	in, err := newInquiry(q.Where, p.log)
	if err != nil {
		return err
	}
	loose := *q
	loose.Where = in.loose(nil)
	scope := p.scope
	after, chunk, looked := p.after, firstCandidates, 0
	for {
		if looked >= s.filtering.after && scope.Near == nil {
			var some bool
			if scope.Near, some, err = s.near(ctx, p, in); err != nil {
				return err
			}
			if some {
				scope.Logs, loose.Where, chunk = s.index.Logged(p.scope.Project), in.loose(scope.Near), nearCandidates
			}
		}
		list, err := s.candidates(ctx, scope, in, &loose, after, chunk)
		if err != nil {
			return err
		}
		last := len(list) < chunk
		if !last {
			after = list[len(list)-1].Cursor()
		}
		for part := range slices.Chunk(list, mostSieved) {
			if more, err := s.lookAt(ctx, p, in, part, visit); err != nil || !more {
				return err
			}
		}
		if last {
			_, err := visit(nil, math.MinInt64)
			return err
		}
		looked += len(list)
		chunk = max(chunk, min(4*chunk, mostCandidates))
	}
}

// near asks the filters of the log where there may be what each condition on text
// holds for: nil where that is not known, or nearly everywhere. Some says that it
// is known of one.
func (s *Store) near(ctx context.Context, p *page, in *inquiry) (list [][]sqlquery.Group, some bool, err error) {
	list = make([][]sqlquery.Group, len(in.texts))
	for k := range in.texts {
		if len(in.texts[k].tokens) == 0 {
			continue
		}
		stretches, of, err := p.log.Holding(ctx, in.texts[k].tokens)
		if err != nil {
			return nil, false, err
		}
		items := int64(0)
		groups := []sqlquery.Group{}
		for _, st := range stretches {
			items += int64(st.Count)
			first := sqlquery.Ref(st.First)
			last := sqlquery.Ref{Segment: first.Segment, Ordinal: first.Ordinal + st.Count - 1}
			for g := sqlquery.GroupOf(first); g <= sqlquery.GroupOf(last); g++ {
				if n := len(groups); n == 0 || groups[n-1] != g {
					groups = append(groups, g)
				}
			}
		}
		if items*s.filtering.share <= of {
			list[k], some = groups, true
		}
	}
	return list, some, nil
}

// lookAt settles what is open of candidates and gives those that match to visit.
func (s *Store) lookAt(ctx context.Context, p *page, in *inquiry, list []candidate, visit func([]sqlquery.Place, int64) (bool, error)) (more bool, err error) {
	seen := list[len(list)-1].Start
	if list, err = s.sieved(ctx, p, in, list); err != nil {
		return false, err
	}
	for part := range slices.Chunk(list, openedTogether) {
		to := part[len(part)-1].Start
		found, err := s.settled(ctx, p, in, part)
		if err != nil {
			return false, err
		}
		if more, err = visit(found, to); err != nil || !more {
			return false, err
		}
	}
	return visit(nil, seen)
}

// candidates asks the index for the next spans that may match.
func (s *Store) candidates(ctx context.Context, scope sqlquery.Scope, in *inquiry, loose *spanstore.Query, after *sqlquery.Cursor, n int) ([]candidate, error) {
	st, err := sqlquery.Places(scope, loose, in.known, after, n)
	if err != nil {
		return nil, err
	}
	var list []candidate
	place := sqlquery.Place{Holds: make([]bool, len(in.known))}
	fields := place.Fields()
	err = s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		err := rows.Scan(fields...)
		c := candidate{Place: place, facts: facts{texts: make([]verdict, len(in.texts))}}
		c.Holds = slices.Clone(place.Holds)
		c.facts.known = c.Holds
		list = append(list, c)
		return err
	})
	return list, err
}

// settled keeps the candidates that match, and opens those of which that is not
// known.
func (s *Store) settled(ctx context.Context, p *page, in *inquiry, list []candidate) ([]sqlquery.Place, error) {
	var refs []seglog.Ref
	var asked []*candidate
	for i := range list {
		if in.ask(&list[i].facts) == open {
			asked = append(asked, &list[i])
			refs = append(refs, seglog.Ref(list[i].Ref))
		}
	}
	spans, err := s.open(ctx, p.log, p.scope, refs)
	if err != nil {
		return nil, err
	}
	for i, c := range asked {
		for k := range in.texts {
			if in.ask(&c.facts) != open {
				break
			}
			if c.facts.texts[k] != open {
				continue
			}
			holds := false
			if spans[i].item != nil { // what is lost has no texts
				if holds, err = in.texts[k].holds(&spans[i]); err != nil {
					return nil, err
				}
			}
			c.facts.texts[k] = verdictOf(holds)
		}
	}
	var found []sqlquery.Place
	for i := range list {
		if in.ask(&list[i].facts) == yes {
			found = append(found, list[i].Place)
		}
	}
	return found, nil
}

// matches gives the page's rows, and whether there are more behind it.
func (s *Store) matches(ctx context.Context, p *page, q spanstore.Query) (rows []sqlquery.SpanRow, more bool, err error) {
	if !hasText(q.Where) {
		st, err := sqlquery.Spans(p.scope, &q, p.after, p.limit+1)
		if err != nil {
			return nil, false, err
		}
		rows, err = s.spanRows(ctx, st)
		return rows[:min(len(rows), p.limit)], len(rows) > p.limit, err
	}
	var found []sqlquery.Place
	err = s.search(ctx, p, &q, func(part []sqlquery.Place, _ int64) (bool, error) {
		found = append(found, part...)
		return len(found) <= p.limit, nil
	})
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	more = len(found) > p.limit
	found = found[:min(len(found), p.limit)]
	scope := p.scope
	scope.Only = refsOf(found)
	st, err := sqlquery.Spans(scope, &spanstore.Query{Since: found[len(found)-1].Start, Until: behind(found[0].Start)}, nil, len(found))
	if err != nil {
		return nil, false, err
	}
	rows, err = s.spanRows(ctx, st)
	return rows, more && len(rows) > 0, err // what was erased meanwhile is not there
}

// behind is the end of a time that has start as its last moment; 0, which is none,
// where there is no later one.
func behind(start int64) int64 {
	if start == math.MaxInt64 {
		return 0
	}
	return start + 1
}

func refsOf(places []sqlquery.Place) []sqlquery.Ref {
	refs := make([]sqlquery.Ref, len(places))
	for i := range places {
		refs[i] = places[i].Ref
	}
	return refs
}

// indexed makes of a query with conditions on text one that the index answers
// alone: the same spans, by their places. All text that the rest of the filter
// leaves is read for that. None is true where no span matches.
func (s *Store) indexed(ctx context.Context, p *page, where filter.Expr, since, until int64) (scope sqlquery.Scope, rest filter.Expr, none bool, err error) {
	if !hasText(where) {
		return p.scope, where, false, nil
	}
	all := *p
	all.after = nil // the page's is one of a list of something else
	scope = p.scope
	err = s.search(ctx, &all, &spanstore.Query{Where: where, Since: since, Until: until}, func(part []sqlquery.Place, _ int64) (bool, error) {
		scope.Only = append(scope.Only, refsOf(part)...)
		return true, s.fewEnough(len(scope.Only))
	})
	return scope, nil, len(scope.Only) == 0, err
}

// fewEnough is an error where so many matches of a condition on text are too many.
func (s *Store) fewEnough(matches int) error {
	if matches <= s.most {
		return nil
	}
	return fmt.Errorf("more than %d spans have such a text, which is as far as figures and lists of traces, sessions and users go: %w", s.most, spanstore.ErrTooMany)
}

// textTraces are the rows of a page of traces that have a span with such a text.
// Spans are looked at newest first, until those that are left cannot belong to a
// trace of this page.
func (s *Store) textTraces(ctx context.Context, p *page, q *spanstore.Query) (rows []sqlquery.TraceRow, err error) {
	spans, traces := *p, *p
	spans.after = nil // a trace that starts before the cursor may have spans after it
	enough := 2 * (p.limit + 1)
	var within spanstore.Query // all that was found
	err = s.search(ctx, &spans, q, func(part []sqlquery.Place, seen int64) (bool, error) {
		traces.scope.Only = append(traces.scope.Only, refsOf(part)...)
		if len(part) > 0 {
			within.Since = part[len(part)-1].Start
			if len(part) == len(traces.scope.Only) { // the newest
				within.Until = behind(part[0].Start)
			}
		}
		found := len(traces.scope.Only)
		if err := s.fewEnough(found); err != nil {
			return false, err
		}
		if found == 0 || found < enough && seen != math.MinInt64 || seen == math.MaxInt64 {
			return true, nil
		}
		enough = 4 * found
		horizon := seen
		if seen != math.MinInt64 { // of those that start then, some may not have been looked at
			horizon++
		}
		rows, err = s.traceRows(ctx, &traces, &within, horizon)
		return len(rows) <= p.limit, err
	})
	return rows, err
}
