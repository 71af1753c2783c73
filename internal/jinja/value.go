package jinja

import (
	"math"
	"unicode"
)

// The values of a template are Go's nil, bool, int64, float64 and string, and
// the types below, which behave as the Python types of the same names. None
// can be changed once a template holds it, but for namespaces, generators,
// cyclers and joiners.
type (
	list  struct{ items []any }
	tuple struct {
		items []any
		names []string // field names, for the pairs of groupby
	}
	// view is what keys, values and items of a mapping give.
	view struct {
		name  string
		items []any
	}
	// span is the value of range: it is counted, never laid out.
	span struct{ start, stop, step, n int64 }
	// generator is what a filter such as map gives: it can be gone through once.
	generator struct {
		items  []any
		next   int
		filter string
	}
	// markup is a string that the filter e has escaped or that safe has marked:
	// e leaves it alone, and + escapes what is added to it.
	markup    string
	namespace struct{ fields *dict }
	cycler    struct {
		items []any
		at    int
	}
	joiner struct {
		separator string
		used      bool
	}
)

// dict is a mapping that keeps the order in which keys came.
type dict struct {
	keys, values []any
	index        map[any]int
}

func newDict(size int) *dict { return &dict{index: make(map[any]int, size)} }

// tupleKey stands for a tuple as the key of a dict.
type tupleKey string

// noneKey stands for None as the key of a dict.
type noneKey struct{}

// hashKey maps values that are equal in Python to one comparable Go value.
// Only a tuple needs the meter, and variables hold none.
func (m *meter) hashKey(v any, depth int) (any, error) {
	switch v := v.(type) {
	case nil:
		return noneKey{}, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case int64, string:
		return v, nil
	case markup:
		return string(v), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
			return int64(v), nil
		}
		return v, nil
	case *tuple:
		return m.hashTuple(v, depth)
	case *undefined:
		return nil, v.fault()
	}
	return nil, faultf("%s cannot be the key of a mapping or a member of a set", describe(v)).
		wanted("a string, a number, a boolean, none or a tuple of these")
}

// hashTuple writes the keys of the elements so that different ones differ.
func (m *meter) hashTuple(t *tuple, depth int) (any, error) {
	if err := m.checkDepth(depth); err != nil {
		return nil, err
	}
	if err := m.step(1 + len(t.items)); err != nil {
		return nil, err
	}
	w := &writer{m: m}
	for _, item := range t.items {
		key, err := m.hashKey(item, depth+1)
		if err != nil {
			return nil, err
		}
		if nested, ok := key.(tupleKey); ok {
			err = w.write("(" + string(nested) + "),")
		} else if key == (noneKey{}) {
			err = w.write("None,")
		} else if err = w.repr(key, 0); err == nil {
			err = w.write(",")
		}
		if err != nil {
			return nil, err
		}
	}
	return tupleKey(w.b.String()), nil
}

// set puts value under key, in place of an earlier one.
func (d *dict) set(m *meter, key, value any) error {
	h, err := m.hashKey(key, 0)
	if err != nil {
		return err
	}
	d.put(h, key, value)
	return nil
}

// put is set for a key whose hash key is known; a string is its own.
func (d *dict) put(h, key, value any) {
	if i, ok := d.index[h]; ok {
		d.values[i] = value
		return
	}
	d.index[h] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

// get finds the value under key.
func (d *dict) get(m *meter, key any) (any, bool, error) {
	h, err := m.hashKey(key, 0)
	if err != nil {
		return nil, false, err
	}
	if i, ok := d.index[h]; ok {
		return d.values[i], true, nil
	}
	return nil, false, nil
}

// text finds the value under a string key.
func (d *dict) text(key string) (any, bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

// names are the string keys, for finding the nearest one.
func (d *dict) names() []string {
	var names []string
	for _, key := range d.keys {
		if s, ok := key.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

// pairs are the entries as tuples of two.
func (d *dict) pairs() []any {
	pairs := make([]any, len(d.keys))
	for i, key := range d.keys {
		pairs[i] = &tuple{items: []any{key, d.values[i]}}
	}
	return pairs
}

func (s *span) at(i int64) int64 { return s.start + i*s.step }

// asText is the text of a string, escaped or not.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case markup:
		return string(v), true
	}
	return "", false
}

// like gives text the kind of string that v is.
func like(v any, text string) any {
	if _, ok := v.(markup); ok {
		return markup(text)
	}
	return text
}

// asInt is the integer that v is; booleans are integers, as in Python.
func asInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// asFloat is the number that v is.
func asFloat(v any) (float64, bool) {
	if f, ok := v.(float64); ok {
		return f, true
	}
	i, ok := asInt(v)
	return float64(i), ok
}

// describe names the kind of a value for an error. It never shows the value.
func describe(v any) string {
	switch v.(type) {
	case nil:
		return "none"
	case bool:
		return "a boolean"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case string, markup:
		return "a string"
	case *list:
		return "a list"
	case *tuple:
		return "a tuple"
	case *dict:
		return "a mapping"
	case *view:
		return "a view of a mapping"
	case *span:
		return "a range"
	case *generator:
		return "a generator"
	case *namespace:
		return "a namespace"
	case *undefined:
		return "an undefined value"
	case *module:
		return "an imported template"
	case *macro:
		return "a macro"
	case *loop:
		return "the loop variable"
	case *method, *function, *blockCall:
		return "a function"
	case *cycler:
		return "a cycler"
	case *joiner:
		return "a joiner"
	}
	return "a value"
}

// isSpace reports what Python's str.isspace does.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}

// blank reports whether s has nothing but blanks.
func blank(s string) bool {
	for _, r := range s {
		if !isSpace(r) {
			return false
		}
	}
	return true
}
