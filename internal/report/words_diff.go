package report

import (
	"strings"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// edit is a run of words that both texts share, or that one of them lacks.
type edit struct {
	kind diffmatchpatch.Operation
	text string
}

// wordDiff compares two texts word by word; blanks and punctuation count as
// words of their own, so that the edits joined give the texts back.
func wordDiff(before, after string) []edit {
	dictionary := map[string]rune{}
	var words []string
	encode := func(s string) []rune {
		var out []rune
		for _, w := range splitWords(s) {
			r, ok := dictionary[w]
			if !ok {
				r = codePoint(len(words))
				dictionary[w] = r
				words = append(words, w)
			}
			out = append(out, r)
		}
		return out
	}
	a, b := encode(before), encode(after)
	var edits []edit
	for _, d := range diffmatchpatch.New().DiffMainRunes(a, b, false) {
		text := ""
		for _, r := range d.Text {
			text += words[wordIndex(r)]
		}
		edits = append(edits, edit{d.Type, text})
	}
	return joined(edits)
}

// joined makes changes readable: what is equal between two changes but holds
// no word counts as changed, and neighbouring changes become one deletion and
// one insertion.
func joined(edits []edit) []edit {
	var out []edit
	var gone, come strings.Builder
	flush := func() {
		if gone.Len() > 0 {
			out = append(out, edit{diffmatchpatch.DiffDelete, gone.String()})
		}
		if come.Len() > 0 {
			out = append(out, edit{diffmatchpatch.DiffInsert, come.String()})
		}
		gone.Reset()
		come.Reset()
	}
	for i, e := range edits {
		switch {
		case e.kind == diffmatchpatch.DiffDelete:
			gone.WriteString(e.text)
		case e.kind == diffmatchpatch.DiffInsert:
			come.WriteString(e.text)
		case gone.Len()+come.Len() > 0 && i+1 < len(edits) && !strings.ContainsFunc(e.text, inWord):
			gone.WriteString(e.text)
			come.WriteString(e.text)
		default:
			flush()
			out = append(out, e)
		}
	}
	flush()
	return out
}

// codePoint gives the i-th word a rune of its own, around the surrogates,
// which are no characters.
func codePoint(i int) rune {
	if i >= 0xd7ff {
		i += 0x801
	}
	return rune(i + 1)
}

func wordIndex(r rune) int {
	if r > 0xdfff {
		r -= 0x801
	}
	return int(r) - 1
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || r == '_'
}

// splitWords cuts a text into words, runs of blanks, and single other
// characters.
func splitWords(s string) []string {
	var words []string
	start, last := 0, rune(-1)
	class := func(r rune) rune {
		switch {
		case inWord(r):
			return 'w'
		case unicode.IsSpace(r):
			return ' '
		}
		return '.'
	}
	for i, r := range s {
		c := class(r)
		if i > 0 && (c != last || c == '.') {
			words = append(words, s[start:i])
			start = i
		}
		last = c
	}
	if start < len(s) {
		words = append(words, s[start:])
	}
	return words
}
