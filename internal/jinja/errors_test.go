package jinja

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

// TestErrors pins what a template's author reads: the place, what is wrong and
// the remedy.
func TestErrors(t *testing.T) {
	t.Parallel()
	vars := map[string]any{
		"name":  "Ada",
		"nums":  []any{1.0, 2.0},
		"input": map[string]any{"question": "secret prompt text", "items": []any{1.0}, "lang": "de"},
	}
	templates := map[string]string{
		"macros": "{% macro hello(who) %}\nHello {{ whoo }}\n{% endmacro %}",
		"inner":  "line one\nand {{ input.qestion }}",
		"middle": "{% include 'inner' %}",
		"broken": "fine\n{% if x %}",
		"a":      "{% include 'b' %}",
		"b":      "{% include 'c' %}",
		"c":      "\n\n{% include 'a' %}",
		"self":   "{% extends 'self' %}",
		"plain":  "plain",
	}
	for _, c := range []struct{ source, where, what, more string }{
		{"{{ nmae }}", "test.jinja:1:4", `the name "nmae" is not defined`, "did you mean name?"},
		{"a\nb {{ input.qestion }}", "test.jinja:2:12", `"input.qestion" is not defined`, "did you mean question?"},
		{"{{ input['qestion'] }}", "test.jinja:1:10", `a mapping has no field "qestion"`, "did you mean question?"},
		{"{{ input.a.b }}", "test.jinja:1:10", `"input.a" is not defined`, ""},
		{"{% set x = nmae %}\n{{ x }}", "test.jinja:1:12", `"nmae" is not defined`, "did you mean name?"},
		{"é {{ zzzzzz }}", "test.jinja:1:6", `"zzzzzz" is not defined`, "use one of: input, name, nums"},
		{"{{ nums[7] }}", "test.jinja:1:9", "outside", "default"},
		{"{{ input.items }}", "test.jinja:1:10", "items is a method of a mapping, used without a call", "x['items']"},
		{"{% for i in input.items %}{% endfor %}", "test.jinja:1:19", "items is a method", "x['items']"},
		{"{{ input.update({}) }}", "test.jinja:1:10", "the method update of a mapping is not supported", "x['update']"},
		{"{{ nums.append(3) }}", "test.jinja:1:9", "the method append of a list is not supported", "xs + [x]"},
		{"{{ '{} x'.format(1) }}", "test.jinja:1:11", "the method format of a string is not supported", "|format("},
		{"{{ name.uper() }}", "test.jinja:1:9", `"name.uper" is not defined`, "did you mean upper?"},
		{"{{ name|uper }}", "test.jinja:1:9", `the filter "uper" is not supported`, "did you mean upper?"},
		{"{{ name|random }}", "test.jinja:1:9", `the filter "random" is not supported`, "the same each time"},
		{"{{ name is strng }}", "test.jinja:1:12", `the test "strng" is not supported`, "did you mean string?"},
		{"{% if x is odd %}{% endif %}", "test.jinja:1:7", `"x" is not defined`, ""},
		{"{{ upper(name) }}", "test.jinja:1:4", `"upper" is not defined`, "it is a filter: write `value|upper`"},
		{"{{ lipsum() }}", "test.jinja:1:4", "the function lipsum is not supported", "write the text itself"},
		{"{{ name() }}", "test.jinja:1:4", "a string is called as a function", "drop the brackets"},
		{"{{ name + 1 }}", "test.jinja:1:9", "+ cannot combine a string and an integer", "use ~"},
		{"{{ nums < 1 }}", "test.jinja:1:9", "cannot tell which is larger, a list or an integer", "|int"},
		{"{{ nums|sum + name }}", "test.jinja:1:13", "+ cannot combine an integer and a string", "use ~"},
		{"{{ nums|map('abs') }}", "test.jinja:1:9", "the result of the filter map is shown as it is", "|list"},
		{"{{ nums|map('abs')|length }}", "test.jinja:1:20", "the result of the filter map has no length", "|list"},
		{"{% if nums|select('odd') %}{% endif %}", "test.jinja:1:12", "used as a condition", "|list"},
		{"{% set g = nums|map('abs') %}{{ g|join }}{{ g|join }}", "test.jinja:1:47", "gone through twice", "|list"},
		{"{{ nums|truncate(5) }}", "test.jinja:1:9", "the filter truncate is given a list", "|string"},
		{"{{ name|truncate(lenth=5) }}", "test.jinja:1:9", `the filter truncate takes no argument "lenth"`, "did you mean length?"},
		{"{{ name|batch }}", "test.jinja:1:9", "the filter batch lacks its argument linecount", ""},
		{"{{ name|upper(1, 2) }}", "test.jinja:1:9", "the filter upper is given 2 arguments", "no argument"},
		{"{{ 2 ** 64 }}", "test.jinja:1:6", "the result of ** does not fit 64 bits", "floats"},
		{"{{ 9223372036854775808 }}", "test.jinja:1:4", "9223372036854775808 does not fit 64 bits", ""},
		{"{% break %}", "test.jinja:1:4", "the tag {% break %} is not supported", "filter the loop"},
		{"{% do x.append(1) %}", "test.jinja:1:4", "the tag {% do %} is not supported", "{% set %}"},
		{"{% autoescape true %}", "test.jinja:1:4", "the tag {% autoescape %} is not supported", "the filter e"},
		{"{% fro x in y %}", "test.jinja:1:4", "the tag {% fro %} is not supported", "did you mean for?"},
		{"x\n{% if name %}\n", "test.jinja:2:4", "{% if %} has no end", "close it with {% endif %}"},
		{"{% for x in nums %}{% if x %}{% endfor %}", "test.jinja:1:33", "unexpected {% endfor %}", "close {% if %} of line 1 first"},
		{"{% endif %}", "test.jinja:1:4", "unexpected {% endif %}", ""},
		{"{{ name", "test.jinja:1:1", "a tag has no end", "close the tag with }}"},
		{"ok\n{# open", "test.jinja:2:1", "a comment that starts with {# has no end", "#}"},
		{"{% raw %}", "test.jinja:1:1", "{% raw %} has no end", "endraw"},
		{"{{ 'abc }}", "test.jinja:1:4", "a string that starts with ' has no end", "close it with '"},
		{"{{ (1 }}", "test.jinja:1:7", `unexpected "}"`, ")"},
		{"{{ a && b }}", "test.jinja:1:6", "unexpected character '&'", "`and`"},
		{"{{ !a }}", "test.jinja:1:4", "unexpected character '!'", "`not x`"},
		{"{{ a ? b : c }}", "test.jinja:1:6", "unexpected character '?'", "`a if condition else b`"},
		{"{{ “a” }}", "test.jinja:1:4", "unexpected character '“'", "quote strings"},
		{"{{ 1 2 }}", "test.jinja:1:6", "unexpected the number 2", "}}"},
		{"{% set 1 = 2 %}", "test.jinja:1:8", "unexpected the number 1", "a name"},
		{"{% set true = 2 %}", "test.jinja:1:8", "cannot assign to true", ""},
		{"{% set input.x = 2 %}", "test.jinja:1:8", "cannot set a field of a mapping", "namespace()"},
		{"{% set a, b = nums, 1, 2 %}", "test.jinja:1:8", "3 values are assigned to 2 names", ""},
		{"{% macro m(a) %}{{ a }}{% endmacro %}\n{{ m() }}", "test.jinja:1:12", `the macro "m" was called without its argument "a"`, "a=''"},
		{"{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", "test.jinja:1:34", `takes no argument "b"`, "did you mean a?"},
		{"{% macro m() %}{% endmacro %}{% call m() %}{% endcall %}", "test.jinja:1:38", "never calls caller()", "caller()"},
		{"{% from 'macros' import hello %}\n\n{{ hello('x') }}", "macros:2:10", `"whoo" is not defined`, "did you mean who?"},
		{"{% from 'macros' import helo %}{{ helo() }}", "test.jinja:1:25", `the template "macros" sets no name "helo"`, "hello"},
		{"{% import 'macros' as m %}{{ m.helo() }}", "test.jinja:1:32", `"m.helo" is not defined`, "did you mean hello?"},
		{"x\n{% include 'middle' %}", "inner:2:14", `"input.qestion" is not defined`, "did you mean question?"},
		{"{% include 'broken' %}", "broken:2:4", "{% if %} has no end", "{% endif %}"},
		{"{% include 'nope' %}", "test.jinja:1:12", `the template "nope" does not exist`, "ignore missing"},
		{"{% include ['nope', 'no'] %}", "test.jinja:1:4", "none of the templates of the list exists", "ignore missing"},
		{"{% include '../../etc/passwd' %}", "test.jinja:1:12", "outside of the project", ""},
		{"{% include name %}", "test.jinja:1:12", "the name of a template is computed", "{% if %}"},
		{"{% include 'a' ~ name %}", "test.jinja:1:12", "the name of a template is computed", "{% if %}"},
		{"{% include 'a' %}", "c:3:12", "in a circle: a → b → c → a", "recursive macro"},
		{"{% include 'self' %}", "self:1:12", "in a circle: self → self", ""},
		{"{% extends 'plain' %}{% extends 'plain' %}", "test.jinja:1:25", "extends two others", ""},
		{"{% block a %}{% endblock %}\n{% block a %}{% endblock %}", "test.jinja:2:4", "the block a is defined twice", "line 1"},
		{"{{ '%d'|format(name) }}", "test.jinja:1:9", "%d is given a string", "%s"},
		{"{{ '%z'|format(1) }}", "test.jinja:1:9", "has the conversion %z", "%%"},
		{"{{ input|tojson|nope }}", "test.jinja:1:17", `the filter "nope"`, ""},
		{"{{ range|tojson }}", "test.jinja:1:10", "a function is no JSON", ""},
		{"{% for a in nums %}{{ loop.idx }}{% endfor %}", "test.jinja:1:28", `"loop.idx" is not defined`, ""},
		{"{{ odd }}", "test.jinja:1:4", "a variable holds the Go type chan int", "map[string]any"},
	} {
		local := map[string]any{}
		for k, v := range vars {
			local[k] = v
		}
		if strings.Contains(c.source, "odd }}") {
			local["odd"] = make(chan int)
		}
		load := loadFrom(templates)
		e := New(Options{Loader: func(name, from string) (string, string, error) {
			if strings.HasPrefix(name, "..") {
				return "", "", problem.Newf("the path is outside of the project")
			}
			return load(name, from)
		}})
		_, err := renderText(e, c.source, local)
		var p *problem.Problem
		if !errors.As(err, &p) {
			t.Errorf("%s\ngot %v, want a problem", c.source, err)
			continue
		}
		if p.Where() != c.where || !strings.Contains(p.What, c.what) || !strings.Contains(p.Fix+p.Want, c.more) {
			t.Errorf("%s\ngot  %v\nwant %s: %s ... %s", c.source, err, c.where, c.what, c.more)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s\nthe error shows a variable's value: %v", c.source, err)
		}
	}
}

