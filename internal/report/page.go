package report

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// page is what the template of the HTML page shows.
type page struct {
	Policy               string
	Style                template.CSS
	Script               template.JS
	Assay, Name, When    string
	Verdict, Unchanged   bool
	Class, Sign, Word    string // of the outcome
	Summary              string
	Sides                []pageSide
	Changes              []string
	Facts                []pageFact
	Warnings, Notes      []string
	Faults               []string
	Confidence, Estimand string
	Rules                []pageRule
	Paired               bool // there is a baseline column
	Figures, Tags        []pageFigure
	Methods, Cases, Work string
}

type pageSide struct{ Role, Version, From, Model string }

type pageFact struct{ Name, Value string }

type pageRule struct {
	Class, Sign, Word, Text  string
	Baseline, Candidate      string
	Span                     *pageSpan
	Why, Holm                string
	Details, Warnings, Worst []string
	Regressed, Improved      int
	Evaluator, Tag           string // what the links filter by
}

type pageFigure struct {
	Name, Slice         string
	Paired              bool
	Baseline, Candidate pageValue
	Pair                []pageWhisker
	N                   int
	Left                string // cases that do not count
}

type pageValue struct{ Value, Interval string }

func newPage(in *Input) *page {
	h := &in.Candidate.Header
	p := &page{Assay: h.Assay, Name: in.name(), When: when(h.Started), Class: "eval", Cases: plural(h.Cases, "case")}
	p.Sides = []pageSide{{"Candidate", h.Version, h.From, h.Model}}
	if other := in.other(); other != nil {
		p.Sides = append(p.Sides, pageSide{"Baseline", other.Header.Version, other.Header.From, other.Header.Model})
	}
	p.Facts = in.facts()
	if now := in.figures(); now != nil {
		p.Work = sentence(work(now))
	}
	if v := in.Verdict; v != nil {
		p.Verdict, p.Unchanged = true, v.Unchanged
		p.Class, p.Sign, p.Word, p.Summary = string(v.Outcome), sign(v.Outcome), strings.ToUpper(word(v.Outcome)), sentence(v.Summary)
		p.Changes, p.Warnings, p.Notes = v.Changes, v.Warnings, in.notes()
		p.Confidence, p.Estimand = percent(v.Confidence), v.Estimand
		names := in.evaluators()
		for i := range v.Rules {
			p.Rules = append(p.Rules, newPageRule(&v.Rules[i], names))
		}
	}
	for _, side := range []*gate.Side{in.figures(), in.baselineFigures()} {
		if side == nil {
			continue
		}
		for i := range side.Faults {
			p.Faults = append(p.Faults, fault(&side.Faults[i]))
		}
	}
	p.addFigures(in)
	return p
}

// facts are the few figures beside the verdict.
func (in *Input) facts() []pageFact {
	h := &in.Candidate.Header
	facts := []pageFact{{"cases", strconv.Itoa(h.Cases)}}
	if h.Repeats > 1 {
		facts = append(facts, pageFact{"answers a case", strconv.Itoa(h.Repeats)})
	}
	if now := in.figures(); now != nil {
		facts = append(facts, pageFact{"errors", strconv.Itoa(now.Errors)}, pageFact{"calls made", strconv.Itoa(now.Calls)}, pageFact{"cached", strconv.Itoa(now.Cached)})
		cost := "not known"
		if now.CostUSD != "" {
			cost = "$" + now.CostUSD
		}
		facts = append(facts, pageFact{"cost of all answers", cost})
	}
	if took := elapsed(h.Started, h.Finished); took != "" {
		facts = append(facts, pageFact{"took", took})
	}
	return facts
}

