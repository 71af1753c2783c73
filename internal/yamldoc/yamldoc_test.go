package yamldoc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
)

func parse(t *testing.T, file, text string) *Doc {
	t.Helper()
	d, err := Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestScalars(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"true": true, "True": true, "FALSE": false, "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y",
		"~": nil, "null": nil, "": nil, "12": int64(12), "-3": int64(-3), "0": int64(0), "0x1F": int64(31), "0o17": int64(15),
		"1.5": 1.5, "1e3": 1000.0, ".5": 0.5, "1.": 1.0, "2026-03-17": "2026-03-17", "2026-03-17T10:00:00Z": "2026-03-17T10:00:00Z",
		"'0123'": "0123", `"1_000"`: "1_000", "12:30:45": "12:30:45", "1.2.3": "1.2.3", "9007199254740992": int64(1 << 53),
		"!!str 12": "12", "'{{ x }}'": "{{ x }}", "<<": "<<",
	} {
		d := parse(t, "a.yaml", "v: "+text+"\n")
		if got := d.Value().(map[string]any)["v"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", text, got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, text, want string }{
		"empty":               {"a.yaml", "", "a.yaml: the file is empty"},
		"comments only":       {"a.yaml", "# x\n", "a.yaml: the file is empty"},
		"twice":               {"a.yaml", "a: 1\nb: 2\na: 3\n", `a.yaml:3:1: "a" stands twice; the first is on line 1`},
		"twice deep":          {"a.yaml", "x:\n  - {a: 1, a: 2}\n", `a.yaml:2:12: "a" stands twice`},
		"second document":     {"a.yaml", "a: 1\n---\nb: 2\n", "a second document begins here"},
		"big integer":         {"a.yaml", "a: 1\nb: 9007199254740993\n", "a.yaml:2:4: the integer 9007199254740993 is beyond 2^53"},
		"bigger integer":      {"a.yaml", "b: 99999999999999999999999\n", "beyond 2^53"},
		"octal":               {"a.yaml", "zip: 01234\n", "read differently by YAML 1.1 and 1.2"},
		"underscore":          {"a.yaml", "n: 1_000\n", "read differently"},
		"underscore float":    {"a.yaml", "n: 1_0.5\n", "read differently"},
		"infinity":            {"a.yaml", "n: .inf\n", "not a finite number"},
		"huge":                {"a.yaml", "n: 1e400\n", "not a finite number"},
		"tag":                 {"a.yaml", "n: !include x.yaml\n", "the tag !include is not supported"},
		"tag on a mapping":    {"a.yaml", "n: !x {a: 1}\n", "the tag !x is not supported"},
		"binary":              {"a.yaml", "n: !!binary aGk=\n", "the tag !!binary is not supported"},
		"unquoted template":   {"a.yaml", "content: {{ question }}\n", "in quotes"},
		"colon":               {"a.yaml", "a: b: c\n", "put a value that contains a colon in quotes"},
		"tab":                 {"a.yaml", "a:\n\tb: c\n", "a.yaml:2: YAML syntax"},
		"first line":          {"a.yaml", "a: {q: [}\n", "a.yaml:1: YAML syntax: did not find expected node content"},
		"parser, not scanner": {"a.yaml", "a: 1\nb: {q: [}\nc: 2\n", "a.yaml:2: YAML syntax: did not find expected node content"},
		"scanner":             {"a.yaml", "a: 1\nb: c: d\n", "a.yaml:2: YAML syntax: mapping values"},
		"never closed":        {"a.yaml", "a: 1\nb: [1,\n2\n\n", "a.yaml:2: YAML syntax: did not find expected ',"},
		"control character":   {"a.yaml", "a: 1\nb: \"\x01\"\n", "a.yaml:2: YAML syntax: control characters"},
		"latin-1":             {"a.yaml", "a: 1\nb: caf\xe9\n", "a.yaml:2: the file is not UTF-8"},
		"self":                {"a.yaml", "a: &x [*x]\n", "nested"},
		"bomb":                {"a.yaml", bomb(), "too large once its aliases are expanded"},
		"bad merge":           {"a.yaml", "a: {<<: 3}\n", "<< merges something that is not a mapping"},
		"json empty":          {"a.json", " ", "a.json: the file is empty"},
		"json twice":          {"a.json", "{\"a\": 1,\n\"a\": 2}", `a.json:2: "a" stands twice; the first is on line 1`},
		"json big":            {"a.json", "[\n9007199254740993]", "a.json:2: the integer"},
		"json huge":           {"a.json", "[1e999]", "1e999 is not a number"},
		"json comma":          {"a.json", "{\"a\": 1,\n}", "a.json:2: JSON syntax"},
		"json cut":            {"a.json", "{\"a\": 1,\n\n", "a.json:3: JSON syntax: the file ends"},
		"json more":           {"a.json", "{}\n{}", "a.json:2: more follows"},
		"json bytes":          {"a.json", "\"\xff\"", "not UTF-8"},
		"json deep":           {"a.json", strings.Repeat("[", 300), "nested too deep"},
	} {
		_, err := Parse(tc.file, []byte(tc.text))
		if !problem.Is(err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want a problem with %q", name, err, tc.want)
		}
	}
}

func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 9; i++ {
		p := string(rune('0' + i - 1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat("*a"+p+",", 10) + "]\n")
	}
	return b.String()
}

func TestLines(t *testing.T) {
	t.Parallel()
	yaml := "# comment\nname: x\nmessages:\n  - role: system\n    content: |\n      one\n      two\n  - {role: user, content: \"{{ q }}\"}\na/b:\n  c~d: 1\nlong:\n  text\n"
	d := parse(t, "a.yaml", yaml)
	for pointer, want := range map[string][2]int{
		"": {2, 2}, "/name": {2, 2}, "/messages": {3, 3}, "/messages/0": {4, 4}, "/messages/0/content": {5, 6},
		"/messages/1/content": {8, 8}, "/messages/1/absent/deep": {8, 8}, "/a~1b/c~0d": {10, 10}, "/absent": {2, 2}, "/long": {11, 12},
	} {
		if got := [2]int{d.Line(pointer), d.TextLine(pointer)}; got != want {
			t.Errorf("%q: line and text line %v, want %v", pointer, got, want)
		}
	}
	j := parse(t, "a.json", "{\n\"a\": [\n1,\n{\"b\":\n\"x\"}]}")
	for pointer, want := range map[string]int{"": 1, "/a": 2, "/a/0": 3, "/a/1": 4, "/a/1/b": 4} {
		if got := j.Line(pointer); got != want {
			t.Errorf("JSON %q: line %d, want %d", pointer, got, want)
		}
	}
}

func TestMergeAndAliases(t *testing.T) {
	t.Parallel()
	d := parse(t, "a.yaml", "base: &b {x: 1, y: 2}\nother: &c {z: 3, x: 9}\none: {y: 5, <<: *b}\ntwo: {<<: [*b, *c], x: 7}\ncopy: *b\n")
	want := map[string]any{
		"base": map[string]any{"x": int64(1), "y": int64(2)}, "other": map[string]any{"z": int64(3), "x": int64(9)},
		"one": map[string]any{"x": int64(1), "y": int64(5)}, "two": map[string]any{"x": int64(7), "y": int64(2), "z": int64(3)},
		"copy": map[string]any{"x": int64(1), "y": int64(2)},
	}
	if !reflect.DeepEqual(d.Value(), want) {
		t.Errorf("%v", d.Value())
	}
}

func TestJSONIsReadAsYAMLIs(t *testing.T) {
	t.Parallel()
	text := `{"a": [1, 2.5, true, null, "\ud83d\ude00\/"], "b": {"c": "x"}, "e": 1e2}`
	d := parse(t, "a.json", text)
	want := map[string]any{"a": []any{int64(1), 2.5, true, nil, "😀/"}, "b": map[string]any{"c": "x"}, "e": 100.0}
	if !reflect.DeepEqual(d.Value(), want) {
		t.Errorf("%#v", d.Value())
	}
	if tabs := parse(t, "a.json", "{\n\t\"a\":\t1\n}"); !reflect.DeepEqual(tabs.Value(), map[string]any{"a": int64(1)}) {
		t.Errorf("tabs: %v", tabs.Value())
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var v struct {
		A int `json:"a"`
	}
	if err := parse(t, "a.yaml", "a: 3\n").Decode(&v); err != nil || v.A != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := parse(t, "a.yaml", "b: 3\n").Decode(&v); !problem.Is(err) {
		t.Errorf("an unknown field: %v", err)
	}
}

// What is read is a value of JSON, the same one however it is written, and
// every value has a line of the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n", "- x\n- {y: [1, 2.5, ~]}\n", "a: &b {c: d}\ne: *b\n", "{\"a\": \"\\ud83d\"}", "a: |\n  x\n", "? [a]\n: b\n", "<<: {a: 1}\n", "%YAML 1.1\n---\na: 0o7\n", "\xef\xbb\xbfa: b\r\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, asJSON bool) {
		file := "a.yaml"
		if asJSON {
			file = "a.json"
		}
		d, err := Parse(file, data)
		if err != nil {
			if !problem.Is(err) {
				t.Fatalf("not a problem: %v", err)
			}
			return
		}
		last := strings.Count(canonical.Text(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") +
			strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + 2
		for pointer, line := range d.lines {
			if line < 1 || line > last {
				t.Fatalf("%q is on line %d of %d", pointer, line, last)
			}
		}
		form, err := json.Marshal(d.Value())
		if err != nil {
			t.Fatalf("not a value of JSON: %v", err)
		}
		again, err := Parse("b.json", form)
		if err != nil {
			t.Fatalf("its JSON %s is refused: %v", form, err)
		}
		a, errA := canonical.Of(d.Value())
		b, errB := canonical.Of(again.Value())
		if errA != nil || errB != nil || a != b {
			t.Fatalf("%s reads differently: %v %v", form, errA, errB)
		}
	})
}
