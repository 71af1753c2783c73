package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// TableOptions say what the terminal can show. The zero value is 80 columns
// without colour.
type TableOptions struct {
	Width int  // columns; 0 means 80, fewer than 60 are taken as 60, more than 120 as 120
	Color bool // escape codes for colour: only for a terminal, and not under NO_COLOR
	ASCII bool // drawings in ASCII, for a terminal without UTF-8
}

// Table writes the report for a terminal: the verdict first, each rule with
// its interval drawn against the limit, then the figures of both sides, the
// work that was done, warnings and the next step.
func Table(w io.Writer, in *Input, options TableOptions) error {
	t := &table{in: in, width: 80, paint: paint{options.Color}, strokes: unicodeStrokes}
	if options.Width > 0 {
		t.width = min(120, max(60, options.Width))
	}
	if options.ASCII {
		t.strokes = asciiStrokes
	}
	out := bufio.NewWriter(w)
	t.out = out
	t.heading()
	if in.Verdict != nil {
		t.changes()
		t.rules()
	}
	t.metrics()
	t.ending()
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

type table struct {
	in      *Input
	out     io.Writer
	width   int
	paint   paint
	strokes strokes
	worst   map[string]*pairing // cases by id, for the reasons of worst cases
}

// line writes one line; its parts are joined as they are.
func (t *table) line(parts ...string) {
	fmt.Fprintln(t.out, strings.TrimRight(strings.Join(parts, ""), " "))
}

// text writes a text wrapped with a hanging indent: first starts the first
// line, later lines start with as many blanks.
func (t *table) text(first, s string, style func(string) string) {
	indent := columns(first)
	for i, l := range wrap(plain(s), t.width-indent) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		t.line(first, style(l))
	}
}

func same(s string) string { return s }

func (t *table) outcome(o gate.Outcome, s string) string {
	switch o {
	case gate.Pass:
		return t.paint.wrap("1;32", s)
	case gate.Fail:
		return t.paint.wrap("1;31", s)
	case gate.Undecided, gate.Withheld:
		return t.paint.wrap("1;33", s)
	}
	return t.paint.dim(s)
}

func (t *table) heading() {
	name := plain(t.in.name())
	v := t.in.Verdict
	if v == nil {
		t.line(t.paint.bold("EVAL  " + name))
		t.line()
		t.side("", t.in.figures())
		return
	}
	t.line(t.outcome(v.Outcome, strings.ToUpper(word(v.Outcome))), "  ", t.paint.bold(name))
	t.text("", v.Summary, same)
	t.line()
	t.side("candidate", &v.Candidate)
	switch {
	case v.Unchanged:
		t.line(pad("baseline", 11), "the same version: nothing that counts has changed")
	case v.Baseline != nil:
		t.side("baseline", v.Baseline)
	default:
		t.line(pad("baseline", 11), "none")
	}
}

// side writes which version this is, where it came from and what answered.
func (t *table) side(role string, s *gate.Side) {
	if s == nil {
		h := &t.in.Candidate.Header
		s = &gate.Side{Version: h.Version, From: h.From, Model: h.Model, Cases: h.Cases, Answers: len(t.in.Candidate.Records)}
	}
	if role != "" {
		role = pad(role, 11)
	}
	count := plural(s.Cases, "case")
	if s.Answers != s.Cases {
		count += ", " + plural(s.Answers, "answer")
	}
	if s.Errors > 0 {
		count += ", " + plural(s.Errors, "error")
	}
	parts := []string{plain(s.Version), plain(s.From), plain(s.Model), count}
	line := role
	for i, p := range parts {
		switch {
		case p == "":
		case i == 0:
			line += p
		case columns(line)+2+columns(p) > t.width:
			t.line(line)
			line = strings.Repeat(" ", columns(role)) + p
		default:
			line += "  " + p
		}
	}
	t.line(line)
}

func (t *table) changes() {
	for i, c := range t.in.Verdict.Changes {
		first := pad("", 11)
		if i == 0 {
			first = pad("changed", 11)
		}
		t.text(first, c, same)
	}
}

func (t *table) ending() {
	sides := []struct {
		name string
		side *gate.Side
	}{{"candidate", t.in.figures()}, {"baseline", t.in.baselineFigures()}}
	if t.in.Verdict == nil {
		sides[0].name = "calls"
	}
	t.line()
	for _, s := range sides {
		if s.side != nil {
			t.text(pad(s.name, 11), work(s.side), same)
		}
	}
	for _, s := range sides {
		if s.side != nil {
			t.faults(s.side.Faults)
		}
	}
	h := &t.in.Candidate.Header
	if took := elapsed(h.Started, h.Finished); took != "" {
		t.line(pad("time", 11), took)
	}
	if v := t.in.Verdict; v != nil {
		for _, note := range t.in.notes() {
			t.text(pad("note", 11), note, same)
		}
		for _, warning := range v.Warnings {
			t.text("! ", warning, func(s string) string { return t.paint.wrap("33", s) })
		}
	}
	t.line()
	t.text("next: ", t.in.nextStep(), t.paint.bold)
}

// faults tells what the world did wrong, a kind at a time.
func (t *table) faults(list []gate.Fault) {
	for i := range list {
		t.text(pad("errors", 11), fault(&list[i]), func(s string) string { return t.paint.wrap("31", s) })
	}
}
