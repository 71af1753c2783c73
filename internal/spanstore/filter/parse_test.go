package filter

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/problem"
)

func now() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// at gives conditions no column, so that they can be compared.
func placeless(e Expr) Expr {
	switch e := e.(type) {
	case And:
		list := And{}
		for _, p := range e {
			list = append(list, placeless(p))
		}
		return list
	case Or:
		list := Or{}
		for _, p := range e {
			list = append(list, placeless(p))
		}
		return list
	case Not:
		return Not{placeless(e.Expr)}
	case Cond:
		e.Col = 0
		return e
	}
	return e
}

func cond(f Field, op Op, v Value) Cond { return Cond{Field: f, Op: op, Value: v} }

func text(s string) Value { return Value{Text: s} }

func TestParse(t *testing.T) {
	t.Parallel()
	llm, u1 := cond(FieldKind, Equal, text("llm")), cond(FieldUser, Equal, text("u1"))
	grounded := Cond{Field: FieldScore, Key: "grounded", Op: Less, Value: Value{Number: 0.5}}
	since := cond(FieldSince, Equal, Value{Int: now().Add(-24 * time.Hour).UnixNano()})
	for in, want := range map[string]Expr{
		"":        nil,
		" \n":     nil,
		"user=u1": u1,
		`kind=llm model~"gpt-5" cost>0.01 latency>2s user=u1 text:"refund policy" score.grounded<0.5 has:error since=24h`: And{
			llm, cond(FieldModel, Match, text("gpt-5")), cond(FieldCost, Greater, Value{Int: 1e7}),
			cond(FieldLatency, Greater, Value{Int: 2e9}), u1, cond(FieldText, Words, text("refund policy")), grounded,
			cond(FieldStatus, Equal, text("error")), since,
		},
		"kind=llm AND user=u1":                   And{llm, u1},
		"kind=llm OR user=u1 has:score.grounded": Or{llm, And{u1, Cond{Field: FieldScore, Key: "grounded", Op: Has}}},
		"(kind=llm OR user=u1) since=1d":         And{Or{llm, u1}, since},
		"NOT kind=llm user=u1":                   And{Not{llm}, u1},
		"NOT (kind=llm user=u1)":                 Not{And{llm, u1}},
		"NOT NOT(user=u1)":                       Not{Not{u1}},
		"user = u1":                              u1,
		"cost>=$0.000000001":                     cond(FieldCost, GreaterEqual, Value{Int: 1}),
		`name="say \"hi\" \\ \d"`:                cond(FieldName, Equal, text(`say "hi" \ \d`)),
		"model=gpt-oss:20b":                      cond(FieldModel, Equal, text("gpt-oss:20b")),
		"root=true":                              cond(FieldRoot, Equal, Value{Truth: true}),
		"tokens_out>1000":                        cond(FieldTokensOut, Greater, Value{Int: 1000}),
		"until=2026-03-01":                       cond(FieldUntil, Equal, Value{Int: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixNano()}),
		"since=2026-03-01T09:00:00.000000001+02:00": cond(FieldSince, Equal,
			Value{Int: time.Date(2026, 3, 1, 7, 0, 0, 1, time.UTC).UnixNano()}),
		"ttft>=1m30s":               cond(FieldTTFT, GreaterEqual, Value{Int: 90e9}),
		`score."how good"<=1`:       Cond{Field: FieldScore, Key: "how good", Op: LessEqual, Value: Value{Number: 1}},
		"score.ragas.faithful>-0.5": Cond{Field: FieldScore, Key: "ragas.faithful", Op: Greater, Value: Value{Number: -0.5}},
		"user=über tag!=ОК":         And{cond(FieldUser, Equal, text("über")), cond(FieldTag, Unequal, text("ОК"))},
		"span=00F067AA0BA902B7":     cond(FieldSpan, Equal, text("00f067aa0ba902b7")),
		`model!~"^gpt-(4|5)"`:       cond(FieldModel, NoMatch, text("^gpt-(4|5)")),
		"feature:search has:parent": And{cond(FieldFeature, Words, text("search")), cond(FieldParent, Has, Value{})},
		"name=OR OR user=NOT":       Or{cond(FieldName, Equal, text("OR")), cond(FieldUser, Equal, text("NOT"))},
	} {
		got, err := Parse(in, now())
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got != nil {
			got = placeless(got)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %#v\nwant %#v", in, got, want)
		}
	}
}

