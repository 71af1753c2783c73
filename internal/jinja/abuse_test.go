package jinja

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
)

// hostile are templates that would take the machine's memory or time. Each has
// to end in an error that the template's author can read.
var hostile = map[string]string{
	"long loop":             "{% for i in range(1000000000) %}{% endfor %}",
	"long string":           "{{ 'a' * 300000000 }}",
	"nested loops":          "{% for i in range(100000) %}{% for j in range(100000) %}{% for k in range(100000) %}{% endfor %}{% endfor %}{% endfor %}",
	"filtered loop":         "{% for i in range(1000000000) if false %}{% endfor %}",
	"loop length":           "{% for i in range(1000000000) if true %}{{ loop.length }}{% endfor %}",
	"range as list":         "{{ range(1000000000)|list|length }}",
	"range sum":             "{{ range(1000000000)|sum }}",
	"range joined":          "{{ range(1000000000)|join }}",
	"range mapped":          "{{ range(1000000000)|map('string')|list }}",
	"range max":             "{{ range(1000000000)|max }}",
	"range sorted":          "{{ range(1000000000)|sort }}",
	"range reversed":        "{{ range(1000000000)|reverse|list }}",
	"range searched":        "{{ 'x' in (range(1000000000)|map('string')) }}",
	"range batched":         "{{ range(3)|batch(1000000000, 'x')|list }}",
	"range sliced":          "{{ range(3)|slice(1000000000)|list }}",
	"range spread":          "{{ dict(*range(1000000000)) }}",
	"range unpacked":        "{% set a, b = range(1000000000) %}",
	"list repeated":         "{{ [1, 2] * 1000000000 }}",
	"list doubled":          "{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}",
	"string doubled":        "{% set ns = namespace(x='aa') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
	"power tower":           "{{ 10**10**10 }}",
	"large power":           "{{ 9 ** 999999999999 }}",
	"wide number":           "{{ '%999999999d'|format(1) }}",
	"wide star":             "{{ '%*d'|format(999999999, 1) }}",
	"precise number":        "{{ '%.999999999f'|format(1) }}",
	"precise string":        "{{ '%.999999999s %.999999999d'|format('a', 1) }}",
	"wide center":           "{{ 'a'|center(999999999) }}",
	"wide ljust":            "{{ 'a'.ljust(999999999) }}",
	"wide zfill":            "{{ 'a'.zfill(999999999) }}",
	"wide indent":           "{{ 'a\nb'|indent(999999999) }}",
	"long indent":           "{{ ('a\n' * 1000000)|indent(1000) }}",
	"wide tojson":           "{{ [1]|tojson(999999999) }}",
	"deep tojson":           "{{ [[[[[[1]]]]]]|tojson(' ' * 8000000) }}",
	"replace grows":         "{{ ('a' * 100000)|replace('a', 'b' * 1000) }}",
	"replace empty":         "{{ ('a' * 100000)|replace('', 'b' * 1000) }}",
	"join grows":            "{{ (['a'] * 100000)|join('b' * 1000) }}",
	"method join grows":     "{{ ('b' * 1000).join(['a'] * 100000) }}",
	"wordwrap grows":        "{{ ('a ' * 100000)|wordwrap(1, wrapstring='b' * 1000) }}",
	"split grows":           "{% set s = 'a ' * 3000000 %}{{ s.split()|length }}",
	"urlencode grows":       "{{ ('ä' * 4000000)|urlencode }}",
	"escape grows":          "{{ ('<' * 8000000)|e }}",
	"repr grows":            "{{ ['\x01' * 8000000] }}",
	"copies":                "{% set s = 'a' * 1000000 %}{% for i in range(100) %}{{ s }}{% endfor %}",
	"macro output":          "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% else %}xxxxxxxx{% endif %}{% endmacro %}{{ m(60) }}",
	"macro recursion":       "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
	"macro argument":        "{% macro m(x) %}{{ m([x]) }}{% endmacro %}{{ m(1) }}",
	"caller recursion":      "{% macro m() %}{% call m() %}{{ caller }}{% endcall %}{{ caller() }}{% endmacro %}{% call m() %}x{% endcall %}",
	"loop recursion":        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"block recursion":       "{% block a %}{{ self.a() }}{% endblock %}",
	"default recursion":     "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
	"nested brackets":       "{{ " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " }}",
	"nested lists":          "{{ " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + " }}",
	"nested subscripts":     "{{ " + strings.Repeat("a[", 100_000) + strings.Repeat("]", 100_000) + " }}",
	"nested calls":          "{{ " + strings.Repeat("a(", 100_000) + strings.Repeat(")", 100_000) + " }}",
	"nested arguments":      "{{ " + strings.Repeat("a|d(", 100_000) + strings.Repeat(")", 100_000) + " }}",
	"nested not":            "{{ " + strings.Repeat("not ", 100_000) + "1 }}",
	"nested minus":          "{{ " + strings.Repeat("- ", 100_000) + "1 }}",
	"nested else":           "{{ " + strings.Repeat("1 if 1 else ", 100_000) + "1 }}",
	"nested tests":          "{{ " + strings.Repeat("1 is eq a[", 100_000) + " }}",
	"nested targets":        "{% set " + strings.Repeat("(", 100_000) + "a" + strings.Repeat(")", 100_000) + " = 1 %}",
	"nested blocks":         strings.Repeat("{% if 1 %}", 100_000) + strings.Repeat("{% endif %}", 100_000),
	"operators in a row":    "{{ 1" + strings.Repeat(" + 1", 100_000) + " }}",
	"filters in a row":      "{{ 1" + strings.Repeat("|abs", 100_000) + " }}",
	"fields in a row":       "{{ a" + strings.Repeat(".a", 100_000) + " }}",
	"words in a row":        "{{ 1" + strings.Repeat(" or 1", 100_000) + " }}",
	"many tags":             strings.Repeat("{{}}", 1_000_000),
	"many comments":         strings.Repeat("a{##}", 1_000_000),
	"large source":          strings.Repeat("a", 17<<20),
	"deep value":            "{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
	"deep comparison":       "{% set ns = namespace(x=1, y=1) %}{% for i in range(60000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
	"deep order":            "{% set ns = namespace(x=1, y=1) %}{% for i in range(60000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x < ns.y }}",
	"deep json":             "{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = {'a': ns.x} %}{% endfor %}{{ ns.x|tojson }}",
	"deep key":              "{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}",
	"shared value":          "{% set ns = namespace(x=1) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
	"shared comparison":     "{% set ns = namespace(x=1, y=1) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
	"shared key":            "{% set ns = namespace(x=1) %}{% for i in range(100) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
	"shared json":           "{% set ns = namespace(x=1) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
	"filter of filters":     "{{ 'a'|map(*(['map'] * 100000))|list }}",
	"search in a long text": "{% set s = 'a' * 8000000 %}{% for i in range(1000000) %}{% if 'b' in s %}{% endif %}{% endfor %}",
	"index of a long text":  "{% set s = 'ä' * 2000000 %}{% for i in range(1000000) %}{% if s[-1] == 'b' %}{% endif %}{% endfor %}",
	"strip of a long text":  "{% set s = 'ab' * 2000000 %}{% for i in range(100000) %}{% if s.strip('abcdefghijklmnopqrstuvwxyz') %}{% endif %}{% endfor %}",
}

