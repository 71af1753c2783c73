package jinja

import "unicode/utf8"

// iterator gives the elements of a value one after the other; size is -1 where
// it is not known beforehand.
type iterator struct {
	next func() (any, bool, error)
	size int64
}

// iterate goes through what a for loop can go through.
func (m *meter) iterate(v any) (*iterator, error) {
	switch v := v.(type) {
	case *list:
		return overItems(v.items), nil
	case *tuple:
		return overItems(v.items), nil
	case *view:
		return overItems(v.items), nil
	case *dict:
		return overItems(v.keys), nil
	case *span:
		i := int64(-1)
		return &iterator{size: v.n, next: func() (any, bool, error) {
			i++
			if i >= v.n {
				return nil, false, nil
			}
			return v.at(i), true, nil
		}}, nil
	case *generator:
		if v.next > 0 && v.next >= len(v.items) {
			return nil, faultf("the result of the filter %s is gone through twice", v.filter).
				remedy("add |list where it is made")
		}
		return &iterator{size: -1, next: func() (any, bool, error) {
			if v.next >= len(v.items) {
				return nil, false, nil
			}
			v.next++
			return v.items[v.next-1], true, nil
		}}, nil
	case *undefined:
		if m.lenient || v.soft {
			return overItems(nil), nil
		}
		return nil, v.fault()
	case *method:
		return nil, v.notCalled()
	}
	if s, ok := asText(v); ok {
		return overText(s), nil
	}
	return nil, faultf("cannot go through %s", describe(v)).wanted("a list, a mapping, a string or a range")
}

func overItems(items []any) *iterator {
	i := -1
	return &iterator{size: int64(len(items)), next: func() (any, bool, error) {
		i++
		if i >= len(items) {
			return nil, false, nil
		}
		return items[i], true, nil
	}}
}

// overText goes through the characters of a string.
func overText(s string) *iterator {
	return &iterator{size: int64(utf8.RuneCountInString(s)), next: func() (any, bool, error) {
		if s == "" {
			return nil, false, nil
		}
		_, size := utf8.DecodeRuneInString(s)
		c := s[:size]
		s = s[size:]
		return c, true, nil
	}}
}

// collect lays out the elements of a value. The result may be the value's own
// slice: callers do not change it.
func (m *meter) collect(v any) ([]any, error) {
	switch v := v.(type) {
	case *list:
		return v.items, m.step(len(v.items))
	case *tuple:
		return v.items, m.step(len(v.items))
	case *view:
		return v.items, m.step(len(v.items))
	case *dict:
		return v.keys, m.step(len(v.keys))
	}
	it, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	return m.drain(it)
}

// drain lays out what is left in an iterator.
func (m *meter) drain(it *iterator) ([]any, error) {
	var items []any
	if it.size >= 0 {
		if it.size > int64(m.maxSteps) {
			return nil, m.step(m.maxSteps + 1)
		}
		if err := m.growItems(int(it.size)); err != nil {
			return nil, err
		}
		items = make([]any, 0, it.size)
	}
	for {
		item, ok, err := it.next()
		if err != nil || !ok {
			return items, err
		}
		if it.size < 0 {
			if err := m.growItems(1); err != nil {
				return nil, err
			}
		}
		items = append(items, item)
	}
}

// length is Python's len().
func (m *meter) length(v any) (int64, error) {
	switch v := v.(type) {
	case *list:
		return int64(len(v.items)), nil
	case *tuple:
		return int64(len(v.items)), nil
	case *view:
		return int64(len(v.items)), nil
	case *dict:
		return int64(len(v.keys)), nil
	case *span:
		return v.n, nil
	case *loop:
		return v.length()
	case *generator:
		return 0, faultf("the result of the filter %s has no length", v.filter).remedy("add |list before |length")
	case *undefined:
		if m.lenient || v.soft {
			return 0, nil
		}
		return 0, v.fault()
	case *method:
		return 0, v.notCalled()
	}
	if s, ok := asText(v); ok {
		return int64(utf8.RuneCountInString(s)), m.read(len(s))
	}
	return 0, faultf("%s has no length", describe(v)).wanted("a string, a list, a mapping or a range")
}

