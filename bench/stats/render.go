package main

import (
	"fmt"
	"os"
	"strings"
)

// render writes the tables as Markdown and lists the cells above their limit.
func render(tables []*table, sets int) (page string, broken []string) {
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "### %s\n\n", t.title)
		n := max(1, sets/max(1, t.thin))
		fmt.Fprintf(&b, "%s%d data sets a cell.\n\n| truth on the threshold |", t.note, n)
		for _, c := range t.columns {
			fmt.Fprintf(&b, " %s |", c)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(t.columns)) + "\n")
		for _, r := range t.rows {
			fmt.Fprintf(&b, "| %s |", r.label)
			for i, c := range r.cells {
				entry, excess := describe(t, r, t.columns[i], c)
				fmt.Fprintf(&b, " %s |", entry)
				if excess != "" {
					broken = append(broken, fmt.Sprintf("%s: %s, n = %s: %s", t.title, r.label, t.columns[i], excess))
				}
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String(), broken
}

// describe gives a cell's entry and, when it is above its limit, what is wrong.
func describe(t *table, r *row, s size, c cell) (entry, excess string) {
	if c.tooFew == c.sets {
		return "–", ""
	}
	percent := func(x int) string { return fmt.Sprintf("%.1f", 100*float64(x)/float64(c.sets)) }
	entry = percent(c.passes) + " / " + percent(c.fails)
	if t.informative {
		return entry + " (" + fmt.Sprintf("%.0f", 100*float64(c.warned)/float64(c.sets)) + ")", ""
	}
	lower := max(atLeast(c.passes, c.sets), atLeast(c.fails, c.sets))
	limit, mark := usualLimit, ""
	if r.limit != nil {
		limit, mark = r.limit(s)
	}
	if lower > usualLimit {
		entry += mark
	}
	if lower > limit {
		return entry + " **above**", fmt.Sprintf("%s %%, 99.9 %% lower bound %.2f %%, limit %.1f %%", entry, 100*lower, 100*limit)
	}
	return entry, ""
}

// The measured part of the page lies between these lines.
const (
	measuredStart = "<!-- measured: go run ./bench/stats -write -->"
	measuredEnd   = "<!-- end of measured -->"
)

// replaceMeasured puts the tables into the page.
func replaceMeasured(path, tables string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	before, rest, ok := strings.Cut(string(page), measuredStart)
	_, after, closed := strings.Cut(rest, measuredEnd)
	if !ok || !closed {
		return fmt.Errorf("%s: expected the lines %q and %q around the measured part", path, measuredStart, measuredEnd)
	}
	text := before + measuredStart + "\n\n" + strings.TrimRight(tables, "\n") + "\n\n" + measuredEnd + after
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}
