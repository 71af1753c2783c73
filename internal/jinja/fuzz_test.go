package jinja

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

// seed adds the fixture's templates and the short ones of the attacks.
func seed(f *testing.F, add func(source string)) fixture {
	f.Helper()
	data := readFixture(f)
	for _, c := range data.cases {
		add(c.Template)
	}
	for _, source := range hostile {
		if len(source) < 200 {
			add(source)
		}
	}
	return data
}

func isProblem(t *testing.T, source string, err error) {
	t.Helper()
	var p *problem.Problem
	if err != nil && (!errors.As(err, &p) || p.File == "" || p.Line == 0 || p.What == "") {
		t.Errorf("%q: the error has no place: %#v", source, err)
	}
}

func FuzzParse(f *testing.F) {
	e := New(Options{MaxBytes: 1 << 16})
	data := seed(f, func(source string) { f.Add(source) })
	e.opt.Loader = loadFrom(data.Templates)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<16 {
			return
		}
		tmpl, err := e.Parse("fuzz.jinja", source, 1)
		isProblem(t, source, err)
		if err == nil {
			tmpl.Variables()
			tmpl.Includes()
		}
		if expr, ok := SingleExpr(source); ok {
			if _, single := e.ParseExpr("fuzz.jinja", expr, 1); (single == nil) != (err == nil) {
				t.Errorf("%q: as a template %v, as an expression %v", source, err, single)
			}
		}
		_, err = e.ParseExpr("fuzz.jinja", source, 1)
		isProblem(t, source, err)
	})
}

func FuzzRender(f *testing.F) {
	e := New(Options{MaxSteps: 20_000, MaxBytes: 1 << 18, MaxDepth: 50})
	vars := readFixture(f).Vars
	text, err := json.Marshal(vars)
	if err != nil {
		f.Fatal(err)
	}
	data := seed(f, func(source string) { f.Add(source, string(text)) })
	f.Add("{{ a }}{% for k, v in a.items() %}{{ v|tojson }}{% endfor %}", `{"a":{"b":[1,2.5,null,true,"x"]}}`)
	e.opt.Loader = loadFrom(data.Templates)
	f.Fuzz(func(t *testing.T, source, input string) {
		var given map[string]any
		if json.Unmarshal([]byte(input), &given) != nil {
			given = vars
		}
		tmpl, err := e.Parse("fuzz.jinja", source, 1)
		if err != nil {
			return
		}
		first, err := tmpl.Render(context.Background(), given)
		isProblem(t, source, err)
		second, again := tmpl.Render(context.Background(), given)
		if first != second || (err == nil) != (again == nil) {
			t.Errorf("%q renders as %q, then as %q", source, first, second)
		}
		if len(first) > 1<<18 {
			t.Errorf("%q gives %d bytes", source, len(first))
		}
		x, err := e.ParseExpr("fuzz.jinja", source, 1)
		if err != nil {
			return
		}
		_, err = x.Eval(context.Background(), given)
		isProblem(t, source, err)
		_, err = x.Truthy(context.Background(), given)
		isProblem(t, source, err)
	})
}
