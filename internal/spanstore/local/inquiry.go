package local

import (
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
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
	where filter.Expr
	known []filter.Expr // parts that the index answers
	texts []textCond
	ask   func(*facts) verdict // the filter
}

func newInquiry(e filter.Expr, log *seglog.Log) (*inquiry, error) {
	q := &inquiry{where: e}
	var err error
	q.ask, err = q.part(e, true)
	for k := range q.texts {
		q.texts[k].mayBeAt = log.MayHold(q.texts[k].tokens)
	}
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

// loose is the filter without conditions on text, true of every span that it is
// true of: in place of each stands what makes the filter true rather than false.
// One of which near says where it may hold stands there as its number, for the
// index to leave out what is far from that.
func (q *inquiry) loose(near [][]sqlquery.Group) filter.Expr {
	k := -1 // conditions on text are counted as part does
	var of func(e filter.Expr, negated bool) filter.Expr
	list := func(parts []filter.Expr, negated bool) []filter.Expr {
		out := make([]filter.Expr, len(parts))
		for i := range parts {
			out[i] = of(parts[i], negated)
		}
		return out
	}
	of = func(e filter.Expr, negated bool) filter.Expr {
		switch e := e.(type) {
		case filter.And:
			return filter.And(list(e, negated))
		case filter.Or:
			return filter.Or(list(e, negated))
		case filter.Not:
			return filter.Not{Expr: of(e.Expr, !negated)}
		case filter.Cond:
			if e.Field != filter.FieldText {
				return e
			}
			switch k++; {
			case negated:
				return filter.Or{} // never
			case near != nil && near[k] != nil:
				return filter.Cond{Field: filter.FieldText, Value: filter.Value{Int: int64(k)}}
			}
			return filter.And{} // always
		}
		return e
	}
	return of(q.where, false)
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
