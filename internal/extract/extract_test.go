package extract

import (
	"reflect"
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	t.Parallel()
	fenced := "Here:\n```json\n{\"a\": 1}\n```\nand\n~~~~\ntwo\n~~~\nstill two\n~~~~\n"
	for _, test := range []struct {
		name string
		spec any
		in   any
		want any
		miss string // part of the reason when not found
	}{
		{"last line", "last_line", "one\n two \n\n", "two", ""},
		{"last line after CR", "last_line", "one\rtwo", "two", ""},
		{"last line of blanks", "last_line", " \n\t\n", nil, "no line"},
		{"fenced block", "fenced_block", fenced, `{"a": 1}`, ""},
		{"fenced block of a language", map[string]any{"fenced_block": "JSON"}, fenced, `{"a": 1}`, ""},
		{"last fenced block, with a shorter fence inside", map[string]any{"fenced_block": "", "match": "last"}, fenced, "two\n~~~\nstill two", ""},
		{"fenced block of another language", map[string]any{"fenced_block": "sql"}, fenced, nil, "no fenced block of sql"},
		{"fenced block cut short", "fenced_block", "```\nabc", "abc", ""},
		{"inline code is no fence", "fenced_block", "```a```", nil, "no fenced block"},
		{"four blanks are no fence", "fenced_block", "    ```\nx\n    ```", nil, "no fenced block"},
		{"regex gives group 1", map[string]any{"regex": "A: (.*)"}, "A: x\nA: y", "x", ""},
		{"regex without group gives the match", map[string]any{"regex": "[0-9]+"}, "a12b3", "12", ""},
		{"regex, last", map[string]any{"regex": "A: (.*)", "match": "last"}, "A: x\nA: y", "y", ""},
		{"regex, group 0", map[string]any{"regex": "A: (.*)", "group": int64(0)}, "A: x", "A: x", ""},
		{"regex, named group", map[string]any{"regex": "(?P<k>a)(?P<v>b)", "group": "v"}, "ab", "b", ""},
		{"regex, empty group", map[string]any{"regex": "A:(.*)"}, "A:", "", ""},
		{"regex, group that took no part", map[string]any{"regex": "a(b)?"}, "ac", nil, "nothing matches"},
		{"regex without match", map[string]any{"regex": "z"}, "abc", nil, "nothing matches z"},
		{"regex on a value", map[string]any{"regex": "[0-9]+"}, map[string]any{"n": int64(5)}, "5", ""},
		{"jsonpath on text", map[string]any{"jsonpath": "$.a.b"}, `{"a": {"b": [1, 2.5]}}`, []any{int64(1), 2.5}, ""},
		{"jsonpath on a value", map[string]any{"jsonpath": "$.a"}, map[string]any{"a": nil}, nil, ""},
		{"jsonpath to many", map[string]any{"jsonpath": "$[*].n"}, `[{"n": 1}, {"n": 2}]`, []any{int64(1), int64(2)}, ""},
		{"jsonpath to many, one there", map[string]any{"jsonpath": "$[*].n"}, `[{"n": 1}]`, []any{int64(1)}, ""},
		{"jsonpath from the end", map[string]any{"jsonpath": "$[-1]"}, `[1, 2]`, int64(2), ""},
		{"jsonpath to nothing", map[string]any{"jsonpath": "$.x"}, `{"a": 1}`, nil, "nothing at $.x"},
		{"jsonpath on no JSON", map[string]any{"jsonpath": "$.x"}, "hello", nil, "not JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, err := Parse(test.spec)
			if err != nil {
				t.Fatal(err)
			}
			got, found, reason := e.Apply(test.in)
			if found != (test.miss == "") || !strings.Contains(reason, test.miss) || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, %t, %q", got, found, reason)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		spec any
		want string
	}{
		{"lastline", "did you mean last_line?"},
		{int64(3), "an extract is the number 3"},
		{map[string]any{"regexp": "a"}, "none of regex, jsonpath and fenced_block"},
		{map[string]any{"regex": "a", "jsonpath": "$"}, "both jsonpath and regex"},
		{map[string]any{"regex": "("}, "does not compile"},
		{map[string]any{"regex": "(?=a)"}, "RE2"},
		{map[string]any{"regex": "a", "grup": int64(1)}, "did you mean group?"},
		{map[string]any{"regex": "a", "group": int64(1)}, "a number from 0 (the whole match) to 0"},
		{map[string]any{"regex": "(?P<x>a)", "group": "y"}, `group is the text "y"`},
		{map[string]any{"regex": "a", "match": "second"}, "first or last"},
		{map[string]any{"jsonpath": "$.", "match": "last"}, `unknown field "match"`},
		{map[string]any{"jsonpath": "answer"}, "is not a JSONPath"},
		{map[string]any{"fenced_block": true}, "fenced_block is the boolean true"},
	} {
		_, err := Parse(test.spec)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %q", test.spec, err, test.want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		` {"a": [1, 1.5, 1e2, true, null, "é"]} `: map[string]any{"a": []any{int64(1), 1.5, 100.0, true, nil, "é"}},
		`{"a": 1, "a": 2}`:                        map[string]any{"a": int64(2)},
		`-0`:                                      int64(0),
		`123456789012345678901234567890`:          123456789012345678901234567890.0,
		`[]`:                                      []any{},
	} {
		if got, err := ParseJSON([]byte(in)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		``: "empty", ` `: "empty", `{"a": 1} x`: "more after", `{"a"`: "too early", `[1,]`: "byte", `01`: "byte",
		`1e999`: "out of range", "\"\xff\"": "UTF-8", strings.Repeat("[", 5000): "deep",
	} {
		if got, err := ParseJSON([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: got %v, %v, want %q", in, got, err, want)
		}
	}
}

func TestDecoderIsStrict(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a": 1, "a": 2}`:     `the name "a" occurs twice`,
		`12345678901234567890`: "cannot be kept exactly",
	} {
		if _, err := NewDecoder().Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func FuzzApply(f *testing.F) {
	for _, in := range []string{"", "a\n```json\n{\"x\": 1}\n```", `{"a": [1, {"b": null}]}`, "~~~\n~~~", "A: 1", "\xff```"} {
		f.Add(in)
	}
	var all []*Extract
	for _, spec := range []any{"last_line", "fenced_block", map[string]any{"fenced_block": "json", "match": "last"},
		map[string]any{"regex": "(?s)A(.*)", "match": "last"}, map[string]any{"jsonpath": "$..b"}} {
		e, err := Parse(spec)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, e)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, e := range all {
			part, found, reason := e.Apply(in)
			if found == (reason != "") {
				t.Errorf("found %t with the reason %q", found, reason)
			}
			form, _ := e.Spec().(map[string]any)
			if text, ok := part.(string); ok && form["jsonpath"] == nil && !strings.Contains(in, text) {
				t.Errorf("%q is no part of %q", text, in)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, in := range []string{`"last_line"`, `{"regex": "a(b)", "group": 1}`, `{"jsonpath": "$.a[?@.b == 1]"}`, `{"fenced_block": "json"}`, `{"regex": 1}`} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		v, err := ParseJSON([]byte(in))
		if err != nil {
			return
		}
		if e, err := Parse(v); err == nil {
			e.Apply(`{"a": [{"b": 1}]}`)
		}
	})
}
