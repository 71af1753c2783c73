package evaluator

import (
	"context"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/llm"
)

// TestNegateTurnsPassAndFailOnly checks, for evaluators and groups of all
// sorts, that a negation turns pass and fail, keeps error and unscored, and
// that two of them are none.
func TestNegateTurnsPassAndFailOnly(t *testing.T) {
	t.Parallel()
	env := project(t, nil)
	replies := []string{`{"reason": "r", "pass": true}`, `{"reason": "r", "pass": false}`, "nonsense"}
	reply := ""
	env.Judge = func(string) (Judge, error) { return &fakeJudge{version: "j@1", reply: reply}, nil }
	leaf := rapid.SampledFrom([]string{
		"type: contains, expected: a", "type: contains_all, expected: [a, b, c]", "type: cost, max: 0.001", "type: ttft, max: 1s",
		"type: judge, config: j.yaml", "type: json_valid", "type: length, max: 2", "type: error", "type: contains, expected: '{{ expected.x }}'",
		"type: contains_all, expected: [a, b], threshold: 0.5", "type: contains, expected: a, when: '{{ expected.y }}'",
		"type: equals, expected: a, extract: {regex: '^(a)b?$'}",
	})
	group := rapid.Custom(func(t *rapid.T) string {
		members := rapid.SliceOfN(leaf, 1, 3).Draw(t, "members")
		for i := range members {
			negate := rapid.Bool().Draw(t, "negate")
			members[i] = "{" + members[i] + ", negate: " + strconv.FormatBool(negate) + "}"
		}
		head := rapid.SampledFrom([]string{"type: all", "type: any", "type: mean, threshold: 0.6"}).Draw(t, "group")
		return head + ", of: [" + strings.Join(members, ", ") + "]"
	})
	rapid.Check(t, func(rt *rapid.T) {
		reply = rapid.SampledFrom(replies).Draw(rt, "reply")
		item := rapid.OneOf(leaf, group).Draw(rt, "item")
		subject := &Subject{Output: rapid.SampledFrom([]string{"", "a", "ab", "abc", "{}"}).Draw(rt, "output")}
		if rapid.Bool().Draw(rt, "failed") {
			subject.Failure = &llm.Error{Kind: llm.InvalidOutput}
		}
		if rapid.Bool().Draw(rt, "priced") {
			subject.CostNanos = nanos(5e5)
		}
		plain := one(t, env, "{"+item+"}")
		turned := one(t, env, "{"+item+", negate: true}")
		c := &call{Subject: subject, vars: subject.vars()}
		was, is := plain.score(context.Background(), c), turned.score(context.Background(), c)
		switch {
		case was.Outcome == Error || was.Outcome == Unscored || was.standing:
			if is.Outcome != was.Outcome {
				rt.Fatalf("%s became %s", was.Outcome, is.Outcome)
			}
		case (was.Outcome == Pass) == (is.Outcome == Pass):
			rt.Fatalf("%s stayed %s", was.Outcome, is.Outcome)
		}
		if is.Outcome == Error && is.Value != nil {
			rt.Fatal("an error has a value")
		}
		pair := "{type: all, of: [{" + item + ", negate: true}], negate: true}"
		if twice := one(t, env, pair).score(context.Background(), c); !was.standing && twice.Outcome != was.Outcome {
			rt.Fatalf("negated twice, %s became %s", was.Outcome, twice.Outcome)
		}
	})
}

// TestNumbersAreReadAsWritten writes numbers in many ways and reads them back.
func TestNumbersAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(0, 1e15).Draw(t, "whole")
		fraction := rapid.StringMatching(`[0-9]{0,6}`).Draw(t, "fraction")
		comma := rapid.Bool().Draw(t, "decimal comma")
		separators := []string{"", ",", "'", "_", "\u00a0"}
		point := "."
		if comma {
			separators[1], point = ".", ","
		}
		text := grouped(strconv.FormatInt(whole, 10), rapid.SampledFrom(separators).Draw(t, "separator"))
		plain := strconv.FormatInt(whole, 10)
		if fraction != "" {
			text, plain = text+point+fraction, plain+"."+fraction
		}
		sign := rapid.SampledFrom([]string{"", "-", "−"}).Draw(t, "sign")
		if sign != "" {
			plain = "-" + plain
		}
		before := rapid.SampledFrom([]string{"", "It is ", "(", "total: ", "€"}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", ".", " kg", "%", ")", " and more", "!"}).Draw(t, "after")
		if before == "€" {
			text = sign + before + text + after
		} else {
			text = before + sign + text + after
		}
		style := numberStyle{decimal: '.'}
		if comma {
			style.decimal = ','
		}
		want, ok := new(big.Rat).SetString(plain)
		if !ok {
			t.Fatal(plain)
		}
		if found := style.find(text); len(found) != 1 || found[0].Cmp(want) != 0 {
			t.Fatalf("%q gives %v, want %s", text, found, plain)
		}
	})
}

