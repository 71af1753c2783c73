package report

import (
	"fmt"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/assay-llmops/assay/internal/eval"
)

// cases lists what a reviewer should look at: with a baseline the cases that
// got worse, without one those that failed; and the errors.
func (m *markdown) cases(in *Input) {
	evaluators := in.evaluators()
	var worse, errored []pairing
	for _, p := range in.pairings() {
		s := p.stand(evaluators)
		switch {
		case s.regressed, in.other() == nil && s.failed:
			worse = append(worse, p)
		case s.errored:
			errored = append(errored, p)
		}
	}
	title := "got worse"
	if in.other() == nil {
		title = "failed"
	}
	m.list(plural(len(worse), "case")+" "+title, worse, evaluators)
	m.list(plural(len(errored), "case")+" ended in an error", errored, evaluators)
}

// list writes a folded list that stops before the comment grows too long.
func (m *markdown) list(title string, cases []pairing, evaluators []string) {
	if len(cases) == 0 {
		return
	}
	m.add("<details><summary>%s</summary>\n\n", title)
	shown := 0
	for i := range cases {
		text := oneCase(&cases[i], evaluators)
		if shown == maxShownCases || m.Len()+len(text) > maxMarkdown {
			break
		}
		m.WriteString(text)
		shown++
	}
	if rest := len(cases) - shown; rest > 0 {
		m.add("and %d more, in the HTML report.\n\n", rest)
	}
	m.add("</details>\n\n")
}

func oneCase(p *pairing, evaluators []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", code(p.id))
	var says []string
	for _, name := range evaluators {
		now, before := tallyOf(p.candidate, name), tallyOf(p.baseline, name)
		switch {
		case now.errors > 0:
			says = append(says, md(name)+" ⚠️ "+md(cut(plain(p.reason(name)), 200)))
		case now.failed():
			mark := "❌ "
			if before.judged > 0 && !before.failed() {
				mark = "✅ → ❌ "
			}
			says = append(says, md(name)+" "+mark+md(cut(plain(p.reason(name)), 200)))
		}
	}
	b.WriteString(strings.Join(says, "; ") + "\n\n")
	now := p.first()
	for i, r := range p.candidate { // of several answers the first that failed
		if failedAnswer(r) {
			now = p.candidate[i]
			break
		}
	}
	switch {
	case len(p.baseline) > 0 && now.Output == p.baseline[0].Output && now.Output != "":
		b.WriteString("The answer is the same on both sides.\n\n")
	case len(p.baseline) > 0 && (now.Output != "" || p.baseline[0].Output != ""):
		fmt.Fprintf(&b, "<pre>%s</pre>\n\n", shortDiff(p.baseline[0].Output, now.Output))
	case now.Output != "":
		fmt.Fprintf(&b, "<pre>%s</pre>\n\n", pre(clean(cut(now.Output, 400))))
	}
	return b.String()
}

func failedAnswer(r *eval.Record) bool {
	for _, s := range r.Scores {
		if s.Outcome == "fail" {
			return true
		}
	}
	return false
}

// clean keeps line ends and drops other control characters.
func clean(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// shortDiff marks what changed between two answers and leaves out most of what
// did not: forty columns stay around each change. Long changes are cut.
func shortDiff(before, after string) string {
	const around, longest, most = 40, 300, 1200
	var b strings.Builder
	edits := wordDiff(cut(before, 4000), cut(after, 4000))
	for i, e := range edits {
		if b.Len() > most {
			b.WriteString(" …")
			break
		}
		text := clean(e.text)
		switch e.kind {
		case diffmatchpatch.DiffDelete:
			b.WriteString("<del>" + pre(cut(text, longest)) + "</del>")
		case diffmatchpatch.DiffInsert:
			b.WriteString("<ins>" + pre(cut(text, longest)) + "</ins>")
		default:
			b.WriteString(pre(surroundings(text, around, i > 0, i < len(edits)-1)))
		}
	}
	return b.String()
}

// surroundings shortens text that did not change: its beginning stays where a
// change stands before it, its end where one follows.
func surroundings(s string, around int, before, after bool) string {
	if columns(s) <= 2*around+3 {
		return s
	}
	runes := []rune(s)
	head, tail := "", ""
	if before || !after {
		head = string(runes[:around])
	}
	if after {
		tail = string(runes[len(runes)-around:])
	}
	return head + " … " + tail
}
