package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
)

// tally counts what one evaluator said about one case's answers on one side.
// All zero means that it had nothing to say.
type tally struct{ passed, judged, errors int }

// worseThan reports whether t passes less often than u; false when either side
// was not judged.
func (t tally) worseThan(u tally) bool {
	return t.judged > 0 && u.judged > 0 && t.passed*u.judged < u.passed*t.judged
}

func (t tally) failed() bool { return t.passed < t.judged }

// standing is what both sides' tallies say about a case. Without a baseline
// nothing is regressed or improved.
type standing struct {
	regressed bool // an evaluator passes it less often than at the baseline
	improved  bool // an evaluator passes it more often
	failed    bool // an evaluator fails the candidate's answer
	errored   bool // the world failed an answer or a judgement, on either side
	unscored  bool // no evaluator judged the candidate's answer
}

// pairing is one case with the answers of both sides, repeats in order.
type pairing struct {
	id        string
	candidate []*eval.Record
	baseline  []*eval.Record // empty where the baseline lacks the case
}

// first is the record that stands for the case in lists.
func (p *pairing) first() *eval.Record { return p.candidate[0] }

// pairings lists the candidate's cases in dataset order.
func (in *Input) pairings() []pairing {
	var list []pairing
	place := map[string]int{}
	for i := range in.Candidate.Records {
		r := &in.Candidate.Records[i]
		at, seen := place[r.Case]
		if !seen {
			at = len(list)
			place[r.Case] = at
			list = append(list, pairing{id: r.Case})
		}
		list[at].candidate = append(list[at].candidate, r)
	}
	if other := in.other(); other != nil {
		for i := range other.Records {
			r := &other.Records[i]
			if at, ok := place[r.Case]; ok {
				list[at].baseline = append(list[at].baseline, r)
			}
		}
	}
	return list
}

// evaluators names the evaluators of the candidate's run, sorted: those of the
// header and any that a record has a score of.
func (in *Input) evaluators() []string {
	names := map[string]bool{}
	for name := range in.Candidate.Header.Evaluators {
		names[name] = true
	}
	for i := range in.Candidate.Records {
		for name := range in.Candidate.Records[i].Scores {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tallyOf counts one evaluator's outcomes over the answers of one side. An
// answer that the world failed is an error for every evaluator.
func tallyOf(records []*eval.Record, name string) tally {
	var t tally
	for _, r := range records {
		score, ok := r.Scores[name]
		switch {
		case r.Error != nil, ok && score.Outcome == evaluator.Error:
			t.errors++
		case score.Outcome == evaluator.Pass:
			t.passed++
			t.judged++
		case score.Outcome == evaluator.Fail:
			t.judged++
		}
	}
	return t
}

// stand gives a case's standing under the named evaluators.
func (p *pairing) stand(evaluators []string) standing {
	s := standing{unscored: true}
	for _, name := range evaluators {
		now, before := tallyOf(p.candidate, name), tallyOf(p.baseline, name)
		s.regressed = s.regressed || now.worseThan(before)
		s.improved = s.improved || before.worseThan(now)
		s.failed = s.failed || now.failed()
		s.unscored = s.unscored && now.judged == 0
	}
	for _, records := range [][]*eval.Record{p.candidate, p.baseline} {
		for _, r := range records {
			s.errored = s.errored || r.Errored()
		}
	}
	s.unscored = s.unscored && !s.errored
	return s
}

// reason is why the candidate's answer came out as it did for a metric: the
// reason of the first answer that did not pass.
func (p *pairing) reason(metricName string) string {
	base := strings.TrimSuffix(metricName, ".score")
	for _, r := range p.candidate {
		if r.Error != nil {
			return r.Error.Error()
		}
		for _, name := range []string{metricName, base} {
			if s, ok := r.Scores[name]; ok && s.Outcome != evaluator.Pass {
				return s.Reason
			}
		}
		if s, ok := r.Scores[base]; ok && base != metricName {
			return s.Reason
		}
	}
	return ""
}
