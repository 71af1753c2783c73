package llmconfig

import (
	"fmt"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Text shows the difference at 80 columns: texts by line and word, the rest by
// value. With color, what went is red and what came is green; without, they
// stand in [-brackets-] and {+braces+}.
func (d *Difference) Text(color bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", d.Before, d.After)
	if d.Same {
		b.WriteString("the same version: nothing that counts differs\n")
		return b.String()
	}
	for i := range d.Changes {
		c := &d.Changes[i]
		fmt.Fprintf(&b, "\n%s\n", c.Line())
		if c.Text && c.Kind == "changed" {
			writeTextDiff(&b, c.Before, c.After, color)
		}
	}
	return b.String()
}

// context is how many unchanged lines stand around a change.
const contextLines = 2

// writeTextDiff writes changed lines with their words marked, and a few lines
// around them.
func writeTextDiff(b *strings.Builder, before, after string, color bool) {
	dmp := diffmatchpatch.New()
	x, y, lines := dmp.DiffLinesToRunes(before, after)
	diffs := dmp.DiffCharsToLines(dmp.DiffMainRunes(x, y, false), lines)
	for i := 0; i < len(diffs); i++ {
		d := diffs[i]
		if d.Type == diffmatchpatch.DiffEqual {
			writeContext(b, d.Text, i > 0, i < len(diffs)-1)
			continue
		}
		if d.Type == diffmatchpatch.DiffDelete && i+1 < len(diffs) && diffs[i+1].Type == diffmatchpatch.DiffInsert {
			writeWords(b, d.Text, diffs[i+1].Text, color)
			i++
			continue
		}
		sign := map[diffmatchpatch.Operation]string{diffmatchpatch.DiffDelete: "-", diffmatchpatch.DiffInsert: "+"}[d.Type]
		for _, line := range splitLines(d.Text) {
			b.WriteString("  " + mark(sign, sign+" "+line, color) + "\n")
		}
	}
}

func splitLines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

func writeContext(b *strings.Builder, text string, after, before bool) {
	lines := splitLines(text)
	for i, line := range lines {
		near := after && i < contextLines || before && i >= len(lines)-contextLines
		switch {
		case near:
			b.WriteString("    " + line + "\n")
		case i == contextLines && after || i == 0 && !after:
			b.WriteString("    …\n")
		}
	}
}

// writeWords shows lines that changed into others, word by word.
func writeWords(b *strings.Builder, before, after string, color bool) {
	dmp := diffmatchpatch.New()
	diffs := dmp.DiffCleanupSemantic(dmp.DiffMain(before, after, false))
	var text strings.Builder
	for _, d := range diffs {
		switch d.Type {
		case diffmatchpatch.DiffEqual:
			text.WriteString(d.Text)
		case diffmatchpatch.DiffDelete:
			text.WriteString(wrap("[-", d.Text, "-]", "-", color))
		case diffmatchpatch.DiffInsert:
			text.WriteString(wrap("{+", d.Text, "+}", "+", color))
		}
	}
	for _, line := range splitLines(text.String()) {
		b.WriteString("  ~ " + line + "\n")
	}
}

func wrap(left, text, right, sign string, color bool) string {
	if color {
		return mark(sign, text, true)
	}
	return left + text + right
}

func mark(sign, text string, color bool) string {
	if !color {
		return text
	}
	code := "32"
	if sign == "-" {
		code = "31"
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
