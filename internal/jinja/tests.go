package jinja

import (
	"strings"
	"unicode"
)

// builtinTests are the tests of `is`.
func builtinTests() map[string]test {
	yes, no := true, false
	// kind is a test of a value's type alone, which an undefined value fails.
	kind := func(check func(v any) bool) test {
		return test{missing: &no, apply: func(_ *render, v any, _ *bound) (bool, error) { return check(v), nil }}
	}
	compare := func(op string) test {
		return test{params: []string{"other"}, apply: func(r *render, v any, b *bound) (bool, error) {
			return r.compare(op, v, b.values[0])
		}}
	}
	tests := map[string]test{
		"defined":   {missing: &no, apply: func(*render, any, *bound) (bool, error) { return true, nil }},
		"undefined": {missing: &yes, apply: func(*render, any, *bound) (bool, error) { return false, nil }},
		"none":      kind(func(v any) bool { return v == nil }),
		"boolean":   kind(func(v any) bool { _, ok := v.(bool); return ok }),
		"true":      kind(func(v any) bool { return v == true }),
		"false":     kind(func(v any) bool { return v == false }),
		"integer":   kind(func(v any) bool { _, ok := v.(int64); return ok }),
		"float":     kind(func(v any) bool { _, ok := v.(float64); return ok }),
		"number":    kind(func(v any) bool { _, ok := asFloat(v); return ok }),
		"string":    kind(func(v any) bool { _, ok := asText(v); return ok }),
		"mapping":   kind(func(v any) bool { _, ok := v.(*dict); return ok }),
		"sequence":  kind(isSequence),
		"iterable":  {apply: func(_ *render, v any, _ *bound) (bool, error) { return isIterable(v), nil }},
		"callable":  {apply: func(_ *render, v any, _ *bound) (bool, error) { return isCallable(v), nil }},
		"escaped":   kind(func(v any) bool { _, ok := v.(markup); return ok }),
		"odd":       remainderIs(2, 1),
		"even":      remainderIs(2, 0),
		"divisibleby": {params: []string{"num"}, apply: func(r *render, v any, b *bound) (bool, error) {
			rest, err := r.binary("%", v, b.values[0])
			if err != nil {
				return false, err
			}
			return r.equal(rest, int64(0), 0)
		}},
		"lower": cased(unicode.IsLower, unicode.IsUpper),
		"upper": cased(unicode.IsUpper, unicode.IsLower),
		"in": {params: []string{"values"}, apply: func(r *render, v any, b *bound) (bool, error) {
			return r.contains(b.values[0], v)
		}},
		"sameas": {missing: &no, params: []string{"other"}, apply: func(_ *render, v any, b *bound) (bool, error) {
			return v == b.values[0], nil
		}},
		"filter": {apply: func(r *render, v any, _ *bound) (bool, error) {
			name, _ := asText(v)
			_, ok := r.lib.filters[name]
			return ok, nil
		}},
		"test": {apply: func(r *render, v any, _ *bound) (bool, error) {
			name, _ := asText(v)
			_, ok := r.lib.tests[name]
			return ok, nil
		}},
	}
	for op, names := range map[string][]string{
		"==": {"eq", "equalto", "=="}, "!=": {"ne", "!="}, "<": {"lt", "lessthan", "<"}, "<=": {"le", "<="},
		">": {"gt", "greaterthan", ">"}, ">=": {"ge", ">="},
	} {
		for _, name := range names {
			tests[name] = compare(op)
		}
	}
	return tests
}

func remainderIs(divisor, want int64) test {
	return test{apply: func(r *render, v any, _ *bound) (bool, error) {
		if _, ok := asFloat(v); !ok {
			return false, faultf("the test is given %s", describe(v)).wanted("a number")
		}
		rest, err := r.binary("%", v, divisor)
		if err != nil {
			return false, err
		}
		return r.equal(rest, want, 0)
	}}
}

// cased is Python's islower or isupper: a letter of the case and none of the
// other.
func cased(is, other func(rune) bool) test {
	return test{apply: func(r *render, v any, _ *bound) (bool, error) {
		s, err := r.str(v)
		if err != nil {
			return false, err
		}
		return hasCase(s, is, other), r.scan(len(s))
	}}
}

func hasCase(s string, is, other func(rune) bool) bool {
	return strings.IndexFunc(s, is) >= 0 &&
		strings.IndexFunc(s, func(c rune) bool { return other(c) || unicode.IsTitle(c) }) < 0
}

func isSequence(v any) bool {
	switch v.(type) {
	case string, markup, *list, *tuple, *dict, *span:
		return true
	}
	return false
}

func isIterable(v any) bool {
	switch v.(type) {
	case *view, *generator, *loop:
		return true
	}
	return isSequence(v)
}

func isCallable(v any) bool {
	switch v.(type) {
	case *macro, *function, *method, *blockCall, *joiner, *loop:
		return true
	}
	return false
}
