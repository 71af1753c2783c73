package jinja

import (
	"strconv"
	"strings"
)

// pickFilters change or choose elements by an attribute, a filter or a test.
func pickFilters() map[string]filter {
	pick := func(name string, byAttribute, wanted bool) filter {
		return filter{open: func(r *render, v any, a *args) (any, error) {
			return r.pick(name, v, a, byAttribute, wanted)
		}}
	}
	return map[string]filter{
		"map":        {open: mapItems},
		"select":     pick("select", false, true),
		"reject":     pick("reject", false, false),
		"selectattr": pick("selectattr", true, true),
		"rejectattr": pick("rejectattr", true, false),
	}
}

// attributeParts are the steps that argument i names: "a.b.0" or a number.
func attributeParts(b *bound, i int) ([]any, error) {
	v, ok := b.present(i)
	if !ok {
		return nil, nil
	}
	return attributePath(v)
}

func attributePath(v any) ([]any, error) {
	if n, ok := asInt(v); ok {
		return []any{n}, nil
	}
	s, ok := asText(v)
	if !ok {
		return nil, faultf("an attribute is named by %s", describe(v)).wanted("a string such as 'user.name', or an integer")
	}
	var parts []any
	for _, part := range strings.Split(s, ".") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil && n >= 0 {
			parts = append(parts, n)
		} else {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// follow reads an attribute of an element, or the fallback where it is missing.
func (r *render) follow(item any, parts []any, fallback any, hasFallback bool) (any, error) {
	for _, part := range parts {
		if err := r.step(1); err != nil {
			return nil, err
		}
		next, err := r.itemAt(item, part, "", pos{})
		if err != nil {
			return nil, err
		}
		if _, ok := next.(*undefined); ok && hasFallback {
			next = fallback
		}
		item = next
	}
	return item, nil
}

// folded is a string in lower case, unless case matters, and any other value
// as it is.
func (r *render) folded(v any, caseSensitive bool) (any, error) {
	s, ok := asText(v)
	if !ok || caseSensitive {
		return v, nil
	}
	if err := r.grow(len(s)); err != nil {
		return nil, err
	}
	return lower(s), nil
}

// getter reads the attribute that argument i names, in lower case unless
// argument caseAt, if there is one, says that case matters.
func (r *render) getter(b *bound, i, caseAt int) (func(any) (any, error), error) {
	parts, err := attributeParts(b, i)
	if err != nil {
		return nil, err
	}
	caseSensitive := true
	if caseAt >= 0 {
		if caseSensitive, err = b.truth(&r.meter, caseAt, false); err != nil {
			return nil, err
		}
	}
	return func(item any) (any, error) {
		v, err := r.follow(item, parts, nil, false)
		if err != nil {
			return nil, err
		}
		return r.folded(v, caseSensitive)
	}, nil
}

// getters reads several attributes, divided by commas.
func (r *render) getters(b *bound, i, caseAt int) (func(any) ([]any, error), error) {
	names := []any{b.values[i]}
	if s, ok := asText(b.values[i]); ok {
		names = nil
		for _, name := range strings.Split(s, ",") {
			names = append(names, name)
		}
	}
	reads := make([]func(any) (any, error), len(names))
	for n, name := range names {
		one := &bound{params: b.params, values: append([]any{}, b.values...), given: b.given}
		one.values[i] = name
		var err error
		if reads[n], err = r.getter(one, i, caseAt); err != nil {
			return nil, err
		}
	}
	return func(item any) ([]any, error) {
		key := make([]any, len(reads))
		for n, read := range reads {
			var err error
			if key[n], err = read(item); err != nil {
				return nil, err
			}
		}
		return key, nil
	}, nil
}

// mapItems is map(attribute=..., default=...) or map('filter', arguments).
func mapItems(r *render, v any, a *args) (any, error) {
	change, err := r.mapper(a)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	if err := r.growItems(len(items)); err != nil {
		return nil, err
	}
	mapped := make([]any, len(items))
	for i, item := range items {
		if mapped[i], err = change(item); err != nil {
			return nil, err
		}
	}
	return &generator{items: mapped, filter: "map"}, nil
}

func (r *render) mapper(a *args) (func(any) (any, error), error) {
	attribute, ok := a.get("attribute")
	if len(a.positional) == 0 && ok {
		b, err := a.bind("the filter map", []string{"attribute", "default"}, 1)
		if err != nil {
			return nil, err
		}
		parts, err := attributePath(attribute)
		if err != nil {
			return nil, err
		}
		fallback, given := b.present(1)
		return func(item any) (any, error) { return r.follow(item, parts, fallback, given) }, nil
	}
	if len(a.positional) == 0 {
		return nil, faultf("the filter map is given nothing to do").wanted("map('upper') or map(attribute='name')")
	}
	name, ok := asText(a.positional[0])
	if !ok {
		return nil, faultf("the filter map is given %s", describe(a.positional[0])).wanted("the name of a filter, or attribute='name'")
	}
	if err := r.lib.checkFilter(name); err != nil {
		return nil, err
	}
	return func(item any) (any, error) { return r.applyFilter(name, item, a.rest(1)) }, nil
}

// pick keeps the elements for which a test, or their truth, comes out as wanted.
func (r *render) pick(filter string, v any, a *args, byAttribute, wanted bool) (any, error) {
	var parts []any
	if byAttribute {
		if len(a.positional) == 0 {
			return nil, faultf("the filter %s lacks the name of an attribute", filter)
		}
		var err error
		if parts, err = attributePath(a.positional[0]); err != nil {
			return nil, err
		}
		a = a.rest(1)
	}
	check := func(item any) (bool, error) { return r.truth(item) }
	if len(a.positional) > 0 {
		name, ok := asText(a.positional[0])
		if !ok {
			return nil, faultf("the filter %s is given %s", filter, describe(a.positional[0])).wanted("the name of a test")
		}
		if err := r.lib.checkTest(name); err != nil {
			return nil, err
		}
		rest := a.rest(1)
		check = func(item any) (bool, error) { return r.applyTest(name, item, rest) }
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	var kept []any
	for _, item := range items {
		value, err := r.follow(item, parts, nil, false)
		if err != nil {
			return nil, err
		}
		holds, err := check(value)
		if err != nil {
			return nil, err
		}
		if holds == wanted {
			if err := r.growItems(1); err != nil {
				return nil, err
			}
			kept = append(kept, item)
		}
	}
	return &generator{items: kept, filter: filter}, nil
}
