package jinja

import (
	"maps"
	"slices"
)

// module is what {% import %} gives: the names that a template sets at its top
// level, and its text.
type module struct {
	name    string
	exports map[string]any
	text    string
}

func (m *module) names() []string { return slices.Sorted(maps.Keys(m.exports)) }

// resolve is the template that a reference names: the first that exists, or
// nil where none does.
func (r *render) resolve(f *frame, ref reference) (*Template, error) {
	names, err := r.chosen(f, ref.template)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if t := f.template.links[name]; t != nil {
			return t, nil
		}
	}
	return nil, nil
}

// chosen are the names that a reference comes to.
func (r *render) chosen(f *frame, e expr) ([]string, error) {
	switch e := e.(type) {
	case *constExpr:
		name, _ := e.value.(string)
		return []string{name}, nil
	case *listExpr:
		return r.chosenAll(f, e.items)
	case *tupleExpr:
		return r.chosenAll(f, e.items)
	case *condExpr:
		holds, err := r.holds(f, e.test)
		switch {
		case err != nil:
			return nil, err
		case holds:
			return r.chosen(f, e.yes)
		case e.no != nil:
			return r.chosen(f, e.no)
		}
		return nil, faultf("the condition that chooses a template is false and has no `else`").remedy("add `else 'name'`")
	}
	return nil, nil
}

func (r *render) chosenAll(f *frame, list []expr) ([]string, error) {
	var names []string
	for _, e := range list {
		more, err := r.chosen(f, e)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	return names, nil
}

// around is what an included or imported template sees.
func (r *render) around(f *frame, withContext bool) *scope {
	if withContext {
		return f.scope
	}
	return &scope{}
}

func (r *render) execInclude(f *frame, s *includeStmt) error {
	t, err := r.resolve(f, s.reference)
	if err != nil || t == nil {
		return err // Parse has refused a missing one, unless it may be missing
	}
	if err := r.enter("includes"); err != nil {
		return err
	}
	defer r.leave()
	out := f.out
	muted := out.muted
	_, err = r.whole(t, r.around(f, s.withContext), out)
	out.muted = muted
	return err
}

func (r *render) execImport(f *frame, s *importStmt) error {
	t, err := r.resolve(f, s.reference)
	if err != nil {
		return err
	}
	if err := r.enter("imports"); err != nil {
		return err
	}
	defer r.leave()
	out := &output{writer: writer{m: &r.meter}}
	u, err := r.whole(t, r.around(f, s.withContext), out)
	if err != nil {
		return err
	}
	m := &module{name: t.name, exports: u.root.all(), text: out.b.String()}
	maps.DeleteFunc(m.exports, func(name string, _ any) bool { return name[0] == '_' })
	if s.name != "" {
		f.scope.set(s.name, m)
		return nil
	}
	for _, one := range s.names {
		v, ok := m.exports[one.name]
		if !ok {
			v = &undefined{what: "the template " + quoteName(t.name) + " sets no name " + quoteName(one.name),
				file: f.template.name, at: one.pos, name: one.name, candidates: m.names}
		}
		f.scope.set(one.alias, v)
	}
	return nil
}

func (r *render) execExtends(f *frame, s *extendsStmt) error {
	if f.unit.parent != nil {
		return faultf("a template extends two others").remedy("keep one {%% extends %%}")
	}
	t, err := r.resolve(f, s.reference)
	if err != nil {
		return err
	}
	f.unit.parent = t
	f.out.muted = true
	return nil
}
