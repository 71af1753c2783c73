package jinja

// eval gives the value of an expression. An error that it returns has a place.
func (r *render) eval(f *frame, e expr) (any, error) {
	if err := r.evaluate(); err != nil {
		return nil, f.blame(err, e.place())
	}
	v, err := r.evalAny(f, e)
	r.done()
	if err != nil {
		return nil, f.blame(err, e.place())
	}
	return v, nil
}

func (r *render) evalAny(f *frame, e expr) (any, error) {
	switch e := e.(type) {
	case *constExpr:
		return e.value, nil
	case *nameExpr:
		return r.lookup(f, e.name, e.pos)
	case *attrExpr:
		v, err := r.eval(f, e.value)
		if err != nil {
			return nil, err
		}
		return r.attribute(f, v, e)
	case *itemExpr:
		return r.evalItem(f, e)
	case *filterExpr:
		return r.evalFilter(f, e)
	case *testExpr:
		return r.evalTest(f, e)
	case *callExpr:
		return r.evalCall(f, e, nil)
	case *listExpr:
		items, err := r.evalAll(f, e.items)
		return &list{items: items}, err
	case *tupleExpr:
		items, err := r.evalAll(f, e.items)
		return &tuple{items: items}, err
	case *dictExpr:
		return r.evalDict(f, e)
	case *compareExpr:
		return r.evalCompare(f, e)
	case *logicExpr:
		return r.evalLogic(f, e)
	case *condExpr:
		return r.evalCond(f, e)
	case *unaryExpr:
		return r.evalUnary(f, e)
	case *binaryExpr:
		return r.evalBinary(f, e)
	case *concatExpr:
		return r.evalConcat(f, e)
	}
	return nil, faultf("a slice stands outside of brackets")
}

