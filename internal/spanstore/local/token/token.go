// Package token cuts texts into words, for whoever looks for words and whoever
// writes down, ahead of a search, which words are in a part of a log. Both must
// cut alike, or a search misses what is there; so this is the only place where
// texts are cut.
//
// A token is a longest run of letters, marks and digits (Unicode categories L, M
// and N). Everything else stands between tokens: blanks, punctuation, symbols,
// underscores, and bytes that are not UTF-8. Case is folded for the letters A to
// Z and for no others.
//
//	"Refund-policy (v2) of order_4711" has refund, policy, v2, of, order, 4711
//
// Some scripts put no blank between words, and Korean hangs particles on them.
// There every character is a token of its own, and belongs to no run beside it:
// those of Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer and Myanmar. So
// words of these scripts are found anywhere:
//
//	"API退款" has api, 退, 款
//
// Words are found in a text where their tokens stand in it one after the other,
// whatever is between them. What this package makes of a text is a part of the
// format of token filters: to change it, raise their number.
package token

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Each calls visit with every token of a text, in order, its letters A to Z made
// small. The bytes are only lent.
func Each(text []byte, visit func(token []byte)) {
	var c cutter
	for c.text = text; c.next(); {
		visit(c.token)
	}
}

// Of gives the tokens of a text.
func Of(text string) (list [][]byte) {
	Each([]byte(text), func(t []byte) { list = append(list, bytes.Clone(t)) })
	return list
}

// cutter cuts one token after the other off a text.
type cutter struct {
	text    []byte // what is left
	token   []byte // the last one cut off
	scratch []byte
}

// next cuts off a token; it is false where there is none.
func (c *cutter) next() bool {
	b := c.text
	start, size := 0, 1
	k := between
	for ; start < len(b); start += size {
		if k, size = kindAt(b[start:]); k != between {
			break
		}
	}
	if start == len(b) {
		c.text = nil
		return false
	}
	end := start + size
	for k == run && end < len(b) {
		if ascii[b[end]] {
			end++
			continue
		}
		next, size := kindAt(b[end:])
		if next != run {
			break
		}
		end += size
	}
	c.token, c.text = b[start:end], b[end:]
	if slices.ContainsFunc(c.token, isCapital) {
		c.scratch = append(c.scratch[:0], c.token...)
		for i, x := range c.scratch {
			if isCapital(x) {
				c.scratch[i] = x | 0x20
			}
		}
		c.token = c.scratch
	}
	return true
}

func isCapital(c byte) bool { return c-'A' < 26 }

// kind is what a character is to tokens.
type kind uint8

const (
	between kind = iota // part of none
	run                 // part of one with its neighbours
	alone               // one of its own
)

// ascii are the letters and digits of ASCII.
var ascii = func() (set [256]bool) {
	for c := range utf8.RuneSelf {
		set[c] = c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
	}
	return set
}()

// kindAt is the kind of the first character, and how many bytes it has.
func kindAt(b []byte) (k kind, size int) {
	if ascii[b[0]] {
		return run, 1
	}
	if b[0] < utf8.RuneSelf {
		return between, 1
	}
	r, size := utf8.DecodeRune(b)
	switch {
	case !unicode.In(r, unicode.L, unicode.M, unicode.N):
		return between, size
	case r >= firstAlone && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return alone, size
	}
	return run, size
}

const firstAlone = 0x0E00 // Thai begins here, the other scripts later
