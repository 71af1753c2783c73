package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
)

func TestNextStep(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]gate.Verdict{
		"merge the change":                   {Outcome: gate.Pass, Rules: []gate.RuleResult{{Outcome: gate.Pass}}},
		"change the config, then gate again": {Outcome: gate.Pass, Rules: []gate.RuleResult{{Outcome: gate.NotApplicable}}},
		"about 1 more case for correct would": {Outcome: gate.Undecided,
			Rules: []gate.RuleResult{{Outcome: gate.Undecided, Metric: "correct", N: 30, NeedCases: 31}}},
		"about 2 more cases for correct would": {Outcome: gate.Undecided,
			Rules: []gate.RuleResult{{Outcome: gate.Undecided, Metric: "correct", N: 30, NeedCases: 32}}},
	} {
		in := &Input{Verdict: &v, Candidate: &eval.Run{}}
		if got := in.nextStep(); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Why there is no baseline is said once; which baseline there is stays.
func TestReasonOfNoBaselineIsSaidOnce(t *testing.T) {
	t.Parallel()
	const reason = "main is HEAD, the first commit"
	v := &gate.Verdict{
		Outcome: gate.Pass, Notes: []string{"baseline: " + reason, "answers are old"},
		Rules: []gate.RuleResult{{Outcome: gate.NotApplicable, Text: "correct not_worse_by 0.1", Reason: "not applicable: " + reason}},
	}
	var out bytes.Buffer
	if err := Table(&out, &Input{Verdict: v, Candidate: &eval.Run{}}, TableOptions{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), reason); n != 1 || !strings.Contains(out.String(), "answers are old") {
		t.Errorf("said %d times:\n%s", n, out.String())
	}
	v.Rules[0].Outcome, v.Rules[0].Reason = gate.Pass, "holds"
	in := &Input{Verdict: v}
	if got := in.notes(); len(got) != 2 {
		t.Errorf("notes %q", got)
	}
}