func TestConditionsKnowTheirColumn(t *testing.T) {
	t.Parallel()
	e, err := Parse("user=über (kind=llm has:tag)", now())
	if err != nil {
		t.Fatal(err)
	}
	inner := e.(And)[1].(And)
	if first, second := inner[0].(Cond).Col, inner[1].(Cond).Col; first != 12 || second != 21 {
		t.Errorf("columns %d and %d, want 12 and 21", first, second)
	}
}

// TestMistakes holds the messages: where, what was found, what was expected or
// how to mend it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		col  int
		says string
	}{
		{"modle=x", 1, "there is no field \"modle\"\n  fix: did you mean model?"},
		{"kind=llm zzzzzz=1", 10, "the fields are config, cost"},
		{"kind=lmm", 6, "\"lmm\" is no value of kind\n  expected: one of other, llm, embedding"},
		{"kind=lmm", 6, "did you mean llm?"},
		{"status=err", 8, "expected: one of ok, error"},
		{"has:", 5, "the filter ends where a condition is expected"},
		{"has=error", 4, "expected: has:FIELD"},
		{"has:kind", 5, "every span has kind"},
		{"has:usr", 5, "did you mean user?"},
		{"has:foo", 5, "there is no field \"foo\"\n  fix: the fields are "},
		{"has:score", 5, "has:score.NAME"},
		{"score<1", 1, "fix: name one: score.NAME<0.5"},
		{"score.<1", 7, "there is no name after score."},
		{"user.x=1", 1, "user has no parts, so no \"x\"\n  fix: write user"},
		{"cost>", 6, "there is no value after cost>\n  expected: US dollars, such as 0.01"},
		{"cost>1e3", 6, "\"1e3\" is no value of cost\n  expected: US dollars"},
		{"cost>-1", 6, "is no value of cost"},
		{"cost~1", 5, "cost cannot be compared with ~\n  expected: one of = != < <= > >= has:"},
		{"über cost>x", 1, "\"über\" is not followed by a comparison"},
		{"user=über cost>x", 16, "is no value of cost"},
		{"latency>2", 9, "fix: add the unit: 2s, or 2ms"},
		{"latency>99999999999999999999s", 9, "is no value of latency"},
		{"ttft>300000000d", 6, "is no value of ttft"},
		{"tokens>1.5", 8, "expected: a whole number"},
		{"score.a>NaN", 9, "expected: a number"},
		{"since=yesterday", 7, "expected: an age such as 24h or 7d"},
		{"since>24h", 6, "since cannot be compared with >"},
		{"since=9999-01-01", 7, "is no value of since"},
		{"root=yes", 6, "expected: true or false"},
		{"model~\"(\"", 7, "missing closing ): `(`\n  expected: an RE2 expression"},
		{"model==x", 6, "\"==\" is no comparison\n  fix: write ="},
		{"cost=>1", 5, "fix: write >="},
		{"name:~x", 5, "put a value that begins with such a sign in quotes"},
		{"model~gpt-(4|5)", 11, "cannot hold \"(\" here\n  fix: put the value in quotes: model~\"...\""},
		{"user= kind=llm", 11, "cannot hold \"=\" here"},
		{"user=\"a", 6, "this quote is never closed"},
		{"user=\"a\"b", 9, "text directly after the closing quote"},
		{"user=\"\"", 6, "fix: spans without one: NOT has:user"},
		{"text=x", 5, "expected: text:\"some words\""},
		{"text:\"?!\"", 6, "holds no word\n  expected: letters or digits\n  fix: to look for signs, write an expression: text~\"\\\\?!\""},
		{"text~\"(\"", 6, "expected: an RE2 expression"},
		{"refund policy", 1, "fix: to search texts for it: text:refund"},
		{"\"refund policy\"", 1, "fix: search texts with text:\"some words\""},
		{"user=a or user=b", 8, "fix: write OR in capitals"},
		{"user=a OR", 10, "the filter ends where a condition is expected"},
		{"OR user=a", 1, "OR stands between or before conditions"},
		{"(user=a", 1, "this parenthesis is never closed"},
		{"user=a)", 7, "a closing parenthesis without an opening one"},
		{"()", 2, "a closing parenthesis where a condition is expected"},
		{"trace=abc", 7, "expected: a trace id of 32 hex digits"},
		{"span=\"\"", 6, "the value of span is empty"},
		{"user=\xff", 1, "not text in UTF-8"},
		{"user=" + strings.Repeat("a", maxLength), 1, "expected: at most 16384"},
		{strings.Repeat("(", 100) + "user=a" + strings.Repeat(")", 100), 66, "more than 64 deep"},
		{strings.Repeat("NOT ", 4000) + "user=a", 261, "more than 64 deep"},
	} {
		e, err := Parse(c.in, now())
		var p *problem.Problem
		if !errors.As(err, &p) {
			t.Errorf("%.40s: %v and %v, want a problem", c.in, e, err)
			continue
		}
		if p.Col != c.col || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.40s\n got column %d: %v\nwant column %d: %s", c.in, p.Col, err, c.col, c.says)
		}
		if want := fmt.Sprintf("column %d: ", c.col); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40s: the message does not begin with %q: %v", c.in, want, err)
		}
	}
}

