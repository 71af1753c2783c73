package jinja

import "slices"

func listFilters() map[string]filter {
	length := filter{apply: func(r *render, v any, _ *bound) (any, error) { return r.length(v) }}
	fallback := filter{params: []string{"default_value", "boolean"}, apply: defaultTo}
	return map[string]filter{
		"length":  length,
		"count":   length,
		"default": fallback,
		"d":       fallback,
		"list": {apply: func(r *render, v any, _ *bound) (any, error) {
			items, err := r.collect(v)
			return &list{items: items}, err
		}},
		"items": {apply: func(r *render, v any, _ *bound) (any, error) {
			d, ok := v.(*dict)
			if !ok {
				return nil, faultf("the filter items is given %s", describe(v)).wanted("a mapping")
			}
			if err := r.growItems(3 * len(d.keys)); err != nil {
				return nil, err
			}
			return &generator{items: d.pairs(), filter: "items"}, nil
		}},
		"first":    {apply: first},
		"last":     {apply: last},
		"join":     {params: []string{"d", "attribute"}, apply: join},
		"reverse":  {apply: reverse},
		"sort":     {params: []string{"reverse", "case_sensitive", "attribute"}, apply: sortItems},
		"dictsort": {params: []string{"case_sensitive", "by", "reverse"}, apply: dictsort},
		"min": {params: []string{"case_sensitive", "attribute"}, apply: func(r *render, v any, b *bound) (any, error) {
			return r.extreme(v, b, -1)
		}},
		"max": {params: []string{"case_sensitive", "attribute"}, apply: func(r *render, v any, b *bound) (any, error) {
			return r.extreme(v, b, 1)
		}},
		"unique":  {params: []string{"case_sensitive", "attribute"}, apply: unique},
		"groupby": {params: []string{"attribute", "default", "case_sensitive"}, required: 1, apply: groupby},
		"batch":   {params: []string{"linecount", "fill_with"}, required: 1, apply: batch},
		"slice":   {params: []string{"slices", "fill_with"}, required: 1, apply: sliceInto},
	}
}

func defaultTo(r *render, v any, b *bound) (any, error) {
	var fallback any = ""
	if b.given[0] {
		fallback = b.values[0]
	}
	if _, ok := v.(*undefined); ok {
		return fallback, nil
	}
	boolean, err := b.truth(&r.meter, 1, false)
	if err != nil || !boolean {
		return v, err
	}
	if truth, err := r.truth(v); err != nil || truth {
		return v, err
	}
	return fallback, nil
}

func first(r *render, v any, _ *bound) (any, error) {
	it, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	item, ok, err := it.next()
	if err != nil || ok {
		return item, err
	}
	return &undefined{what: "the filter first is given an empty sequence", fix: guardRemedy}, nil
}

func last(r *render, v any, _ *bound) (any, error) {
	if g, ok := v.(*generator); ok {
		return nil, faultf("the filter last is given the result of the filter %s", g.filter).remedy("add |list before |last")
	}
	n, err := r.length(v)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return &undefined{what: "the filter last is given an empty sequence", fix: guardRemedy}, nil
	}
	if d, ok := v.(*dict); ok {
		return d.keys[n-1], nil
	}
	if w, ok := v.(*view); ok {
		return w.items[n-1], nil
	}
	return r.itemAt(v, n-1, "", pos{})
}

func join(r *render, v any, b *bound) (any, error) {
	separator := ""
	if b.given[0] {
		var err error
		if separator, err = r.str(b.values[0]); err != nil {
			return nil, err
		}
	}
	read, err := r.getter(b, 1, -1)
	if err != nil {
		return nil, err
	}
	it, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	w := &writer{m: &r.meter}
	for n := 0; ; n++ {
		item, ok, err := it.next()
		if err != nil || !ok {
			return w.b.String(), err
		}
		if n > 0 {
			if err := w.write(separator); err != nil {
				return nil, err
			}
		}
		if item, err = read(item); err != nil {
			return nil, err
		}
		if u, err := r.missing(item); err != nil {
			return nil, err
		} else if u != nil {
			item = ""
		}
		text, err := r.str(item)
		if err != nil {
			return nil, err
		}
		if err := r.step(1); err != nil {
			return nil, err
		}
		if err := w.write(text); err != nil {
			return nil, err
		}
	}
}