// truth is Python's bool().
func (m *meter) truth(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	case float64:
		return v != 0, nil
	case string:
		return v != "", nil
	case markup:
		return v != "", nil
	case *list, *tuple, *dict, *view, *span:
		n, err := m.length(v)
		return n > 0, err
	case *undefined:
		if m.lenient || v.soft {
			return false, nil
		}
		return false, v.fault()
	case *generator:
		return false, faultf("the result of the filter %s is used as a condition", v.filter).
			wanted("a list: in Jinja2 such a result counts as true even when nothing is in it").
			remedy("add |list")
	case *method:
		return false, v.notCalled()
	}
	return true, nil
}

// bounds are the start and count of a slice of n elements by Python's rules.
func bounds(start, stop *int64, step, n int64) (first, count int64) {
	low, high := int64(0), n
	if step < 0 {
		low, high = -1, n-1
	}
	clamp := func(i *int64, fallback int64) int64 {
		if i == nil {
			return fallback
		}
		at := *i
		if at < 0 {
			at += n
		}
		return min(max(at, low), high)
	}
	if step > 0 {
		first = clamp(start, low)
		last := clamp(stop, high)
		if last <= first {
			return first, 0
		}
		return first, (last-first-1)/step + 1
	}
	first = clamp(start, high)
	last := clamp(stop, low)
	if first <= last {
		return first, 0
	}
	if step < -n { // -step would overflow for the smallest integer
		return first, 1
	}
	return first, (first-last-1)/-step + 1
}

// slice takes the elements first, first+step, ... of a value.
func (m *meter) slice(v any, start, stop *int64, step int64) (any, error) {
	if step == 0 {
		return nil, faultf("the step of a slice is 0").wanted("a number that is not 0")
	}
	n, err := m.length(v)
	if err != nil {
		return nil, err
	}
	first, count := bounds(start, stop, step, n)
	if s, ok := v.(*span); ok {
		return &span{start: s.at(first), stop: s.at(first) + count*s.step*step, step: s.step * step, n: count}, nil
	}
	if s, ok := asText(v); ok {
		text, err := m.sliceText(s, n, first, count, step)
		return like(v, text), err
	}
	items, err := m.collect(v)
	if err != nil {
		return nil, err
	}
	if err := m.growItems(int(count)); err != nil {
		return nil, err
	}
	part := make([]any, count)
	for i := range part {
		part[i] = items[first+int64(i)*step]
	}
	switch v.(type) {
	case *list:
		return &list{items: part}, nil
	case *tuple:
		return &tuple{items: part}, nil
	}
	return nil, faultf("%s cannot be sliced", describe(v)).remedy("add |list")
}

func (m *meter) sliceText(s string, n, first, count, step int64) (string, error) {
	if err := m.seek(s, n); err != nil {
		return "", err
	}
	if step == 1 {
		start := runeOffset(s, n, first)
		part := s[start:]
		return part[:runeOffset(part, n-first, count)], nil
	}
	if err := m.growTimes(n, 4); err != nil {
		return "", err
	}
	runes := []rune(s)
	part := make([]rune, count)
	for i := range part {
		part[i] = runes[first+int64(i)*step]
	}
	return string(part), nil
}

// seek charges for finding a character in s, which has n of them.
func (m *meter) seek(s string, n int64) error {
	if n == int64(len(s)) {
		return nil // each is a byte
	}
	return m.scan(len(s))
}

// runeOffset is the byte offset of character i of s, which has n characters.
func runeOffset(s string, n, i int64) int {
	if n == int64(len(s)) {
		return int(i)
	}
	for offset := range s {
		if i == 0 {
			return offset
		}
		i--
	}
	return len(s)
}
