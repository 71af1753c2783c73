package token

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Phrase is tokens that are looked for one after the other.
type Phrase struct {
	tokens [][]byte
	// back[n] is how many of the first tokens are also the last of the first n:
	// where the next one does not fit, these still do.
	back []int
}

// NewPhrase is the phrase of the tokens of words.
func NewPhrase(words string) *Phrase {
	p := &Phrase{tokens: Of(words)}
	p.back = make([]int, len(p.tokens)+1)
	for n := 1; n < len(p.tokens); n++ {
		p.back[n+1] = p.step(p.back[n], p.tokens[n])
	}
	return p
}

// step is how many tokens of the phrase fit after token, where n fit before.
func (p *Phrase) step(n int, token []byte) int {
	for n > 0 && !bytes.Equal(p.tokens[n], token) {
		n = p.back[n]
	}
	if bytes.Equal(p.tokens[n], token) {
		n++
	}
	return n
}

// Tokens are the tokens of the phrase: a text that has the phrase has each of
// them.
func (p *Phrase) Tokens() [][]byte { return p.tokens }

// In says whether the phrase is in a text. A phrase without tokens is in none.
func (p *Phrase) In(text []byte) bool {
	if len(p.tokens) == 0 {
		return false
	}
	n := 0
	c := cutter{text: text}
	for n < len(p.tokens) && c.next() {
		n = p.step(n, c.token)
	}
	return n == len(p.tokens)
}

// What stands between tokens, and what is a token alone, in RE2 as in kindAt.
const (
	gapClass   = `[^\pL\pM\pN]`
	aloneClass = `[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]`
)

// Pattern is an RE2 expression that is found in the texts that the phrase is in,
// for engines that cut no tokens. It is found nowhere for a phrase without
// tokens.
func (p *Phrase) Pattern() string {
	if len(p.tokens) == 0 {
		return `[^\x00-\x{10FFFF}]`
	}
	var b strings.Builder
	beside := `(?:` + gapClass + `|` + aloneClass + `)`
	runs := func(i int) bool { k, _ := kindAt(p.tokens[i]); return k == run }
	if runs(0) {
		b.WriteString(`(?:^|` + beside + `)`)
	}
	for i, t := range p.tokens {
		if i > 0 {
			b.WriteString(gapClass)
			if runs(i-1) && runs(i) {
				b.WriteByte('+')
			} else {
				b.WriteByte('*')
			}
		}
		for _, r := range string(t) {
			switch {
			case r-'a' < 26 && r >= 'a':
				b.WriteString(`[` + string(r) + string(r-0x20) + `]`)
			case r < utf8.RuneSelf:
				b.WriteRune(r) // a digit
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
	}
	if runs(len(p.tokens) - 1) {
		b.WriteString(`(?:$|` + beside + `)`)
	}
	return b.String()
}
