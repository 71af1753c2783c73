package jinja

import "slices"

// macro is a macro, or the body of a call block, with the place where it was
// defined: it sees the names of that place.
type macro struct {
	stmt *macroStmt
	def  *frame
}

// callMacro renders the macro's body with the arguments as names.
func (r *render) callMacro(m *macro, a *args) (any, error) {
	if err := r.enter("macros"); err != nil {
		return nil, err
	}
	defer r.leave()
	s := m.def.scope.inner()
	if err := r.bindMacro(m, s, a); err != nil {
		return nil, err
	}
	return r.capture(m.def.within(s), m.stmt.body)
}

func (r *render) bindMacro(m *macro, s *scope, a *args) error {
	params := m.stmt.params
	used := make([]bool, len(a.names))
	f := m.def.within(s)
	for i, p := range params {
		if i < len(a.positional) {
			s.set(p.name, a.positional[i])
			if slices.Contains(a.names, p.name) {
				return faultf("the macro %s is given the argument %s twice", m.stmt.name, p.name).remedy("drop one of them")
			}
			continue
		}
		if at := slices.Index(a.names, p.name); at >= 0 {
			used[at] = true
			s.set(p.name, a.named[at])
			continue
		}
		if p.fallback != nil {
			v, err := r.eval(f, p.fallback)
			if err != nil {
				return err
			}
			s.set(p.name, v)
			continue
		}
		s.set(p.name, &undefined{
			what: "the macro " + quoteName(m.stmt.name) + " was called without its argument " + quoteName(p.name),
			fix:  "pass it, or give it a default: " + p.name + "=''",
			file: m.def.template.name, at: p.pos,
		})
	}
	return r.bindExtra(m, s, a, used)
}

// bindExtra binds the arguments that no parameter takes to the special names
// that the body reads, or refuses them.
func (r *render) bindExtra(m *macro, s *scope, a *args, used []bool) error {
	n := len(m.stmt.params)
	if m.stmt.readsCaller {
		if at := slices.Index(a.names, "caller"); at >= 0 {
			used[at] = true
			s.set("caller", a.named[at])
		} else {
			s.set("caller", &undefined{what: "the macro " + quoteName(m.stmt.name) + " was not called by a call block",
				fix: "use {% call " + m.stmt.name + "(...) %}, or guard it: {% if caller is defined %}", file: m.def.template.name, at: m.stmt.pos})
		}
	}
	more := a.rest(n).positional
	if m.stmt.readsVarargs {
		s.set("varargs", &tuple{items: more})
	} else if len(more) > 0 {
		return faultf("the macro %s is given %d arguments", quoteName(m.stmt.name), len(a.positional)).
			wanted("%s", countOf(n, "argument"))
	}
	extra := newDict(0)
	for i, name := range a.names {
		if used[i] {
			continue
		}
		if !m.stmt.readsKwargs {
			if name == "caller" {
				return faultf("the macro %s is used by a call block but never calls caller()", quoteName(m.stmt.name)).
					remedy("use {{ %s(...) }}, or write {{ caller() }} in the macro", m.stmt.name)
			}
			return faultf("the macro %s takes no argument %s", quoteName(m.stmt.name), quoteName(name)).
				remedy("%s", didYouMean(name, paramNames(m.stmt.params)))
		}
		extra.put(name, name, a.named[i])
	}
	if m.stmt.readsKwargs {
		s.set("kwargs", extra)
	}
	return nil
}

func paramNames(params []param) []string {
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.name
	}
	return names
}
