package jinja

import (
	"maps"
	"slices"
)

// scope holds the names that a part of a template has set, inside the scope
// around it. The first one has a place of its own, since a turn of a loop makes
// a scope and seldom sets more.
type scope struct {
	name   string
	value  any
	more   map[string]any
	parent *scope
}

func (s *scope) inner() *scope { return &scope{parent: s} }

func (s *scope) set(name string, value any) {
	switch {
	case s.name == "" || s.name == name:
		s.name, s.value = name, value
	case s.more == nil:
		s.more = map[string]any{name: value}
	default:
		s.more[name] = value
	}
}

// local finds a name that s itself has set.
func (s *scope) local(name string) (any, bool) {
	if s.name == name {
		return s.value, true
	}
	v, ok := s.more[name]
	return v, ok
}

// all are the names that s itself has set, with their values.
func (s *scope) all() map[string]any {
	vars := maps.Clone(s.more)
	if vars == nil {
		vars = make(map[string]any, 1)
	}
	if s.name != "" {
		vars[s.name] = s.value
	}
	return vars
}

// names are all names that can be seen from s.
func (s *scope) names() []string {
	var names []string
	for ; s != nil; s = s.parent {
		names = slices.AppendSeq(names, maps.Keys(s.all()))
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
