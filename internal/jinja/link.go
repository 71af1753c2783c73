package jinja

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// linker loads a template and all that it reaches.
type linker struct {
	engine *Engine
	loaded map[string]*Template
	chain  []string // templates that are being loaded, outermost first
}

func (e *Engine) newParser(name, source string, firstLine int,
	lex func(file, src string, firstLine, depth int) ([]token, error)) (*parser, error) {
	if len(source) > e.opt.MaxBytes {
		return nil, &problem.Problem{File: name, What: fmt.Sprintf("the template is larger than %d bytes", e.opt.MaxBytes)}
	}
	tokens, err := lex(name, source, firstLine, e.opt.MaxDepth)
	if err != nil {
		return nil, err
	}
	return &parser{file: name, lib: e.lib, tokens: tokens, maxDepth: e.opt.MaxDepth, blocks: make(map[string]*blockStmt)}, nil
}

func (l *linker) load(name, source string, firstLine int) (*Template, error) {
	p, err := l.engine.newParser(name, source, firstLine, lex)
	if err != nil {
		return nil, err
	}
	body, _, err := p.statements(nil)
	if err != nil {
		return nil, err
	}
	t := &Template{engine: l.engine, name: name, source: source, body: body, blocks: p.blocks, links: make(map[string]*Template)}
	l.chain = append(l.chain, name)
	defer func() { l.chain = l.chain[:len(l.chain)-1] }()
	err = eachReference(body, func(at pos, e expr, optional bool) error { return l.link(t, at, e, optional) })
	if err != nil {
		return nil, err
	}
	l.loaded[name] = t
	return t, nil
}

// link loads the templates that a reference can come to. Of a list, one has to
// exist; of a conditional, both.
func (l *linker) link(t *Template, at pos, e expr, optional bool) error {
	switch e := e.(type) {
	case *constExpr:
		name, _ := e.value.(string)
		return l.linkName(t, e.pos, name, optional)
	case *listExpr:
		return l.linkAny(t, at, e.items, optional)
	case *tupleExpr:
		return l.linkAny(t, at, e.items, optional)
	case *condExpr:
		if err := l.link(t, at, e.yes, optional); err != nil || e.no == nil {
			return err
		}
		return l.link(t, at, e.no, optional)
	}
	return nil
}

func (l *linker) linkAny(t *Template, at pos, names []expr, optional bool) error {
	for _, e := range names {
		if err := l.link(t, at, e, true); err != nil {
			return err
		}
	}
	if optional || slices.ContainsFunc(names, func(e expr) bool { return t.reaches(e) }) {
		return nil
	}
	return placed(faultf("none of the templates of the list exists").
		remedy("correct a name, or write `ignore missing` after the list of an include"), t.name, at)
}

// reaches reports whether a name of the reference was found.
func (t *Template) reaches(e expr) bool {
	switch e := e.(type) {
	case *constExpr:
		name, _ := e.value.(string)
		return t.links[name] != nil
	case *listExpr:
		return slices.ContainsFunc(e.items, t.reaches)
	case *tupleExpr:
		return slices.ContainsFunc(e.items, t.reaches)
	case *condExpr:
		return t.reaches(e.yes) || e.no != nil && t.reaches(e.no)
	}
	return false
}

func (l *linker) linkName(t *Template, at pos, name string, optional bool) error {
	if _, known := t.links[name]; known {
		if t.links[name] != nil || optional {
			return nil
		}
		return l.notFound(t, at, name, nil)
	}
	if l.engine.opt.Loader == nil {
		return placed(faultf("the template %s cannot be loaded: there is nowhere to load it from", quoteName(name)), t.name, at)
	}
	source, resolved, err := l.engine.opt.Loader(name, t.name)
	if errors.Is(err, fs.ErrNotExist) {
		t.links[name] = nil
		if optional {
			return nil
		}
		return l.notFound(t, at, name, err)
	}
	if err != nil {
		return l.refused(t, at, name, err)
	}
	if i := slices.Index(l.chain, resolved); i >= 0 {
		cycle := append(slices.Clone(l.chain[i:]), resolved)
		return placed(faultf("templates include each other in a circle: %s", strings.Join(cycle, " → ")).
			remedy("take what both need into a template of its own, or use a recursive macro or loop"), t.name, at)
	}
	if len(l.chain) >= l.engine.opt.MaxDepth {
		return placed(faultf("templates include each other more than %d levels deep", l.engine.opt.MaxDepth), t.name, at)
	}
	linked := l.loaded[resolved]
	if linked == nil {
		if linked, err = l.load(resolved, source, 1); err != nil {
			return err
		}
	}
	t.links[name] = linked
	return nil
}

