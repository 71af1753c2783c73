package jinja

// builtinFunctions are the names that every template has. A variable of the
// same name hides one.
func builtinFunctions() map[string]*function {
	functions := map[string]*function{}
	for name, apply := range map[string]func(r *render, a *args) (any, error){
		"range":     newSpan,
		"dict":      newDictFrom,
		"namespace": newNamespace,
		"cycler": func(_ *render, a *args) (any, error) {
			if len(a.positional) == 0 {
				return nil, faultf("cycler is called without values")
			}
			return &cycler{items: a.positional}, nil
		},
		"joiner": func(_ *render, a *args) (any, error) {
			b, err := a.bind("joiner", []string{"sep"}, 0)
			if err != nil {
				return nil, err
			}
			separator, err := b.text(0, ", ")
			return &joiner{separator: separator}, err
		},
	} {
		functions[name] = &function{name: name, apply: apply}
	}
	return functions
}

// newSpan is range(stop), range(start, stop) or range(start, stop, step).
func newSpan(r *render, a *args) (any, error) {
	for _, v := range a.positional {
		if u, err := r.missing(v); u != nil || err != nil {
			return u, err
		}
	}
	b, err := a.bind("range", []string{"start", "stop", "step"}, 1)
	if err != nil {
		return nil, err
	}
	if len(a.named) > 0 {
		return nil, faultf("range takes no named arguments").remedy("write range(start, stop, step)")
	}
	var limits [3]int64
	for i, fallback := range []int64{0, 0, 1} {
		if limits[i], err = b.integer(i, fallback); err != nil {
			return nil, err
		}
	}
	start, stop, step := limits[0], limits[1], limits[2]
	if !b.given[1] {
		start, stop = 0, start
	}
	const far = int64(1) << 62 // within which no sum below overflows
	if max(start, stop, step) > far || min(start, stop, step) < -far {
		return nil, faultf("range is given a number beyond 2^62")
	}
	var n int64
	switch {
	case step == 0:
		return nil, faultf("the step of range is 0").wanted("a number that is not 0")
	case step > 0 && stop > start:
		n = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		n = (start-stop-1)/-step + 1
	}
	return &span{start: start, stop: stop, step: step, n: n}, nil
}

// newDictFrom is dict(mapping or pairs, name=value, ...).
func newDictFrom(r *render, a *args) (any, error) {
	d := newDict(len(a.named))
	if len(a.positional) > 1 {
		return nil, faultf("dict is given %d values", len(a.positional)).wanted("at most one mapping or list of pairs")
	}
	if len(a.positional) == 1 {
		if u, err := r.missing(a.positional[0]); u != nil || err != nil {
			return u, err
		}
		if err := r.fill(d, a.positional[0]); err != nil {
			return nil, err
		}
	}
	if err := r.growTimes(int64(len(a.named)), bytesPerEntry); err != nil {
		return nil, err
	}
	for i, name := range a.names {
		d.put(name, name, a.named[i])
	}
	return d, nil
}

// fill copies a mapping or a list of pairs into d.
func (r *render) fill(d *dict, from any) error {
	if other, ok := from.(*dict); ok {
		from = &list{items: other.pairs()}
	}
	pairs, err := r.collect(from)
	if err != nil {
		return err
	}
	if err := r.growTimes(int64(len(pairs)), bytesPerEntry); err != nil {
		return err
	}
	for _, one := range pairs {
		pair, err := r.collect(one)
		if err != nil {
			return err
		}
		if len(pair) != 2 {
			return faultf("dict is given an entry of %d values", len(pair)).wanted("pairs of a key and a value")
		}
		if err := d.set(&r.meter, pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func newNamespace(r *render, a *args) (any, error) {
	v, err := newDictFrom(r, a)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*dict)
	if !ok {
		return v, nil
	}
	return &namespace{fields: d}, nil
}
