package gate

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/stats"
)

// showLevel is the two-sided level of the intervals that are shown beside a
// side's figures.
const showLevel = 0.95

// Summarise gives one run's figures with intervals: for a run without a gate.
func Summarise(run *eval.Run) Side { return summary(run, byCase(run), &evalfile.Policy{}) }

// summary gives one side's figures: every evaluator, cost, tokens, time and
// errors over all cases, and the metrics of the policy's slices.
func summary(run *eval.Run, cases *cases, policy *evalfile.Policy) Side {
	h := &run.Header
	s := Side{
		Name: h.Config, Version: h.Version, Digest: h.Digest, From: h.From, Run: h.ID, Model: h.Model,
		Answers: len(run.Records), Calls: h.Totals.Calls, Cached: h.Totals.Cached, SpentUSD: h.Totals.SpentUSD,
	}
	s.Cases = len(cases.list)
	for _, records := range cases.list {
		for _, r := range records {
			if r.Errored() {
				s.Errors++
				break
			}
		}
	}
	if s.Cases > 0 {
		s.ErrorShare = float64(s.Errors) / float64(s.Cases)
	}
	s.Faults = faults(run.Records)
	s.CostUSD = totalCost(run.Records)
	for _, name := range slices.Sorted(maps.Keys(h.Evaluators)) {
		s.add(run, cases, name, evalfile.Slice{})
		if scale, ok := h.Ranges[name]; ok && scale.Graded {
			s.add(run, cases, name+".score", evalfile.Slice{})
		}
	}
	for _, name := range []string{"cost_usd", "tokens_in", "tokens_out", "latency_p50_ms", "latency_p95_ms", "ttft_ms", "error_share"} {
		s.add(run, cases, name, evalfile.Slice{})
	}
	for _, r := range policy.Rules {
		if r.Slice.String() != "" {
			s.add(run, cases, r.Metric, r.Slice)
		}
	}
	return s
}

// add appends a metric's figure, where any case has one.
func (s *Side) add(run *eval.Run, cases *cases, name string, slice evalfile.Slice) {
	for _, have := range s.Metrics {
		if have.Name == name && have.Slice == slice.String() {
			return
		}
	}
	m, err := newMetric(name, &run.Header)
	if err != nil {
		return // Decide reports it where a rule asks for it
	}
	keep := func(r *eval.Record) bool { return slice.Holds(r.Tags, r.Metadata) }
	ev := gather(m, cases, nil, m.higherBetter, keep)
	values, clusters := ev.scoredOnly(m, run, keep)
	if len(values) == 0 {
		return
	}
	q := stats.Question{Kind: m.kind, Rule: stats.AtLeast, Lo: m.lo, Hi: m.hi, Q: m.q, Confidence: showLevel}
	shown, err := stats.Show(q, values, clusters)
	if err != nil {
		return
	}
	out := Metric{
		Name: name, Slice: slice.String(), Unit: m.unit, Value: shown.Estimate, Level: showLevel, Method: shown.Method,
		N: shown.N, Errors: ev.errors, Unscored: ev.unscored,
	}
	if !math.IsNaN(shown.Lower) && !math.IsInf(shown.Lower, 0) && !math.IsNaN(shown.Upper) && !math.IsInf(shown.Upper, 0) {
		out.Lower, out.Upper, out.HasInterval = shown.Lower, shown.Upper, true
	}
	s.Metrics = append(s.Metrics, out)
}

// scoredOnly are the values for show: errors are left out, not imputed, and
// counted beside the figure.
func (ev *evidence) scoredOnly(m *metric, run *eval.Run, keep func(*eval.Record) bool) (values []float64, clusters []string) {
	if ev.errors == 0 {
		return ev.pass.Candidate, ev.pass.Cluster
	}
	clean := &eval.Run{Header: run.Header}
	for i := range run.Records {
		if keep(&run.Records[i]) && m.read(&run.Records[i]).state == scored {
			clean.Records = append(clean.Records, run.Records[i])
		}
	}
	again := gather(m, byCase(clean), nil, m.higherBetter, keep)
	return again.pass.Candidate, again.pass.Cluster
}

// maxFaults is how many different errors a summary tells.
const maxFaults = 5

// faults groups the errors of a run by kind and message.
func faults(records []eval.Record) []Fault {
	byText := map[string]*Fault{}
	var order []*Fault
	count := func(kind, message, caseID string) {
		f := byText[kind+"\x00"+message]
		if f == nil {
			f = &Fault{Kind: kind, Example: message, Case: caseID}
			byText[kind+"\x00"+message], order = f, append(order, f)
		}
		f.Answers++
	}
	for i := range records {
		r := &records[i]
		if r.Error != nil {
			count(string(r.Error.Kind), r.Error.Error(), r.Case)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(r.Scores)) {
			if score := r.Scores[name]; score.Outcome == evaluator.Error {
				count("evaluator "+name, score.Reason, r.Case)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *Fault) int { return cmp.Compare(b.Answers, a.Answers) })
	var list []Fault
	for i, f := range order {
		if i < maxFaults {
			list = append(list, *f)
			continue
		}
		last := &list[maxFaults-1]
		if i == maxFaults {
			*last = Fault{Kind: "other", Answers: last.Answers, Case: last.Case, Example: "other errors, such as " + last.Example}
		}
		last.Answers += f.Answers
	}
	return list
}

// totalCost sums the cost of all answers; "" when one of them is unknown, or
// when there is none.
func totalCost(records []eval.Record) string {
	var sum int64
	answers := 0
	for i := range records {
		if records[i].Error != nil {
			continue
		}
		answers++
		nanos, err := price.ParseUSD(records[i].CostUSD)
		if err != nil {
			return ""
		}
		sum += nanos
	}
	if answers == 0 {
		return ""
	}
	return price.FormatUSD(sum)
}
