package jinja

import "strings"

// equal is Python's ==.
func (m *meter) equal(a, b any, depth int) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	if err := m.checkDepth(depth); err != nil {
		return false, err
	}
	if err := m.defined(a, b); err != nil {
		return false, err
	}
	if x, ok := asFloat(a); ok {
		y, ok := asFloat(b)
		if i, whole := asInt(a); ok && whole {
			if j, whole := asInt(b); whole {
				return i == j, nil
			}
		}
		return ok && x == y, nil
	}
	if s, ok := asText(a); ok {
		t, ok := asText(b)
		if !ok || len(s) != len(t) {
			return false, nil
		}
		return s == t, m.read(len(s))
	}
	switch a := a.(type) {
	case nil:
		return b == nil, nil
	case *undefined: // of a lenient render
		return isMissing(b), nil
	case *list:
		if b, ok := b.(*list); ok {
			return m.equalItems(a.items, b.items, depth)
		}
		return false, nil
	case *tuple:
		if b, ok := b.(*tuple); ok {
			return m.equalItems(a.items, b.items, depth)
		}
		return false, nil
	case *dict:
		if b, ok := b.(*dict); ok {
			return m.equalDicts(a, b, depth)
		}
		return false, nil
	case *span:
		b, ok := b.(*span)
		return ok && a.n == b.n && (a.n == 0 || a.start == b.start) && (a.n < 2 || a.step == b.step), nil
	}
	return a == b, nil
}

func (m *meter) equalItems(a, b []any, depth int) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	for i := range a {
		if same, err := m.equal(a[i], b[i], depth+1); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (m *meter) equalDicts(a, b *dict, depth int) (bool, error) {
	if len(a.keys) != len(b.keys) {
		return false, nil
	}
	for i, key := range a.keys {
		other, ok, err := b.get(m, key)
		if err != nil || !ok {
			return false, err
		}
		if same, err := m.equal(a.values[i], other, depth+1); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// order is negative, zero or positive as a sorts before, with or after b.
// ordered is false where neither is so: a float that is not a number.
func (m *meter) order(a, b any, depth int) (result int, ordered bool, err error) {
	if err := m.step(1); err != nil {
		return 0, false, err
	}
	if err := m.checkDepth(depth); err != nil {
		return 0, false, err
	}
	if err := m.defined(a, b); err != nil {
		return 0, false, err
	}
	if isMissing(a) || isMissing(b) {
		return 0, false, nil
	}
	if i, ok := asInt(a); ok {
		if j, ok := asInt(b); ok {
			return sign(i, j), true, nil
		}
	}
	if x, ok := asFloat(a); ok {
		if y, ok := asFloat(b); ok {
			return sign(x, y), x == x && y == y, nil
		}
	}
	if s, ok := asText(a); ok {
		if t, ok := asText(b); ok {
			return strings.Compare(s, t), true, m.read(min(len(s), len(t)))
		}
	}
	switch x := a.(type) {
	case *list:
		if y, ok := b.(*list); ok {
			return m.orderItems(x.items, y.items, depth)
		}
	case *tuple:
		if y, ok := b.(*tuple); ok {
			return m.orderItems(x.items, y.items, depth)
		}
	}
	return 0, false, faultf("cannot tell which is larger, %s or %s", describe(a), describe(b)).
		wanted("two numbers, two strings or two lists").remedy("convert one of them, for example with |int or |string")
}

func (m *meter) orderItems(a, b []any, depth int) (int, bool, error) {
	for i := range min(len(a), len(b)) {
		same, err := m.equal(a[i], b[i], depth+1)
		if err != nil {
			return 0, false, err
		}
		if !same {
			return m.order(a[i], b[i], depth+1)
		}
	}
	return sign(len(a), len(b)), true, nil
}

func sign[T int | int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compare carries out one comparison operator.
func (m *meter) compare(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return m.equal(a, b, 0)
	case "!=":
		same, err := m.equal(a, b, 0)
		return !same, err
	case "in":
		return m.contains(b, a)
	case "not in":
		found, err := m.contains(b, a)
		return !found, err
	}
	result, ordered, err := m.order(a, b, 0)
	if err != nil || !ordered {
		return false, err
	}
	switch op {
	case "<":
		return result < 0, nil
	case "<=":
		return result <= 0, nil
	case ">":
		return result > 0, nil
	}
	return result >= 0, nil
}

// contains is Python's `item in v`.
func (m *meter) contains(v, item any) (bool, error) {
	if s, ok := asText(v); ok {
		part, ok := asText(item)
		if !ok {
			return false, faultf("cannot look for %s in a string", describe(item)).
				wanted("a string").remedy("add |string")
		}
		return strings.Contains(s, part), m.read(len(s))
	}
	switch v := v.(type) {
	case *dict:
		_, ok, err := v.get(m, item)
		return ok, err
	case *span:
		f, ok := asFloat(item)
		if !ok || f != float64(int64(f)) {
			return false, nil
		}
		i := int64(f)
		if n, ok := asInt(item); ok {
			i = n
		}
		offset := i - v.start
		return offset%v.step == 0 && offset/v.step >= 0 && offset/v.step < v.n, nil
	}
	it, err := m.iterate(v)
	if err != nil {
		return false, err
	}
	for {
		one, ok, err := it.next()
		if err != nil || !ok {
			return false, err
		}
		if same, err := m.equal(one, item, 0); err != nil || same {
			return same, err
		}
	}
}

// defined fails where a value is undefined and the render is strict.
func (m *meter) defined(values ...any) error {
	for _, v := range values {
		if u, ok := v.(*undefined); ok && !m.lenient && !u.soft {
			return u.fault()
		}
	}
	return nil
}

func isMissing(v any) bool {
	_, ok := v.(*undefined)
	return ok
}
