package llmconfig

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/source"
)

func TestNamesOfTemplatesAreReplaced(t *testing.T) {
	t.Parallel()
	rename := func(from, written string) (string, bool) {
		at, err := source.Resolve(from, written)
		i := slices.Index([]string{"a.md", "b.md", "sub/c.md"}, at)
		return "#" + strconv.Itoa(i+1), err == nil && i >= 0
	}
	for text, want := range map[string]string{
		`{% include "a.md" %}`:                                         `{% include #1 %}`,
		`{%- include 'a.md' ignore missing with context -%}`:           `{%- include #1 ignore missing with context -%}`,
		`x{% include "./a.md" %}y{% include "sub/../b.md" %}z`:         `x{% include #1 %}y{% include #2 %}z`,
		`{% include ["x.md", "a.md"] %}`:                               `{% include ["x.md", #1] %}`,
		`{% include "a.md" if kind == "b.md" else "b.md" %}`:           `{% include #1 if kind == "b.md" else #2 %}`,
		`{% include ("a.md" if x == "a.md" else "b.md") %}`:            `{% include (#1 if x == "a.md" else #2) %}`,
		`{% include "a.md" if ("b.md" if y else x) else "b.md" %}`:     `{% include "a.md" if ("b.md" if y else x) else "b.md" %}`,
		`{% from "sub/c.md" import f as g %}{% extends "a.md" %}`:      `{% from #3 import f as g %}{% extends #1 %}`,
		`{% import "a.md" as a %}{{ a.f("a.md") }}`:                    `{% import #1 as a %}{{ a.f("a.md") }}`,
		`{# {% include "a.md" %} #}`:                                   `{# {% include "a.md" %} #}`,
		`{% raw %}{% include "a.md" %}{% endraw %}{% include "a.md"%}`: `{% raw %}{% include "a.md" %}{% endraw %}{% include #1%}`,
		`{%- raw -%} {{ {%+ endraw %}{% include "a.md" %}`:             `{%- raw -%} {{ {%+ endraw %}{% include #1 %}`,
		`{{ "{% include 'a.md' %}" }}`:                                 `{{ "{% include 'a.md' %}" }}`,
		`{{ {"x": {"y": 1}} }}{% include "a.md" %}`:                    `{{ {"x": {"y": 1}} }}{% include #1 %}`,
		`{% set include = "a.md" %}{% if x == "a.md" %}{% endif %}`:    `{% set include = "a.md" %}{% if x == "a.md" %}{% endif %}`,
		`{% include "a\.md" %}{% include "none.md" ignore missing %}`:  `{% include "a\.md" %}{% include "none.md" ignore missing %}`,
		`a { b {`:                         `a { b {`,
		`{% include "a.md"`:               `{% include #1`,
		`{% include "../a.md" %}{`:        `{% include "../a.md" %}{`,
		`{# open {% include "a.md" %}`:    `{# open {% include "a.md" %}`,
		`{% raw %}{% include "a.md" %}`:   `{% raw %}{% include "a.md" %}`,
		`{{ "}}" }}{% include "a.md" %}é`: `{{ "}}" }}{% include #1 %}é`,
	} {
		if got := replaceNames(text, "x.md", rename); got != want {
			t.Errorf("%s\ngives %s\nwant  %s", text, got, want)
		}
	}
}

// Replacing neither fails on any text nor touches anything but the names.
func FuzzReplaceNames(f *testing.F) {
	f.Add(`{% include "a.md" if x else 'b' %}{# #}{% raw %}{% endraw %}{{ "}}" }}`)
	f.Fuzz(func(t *testing.T, text string) {
		none := func(string, string) (string, bool) { return "", false }
		if got := replaceNames(text, "x.md", none); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		all := func(string, string) (string, bool) { return "#7", true }
		got := replaceNames(text, "x.md", all)
		if !strings.Contains(text, "include") && !strings.Contains(text, "import") && !strings.Contains(text, "extends") && !strings.Contains(text, "from") && got != text {
			t.Fatalf("%q became %q without a tag that names a template", text, got)
		}
	})
}
