package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// plain makes text from outside safe for a line of a terminal: line ends and
// tabs become blanks; other control characters and those that reorder text
// become a visible mark.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '�'
		}
		return r
	}, s)
}

// cells is how many columns a rune takes: two for wide East Asian characters
// and emoji, none for marks that combine.
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// columns is the width of a text without control characters.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

// cut shortens a text to a number of columns, ending it with "…".
func cut(s string, limit int) string {
	if columns(s) <= limit {
		return s
	}
	n := 0
	for i, r := range s {
		if n+cells(r) > limit-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
		n += cells(r)
	}
	return s
}

// pad fills a text with blanks at its right up to a number of columns.
func pad(s string, limit int) string {
	return s + strings.Repeat(" ", max(0, limit-columns(s)))
}

// wrap breaks a text between words into lines of at most limit columns; a word
// that is longer than a line is broken too.
func wrap(s string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(glue.Replace(s), func(r rune) bool { return r == ' ' }) {
		if line != "" && columns(line)+1+columns(word) <= limit {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > limit {
			head := hardCut(word, limit)
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\u00a0", " ")
	}
	return lines
}

// glue keeps a number and its unit on one line.
var glue = strings.NewReplacer(" %", "\u00a0%", " ms", "\u00a0ms")

// hardCut is the longest prefix of at most limit columns, at least one rune.
func hardCut(s string, limit int) string {
	n := 0
	for i, r := range s {
		if n+cells(r) > limit && i > 0 {
			return s[:i]
		}
		n += cells(r)
	}
	return s
}

// paint is how a table marks words; the zero paint leaves them as they are.
type paint struct{ on bool }

func (p paint) wrap(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string { return p.wrap("1", s) }
func (p paint) dim(s string) string  { return p.wrap("2", s) }