func (l *linker) notFound(t *Template, at pos, name string, cause error) error {
	p := &problem.Problem{File: t.name, Line: at.line, Col: at.col, Err: cause,
		What: fmt.Sprintf("the template %s does not exist", quoteName(name)),
		Fix:  "correct the name, or write `ignore missing` after it in an include"}
	var inner *problem.Problem
	if errors.As(cause, &inner) && inner.Fix != "" {
		p.Fix = inner.Fix
	}
	return p
}

// refused places the Loader's own error at the reference.
func (l *linker) refused(t *Template, at pos, name string, err error) error {
	var inner *problem.Problem
	if errors.As(err, &inner) {
		return &problem.Problem{File: t.name, Line: at.line, Col: at.col, Err: err,
			What: fmt.Sprintf("the template %s cannot be loaded: %s", quoteName(name), inner.What), Want: inner.Want, Fix: inner.Fix}
	}
	return fmt.Errorf("%s:%d: loading the template %s: %w", t.name, at.line, quoteName(name), err)
}

// eachReference calls visit for every template that statements refer to.
func eachReference(body []stmt, visit func(at pos, e expr, optional bool) error) error {
	for _, s := range body {
		var err error
		switch s := s.(type) {
		case *includeStmt:
			err = visit(s.pos, s.template, s.ignoreMissing)
		case *importStmt:
			err = visit(s.pos, s.template, false)
		case *extendsStmt:
			err = visit(s.pos, s.template, false)
		default:
			for _, inner := range bodies(s) {
				if err = eachReference(inner, visit); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bodies are the statements inside a statement.
func bodies(s stmt) [][]stmt {
	switch s := s.(type) {
	case *ifStmt:
		list := make([][]stmt, 0, len(s.branches)+1)
		for _, b := range s.branches {
			list = append(list, b.body)
		}
		return append(list, s.otherwise)
	case *forStmt:
		return [][]stmt{s.body, s.otherwise}
	case *setBlockStmt:
		return [][]stmt{s.body}
	case *withStmt:
		return [][]stmt{s.body}
	case *filterStmt:
		return [][]stmt{s.body}
	case *macroStmt:
		return [][]stmt{s.body}
	case *callStmt:
		return [][]stmt{s.caller.body}
	case *blockStmt:
		return [][]stmt{s.body}
	}
	return nil
}

// Includes are the names, as the Loader resolved them, of every template that t
// can reach, each once, in the order in which they are first mentioned. t
// itself is not among them.
func (t *Template) Includes() []string {
	var names []string
	t.walk(map[*Template]bool{t: true}, func(linked *Template) { names = append(names, linked.name) })
	return names
}

// Sources are the texts of those templates, in the same order: with t's own
// they are all the text that a render depends on.
func (t *Template) Sources() []string {
	var sources []string
	t.walk(map[*Template]bool{t: true}, func(linked *Template) { sources = append(sources, linked.source) })
	return sources
}

// walk visits the templates that t reaches, depth first.
func (t *Template) walk(seen map[*Template]bool, visit func(*Template)) {
	_ = eachReference(t.body, func(_ pos, e expr, _ bool) error {
		eachName(e, func(name string) {
			if linked := t.links[name]; linked != nil && !seen[linked] {
				seen[linked] = true
				visit(linked)
				linked.walk(seen, visit)
			}
		})
		return nil
	})
}

// eachName calls visit for every name of a reference.
func eachName(e expr, visit func(string)) {
	switch e := e.(type) {
	case *constExpr:
		name, _ := e.value.(string)
		visit(name)
	case *listExpr:
		for _, item := range e.items {
			eachName(item, visit)
		}
	case *tupleExpr:
		for _, item := range e.items {
			eachName(item, visit)
		}
	case *condExpr:
		eachName(e.yes, visit)
		if e.no != nil {
			eachName(e.no, visit)
		}
	}
}