func grouped(digits, separator string) string {
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, groups...), separator)
}

// TestNumbersInTexts holds the rules for what is a number and what is not.
func TestNumbersInTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"GPT-4 and v2, x_1 and A4": "", "10-20": "10 20", "-5 to -3": "-5 -3", "3.4.5": "", "2024-03-01": "2024 3 1",
		"1,200": "1200", "1, 200": "1 200", "1,20": "1 20", "1,2,3": "1 2 3", "12,345,678.9": "12345678.9", "1,2345": "1 2345",
		"0.5": "0.5", ".5": "0.5", "5.": "5", "1e3": "1000", "1E-2kg": "0.01", "1e999": "", "5e": "5", "$-5": "-5", "-$5": "-5",
		"EUR12": "12", "EUR 12": "12", "USD1,000.50": "1000.5", "ABCD12": "", "3k": "3", "12 %": "12", "1'000": "1000",
		"7kg and 8 kg": "7 8", "no. 5": "5", "#5": "5", "5/6": "5 6", "(5)-(6)": "5 6", "0x1F": "0", "½": "", "１２": "",
		"007": "7", "1\u202f000": "1000", "1 000": "1 0", "+5": "5", "--5": "-5", "5-": "5", "a-5": "", "a -5": "-5",
	} {
		var got []string
		for _, n := range (numberStyle{decimal: '.'}).find(text) {
			got = append(got, decimal(n))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q gives %v, want %s", text, got, want)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"", "1,234.5 kg", "-$5", "GPT-4", "1e308", "9e-308%", "3.4.5", "１", "1'000'000", "\xff1", "EUR1.000,5", strings.Repeat("9", 500)} {
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, comma bool) {
		style := numberStyle{decimal: '.', fraction: true}
		if comma {
			style.decimal = ','
		}
		digits := strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' }) >= 0
		found := style.find(text)
		if len(found) > 0 && !digits {
			t.Errorf("%q has no digit and gives %v", text, found)
		}
		for _, n := range found {
			decimal(n)
		}
		if n, why := style.pick(text, "only"); (n == nil) != (why != "") {
			t.Errorf("%v with the reason %q", n, why)
		}
	})
}

func FuzzJSONTypes(f *testing.F) {
	for _, text := range []string{`{"a": [1, "x"]}`, `[]`, "x", `{"a":`, `"\ud800"`, `1e400`, `{"a": {"b": null}}`} {
		f.Add(text)
	}
	env := project(f, nil)
	var all []*Evaluator
	for _, item := range []string{"type: json_valid", "type: json_schema\nschema: {type: object, properties: {a: {type: array, items: {type: number}}}}",
		"type: json_field\npath: $..a\nexpected: [1]", "type: equals\nexpected: {a: [1, x]}", "type: label\nlabels: [x, y]", "type: regex\nexpected: a+"} {
		all = append(all, one(f, env, item))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range all {
			s := &Subject{Output: text}
			if got := e.Score(context.Background(), s); got.Outcome != Pass && got.Outcome != Fail {
				t.Errorf("%s: %+v", e.Type(), got)
			}
		}
	})
}

func FuzzVerdict(f *testing.F) {
	for _, text := range []string{`{"reason": "r", "pass": true}`, "```json\n{}\n```", "```", `{"pass": 1}`, `[]`, ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, reason, err := readVerdict(text); err == nil && (strings.TrimSpace(reason) == "" || !strings.Contains(text, "pass")) {
			t.Errorf("%q gives a verdict with the reason %q", text, reason)
		}
	})
}

// BenchmarkScore is what the evaluators of an ordinary eval file cost a case.
func BenchmarkScore(b *testing.B) {
	set, err := buildIn(b, project(b, nil), `
- {type: contains_all, name: facts, expected: "{{ expected.facts }}", when: "{{ expected.facts }}", ignore_case: true, normalize: true}
- {type: recall_at_k, k: 4, expected: "{{ expected.sources }}", when: "{{ expected.sources }}"}
- {type: length, unit: words, max: 120}
- {type: cost, max: 0.01}
`)
	if err != nil {
		b.Fatal(err)
	}
	s := &Subject{Input: map[string]any{"question": "Which cards?"}, Documents: docs("a.md#x", "b.md#y", "c.md", "d.md"), CostNanos: nanos(5),
		Expected: map[string]any{"facts": []any{"Visa", "Mastercard"}, "sources": []any{"b.md"}}, Output: strings.Repeat("We take Visa and Mastercard. ", 20)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Score(context.Background(), s, nil); err != nil {
			b.Fatal(err)
		}
	}
}
