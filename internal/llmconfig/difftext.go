package llmconfig

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Text shows the difference at 80 columns: texts by line and word, the rest by
// value. With color, what went is red and what came is green; without, they
// stand in [-brackets-] and {+braces+}.
func (d *Difference) Text(color bool) string {
	p := &page{color: color}
	fmt.Fprintf(&p.out, "--- %s\n+++ %s\n", d.Before, d.After)
	if d.Same {
		p.out.WriteString("the same version: nothing that counts differs\n")
		return p.out.String()
	}
	for i := range d.Changes {
		c := &d.Changes[i]
		p.out.WriteByte('\n')
		p.line("", []piece{{text: c.Line()}})
		if c.Text || c.long() && !c.opaque() {
			p.texts(c.Before, c.After)
		}
	}
	return p.out.String()
}

const (
	width        = 80
	contextLines = 2 // unchanged lines around a change
)

// piece is a part of a line: kept, deleted or inserted.
type piece struct {
	op   diffmatchpatch.Operation
	text string
}

// page writes lines of at most 80 columns, where words allow it.
type page struct {
	out   strings.Builder
	color bool
}

// texts shows how a text became another: changed lines by word, and a few
// lines around them.
func (p *page) texts(before, after string) {
	changes := compare(lines(before), lines(after))
	for i := 0; i < len(changes); i++ {
		c := changes[i]
		switch {
		case c.op == diffmatchpatch.DiffEqual:
			p.context(lines(c.text), i > 0, i < len(changes)-1)
		case c.op == diffmatchpatch.DiffDelete && i+1 < len(changes) && changes[i+1].op == diffmatchpatch.DiffInsert:
			p.words(c.text, changes[i+1].text)
			i++
		default:
			p.whole(c)
		}
	}
}

// context shows the lines next to changes before and after it.
func (p *page) context(unchanged []string, after, before bool) {
	for i, text := range unchanged {
		switch {
		case after && i < contextLines, before && i >= len(unchanged)-contextLines:
			p.line("    ", []piece{{text: strings.TrimSuffix(text, "\n")}})
		case after && i == contextLines, !after && i == 0:
			p.out.WriteString("    …\n")
		}
	}
}

// whole shows lines that came or went as a whole.
func (p *page) whole(c piece) {
	sign := "  + "
	if c.op == diffmatchpatch.DiffDelete {
		sign = "  - "
	}
	for _, text := range lines(c.text) {
		p.line(sign, []piece{{text: strings.TrimSuffix(text, "\n")}}, c.op)
	}
}

// words shows lines that became others word by word, or, where little is left
// of them, one after the other.
func (p *page) words(before, after string) {
	pieces := smooth(compare(words(before), words(after)))
	kept := 0
	for _, c := range pieces {
		if c.op == diffmatchpatch.DiffEqual {
			kept += len(strings.TrimSpace(c.text))
		}
	}
	if 4*kept < len(before)+len(after) {
		p.whole(piece{diffmatchpatch.DiffDelete, before})
		p.whole(piece{diffmatchpatch.DiffInsert, after})
		return
	}
	var line []piece
	for _, c := range pieces {
		for text := range strings.SplitAfterSeq(c.text, "\n") {
			end := strings.HasSuffix(text, "\n")
			if text = strings.TrimSuffix(text, "\n"); text != "" {
				line = append(line, piece{c.op, text})
			}
			if end && (len(line) > 0 || c.op == diffmatchpatch.DiffEqual) {
				p.line("  ~ ", line)
				line = nil
			}
		}
	}
	if len(line) > 0 {
		p.line("  ~ ", line)
	}
}

// smooth joins changes with nothing but blanks between them.
func smooth(pieces []piece) []piece {
	var out []piece
	var gone, came, blanks string // of the changes under way, and what was kept since
	flush := func() {
		if gone != "" {
			out = append(out, piece{diffmatchpatch.DiffDelete, gone})
		}
		if came != "" {
			out = append(out, piece{diffmatchpatch.DiffInsert, came})
		}
		if blanks != "" {
			out = append(out, piece{diffmatchpatch.DiffEqual, blanks})
		}
		gone, came, blanks = "", "", ""
	}
	for _, c := range pieces {
		switch {
		case c.op == diffmatchpatch.DiffEqual && strings.Trim(c.text, " \t") == "" && gone+came != "":
			blanks += c.text
		case c.op == diffmatchpatch.DiffEqual:
			flush()
			out = append(out, c)
		default:
			if (gone == "" || came == "") && blanks != "" && !endsBlank(out) {
				flush() // the side that has nothing would lose the blank between two words
			}
			if gone != "" {
				gone += blanks
			}
			if came != "" {
				came += blanks
			}
			blanks = ""
			if c.op == diffmatchpatch.DiffDelete {
				gone += c.text
			} else {
				came += c.text
			}
		}
	}
	flush()
	return out
}

