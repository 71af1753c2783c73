package jinja

import "slices"

// args are the values that a call, filter or test is given.
type args struct {
	positional []any
	names      []string // of named, in order
	named      []any
}

// get finds a named argument.
func (a *args) get(name string) (any, bool) {
	if i := slices.Index(a.names, name); i >= 0 {
		return a.named[i], true
	}
	return nil, false
}

// rest are the arguments without the first n positional ones.
func (a *args) rest(n int) *args {
	return &args{positional: a.positional[min(n, len(a.positional)):], names: a.names, named: a.named}
}

// bound are arguments in the order of a signature; absent ones are missing.
type bound struct {
	params []string
	values []any
	given  []bool
}

// bind puts the arguments in the order of params, of which the first required
// ones must be there. what names the callee in errors.
func (a *args) bind(what string, params []string, required int) (*bound, error) {
	if len(a.positional) > len(params) {
		return nil, faultf("%s is given %d arguments", what, len(a.positional)).
			wanted("%s", countOf(len(params), "argument"))
	}
	b := &bound{params: params, values: make([]any, len(params)), given: make([]bool, len(params))}
	for i, v := range a.positional {
		b.values[i], b.given[i] = v, true
	}
	for i, name := range a.names {
		at := slices.Index(params, name)
		if at < 0 {
			return nil, faultf("%s takes no argument %s", what, quoteName(name)).
				remedy("%s", didYouMean(name, slices.Clone(params)))
		}
		if b.given[at] {
			return nil, faultf("%s is given the argument %s twice", what, name).remedy("drop one of them")
		}
		b.values[at], b.given[at] = a.named[i], true
	}
	for i := range required {
		if !b.given[i] {
			return nil, faultf("%s lacks its argument %s", what, params[i])
		}
	}
	return b, nil
}

func countOf(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "at most one " + noun
	}
	return "at most " + itoa(n) + " " + noun + "s"
}

func (b *bound) wrong(i int, want string) error {
	return faultf("the argument %s is %s", b.params[i], describe(b.values[i])).wanted("%s", want)
}

// integer is argument i, or fallback where it is absent.
func (b *bound) integer(i int, fallback int64) (int64, error) {
	if !b.given[i] {
		return fallback, nil
	}
	n, ok := asInt(b.values[i])
	if !ok {
		return 0, b.wrong(i, "an integer")
	}
	return n, nil
}

// text is argument i, or fallback where it is absent.
func (b *bound) text(i int, fallback string) (string, error) {
	if !b.given[i] {
		return fallback, nil
	}
	s, ok := asText(b.values[i])
	if !ok {
		return "", b.wrong(i, "a string")
	}
	return s, nil
}

// truth is whether argument i counts as true, or fallback where it is absent.
func (b *bound) truth(m *meter, i int, fallback bool) (bool, error) {
	if !b.given[i] {
		return fallback, nil
	}
	return m.truth(b.values[i])
}

// present is argument i unless it is absent or none.
func (b *bound) present(i int) (any, bool) {
	return b.values[i], b.given[i] && b.values[i] != nil
}
