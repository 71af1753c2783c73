package jinja

// function is one of the global functions.
type function struct {
	name  string
	apply func(r *render, a *args) (any, error)
}

// evalCall calls what an expression gives. caller is passed on where the call
// belongs to a call block.
func (r *render) evalCall(f *frame, e *callExpr, caller *macro) (any, error) {
	callee, err := r.evalCallee(f, e)
	if err != nil {
		return nil, err
	}
	a, err := r.arguments(f, e.args)
	if err != nil {
		return nil, err
	}
	if caller != nil {
		a.names, a.named = append(a.names, "caller"), append(a.named, caller)
	}
	if u, err := r.missing(callee); u != nil || err != nil {
		return u, err
	}
	return r.call(f, callee, a, e)
}

// evalCallee evaluates what is called; a name that belongs to a filter is
// explained.
func (r *render) evalCallee(f *frame, e *callExpr) (any, error) {
	callee, err := r.eval(f, e.callee)
	u, isUndefined := callee.(*undefined)
	if err != nil || !isUndefined || r.lenient {
		return callee, err
	}
	switch c := e.callee.(type) {
	case *nameExpr:
		if u.at != c.pos {
			break // the name is there, its value is not
		}
		u.fix = ""
		u.candidates = func() []string { return append(r.visible(f.scope), r.lib.functionNames()...) }
		if _, ok := r.lib.filters[c.name]; ok {
			u.fix, u.candidates = "it is a filter: write `value|"+c.name+"`", nil
		}
	case *attrExpr:
		if _, ok := r.lib.filters[c.name]; ok {
			u.fix, u.candidates = "there is a filter of that name: write `value|"+c.name+"`", nil
		}
	}
	return u, nil
}

func (r *render) call(f *frame, callee any, a *args, e expr) (any, error) {
	switch c := callee.(type) {
	case *function:
		return c.apply(r, a)
	case *method:
		return r.callMethod(c, a)
	case *macro:
		return r.callMacro(c, a)
	case *loop:
		return r.callLoop(c, a)
	case *blockCall:
		if len(a.positional)+len(a.named) > 0 {
			return nil, faultf("a block is called with arguments").wanted("none")
		}
		return r.callBlock(c)
	case *joiner:
		if !c.used {
			c.used = true
			return "", nil
		}
		return c.separator, nil
	}
	fault := faultf("%s is called as a function", describe(callee)).wanted("a function, macro or method")
	if _, ok := e.(*callExpr); ok {
		fault = fault.remedy("drop the brackets after it")
	}
	return nil, fault
}
