package jinja

import (
	"slices"
	"unicode/utf8"
)

// attribute is value.name: a method of the value's type, else one of its fields.
func (r *render) attribute(f *frame, v any, e *attrExpr) (any, error) {
	if u, err := r.missing(v); u != nil || err != nil {
		return u, err
	}
	found, err := r.field(v, e.name, f.template.name, e.pos)
	if u, ok := found.(*undefined); ok {
		if path := pathOf(e); path != "" {
			u.what = quoteName(path) + " is not defined"
		}
	}
	return found, err
}

// pathOf is the text of a dotted name, or "".
func pathOf(e expr) string {
	switch e := e.(type) {
	case *nameExpr:
		return e.name
	case *attrExpr:
		if left := pathOf(e.value); left != "" && len(left) < maxNameToCompare {
			return left + "." + e.name
		}
	}
	return ""
}

// field is value.name without the lookups of a strict render.
func (r *render) field(v any, name, file string, at pos) (any, error) {
	var names []string
	switch v := v.(type) {
	case *dict:
		if slices.Contains(dictMethods, name) {
			return &method{self: v, name: name}, nil
		}
		if found, ok := v.text(name); ok {
			return found, nil
		}
		names = v.names()
	case string, markup:
		if slices.Contains(textMethods, name) || slices.Contains(otherTextMethods, name) {
			return &method{self: v, name: name}, nil
		}
		names = textMethods
	case *list, *tuple, *span:
		if t, ok := v.(*tuple); ok {
			if i := slices.Index(t.names, name); i >= 0 {
				return t.items[i], nil
			}
		}
		if slices.Contains(listMethods, name) || slices.Contains(otherListMethods, name) {
			return &method{self: v, name: name}, nil
		}
		names = listMethods
	case *namespace:
		if found, ok := v.fields.text(name); ok {
			return found, nil
		}
		names = v.fields.names()
	case *module:
		if found, ok := v.exports[name]; ok {
			return found, nil
		}
		names = v.names()
	case *loop:
		if found, ok, err := v.field(name); ok || err != nil {
			return found, err
		}
		names = loopFields
	case *cycler:
		switch name {
		case "current":
			return v.items[v.at], nil
		case "next", "reset":
			return &method{self: v, name: name}, nil
		}
		names = []string{"next", "current", "reset"}
	case *macro:
		if name == "name" {
			return v.stmt.name, nil
		}
	case *blockCall:
		if name == "super" {
			return v.super(file, at), nil
		}
	case *selfRef:
		if chain := v.unit.blocks[name]; len(chain) > 0 {
			return &blockCall{unit: v.unit, name: name, chain: chain}, nil
		}
	case *method:
		return nil, v.notCalled()
	case *undefined: // a soft one
		return nil, v.fault()
	}
	return &undefined{
		what: describe(v) + " has no field " + quoteName(name), fix: guardRemedy,
		file: file, at: at, name: name, candidates: func() []string { return slices.Clone(names) },
	}, nil
}

// item is value[key]: an element, else for a string key a method or field.
func (r *render) item(f *frame, v, key any, at pos) (any, error) {
	return r.itemAt(v, key, f.template.name, at)
}

func (r *render) itemAt(v, key any, file string, at pos) (any, error) {
	name, isText := asText(key)
	index, isInt := asInt(key)
	switch v := v.(type) {
	case *dict:
		found, ok, err := v.get(&r.meter, key)
		if ok || err != nil {
			return found, err
		}
		if isText {
			return r.field(v, name, file, at)
		}
		return &undefined{what: "the mapping has no such key", fix: guardRemedy, file: file, at: at}, nil
	case *list:
		if isInt {
			return element(v.items, index, file, at), nil
		}
	case *tuple:
		if isInt {
			return element(v.items, index, file, at), nil
		}
	case *span:
		if isInt {
			if index < 0 {
				index += v.n
			}
			if index < 0 || index >= v.n {
				return outside(v.n, file, at), nil
			}
			return v.at(index), nil
		}
	case string, markup:
		if isInt {
			return r.character(v, index, file, at)
		}
	case *undefined:
		if r.lenient {
			return v, nil
		}
		return nil, v.fault()
	}
	if isText {
		return r.field(v, name, file, at)
	}
	u := &undefined{what: describe(v) + " has no element under " + describe(key), file: file, at: at}
	switch v.(type) {
	case *generator, *view:
		u.fix = "add |list"
	}
	return u, nil
}

func element(items []any, i int64, file string, at pos) any {
	n := int64(len(items))
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return outside(n, file, at)
	}
	return items[i]
}

// outside is the value of an element beyond the end.
func outside(n int64, file string, at pos) any {
	return &undefined{what: "the index is outside of the value, which has " + itoa(int(n)) + " elements",
		fix: guardRemedy, file: file, at: at}
}

// character is element i of a string.
func (r *render) character(v any, i int64, file string, at pos) (any, error) {
	s, _ := asText(v)
	n, err := r.length(v)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return outside(n, file, at), nil
	}
	if err := r.seek(s, n); err != nil {
		return nil, err
	}
	rest := s[runeOffset(s, n, i):]
	_, size := utf8.DecodeRuneInString(rest)
	return like(v, rest[:size]), nil
}
