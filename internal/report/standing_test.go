package report

import (
	"testing"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	answers := func(outcomes ...evaluator.Outcome) []*eval.Record {
		var list []*eval.Record
		for _, o := range outcomes {
			r := &eval.Record{Scores: map[string]evaluator.Score{"e": {Outcome: o}}}
			if o == "world" {
				r = &eval.Record{Error: &llm.Error{Kind: llm.Timeout}}
			}
			list = append(list, r)
		}
		return list
	}
	const p, f, e, u, w = evaluator.Pass, evaluator.Fail, evaluator.Error, evaluator.Unscored, evaluator.Outcome("world")
	for name, c := range map[string]struct {
		baseline, candidate []*eval.Record
		want                standing
	}{
		"both pass":                        {answers(p), answers(p), standing{}},
		"regressed":                        {answers(p), answers(f), standing{regressed: true, failed: true}},
		"improved":                         {answers(f), answers(p), standing{improved: true}},
		"failed on both":                   {answers(f), answers(f), standing{failed: true}},
		"regressed in one of three":        {answers(p, p, p), answers(p, f, p), standing{regressed: true, failed: true}},
		"two of three against one of two":  {answers(p, f), answers(p, p, f), standing{improved: true, failed: true}},
		"the world is no failure":          {answers(p), answers(w), standing{errored: true}},
		"a judge that did not answer":      {answers(p), answers(e), standing{errored: true}},
		"an error at the baseline":         {answers(w), answers(p), standing{errored: true}},
		"unscored":                         {answers(p), answers(u), standing{unscored: true}},
		"unscored at the baseline":         {answers(u), answers(f), standing{failed: true}},
		"no baseline":                      {nil, answers(f), standing{failed: true}},
		"an error in one of the repeats":   {answers(p, p), answers(p, w), standing{errored: true}},
		"unscored in one of the repeats":   {answers(p, p), answers(p, u), standing{}},
		"fails where it was not judged":    {answers(u), answers(f), standing{failed: true}},
		"passes where it was not judged":   {answers(u), answers(p), standing{}},
		"the baseline lacks some repeats":  {answers(p), answers(p, p), standing{}},
		"the candidate lacks some repeats": {answers(p, f), answers(f), standing{regressed: true, failed: true}},
	} {
		pair := pairing{candidate: c.candidate, baseline: c.baseline}
		if got := pair.stand([]string{"e"}); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A case that only the baseline has is left out, one that it lacks is kept.
func TestPairings(t *testing.T) {
	t.Parallel()
	in := sample(6, 2)
	in.Baseline.Records = append(in.Baseline.Records[2:], eval.Record{Case: "gone"})
	pairs := in.pairings()
	if len(pairs) != 6 || len(pairs[0].baseline) != 0 || len(pairs[0].candidate) != 2 || len(pairs[1].baseline) != 2 {
		t.Errorf("%d pairs, first %d against %d", len(pairs), len(pairs[0].baseline), len(pairs[0].candidate))
	}
}
