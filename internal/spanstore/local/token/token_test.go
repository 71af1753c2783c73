package token_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore/local/token"
)

func words(text string) string { return string(bytes.Join(token.Of(text), []byte("|"))) }

func TestEach(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "",
		" ,;_!":                                "",
		"Refund-policy (v2) of order_4711":     "refund|policy|v2|of|order|4711",
		"don't":                                "don|t",
		"ÉCOLE cafe\u0301 NAÏVE":               "École|cafe\u0301|naÏve", // A to Z only; a mark belongs to its letter
		"API退款, 5円":                            "api|退|款|5|円",
		"환불을 ปัญหา":                            "환|불|을|ป|ั|ญ|ห|า",
		"x\xffy\uFFFDz":                        "x|y|z",
		"{\"a\":\"b\"}":                        "a|b",
		"½ cup, x²":                            "½|cup|x²",
		"привет мир":                           "привет|мир",
		strings.Repeat("A", 1000) + "\n" + "b": strings.Repeat("a", 1000) + "|b",
	} {
		if got := words(text); got != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}

func TestPhrase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words, text string
		want        bool
	}{
		{"refund", "A REFUND.", true},
		{"refund", "refunds", false},
		{"fund", "refund", false},
		{"refund policy", "our refund-policy, v2", true},
		{"refund policy", "refund of policy", false},
		{"policy refund", "refund policy", false},
		{"a b a c", "a b a b a c", true},
		{"a a b", "a a a b", true},
		{"退款", "我要退款吗", true},
		{"退款", "退了款", false},
		{"api退", "API退款", true},
		{"api", "API退款", true},
		{"", "anything", false},
		{"-", "a - b", false},
		{"gpt-5", "gpt-5-mini", true},
		{"gpt-5", "gpt-50", false},
	} {
		p := token.NewPhrase(c.words)
		if got := p.In([]byte(c.text)); got != c.want {
			t.Errorf("%q in %q: %v", c.words, c.text, got)
		}
		if got := regexp.MustCompile(p.Pattern()).MatchString(c.text); got != c.want {
			t.Errorf("%q in %q by its pattern: %v", c.words, c.text, got)
		}
	}
}

// texts draws texts of few different tokens, so that phrases come up in them.
func texts(t *rapid.T, label string) string {
	parts := []string{"a", "A", "b", "ab", "1", "é", "É", "\u0301", "退", "款", "ー", "ก", "한", " ", "-", "_", "\n", "。", "\uFFFD"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 14).Draw(t, label), "")
}

// A phrase is found exactly where its tokens stand side by side, by either way.
func TestPhraseIsItsTokensInARow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, phrase := texts(t, "text"), texts(t, "words")
		if rapid.Bool().Draw(t, "a piece of the text") {
			r := []rune(text)
			i := rapid.IntRange(0, len(r)).Draw(t, "from")
			phrase = string(r[i:rapid.IntRange(i, len(r)).Draw(t, "to")])
		}
		all, part := token.Of(text), token.Of(phrase)
		want := false
		for i := 0; len(part) > 0 && i+len(part) <= len(all); i++ {
			want = want || slices.EqualFunc(all[i:i+len(part)], part, bytes.Equal)
		}
		p := token.NewPhrase(phrase)
		if got := p.In([]byte(text)); got != want {
			t.Errorf("%q in %q: %v, want %v", phrase, text, got, want)
		}
		re, err := regexp.Compile(p.Pattern())
		if err != nil {
			t.Fatal(err)
		}
		if got := re.MatchString(text); got != want {
			t.Errorf("%q in %q by %s: %v, want %v", phrase, text, re, got, want)
		}
	})
}

// Tokens are pieces of the text in its order, longest, folded, and nothing that
// belongs to one is left between them.
func FuzzEach(f *testing.F) {
	for _, s := range []string{"", "Refund policy", "API退款", "x\xffy", "a_b", "\u0301", "ー", "é É"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rest := text
		apart := true // the token before cannot go on into the next
		token.Each(text, func(tok []byte) {
			i := 0
			for ; i+len(tok) <= len(rest) && !bytes.Equal(lower(rest[i:i+len(tok)]), tok); i++ {
				apart = true
			}
			if len(tok) == 0 || i+len(tok) > len(rest) {
				t.Fatalf("%q is no token of %q", tok, rest)
			}
			if bytes.ContainsFunc(rest[:i], counts) {
				t.Fatalf("%q is left out before %q", rest[:i], tok)
			}
			if !apart {
				t.Fatalf("%q is not cut off from what is before it in %q", tok, text)
			}
			rest = rest[i+len(tok):]
			for _, r := range string(tok) {
				if !counts(r) || r >= 'A' && r <= 'Z' {
					t.Fatalf("%q has %q", tok, r)
				}
			}
			first, _ := utf8.DecodeRune(rest)
			apart = alone(tok) || len(rest) > 0 && unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana,
				unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
		})
		if bytes.ContainsFunc(rest, counts) {
			t.Fatalf("%q is left over of %q", rest, text)
		}
	})
}

func counts(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

func alone(tok []byte) bool {
	r, size := utf8.DecodeRune(tok)
	return size == len(tok) && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func lower(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 0x20
		}
		return r
	}, b)
}

func BenchmarkEach(b *testing.B) {
	text := []byte(strings.Repeat("The Refund policy says that a customer may, within 14 days, ask for naïve things. ", 40))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		n := 0
		token.Each(text, func([]byte) { n++ })
	}
}