func (r *render) evalAll(f *frame, list []expr) ([]any, error) {
	if err := r.growItems(len(list)); err != nil {
		return nil, err
	}
	values := make([]any, len(list))
	for i, e := range list {
		v, err := r.eval(f, e)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (r *render) evalDict(f *frame, e *dictExpr) (any, error) {
	if err := r.growTimes(int64(len(e.keys)), bytesPerEntry); err != nil {
		return nil, err
	}
	d := newDict(len(e.keys))
	for i := range e.keys {
		key, err := r.eval(f, e.keys[i])
		if err != nil {
			return nil, err
		}
		value, err := r.eval(f, e.values[i])
		if err != nil {
			return nil, err
		}
		if u, err := r.missing(key); err != nil {
			return nil, err
		} else if u != nil {
			continue
		}
		if err := d.set(&r.meter, key, value); err != nil {
			return nil, f.blame(err, e.keys[i].place())
		}
	}
	return d, nil
}

// missing returns v if it is undefined and the render is lenient; where it is
// undefined and the render is not, that is the error.
func (r *render) missing(v any) (*undefined, error) {
	u, ok := v.(*undefined)
	if ok && !r.lenient {
		if u.soft {
			return nil, nil
		}
		return nil, u.fault()
	}
	return u, nil
}

func (r *render) evalCompare(f *frame, e *compareExpr) (any, error) {
	left, err := r.eval(f, e.first)
	if err != nil {
		return nil, err
	}
	for _, next := range e.rest {
		right, err := r.eval(f, next.value)
		if err != nil {
			return nil, err
		}
		holds, err := r.compareValues(next.op, left, right)
		if err != nil || !holds {
			return false, err
		}
		left = right
	}
	return true, nil
}

// compareValues compares where a value may be missing: to a lenient render it
// equals only what is missing too, holds nothing and has no order.
func (r *render) compareValues(op string, a, b any) (bool, error) {
	u, err := r.missing(a)
	if err != nil {
		return false, err
	}
	v, err := r.missing(b)
	if err != nil {
		return false, err
	}
	if u == nil && v == nil {
		return r.compare(op, a, b)
	}
	switch op {
	case "==":
		return u != nil && v != nil, nil
	case "!=":
		return u == nil || v == nil, nil
	case "not in":
		return true, nil
	}
	return false, nil
}

func (r *render) evalLogic(f *frame, e *logicExpr) (any, error) {
	left, err := r.eval(f, e.left)
	if err != nil {
		return nil, err
	}
	truth, err := r.truth(left)
	if err != nil {
		return nil, f.blame(err, e.left.place())
	}
	if truth == (e.op == "or") {
		return left, nil
	}
	return r.eval(f, e.right)
}

func (r *render) evalCond(f *frame, e *condExpr) (any, error) {
	holds, err := r.holds(f, e.test)
	if err != nil {
		return nil, err
	}
	if holds {
		return r.eval(f, e.yes)
	}
	if e.no != nil {
		return r.eval(f, e.no)
	}
	return &undefined{what: "an `if` inside an expression is false and has no `else`",
		fix: "add an `else`", file: f.template.name, at: e.pos, soft: true}, nil
}

// holds evaluates a condition.
func (r *render) holds(f *frame, e expr) (bool, error) {
	v, err := r.eval(f, e)
	if err != nil {
		return false, err
	}
	holds, err := r.truth(v)
	return holds, f.blame(err, e.place())
}

func (r *render) evalUnary(f *frame, e *unaryExpr) (any, error) {
	if e.op == "not" {
		holds, err := r.holds(f, e.value)
		return !holds, err
	}
	v, err := r.eval(f, e.value)
	if err != nil {
		return nil, err
	}
	if u, err := r.missing(v); u != nil || err != nil {
		return u, err
	}
	if e.op == "-" {
		return negate(v)
	}
	if i, ok := asInt(v); ok {
		return i, nil
	}
	if _, ok := v.(float64); ok {
		return v, nil
	}
	return nil, faultf("+ stands before %s", describe(v)).wanted("a number")
}

func (r *render) evalBinary(f *frame, e *binaryExpr) (any, error) {
	left, err := r.eval(f, e.left)
	if err != nil {
		return nil, err
	}
	right, err := r.eval(f, e.right)
	if err != nil {
		return nil, err
	}
	for _, v := range []any{left, right} {
		if u, err := r.missing(v); u != nil || err != nil {
			return u, err
		}
	}
	return r.binary(e.op, left, right)
}

func (r *render) evalConcat(f *frame, e *concatExpr) (any, error) {
	w := &writer{m: &r.meter}
	for _, part := range e.parts {
		v, err := r.eval(f, part)
		if err != nil {
			return nil, err
		}
		if u, err := r.missing(v); err != nil {
			return nil, err
		} else if u != nil {
			continue
		}
		text, err := r.str(v)
		if err == nil {
			err = w.write(text)
		}
		if err != nil {
			return nil, f.blame(err, part.place())
		}
	}
	return w.b.String(), nil
}

func (r *render) evalItem(f *frame, e *itemExpr) (any, error) {
	v, err := r.eval(f, e.value)
	if err != nil {
		return nil, err
	}
	if s, ok := e.key.(*sliceExpr); ok {
		return r.evalSlice(f, v, s)
	}
	key, err := r.eval(f, e.key)
	if err != nil {
		return nil, err
	}
	if u, err := r.missing(v); u != nil || err != nil {
		return u, err
	}
	if u, err := r.missing(key); u != nil || err != nil {
		return u, err
	}
	return r.item(f, v, key, e.key.place())
}

func (r *render) evalSlice(f *frame, v any, e *sliceExpr) (any, error) {
	if u, err := r.missing(v); u != nil || err != nil {
		return u, err
	}
	var limits [3]*int64
	for i, part := range []expr{e.start, e.stop, e.step} {
		if part == nil {
			continue
		}
		value, err := r.eval(f, part)
		if err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		if u, err := r.missing(value); u != nil || err != nil {
			return u, err
		}
		n, ok := asInt(value)
		if !ok {
			return nil, f.blame(faultf("a slice uses %s", describe(value)).wanted("an integer"), part.place())
		}
		limits[i] = &n
	}
	step := int64(1)
	if limits[2] != nil {
		step = *limits[2]
	}
	return r.slice(v, limits[0], limits[1], step)
}

// arguments evaluates the arguments of a call.
func (r *render) arguments(f *frame, e callArgs) (*args, error) {
	positional, err := r.evalAll(f, e.positional)
	if err != nil {
		return nil, err
	}
	a := &args{positional: positional}
	for _, named := range e.named {
		v, err := r.eval(f, named.value)
		if err != nil {
			return nil, err
		}
		a.names, a.named = append(a.names, named.name), append(a.named, v)
	}
	if e.star != nil {
		if err := r.spread(f, e.star, a); err != nil {
			return nil, f.blame(err, e.star.place())
		}
	}
	if e.starStar != nil {
		if err := r.spreadNamed(f, e.starStar, a); err != nil {
			return nil, f.blame(err, e.starStar.place())
		}
	}
	return a, nil
}

func (r *render) spread(f *frame, e expr, a *args) error {
	v, err := r.eval(f, e)
	if err != nil {
		return err
	}
	items, err := r.collect(v)
	if err != nil {
		return err
	}
	if err := r.growItems(len(items)); err != nil {
		return err
	}
	a.positional = append(a.positional[:len(a.positional):len(a.positional)], items...)
	return nil
}

func (r *render) spreadNamed(f *frame, e expr, a *args) error {
	v, err := r.eval(f, e)
	if err != nil {
		return err
	}
	if u, err := r.missing(v); u != nil || err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok {
		return faultf("** stands before %s", describe(v)).wanted("a mapping")
	}
	if err := r.growItems(len(d.keys)); err != nil {
		return err
	}
	for i, key := range d.keys {
		name, ok := asText(key)
		if !ok {
			return faultf("a key of the mapping after ** is %s", describe(key)).wanted("a string")
		}
		if _, given := a.get(name); given {
			return faultf("the argument %s is given twice", quoteName(name)).remedy("drop one of them")
		}
		a.names, a.named = append(a.names, name), append(a.named, d.values[i])
	}
	return nil
}

func (r *render) evalFilter(f *frame, e *filterExpr) (any, error) {
	v, err := r.eval(f, e.value)
	if err != nil {
		return nil, err
	}
	a, err := r.arguments(f, e.args)
	if err != nil {
		return nil, err
	}
	return r.applyFilter(e.name, v, a)
}

func (r *render) evalTest(f *frame, e *testExpr) (any, error) {
	v, err := r.eval(f, e.value)
	if err != nil {
		return nil, err
	}
	a, err := r.arguments(f, e.args)
	if err != nil {
		return nil, err
	}
	return r.applyTest(e.name, v, a)
}
