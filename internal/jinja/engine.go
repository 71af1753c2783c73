package jinja

import (
	"context"
	"math"
	"strings"
)

// EngineVersion is the number of the template language that this package
// renders. It is part of a config's version: it rises whenever a template can
// come out differently than before.
const EngineVersion = 1

// Loader finds the template called name for the template from, both as they
// are written or resolved. It returns the text and the name under which errors,
// cycles and Sources know the template. An error that wraps fs.ErrNotExist
// means that there is none, which `ignore missing` accepts; any other error
// ends Parse. Whether a name may leave the project is the Loader's to decide.
type Loader func(name, from string) (source string, resolved string, err error)

// Options are what an Engine may do. The zero value loads no templates and has
// the default limits.
type Options struct {
	Loader   Loader
	MaxSteps int // statements, expressions and elements a render may handle; 1,000,000 if 0
	MaxBytes int // bytes of source of a template, and of output and intermediate values of a render; 16 MiB if 0
	MaxDepth int // nesting of brackets, blocks, macros, includes and values; 200 if 0
}

// Engine parses templates and expressions. It is safe for concurrent use if
// its Loader is.
type Engine struct {
	opt Options
	lib *library
}

// New returns an engine with the given options.
func New(opt Options) *Engine {
	if opt.MaxSteps <= 0 {
		opt.MaxSteps = defaultMaxSteps
	}
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = defaultMaxBytes
	}
	if opt.MaxDepth <= 0 {
		opt.MaxDepth = defaultMaxDepth
	}
	return &Engine{opt: opt, lib: newLibrary()}
}

// Template is a parsed template with all that it includes, imports and extends.
// It does not change and is safe for concurrent use.
type Template struct {
	engine *Engine
	name   string
	source string
	body   []stmt
	blocks map[string]*blockStmt
	links  map[string]*Template // by the name that the template uses; nil where one is missing and may be
}

// Parse reads a template whose first line is line firstLine of the file name,
// and loads every template that it refers to. The error is a *problem.Problem,
// or what the Loader failed with.
func (e *Engine) Parse(name, source string, firstLine int) (*Template, error) {
	l := &linker{engine: e, loaded: make(map[string]*Template)}
	return l.load(name, source, firstLine)
}

// Render renders the template with the given variables, whose values are what
// JSON and YAML decode to; maps are gone through in order of their keys and
// whole numbers are integers. The error is a *problem.Problem, or wraps the
// context's error where that ended the render.
func (t *Template) Render(ctx context.Context, vars map[string]any) (string, error) {
	r := t.engine.newRender(ctx, vars)
	out := &output{writer: writer{m: &r.meter}}
	if _, err := r.whole(t, r.base, out); err != nil {
		return "", err
	}
	return out.b.String(), nil
}

// Expr is one parsed expression. It does not change and is safe for concurrent
// use.
type Expr struct {
	engine *Engine
	holder *Template // of no text: gives the expression its file
	root   expr
}

// ParseExpr reads an expression, as it stands between {{ and }}, of line line
// of the file name.
func (e *Engine) ParseExpr(name, text string, line int) (*Expr, error) {
	p, err := e.newParser(name, text, line, lexExpr)
	if err != nil {
		return nil, err
	}
	root, err := p.tuple(tupleRules{conditional: true})
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEOF {
		return nil, p.unexpected(t, "the end of the expression")
	}
	return &Expr{engine: e, holder: &Template{engine: e, name: name}, root: root}, nil
}

// Eval is the value of the expression: nil, bool, int64, float64, string,
// []any or map[string]any. Errors are those of Render.
func (x *Expr) Eval(ctx context.Context, vars map[string]any) (any, error) {
	r := x.engine.newRender(ctx, vars)
	f := x.frame(r)
	v, err := r.eval(f, x.root)
	if err != nil {
		return nil, err
	}
	result, err := r.toGo(v, 0)
	return result, f.blame(err, x.root.place())
}

// Truthy reports whether the expression counts as true. A missing variable or
// field is no error: it counts as false, compares as unequal to everything but
// another missing one, and any operation, filter or test on it gives a missing
// value or false. Other errors are those of Render.
func (x *Expr) Truthy(ctx context.Context, vars map[string]any) (bool, error) {
	r := x.engine.newRender(ctx, vars)
	r.lenient = true
	return r.holds(x.frame(r), x.root)
}

func (x *Expr) frame(r *render) *frame {
	u := &unit{root: r.base.inner()}
	return &frame{template: x.holder, unit: u, scope: u.root, out: &output{writer: writer{m: &r.meter}}}
}

// SingleExpr reports whether s is exactly one {{ expression }}, blanks around
// it allowed, and returns the expression.
func SingleExpr(s string) (expr string, ok bool) {
	tokens, err := lex("", s, 1, math.MaxInt)
	if err != nil {
		return "", false
	}
	if len(tokens) > 0 && tokens[0].kind == tokenData && blank(tokens[0].text) {
		tokens = tokens[1:]
	}
	n := len(tokens) - 1 // of the end
	if n > 0 && tokens[n-1].kind == tokenData && blank(tokens[n-1].text) {
		n--
	}
	if n < 3 || tokens[0].kind != tokenVarBegin {
		return "", false
	}
	for i, t := range tokens[:n] {
		if (t.kind == tokenVarEnd) != (i == n-1) {
			return "", false
		}
	}
	inside := normaliseNewlines(s)[tokens[0].end:tokens[n-1].start]
	return strings.TrimSpace(inside), true
}