func reverse(r *render, v any, _ *bound) (any, error) {
	if _, ok := asText(v); ok {
		return r.slice(v, nil, nil, -1)
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	if err := r.growItems(len(items)); err != nil {
		return nil, err
	}
	turned := slices.Clone(items)
	slices.Reverse(turned)
	if _, ok := v.(*generator); ok {
		return &list{items: turned}, nil
	}
	return &generator{items: turned, filter: "reverse"}, nil
}

// keyed is an element with the value it is sorted by.
type keyed struct {
	item any
	key  []any
}

// sorted sorts elements by what key reads from each; it is stable.
func (r *render) sorted(items []any, reverse bool, key func(any) ([]any, error)) ([]keyed, error) {
	if err := r.growTimes(int64(len(items)), 4*bytesPerItem); err != nil {
		return nil, err
	}
	if err := r.step(len(items)); err != nil {
		return nil, err
	}
	list := make([]keyed, len(items))
	for i, item := range items {
		k, err := key(item)
		if err != nil {
			return nil, err
		}
		list[i] = keyed{item, k}
	}
	var failed error
	slices.SortStableFunc(list, func(a, b keyed) int {
		if failed != nil {
			return 0
		}
		result, _, err := r.orderItems(a.key, b.key, 0)
		failed = err
		if reverse {
			return -result
		}
		return result
	})
	return list, failed
}

func sortItems(r *render, v any, b *bound) (any, error) {
	reverse, err := b.truth(&r.meter, 0, false)
	if err != nil {
		return nil, err
	}
	read, err := r.getters(b, 2, 1)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	sorted, err := r.sorted(items, reverse, read)
	return &list{items: itemsOf(sorted)}, err
}

func itemsOf(sorted []keyed) []any {
	items := make([]any, len(sorted))
	for i, k := range sorted {
		items[i] = k.item
	}
	return items
}

func dictsort(r *render, v any, b *bound) (any, error) {
	d, ok := v.(*dict)
	if !ok {
		return nil, faultf("the filter dictsort is given %s", describe(v)).wanted("a mapping")
	}
	caseSensitive, err := b.truth(&r.meter, 0, false)
	if err != nil {
		return nil, err
	}
	by, err := b.text(1, "key")
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, faultf("the filter dictsort is asked to sort by %s", quoteName(by)).wanted("'key' or 'value'")
	}
	reverse, err := b.truth(&r.meter, 2, false)
	if err != nil {
		return nil, err
	}
	if err := r.growItems(3 * len(d.keys)); err != nil {
		return nil, err
	}
	sorted, err := r.sorted(d.pairs(), reverse, func(pair any) ([]any, error) {
		entry, _ := pair.(*tuple)
		key := entry.items[0]
		if by == "value" {
			key = entry.items[1]
		}
		key, err := r.folded(key, caseSensitive)
		return []any{key}, err
	})
	return &list{items: itemsOf(sorted)}, err
}

// extreme is the least element (side -1) or the greatest (side 1).
func (r *render) extreme(v any, b *bound, side int) (any, error) {
	read, err := r.getter(b, 1, 0)
	if err != nil {
		return nil, err
	}
	it, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	best, ok, err := it.next()
	if err != nil {
		return nil, err
	}
	if !ok {
		return &undefined{what: "the filter min or max is given an empty sequence", fix: guardRemedy}, nil
	}
	bestKey, err := read(best)
	if err != nil {
		return nil, err
	}
	for {
		item, ok, err := it.next()
		if err != nil || !ok {
			return best, err
		}
		key, err := read(item)
		if err != nil {
			return nil, err
		}
		result, _, err := r.order(key, bestKey, 0)
		if err != nil {
			return nil, err
		}
		if result*side > 0 {
			best, bestKey = item, key
		}
	}
}