// TestHostileTemplatesEndEarly runs each hostile template and holds it to a few
// seconds, the slowest machine in mind, and to some times the byte limit of
// allocations in all.
func TestHostileTemplatesEndEarly(t *testing.T) {
	e := New(Options{})
	for name, source := range hostile {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := renderText(e, source, map[string]any{"a": "a"})
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		var p *problem.Problem
		if !errors.As(err, &p) || p.Line == 0 && name != "large source" {
			t.Errorf("%s: got %v, want a problem with a place", name, err)
		}
		if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 256 {
			t.Errorf("%s: allocated %d MiB", name, allocated)
		}
		if took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		t.Logf("%-22s %4d ms %4d MiB  %v", name, took.Milliseconds(), (after.TotalAlloc-before.TotalAlloc)>>20, err)
	}
}

// TestAbuseLeavesNothingBehind runs the two classic attacks twenty times each:
// memory and goroutines are back where they were.
func TestAbuseLeavesNothingBehind(t *testing.T) {
	e := New(Options{})
	rest := func() (heap uint64, goroutines int) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	for _, name := range []string{"long loop", "long string"} {
		heapBefore, goroutinesBefore := rest()
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		for range 20 {
			if _, err := renderText(e, hostile[name], nil); err == nil {
				t.Fatalf("%s: no error", name)
			}
		}
		runtime.ReadMemStats(&end)
		heap, goroutines := rest()
		if heap > heapBefore+1<<20 || goroutines > goroutinesBefore {
			t.Errorf("%s: heap %d KiB to %d KiB, goroutines %d to %d", name, heapBefore>>10, heap>>10, goroutinesBefore, goroutines)
		}
		t.Logf("%s: heap at rest %d KiB before, %d KiB after; %d KiB allocated a run", name, heapBefore>>10, heap>>10,
			(end.TotalAlloc-start.TotalAlloc)/20>>10)
	}
}

func TestLimitsAreSettings(t *testing.T) {
	t.Parallel()
	small := New(Options{MaxSteps: 100, MaxBytes: 1000, MaxDepth: 10})
	for source, want := range map[string]string{
		"{% for i in range(200) %}{% endfor %}": "more than 100 steps",
		"{{ 'a' * 1001 }}":                      "more than 1000 bytes",
		"{{ ((((((((((((1)))))))))))) }}":       "more than 10 levels",
		"{% macro m(n) %}{% if n %}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(10) }}":            "more than 10 levels",
		"{% for i in range(10) %}{{ i }}{% endfor %}{{ 'a' * 400 }}{{ ((((1)))) }}":             "",
		"{% macro m(n) %}{% if n %}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(3) }}" + "{{ 1 }}": "",
	} {
		_, err := renderText(small, source, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", source, err, want)
		}
	}
	if _, err := renderText(New(Options{}), "{% for i in range(100000) %}{{ i }},{% endfor %}", nil); err != nil {
		t.Errorf("a long list is refused by the default limits: %v", err)
	}
}
