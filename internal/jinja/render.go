package jinja

import (
	"context"
	"maps"
	"slices"
)

// render is one run of a template or expression.
type render struct {
	meter
	lib    *library
	inputs map[string]any // as given
	base   *scope         // the inputs that have been read, as values
}

func (e *Engine) newRender(ctx context.Context, vars map[string]any) *render {
	return &render{
		meter: meter{ctx: ctx, maxSteps: e.opt.MaxSteps, maxBytes: e.opt.MaxBytes, maxDepth: e.opt.MaxDepth,
			nextLook: 0},
		lib:    e.lib,
		inputs: vars,
		base:   &scope{},
	}
}

// input finds a variable of the render and keeps its value, so that the same
// name is the same value throughout.
func (r *render) input(name string) (any, bool, error) {
	if v, ok := r.base.local(name); ok {
		return v, true, nil
	}
	given, ok := r.inputs[name]
	if !ok {
		return nil, false, nil
	}
	v, err := fromGo(given, 0)
	if err != nil {
		return nil, false, err
	}
	r.base.set(name, v)
	return v, true, nil
}

// lookup finds a name: in the template's scopes, then in the render's
// variables where the scope can see them, then among the functions.
func (r *render) lookup(f *frame, name string, at pos) (any, error) {
	for s := f.scope; s != nil; s = s.parent {
		if s == r.base {
			if v, ok, err := r.input(name); ok || err != nil {
				return v, err
			}
		} else if v, ok := s.local(name); ok {
			return v, nil
		}
	}
	if fn := r.lib.functions[name]; fn != nil {
		return fn, nil
	}
	if name == "self" {
		return &selfRef{unit: f.unit}, nil
	}
	if fix, ok := unsupportedFunctions[name]; ok {
		return nil, faultf("the function %s is not supported", name).remedy("%s", fix)
	}
	return &undefined{
		what: "the name " + quoteName(name) + " is not defined", fix: guardRemedy,
		file: f.template.name, at: at, name: name,
		candidates: func() []string { return r.visible(f.scope) },
	}, nil
}

// visible are the names that a template can use at a place, in a fixed order.
func (r *render) visible(s *scope) []string {
	names := s.names()
	for ; s != nil; s = s.parent {
		if s == r.base {
			names = slices.AppendSeq(names, maps.Keys(r.inputs))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// quoteName shows a name in an error, cut where it is very long.
func quoteName(name string) string { return `"` + clip(name) + `"` }

// whole renders a template with the scope as its surroundings and returns its
// text and its unit.
func (r *render) whole(t *Template, around *scope, out *output) (*unit, error) {
	u := &unit{root: around.inner(), blocks: make(map[string][]blockRef)}
	f := &frame{template: t, unit: u, scope: u.root, out: out}
	muted := out.muted
	for {
		for name, block := range f.template.blocks {
			u.blocks[name] = append(u.blocks[name], blockRef{f.template, block})
		}
		u.parent = nil
		if err := r.exec(f, f.template.body); err != nil {
			return u, err
		}
		if u.parent == nil {
			return u, nil
		}
		out.muted = muted
		f = &frame{template: u.parent, unit: u, scope: u.root, out: out}
	}
}

// capture renders statements into a string.
func (r *render) capture(f *frame, body []stmt) (string, error) {
	out := &output{writer: writer{m: &r.meter}}
	err := r.exec(f.into(out), body)
	return out.b.String(), err
}

// blame places an error at the template's file.
func (f *frame) blame(err error, at pos) error {
	if err == nil {
		return nil
	}
	return placed(err, f.template.name, at)
}