// genCond draws any condition that the language can say.
func genCond(t *rapid.T) Expr {
	all := make([]Field, 0, len(Fields()))
	for f := range Fields() {
		all = append(all, f)
	}
	slices.Sort(all)
	c := Cond{Field: rapid.SampledFrom(all).Draw(t, "field")}
	c.Op = rapid.SampledFrom(ops(c.Field)).Draw(t, "op")
	if c.Field == FieldScore {
		c.Key = rapid.StringN(1, 12, -1).Draw(t, "key")
	}
	if c.Op == Has {
		return c
	}
	switch Fields()[c.Field] {
	case Number:
		c.Value.Number = rapid.Float64().Draw(t, "number")
	case Count, Money, Duration:
		c.Value.Int = rapid.Int64Range(0, math.MaxInt64-1).Draw(t, "int")
	case Time:
		c.Value.Int = rapid.Int64Range(1, time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC).UnixNano()).Draw(t, "time")
	case Truth:
		c.Value.Truth = rapid.Bool().Draw(t, "truth")
	case Enum:
		c.Value.Text = rapid.SampledFrom(names(c.Field)).Draw(t, "name")
	default:
		switch {
		case c.Field == FieldTrace:
			c.Value.Text = rapid.StringMatching("[0-9a-f]{32}").Draw(t, "trace")
		case c.Field == FieldSpan || c.Field == FieldParent:
			c.Value.Text = rapid.StringMatching("[1-9a-f]{16}").Draw(t, "span")
		case c.Op == Match || c.Op == NoMatch:
			c.Value.Text = rapid.SampledFrom([]string{"a", `\d+"`, `^(gpt|o)-\w\\`, "x y"}).Draw(t, "expression")
		case c.Op == Words:
			c.Value.Text = rapid.String().Draw(t, "around") + rapid.SampledFrom([]string{"a", "é", "退款", "Two words"}).Draw(t, "words")
		default:
			c.Value.Text = rapid.String().Filter(func(s string) bool { return strings.TrimSpace(s) != "" }).Draw(t, "text")
		}
	}
	return c
}

func genExpr(depth int) *rapid.Generator[Expr] {
	return rapid.Custom(func(t *rapid.T) Expr {
		form := 0
		if depth > 0 {
			form = rapid.IntRange(0, 3).Draw(t, "form")
		}
		switch form {
		case 1:
			return And(rapid.SliceOfN(genExpr(depth-1), 2, 4).Draw(t, "and"))
		case 2:
			return Or(rapid.SliceOfN(genExpr(depth-1), 2, 4).Draw(t, "or"))
		case 3:
			return Not{genExpr(depth-1).Draw(t, "not")}
		}
		return genCond(t)
	})
}

func TestTextOfAnExprParsesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := genExpr(3).Draw(t, "expr")
		text := e.String()
		if len(text) > maxLength {
			t.Skip()
		}
		back, err := Parse(text, now())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := placeless(back); !reflect.DeepEqual(got, e) {
			t.Fatalf("%s\n got %#v\nwant %#v", text, got, e)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", `kind=llm model~"gpt-5" cost>0.01 latency>2s user=u1 text:"refund policy" score.grounded<0.5 has:error since=24h`,
		`NOT (a=b OR tag="x\"y") AND score."z z">=1e-3`, "until=2026-03-01T00:00:00Z ttft<1.5ms root=false", "((((", "name!~x has:tokens",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		e, err := Parse(in, now())
		var p *problem.Problem
		if err != nil {
			if !errors.As(err, &p) || p.Col < 1 || p.Col > len([]rune(in))+1 || p.What == "" {
				t.Fatalf("%q: %#v", in, err)
			}
			return
		}
		if e == nil {
			return
		}
		back, err := Parse(e.String(), now())
		if len(e.String()) > maxLength {
			return
		}
		if err != nil || !reflect.DeepEqual(placeless(e), placeless(back)) {
			t.Fatalf("%q reads as %s, which reads as %v (%v)", in, e, back, err)
		}
	})
}