func newPageRule(r *gate.RuleResult, evaluators []string) pageRule {
	p := pageRule{
		Class: string(r.Outcome), Sign: sign(r.Outcome), Word: word(r.Outcome), Text: r.Text,
		Why: why(r) + ".", Holm: sentence(holm(r)), Warnings: r.Warnings, Regressed: r.Regressed, Improved: r.Improved,
	}
	if !strings.HasPrefix(p.Why, r.Metric) {
		p.Why = sentence(why(r))
	}
	p.Why, p.Holm = glue.Replace(p.Why), glue.Replace(p.Holm)
	for _, d := range details(r) {
		if r.Regressed+r.Improved == 0 || !strings.Contains(d, "regressed") { // the links say it
			p.Details = append(p.Details, d)
		}
	}
	if r.Candidate != nil {
		p.Candidate = gate.Quantity(*r.Candidate, r.Unit)
	}
	if r.Baseline != nil {
		p.Baseline = gate.Quantity(*r.Baseline, r.Unit)
	}
	if r.Outcome == gate.Fail || r.Outcome == gate.Undecided {
		p.Worst = r.WorstCases
	}
	if name := strings.TrimSuffix(r.Metric, ".score"); slices.Contains(evaluators, name) {
		p.Evaluator = name
	}
	p.Tag, _ = strings.CutPrefix(r.Slice, "tag=")
	if p.Tag == r.Slice {
		p.Tag = ""
	}
	if s, ok := spanOf(r); ok && !r.ByIdentity {
		p.Span = newPageSpan(&s, r)
	}
	return p
}

func (p *page) addFigures(in *Input) {
	now, before := in.figures(), in.baselineFigures()
	if now == nil {
		return
	}
	p.Paired = before != nil
	for i := range now.Metrics {
		c := &now.Metrics[i]
		p.Figures = append(p.Figures, newPageFigure(metric(before, c.Name, c.Slice), c, p.Paired))
	}
	p.Tags = in.tagFigures()
	if list := methods(now); len(list) > 0 {
		p.Methods = percent(now.Metrics[0].Level) + " intervals: " + strings.Join(list, "; ") + "."
	}
}

func newPageFigure(b, c *gate.Metric, paired bool) pageFigure {
	f := pageFigure{Name: c.Name, Slice: c.Slice, Paired: paired, N: c.N, Pair: whiskers(b, c)}
	f.Candidate.Value, f.Candidate.Interval = withInterval(c)
	f.Baseline.Value, f.Baseline.Interval = withInterval(b)
	var left []string
	if c.Unscored > 0 {
		left = append(left, strconv.Itoa(c.Unscored)+" unscored")
	}
	if c.Errors > 0 {
		left = append(left, plural(c.Errors, "error"))
	}
	f.Left = strings.Join(left, ", ")
	return f
}

// index lists the cases for the page's script.
func (in *Input) index(pairs []pairing) *pageIndex {
	x := &pageIndex{
		Evaluators: in.evaluators(), Tags: []string{}, Paired: in.other() != nil, Content: !in.Candidate.Header.NoContent,
		Candidate: in.Candidate.Header.Version, Block: blockSize, Cases: make([]pageEntry, 0, len(pairs)),
	}
	if other := in.other(); other != nil {
		x.Baseline = other.Header.Version
	}
	places := map[string]int{}
	for i := range pairs {
		p := &pairs[i]
		e := pageEntry{ID: p.id, Marks: make([][6]int, len(x.Evaluators)), Errored: p.stand(nil).errored, Preview: preview(p.first().Input)}
		for k, name := range x.Evaluators {
			b, c := tallyOf(p.baseline, name), tallyOf(p.candidate, name)
			e.Marks[k] = [6]int{b.passed, b.judged, b.errors, c.passed, c.judged, c.errors}
		}
		for _, tag := range p.first().Tags {
			at, seen := places[tag]
			if !seen {
				at = len(x.Tags)
				places[tag] = at
				x.Tags = append(x.Tags, tag)
			}
			e.Tags = append(e.Tags, at)
		}
		x.Cases = append(x.Cases, e)
	}
	return x
}

// preview is a short text of a case's input: its one text, or the longest.
func preview(input map[string]any) string {
	longest := ""
	for _, v := range input {
		if s, ok := v.(string); ok && (len(s) > len(longest) || len(s) == len(longest) && s < longest) {
			longest = s
		}
	}
	return cut(plain(longest), 140)
}
