package jinja

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSingleExpr(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"{{ input.a }}", "input.a", true},
		{"  \n{{input.a}} ", "input.a", true},
		{"{{- x -}}", "x", true},
		{`{{ "}}" }}`, `"}}"`, true},
		{"{{ {'a': {'b': 1}} }}", "{'a': {'b': 1}}", true},
		{"{{ a }} {{ b }}", "", false},
		{"{{ a }}{{ b }}", "", false},
		{"x {{ a }}", "", false},
		{"{{ a }}.", "", false},
		{"{% if a %}{% endif %}", "", false},
		{"{{ }}", "", false},
		{"{{ a", "", false},
		{"plain", "", false},
		{"", "", false},
	} {
		if got, ok := SingleExpr(c.in); got != c.want || ok != c.ok {
			t.Errorf("SingleExpr(%q) = %q, %v, want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestEvalGivesTypedValues(t *testing.T) {
	t.Parallel()
	vars := map[string]any{
		"input": map[string]any{"tags": []any{"a", "b"}, "n": 3.0, "f": 2.5, "ok": true, "none": nil},
	}
	e := New(Options{})
	for _, c := range []struct {
		expr string
		want any
	}{
		{"input.tags", []any{"a", "b"}},
		{"input.tags[0]", "a"},
		{"input.n", int64(3)},
		{"input.n / 2", 1.5},
		{"input.f", 2.5},
		{"input.ok", true},
		{"input.none", nil},
		{"input.tags|length", int64(2)},
		{"input.tags|map('upper')", []any{"A", "B"}},
		{"input.tags|map('upper')|list", []any{"A", "B"}},
		{"range(3)", []any{int64(0), int64(1), int64(2)}},
		{"(1, 'x')", []any{int64(1), "x"}},
		{"1, 2", []any{int64(1), int64(2)}},
		{"{'a': [1], 2: none}", map[string]any{"a": []any{int64(1)}, "2": nil}},
		{"input.tags|tojson", `["a", "b"]`},
		{"dict(a=1).items()", []any{[]any{"a", int64(1)}}},
		{"'x' if input.ok", "x"},
		{"'x' if not input.ok", nil},
		{"input.missing|default([])", []any{}},
	} {
		x, err := e.ParseExpr("e.yaml", c.expr, 4)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got, err := x.Eval(context.Background(), vars)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s = %#v, %v, want %#v", c.expr, got, err, c.want)
		}
	}
	for expr, want := range map[string]string{
		"input.nope":            "e.yaml:4:7: ",
		"input.tags }}":         "e.yaml:4:12: ",
		"input.tags x":          "e.yaml:4:12: ",
		"":                      "e.yaml:4:1: ",
		"input.\n nope":         "e.yaml:5:2: ",
		"[input.nope]|list":     "e.yaml:4:8: ",
		"input.tags|selectattr": "e.yaml:4:12: ",
	} {
		x, err := e.ParseExpr("e.yaml", expr, 4)
		if err == nil {
			_, err = x.Eval(context.Background(), vars)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want an error at %s", expr, err, want)
		}
	}
}

func TestTruthyTakesWhatIsMissingAsFalse(t *testing.T) {
	t.Parallel()
	vars := map[string]any{"input": map[string]any{"lang": "de", "n": 5.0, "tags": []any{"x"}, "off": false}}
	e := New(Options{})
	for expr, want := range map[string]bool{
		"input.lang":                     true,
		"input.lang == 'de'":             true,
		"input.off":                      false,
		"input.nope":                     false,
		"nope":                           false,
		"nope.a.b.c":                     false,
		"nope['a'][0]":                   false,
		"not nope":                       true,
		"not input.nope.deeper":          true,
		"input.nope == 'de'":             false,
		"input.nope != 'de'":             true,
		"input.nope == nope":             true,
		"input.nope == none":             false,
		"input.nope > 3":                 false,
		"input.nope <= 3":                false,
		"3 < input.nope":                 false,
		"'x' in input.nope":              false,
		"'x' not in input.nope":          true,
		"input.nope in ['x']":            false,
		"input.nope + 1 > 0":             false,
		"-input.nope":                    false,
		"input.nope|length > 0":          false,
		"input.nope|upper == 'X'":        false,
		"input.nope|default('x') == 'x'": true,
		"input.nope is defined":          false,
		"input.nope is undefined":        true,
		"input.nope is odd":              false,
		"input.nope is string":           false,
		"input.nope.startswith('a')":     false,
		"input.lang.startswith(nope)":    false,
		"nope(1)":                        false,
		"range(nope)|list":               false,
		"input.tags and input.nope":      false,
		"input.tags or input.nope":       true,
		"input.nope ~ ''":                false,
		"input.nope ~ 'x'":               true,
		"input.tags[5]":                  false,
		"input.tags[nope]":               false,
		"input.tags[:nope]":              false,
		"[nope]|select|list":             false,
		"[{'a': 1}, {}]|selectattr('a')|list|length==1": true,
		"[{'a': 2}, {}]|map(attribute='a')|sum":         false,
		"{'a': nope}.a":                                 false,
		"{nope: 1}":                                     false,
		"[nope, 1]|unique|list":                         true,
		"'yes' if nope else ''":                         false,
		"input.get('nope')":                             false,
		"input.get(nope)":                               false,
		"[nope]|tojson == '[null]'":                     true,
		"nope is divisibleby 3":                         false,
		"3 is divisibleby nope":                         false,
		"dict(**nope)":                                  false,
		"namespace(a=nope).a":                           false,
	} {
		x, err := e.ParseExpr("e.yaml", expr, 1)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		got, err := x.Truthy(context.Background(), vars)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", expr, got, err, want)
		}
	}
	for _, expr := range []string{"1 < 'a'", "input.lang + 1", "1 / 0", "input.tags|map('upper')"} {
		x, err := e.ParseExpr("e.yaml", expr, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Truthy(context.Background(), vars); err == nil {
			t.Errorf("%s: no error, but nothing is missing", expr)
		}
	}
}

func TestInputValues(t *testing.T) {
	t.Parallel()
	cycle := map[string]any{}
	cycle["self"] = cycle
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[string]any{"b": 1, "a": []string{"x"}, "c": nil}, "{'a': ['x'], 'b': 1, 'c': None}"},
		{map[any]any{2: "two", "k": 1, true: "t"}, "{2: 'two', 'k': 1, True: 't'}"},
		{map[string]string{"z": "1", "y": "2"}, "{'y': '2', 'z': '1'}"},
		{[]map[string]any{{"a": 1}}, "[{'a': 1}]"},
		{3.0, "3"}, {3.5, "3.5"}, {float32(0.5), "0.5"}, {1e300, "1e+300"}, {math.Copysign(0, -1), "0"},
		{json.Number("7"), "7"}, {json.Number("7.0"), "7"}, {json.Number("7.25"), "7.25"}, {json.Number("1e400"), "error"},
		{uint8(3), "3"}, {int16(-3), "-3"}, {uint64(1 << 63), "error"}, {uint64(5), "5"},
		{time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC), "2024-05-06"},
		{time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), "2024-05-06T07:08:09Z"},
		{true, "True"}, {nil, "None"}, {"text", "text"},
		{struct{}{}, "error"}, {cycle, "error"}, {map[any]any{[2]int{}: 1}, "error"},
	} {
		got, err := renderText(New(Options{}), "{{ v }}", map[string]any{"v": c.value})
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%T: got %s (%v), want %s", c.value, got, err, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	templates := map[string]string{
		"part":  "{{ shared }}{{ local }}{{ input.extra }}",
		"part2": "{{ unseen }}",
		"base":  "{% block a %}{{ frombase }}{% endblock %}{{ title }}",
	}
	e := New(Options{Loader: loadFrom(templates)})
	tmpl, err := e.Parse("t.jinja", strings.Join([]string{
		"{% extends 'base' %}{% set title = name %}",
		"{% block a %}{{ super() }}{{ self.a() }}{{ input.question }} {{ input['lang'] }} {{ input }}",
		"{% for d in documents if d.score > limit %}{{ d.content }}{{ loop.index }}{% endfor %}{{ d }}",
		"{% set local = 1 %}{% include 'part' %}{% include 'part2' without context %}",
		"{% macro m(x, y=z) %}{{ x }}{{ caller() }}{% endmacro %}{{ m(w) }}{{ range(3) }}",
		"{{ opt|default('') }}{% if o2.a is defined %}{{ o2.a }}{{ o2.b }}{% endif %}",
		"{% with q = r %}{{ q }}{% endwith %}{{ v[k:1] }}{% endblock %}",
	}, "\n"), 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range tmpl.Variables() {
		s := n.Name
		if n.Attr != "" {
			s += "." + n.Attr
		}
		if n.Guarded {
			s += "?"
		}
		if n.Line == 0 || n.Col == 0 {
			t.Errorf("%s has no place", s)
		}
		if n.File != "t.jinja" {
			s += "@" + n.File
		}
		got = append(got, s)
	}
	want := "frombase@base title@base name input.question input.lang input documents limit d " +
		"shared@part input.extra@part z w opt? o2.a? o2.a? o2.b r v k"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	x, err := e.ParseExpr("e", "input.a and not expected", 3)
	if err != nil {
		t.Fatal(err)
	}
	want1 := []Name{{Name: "input", Attr: "a", File: "e", Line: 3, Col: 1}, {Name: "expected", File: "e", Line: 3, Col: 17}}
	if got := x.Variables(); !reflect.DeepEqual(got, want1) {
		t.Errorf("got %+v", got)
	}
}