func unique(r *render, v any, b *bound) (any, error) {
	read, err := r.getter(b, 1, 0)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	if err := r.growTimes(int64(len(items)), bytesPerEntry); err != nil {
		return nil, err
	}
	seen := newDict(0)
	var kept []any
	for _, item := range items {
		key, err := read(item)
		if err != nil {
			return nil, err
		}
		if u, err := r.missing(key); err != nil {
			return nil, err
		} else if u != nil {
			key = nil
		}
		known := len(seen.keys)
		if err := seen.set(&r.meter, key, nil); err != nil {
			return nil, err
		}
		if len(seen.keys) > known {
			kept = append(kept, item)
		}
	}
	return &generator{items: kept, filter: "unique"}, nil
}

func groupby(r *render, v any, b *bound) (any, error) {
	read, err := r.groupKey(b)
	if err != nil {
		return nil, err
	}
	caseSensitive, err := b.truth(&r.meter, 2, false)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	sorted, err := r.sorted(items, false, func(item any) ([]any, error) {
		key, err := read(item)
		if err != nil {
			return nil, err
		}
		key, err = r.folded(key, caseSensitive)
		return []any{key}, err
	})
	if err != nil {
		return nil, err
	}
	var groups []any
	var members *list
	for i, one := range sorted {
		if i > 0 {
			same, err := r.equalItems(sorted[i-1].key, one.key, 0)
			if err != nil {
				return nil, err
			}
			if same {
				members.items = append(members.items, one.item)
				continue
			}
		}
		key, err := read(one.item)
		if err != nil {
			return nil, err
		}
		members = &list{items: []any{one.item}}
		groups = append(groups, &tuple{items: []any{key, members}, names: []string{"grouper", "list"}})
	}
	return &list{items: groups}, nil
}

// groupKey reads what groupby groups by.
func (r *render) groupKey(b *bound) (func(any) (any, error), error) {
	parts, err := attributeParts(b, 0)
	if err != nil {
		return nil, err
	}
	return func(item any) (any, error) { return r.follow(item, parts, b.values[1], b.values[1] != nil) }, nil
}

func batch(r *render, v any, b *bound) (any, error) {
	size, err := b.integer(0, 0)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	if size <= 0 {
		return nil, faultf("the filter batch is given the size %d", size).wanted("at least 1")
	}
	if err := r.growItems(2 * len(items)); err != nil {
		return nil, err
	}
	var batches []any
	for len(items) > 0 {
		n := int(min(size, int64(len(items))))
		part := slices.Clone(items[:n])
		if fill, ok := b.present(1); ok && int64(n) < size {
			if err := r.growTimes(size-int64(n), bytesPerItem); err != nil {
				return nil, err
			}
			if err := r.step(int(size) - n); err != nil {
				return nil, err
			}
			for range size - int64(n) {
				part = append(part, fill)
			}
		}
		batches = append(batches, &list{items: part})
		items = items[n:]
	}
	return &generator{items: batches, filter: "batch"}, nil
}

func sliceInto(r *render, v any, b *bound) (any, error) {
	count, err := b.integer(0, 0)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	if count <= 0 {
		return nil, faultf("the filter slice is given the count %d", count).wanted("at least 1")
	}
	if err := r.growTimes(count, 4*bytesPerItem); err != nil {
		return nil, err
	}
	if err := r.growItems(len(items) + int(count)); err != nil {
		return nil, err
	}
	each, extra := len(items)/int(count), len(items)%int(count)
	parts := make([]any, count)
	for i := range parts {
		n := each
		if i < extra {
			n++
		}
		part := slices.Clone(items[:n])
		items = items[n:]
		if fill, ok := b.present(1); ok && i >= extra {
			part = append(part, fill)
		}
		parts[i] = &list{items: part}
	}
	return &generator{items: parts, filter: "slice"}, nil
}
