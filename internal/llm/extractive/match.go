package extractive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// term is a word of the question.
type term struct {
	word   string
	stem   string
	groups []int
	light  bool
	exact  bool // a number: nothing is like it but itself
}

// terms keeps the words of a question that say something, each once; all of
// them when none does.
func (l *lexicon) terms(question string) []term {
	words := retrieve.Words(question)
	kept := l.distinct(words, func(w string) bool { return !l.empty[w] })
	if len(kept) == 0 {
		kept = l.distinct(words, func(string) bool { return true })
	}
	return kept
}

func (l *lexicon) distinct(words []string, keep func(string) bool) []term {
	var kept []term
	seen := map[string]bool{}
	for _, w := range words {
		stem := l.stem(w)
		if !keep(w) || seen[stem] {
			continue
		}
		seen[stem] = true
		kept = append(kept, term{
			word: w, stem: stem, groups: l.alike[stem], light: l.light[w],
			exact: strings.IndexFunc(w, unicode.IsDigit) >= 0,
		})
	}
	return kept
}

// How like a word of the question another word is, by what they share.
const (
	sameWord   = 1.0
	sameMeans  = 0.6 // general English uses one for the other
	sameStart  = 0.7 // reserve, reservation
	oneLetter  = 0.7 // a slip of the pen
	compounded = 0.6 // wood, firewood
)

// matcher compares words with a question's terms. It remembers each word, so
// that it serves one call.
type matcher struct {
	lexicon *lexicon
	terms   []term
	starts  map[string]bool // two letters that what is like a term may begin with
	known   map[string][]match
}

type match struct {
	term  int
	alike float64 // in (0, 1]
}

func newMatcher(l *lexicon, terms []term) *matcher {
	m := &matcher{lexicon: l, terms: terms, starts: map[string]bool{}, known: make(map[string][]match, 512)}
	for _, t := range terms {
		m.starts[start(t.stem)] = true
		for _, g := range t.groups {
			for _, member := range l.groups[g] {
				m.starts[start(member)] = true
			}
		}
	}
	return m
}

func start(word string) string { return word[:min(2, len(word))] }

// find is the terms that a word is like.
func (m *matcher) find(word string) []match {
	found, ok := m.known[word]
	if !ok {
		if m.mayMatch(word) {
			found = m.compare(word)
		}
		m.known[word] = found
	}
	return found
}

// mayMatch saves most words the stemming, which takes longer than all the rest.
func (m *matcher) mayMatch(word string) bool {
	for i := range m.terms {
		if t := &m.terms[i]; t.word == word || !m.lexicon.empty[word] && (strings.HasSuffix(word, t.stem) || strings.HasSuffix(t.word, word)) {
			return true
		}
	}
	if base, ok := m.lexicon.irregular[word]; ok {
		word = base
	}
	return m.starts[start(word)] && !m.lexicon.empty[word]
}

func (m *matcher) compare(word string) []match {
	stem := m.lexicon.stem(word)
	groups := m.lexicon.alike[stem]
	var found []match
	for i := range m.terms {
		if s := likeness(&m.terms[i], stem, groups); s > 0 {
			found = append(found, match{i, s})
		}
	}
	return found
}

// likeness compares stems; every measure is of letters but for the groups.
func likeness(t *term, stem string, groups []int) float64 {
	switch {
	case t.stem == stem:
		return sameWord
	case t.exact || strings.IndexFunc(stem, unicode.IsDigit) >= 0:
		return 0
	case share(t.groups, groups):
		return sameMeans
	}
	short, long := t.stem, stem
	if len(short) > len(long) {
		short, long = long, short
	}
	common := prefix(short, long)
	switch {
	case common >= 4 && 10*common >= 7*len(long):
		return sameStart
	case len(short) >= 5 && common >= 2 && slip(short, long):
		return oneLetter
	case utf8.RuneCountInString(short) >= 4 && (common == len(short) || strings.HasSuffix(long, short)):
		return compounded
	}
	return 0
}

func share(a, b []int) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// prefix is the number of bytes that two words begin with alike.
func prefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// slip reports whether one byte was added, left out, replaced or swapped with
// its neighbour.
func slip(short, long string) bool {
	if len(long)-len(short) > 1 {
		return false
	}
	at := prefix(short, long)
	s, l := short[at:], long[at:]
	if len(short) < len(long) {
		return s == l[1:]
	}
	if s == "" {
		return true
	}
	if s[1:] == l[1:] {
		return true
	}
	return len(s) > 1 && s[0] == l[1] && s[1] == l[0] && s[2:] == l[2:]
}
