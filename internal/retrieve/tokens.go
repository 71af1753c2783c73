package retrieve

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// token is a word of a text and where it stands.
type token struct{ start, end int }

// tokenize finds words: runs of letters, digits and marks, in which an
// apostrophe, a point or a comma counts when it stands between two of them
// (don't, 3.5, 1,000).
func tokenize(s string) []token {
	var tokens []token
	start := -1
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case isWord(r):
			if start < 0 {
				start = i
			}
		case start >= 0 && joins(r, s, i, i+size):
		case start >= 0:
			tokens = append(tokens, token{start, i})
			start = -1
		}
		i += size
	}
	if start >= 0 {
		tokens = append(tokens, token{start, len(s)})
	}
	return tokens
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// joins reports whether a sign between two characters belongs to the word: an
// apostrophe between letters, a point or comma between digits.
func joins(r rune, s string, at, next int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[next:])
	switch r {
	case '\'', '’':
		return unicode.IsLetter(before) && unicode.IsLetter(after)
	case '.', ',':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// Tokens counts the words of a text, the unit of MaxTokens and Overlap. A
// vendor's tokenizer gives about a third more.
func Tokens(s string) int { return len(tokenize(s)) }

// Terms are the words of a text as they are compared: lower case, stemmed by
// the English Snowball stemmer, apostrophes alike.
func Terms(s string) []string {
	tokens := tokenize(s)
	terms := make([]string, len(tokens))
	for i, t := range tokens {
		word := strings.ReplaceAll(strings.ToLower(s[t.start:t.end]), "’", "'")
		terms[i] = english.Stem(word, false)
	}
	return terms
}
