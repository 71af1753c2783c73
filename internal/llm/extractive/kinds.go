package extractive

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a question wants to find in a sentence, or several.
type kind uint8

const (
	aNumber kind = 1 << iota
	aPrice
	aTime
)

// Words that state one.
const (
	numerals = `one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred
thousand million dozen once twice half quarter third`
	money = `dollar dollars euro euros pound pounds cent cents percent half free`
	times = `second seconds minute minutes hour hours day days week weeks fortnight month months year years decade
immediately once twice daily weekly monthly yearly noon midnight morning afternoon evening night monday tuesday
wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays january
february march april may june july august september october november december`
)

var asks = []struct {
	how  *regexp.Regexp
	kind kind
}{
	{regexp.MustCompile(`\b(?:prices?|priced|costs?|fees?|charged?|pay|pays|expensive|cheaper|save)\b`), aPrice},
	{regexp.MustCompile(`\bhow (?:long|soon|often|frequently|early|late|old|quickly|fast)\b|\b(?:when|what time|until|deadline)\b`), aTime},
	{regexp.MustCompile(`\bhow (?:many|much|big|large|far|high|deep|wide|heavy|tall|small|loud)\b|\b(?:maximum|minimum|limit|number of)\b`), aNumber},
}

// expectation is what the question's kind wants; 0 for no kind.
func expectation(question string) kind {
	question = strings.ToLower(question)
	for _, a := range asks {
		if a.how.MatchString(question) {
			return a.kind
		}
	}
	return 0
}

// states is the kinds of question that a sentence has something for.
func (l *lexicon) states(text string, words []string) kind {
	var all kind
	for _, w := range words {
		all |= l.stated[w]
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsDigit(r) {
			all |= aNumber
		}
	}
	if strings.ContainsAny(text, "$€£¥%") {
		all |= aPrice
	}
	if hasTime(text) {
		all |= aTime
	}
	return all
}

// hasTime reports whether a text has a time such as 9:30.
func hasTime(text string) bool {
	for i := 1; i+1 < len(text); i++ {
		if text[i] == ':' && digit(text[i-1]) && digit(text[i+1]) {
			return true
		}
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
