package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// The text of a span is not in the index. A condition on it is taken out of the
// filter; the index gives the spans that the rest matches, and their bytes are
// looked at.

// errTextHere is the answer to a condition on text that cannot be taken out.
var errTextHere = fmt.Errorf("text can only be asked for in a list of spans or traces, beside other conditions, not under OR or NOT: %w", spanstore.ErrUnsupported)

// hasText says that a condition on text is somewhere in e.
func hasText(e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return slices.ContainsFunc(e, hasText)
	case filter.Or:
		return slices.ContainsFunc(e, hasText)
	case filter.Not:
		return hasText(e.Expr)
	case filter.Cond:
		return e.Field == filter.FieldText
	}
	return false
}

// splitText takes the conditions on text out of e, which all have to hold
// together with the rest.
func splitText(e filter.Expr) (rest filter.Expr, texts []textCond, err error) {
	switch e := e.(type) {
	case filter.Cond:
		if e.Field != filter.FieldText {
			return e, nil, nil
		}
		t, err := newTextCond(e)
		return nil, []textCond{t}, err
	case filter.And:
		var all filter.And
		for _, part := range e {
			r, t, err := splitText(part)
			if err != nil {
				return nil, nil, err
			}
			if r != nil {
				all = append(all, r)
			}
			texts = append(texts, t...)
		}
		return all, texts, nil
	}
	if hasText(e) {
		return nil, nil, errTextHere
	}
	return e, nil, nil
}

// textCond is a condition on the text of a span: that one of its texts fits, or,
// negated, that it has texts and none of them fits.
type textCond struct {
	fits    func(text []byte) bool
	negated bool
}

func newTextCond(c filter.Cond) (t textCond, err error) {
	switch c.Op {
	case filter.Has:
		t.fits = func([]byte) bool { return true }
	case filter.Words:
		words := lower(nil, []byte(c.Value.Text))
		var scratch []byte
		t.fits = func(text []byte) bool {
			scratch = lower(scratch[:0], text)
			return bytes.Contains(scratch, words)
		}
	case filter.Equal, filter.Unequal:
		t.negated = c.Op == filter.Unequal
		t.fits = func(text []byte) bool { return string(text) == c.Value.Text }
	case filter.Match, filter.NoMatch:
		re, err := regexp.Compile(c.Value.Text)
		if err != nil {
			return t, fmt.Errorf("reading the expression of text: %w", err)
		}
		t.negated = c.Op == filter.NoMatch
		t.fits = re.Match
	default:
		return t, fmt.Errorf("text cannot be compared with %s: %w", c.Op, spanstore.ErrUnsupported)
	}
	return t, nil
}

// lower appends b with its ASCII capitals made small.
func lower(to, b []byte) []byte {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// errEnough ends a walk over texts.
var errEnough = errors.New("enough is known")

// holds says whether the condition is true of the span.
func (t *textCond) holds(o *opened) (bool, error) {
	some, found := false, false
	err := o.texts(func(text []byte) error {
		some = true
		if found = t.fits(text); found {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return false, err
	}
	return found != t.negated && some, nil
}

const (
	firstCandidates = 200 // spans whose text is looked at together, at first
	mostCandidates  = 5000
)

// matches gives the page's rows, and whether there are more behind it.
func (s *Store) matches(ctx context.Context, p *page, q spanstore.Query) (rows []sqlquery.SpanRow, more bool, err error) {
	var texts []textCond
	if q.Where, texts, err = splitText(q.Where); err != nil {
		return nil, false, err
	}
	chunk := p.limit + 1
	if len(texts) > 0 {
		chunk = firstCandidates
	}
	for after := p.after; len(rows) <= p.limit; chunk = min(2*chunk, mostCandidates) {
		st, err := sqlquery.Spans(p.scope, &q, after, chunk)
		if err != nil {
			return nil, false, err
		}
		found, err := s.spanRows(ctx, st)
		if err != nil {
			return nil, false, err
		}
		end := len(found) < chunk
		if !end {
			last := &found[len(found)-1]
			after = &sqlquery.Cursor{Start: last.Start, Trace: trace.IDOf(last.Hi, last.Lo), Span: trace.SpanIDOf(last.Span)}
		}
		if len(texts) > 0 {
			if found, err = s.withText(ctx, p, found, texts); err != nil {
				return nil, false, err
			}
		}
		rows = append(rows, found...)
		if end {
			break
		}
	}
	more = len(rows) > p.limit
	return rows[:min(len(rows), p.limit)], more, nil
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

// textTraces are the rows of a page of traces that have a span with such a text.
// Spans are looked at newest first, until those that are left cannot belong to a
// trace of this page.
func (s *Store) textTraces(ctx context.Context, p *page, q *spanstore.Query) ([]sqlquery.TraceRow, error) {
	spans := *p
	spans.after = nil // a trace that starts before the cursor may have spans after it
	for spans.limit = 2 * (p.limit + 1); ; spans.limit *= 4 {
		found, more, err := s.matches(ctx, &spans, *q)
		if err != nil {
			return nil, err
		}
		horizon := int64(math.MinInt64)
		if more { // of those that start with the last one, some may not have been looked at
			horizon = found[len(found)-1].Start + 1
		}
		seen := map[trace.ID]bool{}
		traces := filter.Or{}
		for i := range found {
			id := trace.IDOf(found[i].Hi, found[i].Lo)
			if !seen[id] {
				seen[id] = true
				traces = append(traces, filter.Cond{Field: filter.FieldTrace, Op: filter.Equal, Value: filter.Value{Text: id.String()}})
			}
		}
		rows, err := s.traceRows(ctx, p, &spanstore.Query{Where: traces, Since: q.Since, Until: q.Until}, horizon)
		if err != nil || !more || len(rows) > p.limit {
			return rows, err
		}
	}
}
