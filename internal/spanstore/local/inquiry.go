package local

import (
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// The text of a span is not in the index, so a filter with conditions on text is
// answered in two halves. The index gives the spans of which the filter may be
// true whatever their texts are, and says which of the filter's parts without
// text hold for each. Their bytes are looked at only as far as the answer depends
// on it: a condition on text is open at first, and the filter is asked again
// whenever one is settled.

// verdict is what is known of a condition.
type verdict uint8

const (
	open verdict = iota
	yes
	no
)

func verdictOf(holds bool) verdict {
	if holds {
		return yes
	}
	return no
}

// facts are what is known of one span: whether the parts of a filter hold.
type facts struct {
	known []bool    // by the index
	texts []verdict // conditions on text
}

// inquiry is a filter with conditions on text, taken apart.
type inquiry struct {
	loose filter.Expr   // without conditions on text, true of every span that the filter is true of
	known []filter.Expr // parts that the index answers
	texts []textCond
	ask   func(*facts) verdict // the filter
}

func newInquiry(e filter.Expr) (*inquiry, error) {
	q := &inquiry{loose: loose(e, false)}
	var err error
	q.ask, err = q.part(e, true)
	return q, err
}

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

// loose is e with each condition on text taken as that which makes e true
// rather than false, or, negated, false rather than true.
func loose(e filter.Expr, negated bool) filter.Expr {
	list := func(parts []filter.Expr) []filter.Expr {
		out := make([]filter.Expr, len(parts))
		for i := range parts {
			out[i] = loose(parts[i], negated)
		}
		return out
	}
	switch e := e.(type) {
	case filter.And:
		return filter.And(list(e))
	case filter.Or:
		return filter.Or(list(e))
	case filter.Not:
		return filter.Not{Expr: loose(e.Expr, !negated)}
	case filter.Cond:
		switch {
		case e.Field != filter.FieldText:
		case negated:
			return filter.Or{} // never
		default:
			return filter.And{} // always
		}
	}
	return e
}

// part makes a question of a part of the filter. Of the conditions that must all
// hold at the top, those without text hold for every span that the index gives.
func (q *inquiry) part(e filter.Expr, top bool) (func(*facts) verdict, error) {
	if !hasText(e) {
		i := len(q.known)
		q.known = append(q.known, e)
		return func(f *facts) verdict { return verdictOf(f.known[i]) }, nil
	}
	switch e := e.(type) {
	case filter.And:
		return q.parts(e, no, yes, top)
	case filter.Or:
		return q.parts(e, yes, no, false)
	case filter.Not:
		inner, err := q.part(e.Expr, false)
		return func(f *facts) verdict {
			switch inner(f) {
			case yes:
				return no
			case no:
				return yes
			}
			return open
		}, err
	}
	c, _ := e.(filter.Cond) // hasText knows no other
	t, err := newTextCond(&c)
	i := len(q.texts)
	q.texts = append(q.texts, t)
	return func(f *facts) verdict { return f.texts[i] }, err
}

// parts is a question of several: the answer is what decides where one of them
// answers so, else what is otherwise where all are settled.
func (q *inquiry) parts(list []filter.Expr, decides, otherwise verdict, top bool) (func(*facts) verdict, error) {
	var asks []func(*facts) verdict
	for _, e := range list {
		if top && !hasText(e) {
			continue
		}
		ask, err := q.part(e, top)
		if err != nil {
			return nil, err
		}
		asks = append(asks, ask)
	}
	return func(f *facts) verdict {
		answer := otherwise
		for _, ask := range asks {
			switch ask(f) {
			case decides:
				return decides
			case open:
				answer = open
			}
		}
		return answer
	}, nil
}
