package extractive

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is a sentence of a passage with the headings above it.
type line struct{ text, heading string }

var (
	item      = regexp.MustCompile(`^(?:[-*+•]|\d{1,3}[.)])\s+`)
	underline = regexp.MustCompile(`^(?:=+|-{3,})$`)
)

// split takes a passage apart into sentences. Lines that are broken for their
// length belong together; a heading, an item of a list, a row of a table and a
// blank line begin anew.
func split(passage string) []line {
	var all []line
	var heading, open string
	flush := func() {
		for _, s := range bySentence(open) {
			all = append(all, line{s, heading})
		}
		open = ""
	}
	for _, text := range strings.Split(passage, "\n") {
		text = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(text), "> "))
		title := strings.TrimLeft(text, "#")
		switch {
		case text == "":
			flush()
		case title != text:
			flush()
			heading = strings.TrimSpace(heading + "\n" + strings.Trim(title, "# "))
		case underline.MatchString(text):
			if open != "" && !strings.ContainsAny(open, ".!?") {
				heading, open = strings.TrimSpace(heading+"\n"+open), ""
			}
			flush()
		case item.MatchString(text) || strings.HasPrefix(text, "|"):
			flush()
			open = strings.Trim(item.ReplaceAllString(text, ""), "| ")
			if text[0] == '|' {
				flush()
			}
		default:
			open = strings.TrimSpace(open + " " + text)
		}
	}
	flush()
	return all
}

// bySentence cuts where a sentence may end: after a point, a question or an
// exclamation mark, before a blank and something that begins another.
func bySentence(text string) []string {
	var out []string
	from := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '.' && text[i] != '!' && text[i] != '?' {
			continue
		}
		stop := len(text) - len(strings.TrimLeft(text[i+1:], "\"”’')*_`"))
		next := strings.TrimLeft(text[stop:], " \t")
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(next, "\"“‘'(*_`"))
		if len(next) == len(text)-stop || !unicode.IsUpper(first) && !unicode.IsDigit(first) {
			continue
		}
		if text[i] == '.' && abbreviated(text[from:i]) {
			continue
		}
		out = append(out, text[from:stop])
		i = len(text) - len(next) - 1
		from = i + 1
	}
	if rest := strings.TrimSpace(text[from:]); rest != "" {
		out = append(out, rest)
	}
	return out
}

// abbreviated reports whether a text ends in a word whose point ends no sentence.
func abbreviated(text string) bool {
	word := strings.TrimLeft(text[strings.LastIndexAny(text, " \t")+1:], "\"“‘'(*_`")
	switch strings.ToLower(word) {
	case "e.g", "i.e", "etc", "vs", "mr", "mrs", "ms", "dr", "nr", "st", "approx", "inc", "ltd":
		return true
	case "no": // No. 5, but not: the answer is no.
		return word == "No"
	}
	r, size := utf8.DecodeRuneInString(word)
	return size == len(word) && unicode.IsUpper(r) && word != "I"
}
