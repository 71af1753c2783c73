package retrieve

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// token is a word of a text and where it stands.
type token struct{ start, end int }

// eachToken finds words: runs of letters, digits and marks, in which an
// apostrophe between letters and a point or a comma between digits count
// (don't, 3.5, 1,000). A Chinese or Japanese character is a word of its own,
// since no blanks part words there.
func eachToken(s string, found func(token)) {
	start := -1
	before := rune(0)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		next := i + size
		switch {
		case isIdeograph(r):
			if start >= 0 {
				found(token{start, i})
				start = -1
			}
			found(token{i, next})
		case isWord(r):
			if start < 0 {
				start = i
			}
		case start >= 0 && joins(before, r, s[next:]):
		case start >= 0:
			found(token{start, i})
			start = -1
		}
		before, i = r, next
	}
	if start >= 0 {
		found(token{start, len(s)})
	}
}

func tokenize(s string) []token {
	tokens := make([]token, 0, len(s)/5+1)
	eachToken(s, func(t token) { tokens = append(tokens, t) })
	return tokens
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func isIdeograph(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// joins reports whether a sign after the character before belongs to the word.
func joins(before, sign rune, rest string) bool {
	switch sign {
	case '\'', '’':
		after, _ := utf8.DecodeRuneInString(rest)
		return unicode.IsLetter(before) && unicode.IsLetter(after) && !isIdeograph(after)
	case '.', ',':
		after, _ := utf8.DecodeRuneInString(rest)
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// Tokens counts the words of a text, the unit of MaxTokens and Overlap. A
// vendor's tokenizer counts about a third more for English.
func Tokens(s string) int {
	n := 0
	eachToken(s, func(token) { n++ })
	return n
}

// Words are the words of a text in lower case, apostrophes alike.
func Words(s string) []string {
	words := make([]string, 0, len(s)/5+1)
	eachToken(s, func(t token) {
		words = append(words, strings.ReplaceAll(strings.ToLower(s[t.start:t.end]), "’", "'"))
	})
	return words
}

// Stem is a word of Words as it is compared: by the English Snowball stemmer.
func Stem(word string) string { return english.Stem(word, false) }

// Terms are the stems of a text's words.
func Terms(s string) []string {
	terms := Words(s)
	for i, word := range terms {
		terms[i] = Stem(word)
	}
	return terms
}