// endsBlank says that nothing, or a blank, stands before what comes next.
func endsBlank(pieces []piece) bool {
	if len(pieces) == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(pieces[len(pieces)-1].text)
	return unicode.IsSpace(r)
}

// token is a piece that is not broken across lines.
type token struct {
	text  string
	ops   []diffmatchpatch.Operation
	blank bool
}

// line writes pieces on one line, and goes on below, indented, where they are
// too long. all colors the whole line.
func (p *page) line(sign string, pieces []piece, all ...diffmatchpatch.Operation) {
	var tokens []token
	for _, c := range pieces {
		left, right := "", ""
		if !p.color {
			left, right = brackets(c.op)
		}
		for _, text := range words(left + c.text + right) {
			tokens = append(tokens, token{text, append([]diffmatchpatch.Operation{c.op}, all...), strings.TrimSpace(text) == ""})
		}
	}
	p.out.WriteString(p.paint(sign, all...))
	column := utf8.RuneCountInString(sign)
	for i := 0; i < len(tokens); {
		// Blanks, and then everything up to the next ones, stay together.
		n, size, blanks := i, 0, 0
		for ; n < len(tokens) && (tokens[n].blank && size == blanks || !tokens[n].blank); n++ {
			size += utf8.RuneCountInString(tokens[n].text)
			if tokens[n].blank {
				blanks = size
			}
		}
		run := tokens[i:n]
		if column+size > width && column > 4 && size > blanks {
			p.out.WriteString("\n    ")
			column, size = 4, size-blanks
			for len(run) > 0 && run[0].blank {
				run = run[1:]
			}
		}
		for _, t := range run {
			p.out.WriteString(p.paint(t.text, t.ops...))
		}
		column += size
		i = n
	}
	p.out.WriteByte('\n')
}

// paint colors a text by the first operation that is no keeping.
func (p *page) paint(text string, ops ...diffmatchpatch.Operation) string {
	if !p.color {
		return text
	}
	for _, op := range ops {
		switch op {
		case diffmatchpatch.DiffDelete:
			return "\x1b[31m" + text + "\x1b[0m"
		case diffmatchpatch.DiffInsert:
			return "\x1b[32m" + text + "\x1b[0m"
		}
	}
	return text
}

func brackets(op diffmatchpatch.Operation) (left, right string) {
	switch op {
	case diffmatchpatch.DiffDelete:
		return "[-", "-]"
	case diffmatchpatch.DiffInsert:
		return "{+", "+}"
	}
	return "", ""
}

// lines cuts a text after each newline.
func lines(text string) []string {
	list := strings.SplitAfter(text, "\n")
	if n := len(list); list[n-1] == "" {
		list = list[:n-1]
	}
	return list
}

// words cuts a text into words, runs of blanks, newlines and other characters.
func words(text string) []string {
	kind := func(r rune) int {
		switch {
		case r == '\n':
			return 0
		case unicode.IsSpace(r):
			return 1
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_':
			return 2
		}
		return 3
	}
	var list []string
	start, last := 0, -1
	for i, r := range text {
		k := kind(r)
		if i > start && (k != last || k == 0 || k == 3) {
			list = append(list, text[start:i])
			start = i
		}
		last = k
	}
	if start < len(text) {
		list = append(list, text[start:])
	}
	return list
}

// compare finds what two lists of texts have in common. Each text stands for a
// character of its own in the library's comparison of strings.
func compare(before, after []string) []piece {
	characters := map[string]rune{}
	texts := map[rune]string{}
	encode := func(list []string) []rune {
		out := make([]rune, len(list))
		for i, text := range list {
			r, known := characters[text]
			if !known {
				if r = rune(len(characters) + 1); r >= 0xD800 {
					r += 0x800 // surrogates are no characters
				}
				characters[text], texts[r] = r, text
			}
			out[i] = r
		}
		return out
	}
	library := diffmatchpatch.New()
	var out []piece
	for _, d := range library.DiffMainRunes(encode(before), encode(after), false) {
		var b strings.Builder
		for _, r := range d.Text {
			b.WriteString(texts[r])
		}
		out = append(out, piece{d.Type, b.String()})
	}
	return out
}