func TestIncludesAndSources(t *testing.T) {
	t.Parallel()
	templates := map[string]string{"a": "A{% include 'c' %}", "b": "B{% import 'c' as c %}", "c": "C", "base": "{% block x %}{% endblock %}"}
	e := New(Options{Loader: func(name, from string) (string, string, error) {
		source, _, err := loadFrom(templates)(name, from)
		return source, "dir/" + name, err
	}})
	tmpl, err := e.Parse("t", "{% extends 'base' %}{% block x %}{% include ['zz', 'b'] %}{% if 0 %}{% include 'a' %}{% endif %}"+
		"{% include 'zz' ignore missing %}{% endblock %}", 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tmpl.Includes(), " "); got != "dir/base dir/b dir/c dir/a" {
		t.Errorf("includes %s", got)
	}
	if got := tmpl.Sources(); len(got) != 4 || got[2] != "C" {
		t.Errorf("sources %q", got)
	}
}

func TestRenderIsDeterministicAndConcurrent(t *testing.T) {
	t.Parallel()
	vars := map[string]any{}
	for _, name := range strings.Split("q w e r t y u i o p a s d f g h j k l", " ") {
		vars[name] = map[string]any{"z": 1.0, "b": []any{1.0, "x"}, "m": nil}
	}
	tmpl, err := New(Options{}).Parse("t", "{{ q }}{% for k, v in w.items() %}{{ k }}{{ v }}{% endfor %}{{ e|tojson }}{{ [q, w]|length }}", 1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tmpl.Render(context.Background(), vars)
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan string)
	for range 8 {
		go func() {
			got, _ := tmpl.Render(context.Background(), vars)
			results <- got
		}()
	}
	for range 8 {
		if got := <-results; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCancelledContextEndsARender(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tmpl, err := New(Options{}).Parse("t", "{% for i in range(100000) %}{% endfor %}", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
