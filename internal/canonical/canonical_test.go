package canonical

import (
	"encoding/json"
	"strings"
	"testing"
)

// The example of RFC 8785, section 3.2.2 and 3.2.3.
func TestRFC8785Example(t *testing.T) {
	in := json.RawMessage(`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
		`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`)
	want := `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
		`"string":"€$\u000f\nA'B\"\\\\\"/"}`
	got, err := JSON(in)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestKeyOrderAndAngleBracketsDoNotMatter(t *testing.T) {
	a, err := Of(map[string]any{"b": "<x> & y", "a": 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Of(json.RawMessage(`{"a":1.0,"b":"\u003cx> & y"}`))
	if err != nil {
		t.Fatal(err)
	}
	if a != b || len(a) != 64 || len(a.Short()) != 12 {
		t.Errorf("%s and %s", a, b)
	}
}

func TestBigIntegersAreRefused(t *testing.T) {
	if _, err := JSON(map[string]any{"n": int64(1) << 53}); err != nil {
		t.Errorf("2^53 refused: %v", err)
	}
	beyond := int64(1)<<53 + 1
	for _, v := range []any{beyond, []any{beyond}, map[string]any{"a": []any{1}, "n": beyond}, map[string]any{"a": map[string]any{}, "z": []any{[]any{}, beyond}}} {
		if _, err := JSON(v); err == nil || !strings.Contains(err.Error(), "9007199254740993") {
			t.Errorf("2^53+1 in %v: %v", v, err)
		}
	}
}

func TestText(t *testing.T) {
	if got := Text([]byte("\xef\xbb\xbfa\r\nb\r c\n")); got != "a\nb\r c\n" {
		t.Errorf("%q", got)
	}
}

func TestQuickTellsValuesApart(t *testing.T) {
	a, err := Quick(map[string]string{"b": "1", "a": "2"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Quick(map[string]string{"a": "2", "b": "1"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Quick(map[string]string{"a": "2", "b": "1 "})
	if err != nil {
		t.Fatal(err)
	}
	if a != b || a == c {
		t.Errorf("%s, %s, %s", a, b, c)
	}
	if _, err := Quick(func() {}); err == nil {
		t.Error("a function has a digest")
	}
}
