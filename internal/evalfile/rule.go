package evalfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/problem"
)

// Rule is one metric with its bound or margin.
type Rule struct {
	Metric  string
	Kind    string  // at_least, at_most, not_worse_by or better_by
	Bound   float64 // a fraction when Percent
	Percent bool
	Written string // the bound as the file has it
	Slice   Slice
	Line    int
}

// String is the rule in words of the file.
func (r *Rule) String() string {
	s := r.Metric + " " + r.Kind + " " + r.Written
	if slice := r.Slice.String(); slice != "" {
		s += " (" + slice + ")"
	}
	return s
}

// Slice is the cases that a rule is about; the zero Slice is all of them.
type Slice struct {
	Tag      string
	Metadata map[string]string // every one of them must hold
}

// String is "tag=billing", or "" for all cases.
func (s Slice) String() string {
	var parts []string
	if s.Tag != "" {
		parts = append(parts, "tag="+s.Tag)
	}
	names := make([]string, 0, len(s.Metadata))
	for name := range s.Metadata {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		parts = append(parts, name+"="+s.Metadata[name])
	}
	return strings.Join(parts, ",")
}

// Holds reports whether a case with these tags and metadata is in the slice.
func (s Slice) Holds(tags []string, metadata map[string]any) bool {
	if s.Tag != "" && !slices.Contains(tags, s.Tag) {
		return false
	}
	for name, want := range s.Metadata {
		if have, ok := metadata[name]; !ok || fmt.Sprint(have) != want {
			return false
		}
	}
	return true
}

type ruleFile struct {
	Metric     string          `json:"metric"`
	AtLeast    json.RawMessage `json:"at_least"`
	AtMost     json.RawMessage `json:"at_most"`
	NotWorseBy json.RawMessage `json:"not_worse_by"`
	BetterBy   json.RawMessage `json:"better_by"`
	Slice      struct {
		Tag      string         `json:"tag"`
		Metadata map[string]any `json:"metadata"`
	} `json:"slice"`
}

// rule reads one rule: exactly one bound.
func rule(raw *ruleFile) (*Rule, *problem.Problem) {
	r := &Rule{Metric: raw.Metric, Slice: Slice{Tag: raw.Slice.Tag}}
	for name, value := range raw.Slice.Metadata {
		if r.Slice.Metadata == nil {
			r.Slice.Metadata = map[string]string{}
		}
		r.Slice.Metadata[name] = fmt.Sprint(value)
	}
	bounds := []struct {
		kind string
		text json.RawMessage
	}{{"at_least", raw.AtLeast}, {"at_most", raw.AtMost}, {"not_worse_by", raw.NotWorseBy}, {"better_by", raw.BetterBy}}
	var kinds []string
	for _, b := range bounds {
		if b.text == nil {
			continue
		}
		kinds = append(kinds, b.kind)
		r.Kind, r.Written = b.kind, strings.Trim(string(b.text), `"`)
	}
	if len(kinds) != 1 {
		p := problem.Newf("the rule on %s has no bound", raw.Metric)
		if len(kinds) > 1 {
			p = problem.Newf("the rule on %s has %s", raw.Metric, strings.Join(kinds, " and "))
		}
		return nil, p.Wanted("exactly one of at_least, at_most, not_worse_by, better_by").Remedy("write two rules for two bounds")
	}
	return r, r.parse()
}

// parse reads the bound: a number, or a percentage of the baseline.
func (r *Rule) parse() *problem.Problem {
	number, percent := strings.CutSuffix(strings.TrimSpace(r.Written), "%")
	bound, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return problem.Newf("%s of %s is %q", r.Kind, r.Metric, r.Written).Wanted("a number, or a percentage such as \"10%%\"")
	}
	relative := r.Kind == "not_worse_by" || r.Kind == "better_by"
	switch {
	case percent && !relative:
		return problem.Newf("%s of %s is a percentage", r.Kind, r.Metric).Wanted("a number: a rate of 60 %% is 0.60").
			Remedy("write %s: %s", r.Kind, strconv.FormatFloat(bound/100, 'g', -1, 64))
	case relative && bound < 0:
		return problem.Newf("%s of %s is negative", r.Kind, r.Metric).
			Wanted("a margin of 0 or more, in the direction that counts for this metric")
	case r.Kind == "not_worse_by" && bound == 0:
		return problem.Newf("%s of %s is 0", r.Kind, r.Metric).Wanted("a margin above 0").
			Remedy("no number of cases can show that something is not worse by nothing at all; say how much worse would not matter, such as 0.02")
	}
	if percent {
		bound /= 100
	}
	r.Bound, r.Percent = bound, percent
	return nil
}

// reserved are the metrics that every run has beside its evaluators.
var reserved = []string{
	"cost_usd", "cost_usd.geomean", "tokens_in", "tokens_out", "latency_ms", "latency_p50_ms", "latency_p95_ms",
	"latency_p99_ms", "ttft_ms", "error_share",
}

// checkMetric refuses a metric that no run will have, and a margin in percent
// for a share, where a difference is meant.
func (f *File) checkMetric(r *Rule) *problem.Problem {
	names := slices.Clone(reserved)
	share := r.Metric == "error_share"
	for _, spec := range f.Evaluators {
		names = append(names, spec.Name, spec.Name+".score")
		share = share || r.Metric == spec.Name
	}
	switch {
	case !slices.Contains(names, r.Metric):
		p := problem.Newf("no metric is called %q", r.Metric).Wanted("an evaluator's name, NAME.score, or one of %s", strings.Join(reserved, ", "))
		if near := problem.Nearest(r.Metric, names); near != "" {
			p = p.Remedy("did you mean %s?", near)
		}
		return p
	case share && r.Percent:
		return problem.Newf("%s of %s is a percentage of a share", r.Kind, r.Metric).Wanted("a difference of shares").
			Remedy("write %s: %s", r.Kind, strconv.FormatFloat(r.Bound, 'g', -1, 64))
	}
	return nil
}

// Suspects finds rules on a slice that no case of the dataset is in: such a rule
// can never be decided.
func (f *File) Suspects(cases []dataset.Case) (problems problem.List) {
	if f.Gate == nil {
		return nil
	}
	var tags []string
	for i := range cases {
		tags = append(tags, cases[i].Tags...)
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	for i := range f.Gate.Rules {
		r := &f.Gate.Rules[i]
		if slices.ContainsFunc(cases, func(c dataset.Case) bool { return r.Slice.Holds(c.Tags, c.Metadata) }) {
			continue
		}
		p := problem.Newf("the rule on %s is about %s, and no case is", r.Metric, r.Slice).Remedy("mend the slice, or add cases to the dataset")
		if near := problem.Nearest(r.Slice.Tag, tags); near != "" && !slices.Contains(tags, r.Slice.Tag) {
			p = p.Remedy("did you mean tag: %s?", near)
		}
		problems = append(problems, p.At(f.Path, r.Line))
	}
	return problems
}
