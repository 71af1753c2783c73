package extractive

import (
	"regexp"
	"strconv"
	"strings"
)

const verb = `(?is)\b(?:reply|answer|respond|say|write|output|return)\b`

var (
	bounds = regexp.MustCompile(`(?i)\b(?:in|to|at most|up to|than|max(?:imum)?(?: of)?|within|with|use|using|write|give)\s+` +
		`(?:(?:at most|up to|no more than)\s+)?` +
		`(one|two|three|four|five|six|an?(?: single)?|[1-9])(?:\s*(?:to|or|-|–)\s*(one|two|three|four|five|six|[1-9]))?` +
		`\s+(?:(?:short|complete|full|concise|brief|clear|plain|simple)\s+)*sentences?\b`)
	quoted = regexp.MustCompile(verb + "[^.:\"“”*`]{0,60}?[:\\s]\\s*" +
		"(?:\\**\"([^\"]+)\"|\\**“([^”]+)”|\\*+([^*\"“]+)\\*|`([^`]+)`|‘(.+?)’(?:\\W|$)|'(.+?)'(?:\\W|$))")
	says       = regexp.MustCompile(verb)
	afterColon = regexp.MustCompile(verb + "[^.:\"“”]{0,60}:\\s*([^\\n]{2,})")
	admit      = regexp.MustCompile(`(?i)\b(?:say|state|admit|reply)\s+(?:so\b|that (?:you|it|the|there)\b|you (?:do not|don't|don’t|cannot|can't|can’t)\b)`)
	condition  = regexp.MustCompile(`(?i)\b(?:if|when|where|unless|otherwise|cannot|can't|can’t)\b`)
	negated    = regexp.MustCompile(`(?i)(?:\b(?:not|never|avoid)|n't|n’t)\s+(?:to\s+)?$`)
	bullet     = regexp.MustCompile(`\n[ \t]*(?:[-*+•]|\d+[.)])[ \t]+`)

	counts = map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
)

// instructions reads the bound of sentences and the words to decline with.
func (p *prompt) instructions(text string) {
	if m := bounds.FindStringSubmatch(text); m != nil {
		p.most = number(m[1])
		if m[2] != "" {
			p.most = number(m[2])
		}
	}
	// Each paragraph and each item of a list is an order of its own.
	for _, order := range blank.Split(bullet.ReplaceAllString("\n"+text, "\n\n"), -1) {
		if p.decline == "" && condition.MatchString(order) {
			p.decline = refusal(strings.TrimSpace(order))
		}
	}
}

func number(s string) int {
	if n, ok := counts[strings.ToLower(s)]; ok {
		return n
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return 1 // "a", "a single"
}

// refusal is the text that an order says to reply with under a condition: what
// stands in quotes or after a colon behind "reply", "say" and the like; "I don't
// know." for "say so" and "say that you do not know"; "" for none.
func refusal(order string) string {
	for _, m := range quoted.FindAllStringSubmatchIndex(order, -1) {
		for group := 2; group < len(m); group += 2 {
			if m[group] >= 0 && conditional(order, m[0], m[group]) {
				return strings.TrimSpace(order[m[group]:m[group+1]])
			}
		}
	}
	from := 0
	for {
		m := afterColon.FindStringSubmatchIndex(order[from:])
		if m == nil {
			break
		}
		// "If they do not answer: reply with: TEXT" has its text after the last one.
		text := order[from+m[2] : from+m[3]]
		if !afterColon.MatchString(text) && conditional(order, from+m[0], from+m[2]) {
			if all := bySentence(text); len(all) > 0 {
				return strings.Trim(all[0], " \t*")
			}
		}
		from += m[2]
	}
	if at := admit.FindStringIndex(order); at != nil && conditional(order, at[0], at[1]) {
		return "I don't know."
	}
	return ""
}

// conditional reports whether a sentence up to a place has a condition, and the
// last verb from another place on is not forbidden ("if so, do not say ...").
func conditional(order string, from, to int) bool {
	if verbs := says.FindAllStringIndex(order[from:to], -1); len(verbs) > 0 {
		from += verbs[len(verbs)-1][0]
	}
	all := bySentence(strings.ReplaceAll(order[:to], "\n", " "))
	return len(all) > 0 && condition.MatchString(all[len(all)-1]) && !negated.MatchString(order[:from])
}
