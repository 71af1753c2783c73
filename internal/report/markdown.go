package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// GitHub refuses a comment of more than 65,536 characters; the report stays
// well below, so that a workflow can add words of its own.
const (
	maxMarkdown   = 60000
	maxShownCases = 20
)

// Markdown writes the report as a comment for a pull request: the verdict, a
// table of rules, and in folded parts the figures of both sides and the cases
// that got worse, each with its words compared. It stays below 65,000
// characters; what does not fit is counted. The first line is an HTML comment
// by which a workflow finds its earlier comment again.
func Markdown(w io.Writer, in *Input) error {
	var m markdown
	m.heading(in)
	if in.Verdict != nil {
		m.rules(in.Verdict)
		m.notes(in.Verdict)
	}
	m.faults(in)
	m.figures(in)
	m.cases(in)
	m.add("<sub>%s</sub>\n", md(m.footer(in)))
	if _, err := io.WriteString(w, m.String()); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

type markdown struct{ strings.Builder }

func (m *markdown) add(format string, args ...any) { fmt.Fprintf(m, format, args...) }

// md makes text from outside harmless inside a line or a table's cell:
// markup, links, mentions and references are shown, not followed.
func md(s string) string { return mdEscapes.Replace(plain(s)) }

var mdEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "~", "\\~", "|", "\\|",
	"[", "\\[", "]", "\\]", "$", "\\$", "@", "@\u200b", "#", "#\u200b", "://", ":\u200b//", "www.", "www\u200b.",
)

// code shows an id or a version as it is. Inside the element GitHub follows no
// mention and no reference.
func code(s string) string { return "<code>" + pre(plain(s)) + "</code>" }

// pre escapes text for a code or pre element, with entities only: backslashes
// count in the one and not in the other.
func pre(s string) string { return preEscapes.Replace(s) }

var preEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "\\", "&#92;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;", "|", "&#124;",
	"[", "&#91;", "]", "&#93;", "$", "&#36;", "://", ":&#47;/",
)

func badge(o gate.Outcome) string {
	switch o {
	case gate.Pass:
		return "✅ pass"
	case gate.Fail:
		return "❌ fail"
	case gate.Undecided:
		return "❔ undecided"
	case gate.Withheld:
		return "⚠️ withheld"
	}
	return "➖ not applicable"
}

func (m *markdown) heading(in *Input) {
	m.add("<!-- assay: %s -->\n", strings.ReplaceAll(md(in.name()), "--", "- -"))
	v := in.Verdict
	if v == nil {
		m.add("## Assay: %s\n\n", md(in.name()))
		return
	}
	m.add("## %s: %s\n\n%s\n\n", badge(v.Outcome), md(in.name()), md(sentence(v.Summary)))
	m.add("%s (%s)", code(v.Candidate.Version), md(v.Candidate.From))
	switch {
	case v.Unchanged:
		m.add(", the same version as the baseline")
	case v.Baseline != nil:
		m.add(" against %s (%s)", code(v.Baseline.Version), md(v.Baseline.From))
	}
	m.add(", %s\n\n", plural(v.Candidate.Cases, "case"))
}

func (m *markdown) rules(v *gate.Verdict) {
	if len(v.Rules) == 0 {
		return
	}
	m.add("| | rule | baseline → candidate | estimate | %s one-sided bounds | limit | n |\n|---|---|---|--:|--:|--:|--:|\n", percent(v.Confidence))
	for i := range v.Rules {
		r := &v.Rules[i]
		sides, estimate, bounds, n := "", "", "", ""
		if r.Candidate != nil {
			sides = gate.Quantity(*r.Candidate, r.Unit)
			if r.Baseline != nil {
				sides = gate.Quantity(*r.Baseline, r.Unit) + " → " + sides
			}
		}
		if r.N > 0 {
			n = fmt.Sprint(r.N)
		}
		limit := ""
		if r.HasBounds {
			estimate, bounds, limit = r.Amount(r.Estimate), r.Amount(r.Lower)+" to "+r.Amount(r.Upper), r.Amount(r.Limit)
		}
		m.add("| %s | %s | %s | %s | %s | %s | %s |\n", badge(r.Outcome), md(r.Text), md(sides), md(estimate), md(bounds), md(limit), n)
	}
	m.add("\n")
	for i := range v.Rules {
		r := &v.Rules[i]
		if r.Outcome != gate.Fail && r.Outcome != gate.Undecided {
			continue
		}
		m.add("- **%s**: %s", md(r.Text), md(r.Reason))
		if d := details(r); len(d) > 0 {
			m.add(" (%s)", md(strings.Join(d, " · ")))
		}
		if len(r.WorstCases) > 0 {
			ids := make([]string, len(r.WorstCases))
			for k, id := range r.WorstCases {
				ids[k] = code(id)
			}
			m.add("; worst: %s", strings.Join(ids, ", "))
		}
		m.add("\n")
	}
	m.add("\n")
}

func (m *markdown) notes(v *gate.Verdict) {
	if len(v.Changes) > 0 {
		m.add("What changed:\n")
		for _, c := range v.Changes {
			m.add("- %s\n", md(c))
		}
		m.add("\n")
	}
	for _, warning := range v.Warnings {
		m.add("> ⚠️ %s\n\n", md(warning))
	}
}

// faults tells what the world did wrong on either side, at most ten kinds.
func (m *markdown) faults(in *Input) {
	for _, side := range []*gate.Side{in.figures(), in.baselineFigures()} {
		if side == nil {
			continue
		}
		for i := range side.Faults[:min(10, len(side.Faults))] {
			m.add("> ❗ %s\n\n", md(cut(plain(fault(&side.Faults[i])), 500)))
		}
	}
}

func (m *markdown) figures(in *Input) {
	now, before := in.figures(), in.baselineFigures()
	if now == nil || len(now.Metrics) == 0 {
		return
	}
	m.add("<details><summary>Figures</summary>\n\n| metric |")
	if before != nil {
		m.add(" baseline | interval |")
	}
	m.add(" candidate | interval | n |\n|---|%s--:|--:|--:|\n", strings.Repeat("--:|", 2*present(before)))
	for i := range now.Metrics {
		c := &now.Metrics[i]
		m.add("| %s |", md(label(c.Name, c.Slice)))
		if before != nil {
			value, interval := withInterval(metric(before, c.Name, c.Slice))
			m.add(" %s | %s |", md(value), md(interval))
		}
		value, interval := withInterval(c)
		m.add(" %s | %s | %d |\n", md(value), md(interval), c.N)
	}
	if list := methods(now); len(list) > 0 {
		m.add("\n%s intervals: %s.\n", percent(now.Metrics[0].Level), md(strings.Join(list, "; ")))
	}
	m.add("\n</details>\n\n")
}

// present is 1 where there is a side, else 0.
func present(s *gate.Side) int {
	if s == nil {
		return 0
	}
	return 1
}

func (m *markdown) footer(in *Input) string {
	h := &in.Candidate.Header
	parts := []string{}
	if s := in.figures(); s != nil {
		parts = append(parts, work(s))
	}
	if took := elapsed(h.Started, h.Finished); took != "" {
		parts = append(parts, took)
	}
	return strings.Join(append(parts, "Assay "+h.Assay), " · ")
}
