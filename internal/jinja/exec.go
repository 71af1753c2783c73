package jinja

// exec carries out statements. An error that it returns has a place.
func (r *render) exec(f *frame, body []stmt) error {
	for _, s := range body {
		if err := r.evaluate(); err != nil {
			return f.blame(err, s.place())
		}
		if err := r.execAny(f, s); err != nil {
			return f.blame(err, s.place())
		}
		r.done()
	}
	return nil
}

func (r *render) execAny(f *frame, s stmt) error {
	switch s := s.(type) {
	case *textStmt:
		return f.out.text(s.text)
	case *outputStmt:
		return r.execOutput(f, s)
	case *ifStmt:
		for _, b := range s.branches {
			holds, err := r.holds(f, b.test)
			if err != nil {
				return err
			}
			if holds {
				return r.exec(f, b.body)
			}
		}
		return r.exec(f, s.otherwise)
	case *forStmt:
		return r.execFor(f, s)
	case *setStmt:
		v, err := r.eval(f, s.value)
		if err != nil {
			return err
		}
		return r.assign(f, s.target, v)
	case *setBlockStmt:
		text, err := r.capture(f.within(f.scope.inner()), s.body)
		if err != nil {
			return err
		}
		v, err := r.blockFilters(f, s.filter, text)
		if err != nil {
			return err
		}
		return r.assign(f, s.target, v)
	case *withStmt:
		return r.execWith(f, s)
	case *filterStmt:
		text, err := r.capture(f.within(f.scope.inner()), s.body)
		if err != nil {
			return err
		}
		v, err := r.blockFilters(f, s.filter, text)
		if err != nil {
			return err
		}
		return r.show(f, v)
	case *macroStmt:
		f.scope.set(s.name, &macro{stmt: s, def: f})
		return nil
	case *callStmt:
		v, err := r.evalCall(f, s.call, &macro{stmt: s.caller, def: f})
		if err != nil {
			return f.blame(err, s.call.pos)
		}
		return r.show(f, v)
	case *includeStmt:
		return r.execInclude(f, s)
	case *importStmt:
		return r.execImport(f, s)
	case *extendsStmt:
		return r.execExtends(f, s)
	case *blockStmt:
		if f.unit.parent != nil && f.scope == f.unit.root {
			return nil // a child's block is shown where the parent has it
		}
		return r.execBlock(f, s)
	}
	return nil
}

func (r *render) execOutput(f *frame, s *outputStmt) error {
	if f.out.muted {
		return nil
	}
	v, err := r.eval(f, s.value)
	if err != nil {
		return err
	}
	return f.blame(r.show(f, v), s.value.place())
}

// show writes a value as text.
func (r *render) show(f *frame, v any) error {
	if u, err := r.missing(v); u != nil || err != nil {
		return err
	}
	if s, ok := asText(v); ok {
		return f.out.text(s)
	}
	text, err := r.str(v)
	if err != nil {
		return err
	}
	return f.out.text(text)
}

// blockFilters applies the filters of a set or filter block to its text.
func (r *render) blockFilters(f *frame, e *filterExpr, text string) (any, error) {
	if e == nil {
		return text, nil
	}
	var v any = text
	if inner, ok := e.value.(*filterExpr); ok {
		var err error
		if v, err = r.blockFilters(f, inner, text); err != nil {
			return nil, err
		}
	}
	a, err := r.arguments(f, e.args)
	if err != nil {
		return nil, err
	}
	v, err = r.applyFilter(e.name, v, a)
	return v, f.blame(err, e.pos)
}

func (r *render) execWith(f *frame, s *withStmt) error {
	inner := f.within(f.scope.inner())
	for i, value := range s.values {
		v, err := r.eval(f, value)
		if err != nil {
			return err
		}
		if err := r.assign(inner, s.targets[i], v); err != nil {
			return err
		}
	}
	return r.exec(inner, s.body)
}

// assign gives a value to a name, a field of a namespace or several of these.
func (r *render) assign(f *frame, to target, v any) error {
	switch {
	case to.parts != nil:
		return r.unpack(f, to, v)
	case to.field == "":
		f.scope.set(to.name, v)
		return nil
	}
	owner, err := r.lookup(f, to.name, to.pos)
	if err != nil {
		return f.blame(err, to.pos)
	}
	ns, ok := owner.(*namespace)
	if !ok {
		return f.blame(faultf("cannot set a field of %s", describe(owner)).
			wanted("a namespace").remedy("make one first: {%% set %s = namespace() %%}", to.name), to.pos)
	}
	if err := r.growTimes(1, bytesPerEntry); err != nil {
		return f.blame(err, to.pos)
	}
	ns.fields.put(to.field, to.field, v)
	return nil
}

func (r *render) unpack(f *frame, to target, v any) error {
	if u, err := r.missing(v); err != nil {
		return f.blame(err, to.pos)
	} else if u != nil {
		for _, part := range to.parts {
			if err := r.assign(f, part, u); err != nil {
				return err
			}
		}
		return nil
	}
	items, err := r.collect(v)
	if err != nil {
		return f.blame(err, to.pos)
	}
	if len(items) != len(to.parts) {
		return f.blame(faultf("%d values are assigned to %d names", len(items), len(to.parts)), to.pos)
	}
	for i, part := range to.parts {
		if err := r.assign(f, part, items[i]); err != nil {
			return err
		}
	}
	return nil
}
