package jinja

import "slices"

// method is a method of a value, not called yet.
type method struct {
	self any
	name string
}

// Methods that templates can call, and those of Python's types that they
// cannot, which hide a field of the same name all the same, as in Jinja2.
var (
	dictMethods = []string{
		"get", "items", "keys", "values",
		"clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update",
	}
	listMethods      = []string{"count", "index"}
	otherListMethods = []string{"append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort"}
	textMethods      = []string{
		"capitalize", "casefold", "center", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii",
		"isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust", "lower",
		"lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition",
		"rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
	}
	otherTextMethods = []string{
		"encode", "expandtabs", "format", "format_map", "isidentifier", "isprintable", "maketrans", "translate",
	}
)

// notCalled is the error of a method that is used as a value.
func (m *method) notCalled() error {
	f := faultf("%s is a method of %s, used without a call", m.name, describe(m.self))
	if _, ok := m.self.(*dict); ok {
		return f.remedy("write x['%s'] for the field, or x.%s() for the method", m.name, m.name)
	}
	return f.remedy("write x.%s()", m.name)
}

func (r *render) callMethod(m *method, a *args) (any, error) {
	for i, v := range a.positional {
		if i > 0 && m.name == "get" {
			break // its second argument is a default
		}
		if u, err := r.missing(v); u != nil || err != nil {
			return u, err
		}
	}
	switch self := m.self.(type) {
	case *dict:
		return r.callDict(self, m, a)
	case *list:
		return r.callList(self.items, m, a)
	case *tuple:
		return r.callList(self.items, m, a)
	case *span:
		items, err := r.collect(self)
		if err != nil {
			return nil, err
		}
		return r.callList(items, m, a)
	case *loop:
		if m.name == "cycle" {
			return self.cycle(a)
		}
		return self.change(a)
	case *cycler:
		if m.name == "reset" {
			self.at = 0
			return nil, nil
		}
		item := self.items[self.at]
		self.at = (self.at + 1) % len(self.items)
		return item, nil
	}
	s, _ := asText(m.self)
	return r.callText(m, s, a)
}

// unsupported refuses a method of Python's that templates do not have.
func (m *method) unsupported(supported []string) error {
	return faultf("the method %s of %s is not supported", m.name, describe(m.self)).
		remedy("%s", didYouMean(m.name, slices.Clone(supported)))
}

func (r *render) callDict(d *dict, m *method, a *args) (any, error) {
	if m.name == "get" {
		b, err := a.bind("get", []string{"key", "default"}, 1)
		if err != nil {
			return nil, err
		}
		found, ok, err := d.get(&r.meter, b.values[0])
		if err != nil || ok {
			return found, err
		}
		return b.values[1], nil
	}
	if !slices.Contains([]string{"items", "keys", "values"}, m.name) {
		return nil, faultf("the method %s of a mapping is not supported", m.name).
			wanted("get, items, keys or values").
			remedy("values cannot be changed in place: write dict(x, name=value), or x['%s'] for a field of that name", m.name)
	}
	if _, err := a.bind(m.name, nil, 0); err != nil {
		return nil, err
	}
	if err := r.growItems(3 * len(d.keys)); err != nil {
		return nil, err
	}
	items := d.keys
	switch m.name {
	case "values":
		items = d.values
	case "items":
		items = d.pairs()
	}
	return &view{name: "dict_" + m.name, items: items}, nil
}

func (r *render) callList(items []any, m *method, a *args) (any, error) {
	if !slices.Contains(listMethods, m.name) {
		return nil, faultf("the method %s of a list is not supported", m.name).wanted("count or index").
			remedy("values cannot be changed in place: write {%% set xs = xs + [x] %%}, on a namespace inside of loops")
	}
	b, err := a.bind(m.name, []string{"value"}, 1)
	if err != nil {
		return nil, err
	}
	count := int64(0)
	for i, item := range items {
		same, err := r.equal(item, b.values[0], 0)
		if err != nil {
			return nil, err
		}
		if same && m.name == "index" {
			return int64(i), nil
		}
		if same {
			count++
		}
	}
	if m.name == "index" {
		return nil, faultf("index does not find the value in the list").remedy("guard it: {%% if x in xs %%}")
	}
	return count, nil
}
