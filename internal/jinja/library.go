package jinja

import (
	"maps"
	"slices"
	"strconv"
)

// library holds the filters, tests and functions of templates.
type library struct {
	filters   map[string]filter
	tests     map[string]test
	functions map[string]*function
}

// filter changes a value. One with params takes those arguments; one without
// takes any through open.
type filter struct {
	params   []string
	required int
	apply    func(r *render, v any, b *bound) (any, error)
	open     func(r *render, v any, a *args) (any, error)
}

// test answers a question about a value.
type test struct {
	params []string
	// missing is the answer for an undefined value; where it is nil, such a
	// value is an error.
	missing *bool
	apply   func(r *render, v any, b *bound) (bool, error)
}

func newLibrary() *library {
	lib := &library{filters: map[string]filter{}, tests: builtinTests(), functions: builtinFunctions()}
	for _, group := range []map[string]filter{textFilters(), markupFilters(), listFilters(), pickFilters(), numberFilters()} {
		maps.Copy(lib.filters, group)
	}
	return lib
}

// Names of Jinja2 that are left out, each with the nearest thing there is.
var (
	unsupportedFilters = map[string]string{
		"attr":           "write value.name or value['name']",
		"filesizeformat": "compute it: {{ (bytes / 1000)|round(1) }} kB",
		"pprint":         "use tojson(indent=2)",
		"random":         "a prompt has to come out the same each time: pass the choice as a variable",
		"urlize":         "write the link itself",
		"xmlattr":        "write the attributes themselves, with the filter e",
	}
	unsupportedFunctions = map[string]string{
		"lipsum": "write the text itself",
	}
)

func (lib *library) checkFilter(name string) error {
	if _, ok := lib.filters[name]; ok {
		return nil
	}
	f := faultf("the filter %s is not supported", quoteName(name))
	if fix, ok := unsupportedFilters[name]; ok {
		return f.remedy("%s", fix)
	}
	return f.remedy("%s", didYouMean(name, slices.Sorted(maps.Keys(lib.filters))))
}

func (lib *library) checkTest(name string) error {
	if _, ok := lib.tests[name]; ok {
		return nil
	}
	f := faultf("the test %s is not supported", quoteName(name))
	return f.remedy("%s", didYouMean(name, slices.Sorted(maps.Keys(lib.tests))))
}

func (lib *library) functionNames() []string { return slices.Sorted(maps.Keys(lib.functions)) }

// applyFilter filters a value.
func (r *render) applyFilter(name string, v any, a *args) (any, error) {
	if err := r.lib.checkFilter(name); err != nil {
		return nil, err
	}
	if err := r.evaluate(); err != nil { // filters such as map call others
		return nil, err
	}
	defer r.done()
	f := r.lib.filters[name]
	if name != "default" && name != "d" {
		if u, err := r.anyMissing(v, a); u != nil || err != nil {
			return u, err
		}
	}
	if f.open != nil {
		return f.open(r, v, a)
	}
	b, err := a.bind("the filter "+name, f.params, f.required)
	if err != nil {
		return nil, err
	}
	return f.apply(r, v, b)
}

// anyMissing is missing for a filter's value and arguments.
func (r *render) anyMissing(v any, a *args) (*undefined, error) {
	if u, err := r.missing(v); u != nil || err != nil {
		return u, err
	}
	if err := r.step(len(a.positional) + len(a.named)); err != nil {
		return nil, err
	}
	for _, values := range [][]any{a.positional, a.named} {
		for _, one := range values {
			if u, err := r.missing(one); u != nil || err != nil {
				return u, err
			}
		}
	}
	return nil, nil
}

// applyTest tests a value.
func (r *render) applyTest(name string, v any, a *args) (bool, error) {
	if err := r.lib.checkTest(name); err != nil {
		return false, err
	}
	if err := r.step(1 + len(a.positional)); err != nil {
		return false, err
	}
	t := r.lib.tests[name]
	b, err := a.bind("the test "+name, t.params, len(t.params))
	if err != nil {
		return false, err
	}
	if u, ok := v.(*undefined); ok {
		switch {
		case t.missing != nil:
			return *t.missing, nil
		case r.lenient:
			return false, nil
		}
		return false, u.fault()
	}
	for _, one := range b.values {
		if u, err := r.missing(one); u != nil || err != nil {
			return false, err
		}
	}
	return t.apply(r, v, b)
}

func itoa(n int) string { return strconv.Itoa(n) }
