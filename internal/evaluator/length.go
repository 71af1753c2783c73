package evaluator

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/extract"
)

func makeLength(p *params) (prepare, error) {
	bounds, err := boundsOf(p)
	if err != nil {
		return nil, err
	}
	unit := p.text("unit", "chars")
	return always(func(_ context.Context, in *input) result {
		return bounds.check(float64(count(extract.Text(in.answer), unit)), unit)
	}), nil
}

// count counts characters, words or lines.
func count(text, unit string) int {
	switch unit {
	case "words":
		return len(strings.Fields(text))
	case "lines":
		if text == "" {
			return 0
		}
		return strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1
	}
	return utf8.RuneCountInString(text)
}

// always is a prepare for types without expectation.
func always(score scoreFunc) prepare {
	return func(any) (scoreFunc, error) { return score, nil }
}

// bounds are the parameters min and max; at least one is given.
type bounds struct{ min, max *float64 }

func boundsOf(p *params) (bounds, error) {
	b := bounds{p.number("min"), p.number("max")}
	if b.min == nil && b.max == nil {
		return b, p.wrong("type", "%s has neither min nor max", p.spec.Type).Wanted("at least one of them")
	}
	return b, b.ordered(p)
}

func (b bounds) ordered(p *params) error {
	if b.min != nil && b.max != nil && *b.min > *b.max {
		return p.wrong("min", "min is above max, so that nothing can pass").Wanted("min ≤ max")
	}
	return nil
}

// check compares a value, which it keeps, with the bounds.
func (b bounds) check(v float64, unit string) result {
	switch {
	case b.min != nil && v < *b.min:
		return failed(fmt.Sprintf("%s %s, fewer than %s", figure(v), unit, figure(*b.min))).withValue(v)
	case b.max != nil && v > *b.max:
		return failed(fmt.Sprintf("%s %s, more than %s", figure(v), unit, figure(*b.max))).withValue(v)
	}
	return passed(figure(v) + " " + unit).withValue(v)
}