func TestFirstLineMovesErrors(t *testing.T) {
	t.Parallel()
	e := New(Options{})
	tmpl, err := e.Parse("assay.yaml", "a\n{{ nope }}", 12)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render(context.Background(), nil); err == nil || !strings.HasPrefix(err.Error(), "assay.yaml:13:4: ") {
		t.Errorf("got %v", err)
	}
	if _, err := e.Parse("assay.yaml", "a\n{{ ( }}", 12); err == nil || !strings.HasPrefix(err.Error(), "assay.yaml:13:6: ") {
		t.Errorf("got %v", err)
	}
}

func TestLoaderErrorsArePassedOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	e := New(Options{Loader: func(string, string) (string, string, error) { return "", "", broken }})
	if _, err := e.Parse("x", "{% include 'a' ignore missing %}", 1); !errors.Is(err, broken) {
		t.Errorf("ignore missing hides a failing loader: %v", err)
	}
	gone := New(Options{Loader: func(string, string) (string, string, error) { return "", "", fmt.Errorf("a: %w", fs.ErrNotExist) }})
	if _, err := gone.Parse("x", "{% include 'a' %}", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := New(Options{}).Parse("x", "{% include 'a' %}", 1); err == nil {
		t.Error("a template was loaded without a loader")
	}
}
