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
	needs   needs // what a text that fits must hold; nothing where that is not known
	negated bool
}

func newTextCond(c filter.Cond) (t textCond, err error) {
	switch c.Op {
	case filter.Has:
		t.fits = func([]byte) bool { return true }
	case filter.Words:
		words := lower(nil, []byte(c.Value.Text))
		t.needs = needsOf(words)
		var scratch []byte
		t.fits = func(text []byte) bool {
			scratch = lower(scratch[:0], text)
			return bytes.Contains(scratch, words)
		}
	case filter.Equal, filter.Unequal:
		t.negated = c.Op == filter.Unequal
		t.fits = func(text []byte) bool { return string(text) == c.Value.Text }
		t.needs = needsOf(lower(nil, []byte(c.Value.Text)))
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

// textTraces are the rows of a page of traces that have a span with such a text.
// Spans are looked at newest first, until those that are left cannot belong to a
// trace of this page.
func (s *Store) textTraces(ctx context.Context, p *page, q *spanstore.Query) ([]sqlquery.TraceRow, error) {
	rest, texts, err := splitText(q.Where)
	if err != nil {
		return nil, err
	}
	narrow := *q
	narrow.Where = rest
	spans := *p
	spans.after = nil // a trace that starts before the cursor may have spans after it
	for spans.limit = 2 * (p.limit + 1); ; spans.limit *= 4 {
		found, more, err := s.searched(ctx, &spans, &narrow, texts)
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
