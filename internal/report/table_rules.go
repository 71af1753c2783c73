package report

import (
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// margin is where the text of a rule begins, behind its outcome.
const margin = 14

func (t *table) rules() {
	v := t.in.Verdict
	if len(v.Rules) == 0 {
		return
	}
	t.worst = map[string]*pairing{}
	pairs := t.in.pairings()
	for i := range pairs {
		t.worst[pairs[i].id] = &pairs[i]
	}
	t.line()
	t.text("", "Rules, with "+percent(v.Confidence)+" one-sided bounds, over the "+v.Estimand+"; dots where a rule holds, "+
		string(t.strokes.limit)+" its limit", t.paint.dim)
	for i := range v.Rules {
		t.line()
		t.rule(&v.Rules[i])
	}
}

func (t *table) rule(r *gate.RuleResult) {
	blank := strings.Repeat(" ", margin)
	head := "  " + sign(r.Outcome) + " " + pad(word(r.Outcome), margin-4)
	if r.Outcome == gate.NotApplicable {
		head = "  " + sign(r.Outcome) + " " + pad("n/a", margin-4)
	}
	sides := ""
	if r.Candidate != nil {
		sides = gate.Quantity(*r.Candidate, r.Unit)
		if r.Baseline != nil {
			sides = gate.Quantity(*r.Baseline, r.Unit) + " → " + sides
		}
	}
	text := plain(r.Text)
	if room := t.width - margin - columns(text); columns(sides)+2 > room {
		sides = ""
	} else if sides != "" {
		sides = strings.Repeat(" ", room-columns(sides)) + sides
	}
	lines := wrap(text+sides, t.width-margin)
	if len(lines) == 1 {
		lines[0] = text + sides // wrap folds blanks
	}
	t.line(t.outcome(r.Outcome, head), t.paint.bold(lines[0]))
	for _, l := range lines[1:] {
		t.line(blank, t.paint.bold(l))
	}
	if s, ok := spanOf(r); ok && !r.ByIdentity {
		lo, hi := r.Amount(s.lo), r.Amount(s.hi)
		room := t.width - margin - 2*11
		t.line(blank, t.paint.dim(pad("", 9-columns(lo))+lo), "  ", s.draw(room, t.strokes), "  ", t.paint.dim(hi))
	}
	t.text(blank, why(r), same)
	if h := holm(r); h != "" {
		t.text(blank, h, same)
	}
	t.text(blank, strings.Join(details(r), " · "), t.paint.dim)
	for _, warning := range r.Warnings {
		t.text(blank+"! ", warning, func(s string) string { return t.paint.wrap("33", s) })
	}
	if r.Outcome == gate.Fail || r.Outcome == gate.Undecided {
		t.worstCases(r)
	}
}

// worstCases names the cases that speak most against the candidate, each with
// its reason: beside the id where there is room for a few words, else below.
func (t *table) worstCases(r *gate.RuleResult) {
	blank := strings.Repeat(" ", margin)
	for i, id := range r.WorstCases {
		first := blank + "       "
		if i == 0 {
			first = blank + "worst: "
		}
		room := t.width - columns(first)
		shown := plain(id)
		reason := ""
		if p := t.worst[id]; p != nil {
			reason = plain(p.reason(r.Metric))
		}
		rest := room - columns(shown) - 2
		switch {
		case reason == "":
			t.text(first, shown, same)
		case rest >= 20:
			t.line(first, shown, "  ", t.paint.dim(cut(reason, rest)))
		default:
			t.text(first, shown, same)
			t.line(strings.Repeat(" ", columns(first)), "  ", t.paint.dim(cut(reason, room-2)))
		}
	}
}
