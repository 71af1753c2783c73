package jinja

// scope holds the names that a part of a template has set, inside the scope
// around it.
type scope struct {
	vars   map[string]any
	parent *scope
}

func (s *scope) inner() *scope { return &scope{parent: s} }

func (s *scope) set(name string, value any) {
	if s.vars == nil {
		s.vars = make(map[string]any)
	}
	s.vars[name] = value
}

func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// names are all names that can be seen from s.
func (s *scope) names() []string {
	var names []string
	for ; s != nil; s = s.parent {
		for name := range s.vars {
			names = append(names, name)
		}
	}
	return names
}

// unit is one template being rendered: a page, an include or an import. A
// child and the templates it extends are one unit.
type unit struct {
	root   *scope                // the names set at the top level
	blocks map[string][]blockRef // the child's first, then its parent's
	parent *Template             // set by {% extends %}
}

// blockRef is one definition of a block.
type blockRef struct {
	template *Template
	block    *blockStmt
}

// frame is where a statement or expression stands.
type frame struct {
	template *Template // for file names and the templates it refers to
	unit     *unit
	scope    *scope
	out      *output
}

// within is the frame with another scope.
func (f *frame) within(s *scope) *frame {
	g := *f
	g.scope = s
	return &g
}

// into is the frame that writes to another output.
func (f *frame) into(out *output) *frame {
	g := *f
	g.out = out
	return &g
}

// output collects text. A child's text outside of blocks is dropped, so its
// output is muted once it extends a parent.
type output struct {
	writer
	muted bool
}

func (o *output) text(s string) error {
	if o.muted {
		return nil
	}
	return o.write(s)
}
