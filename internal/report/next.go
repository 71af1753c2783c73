package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// nextStep says what the reader would do now, in one sentence.
func (in *Input) nextStep() string {
	name := in.name()
	if in.Verdict == nil {
		if side := in.figures(); side != nil && side.Errors > 0 {
			return fmt.Sprintf("assay calls ls --errors shows what failed; assay eval %s --retry-errors asks only those cases again", name)
		}
		return fmt.Sprintf("see every case: assay eval %s --out report.html; decide on a change: assay gate %s", name, name)
	}
	switch in.Verdict.Outcome {
	case gate.Fail:
		return fmt.Sprintf("see both sides of the cases that got worse: assay gate %s --out report.html", name)
	case gate.Withheld:
		return fmt.Sprintf("mend what caused the errors, then ask only those cases again: assay gate %s --retry-errors", name)
	case gate.Undecided:
		if need := in.mostNeeded(); need != nil {
			return fmt.Sprintf("about %s for %s would decide it; or widen the rule's bound if a smaller loss does not matter",
				plural(need.NeedCases-need.N, "more case"), label(need.Metric, need.Slice))
		}
		return "the reasons above say what each undecided rule lacks"
	}
	if in.Verdict.Unchanged {
		return "nothing to do: change the config, then gate again"
	}
	if slices.ContainsFunc(in.Verdict.Rules, func(r gate.RuleResult) bool { return r.Outcome == gate.NotApplicable }) {
		return "this is the first baseline: once it is committed, change the config, then gate again"
	}
	return "merge the change; from then on it is the baseline"
}

// notes are the verdict's notes, but for the reason why there is no baseline
// where a rule has given it.
func (in *Input) notes() []string {
	return slices.DeleteFunc(slices.Clone(in.Verdict.Notes), func(note string) bool {
		reason, ok := strings.CutPrefix(note, "baseline: ")
		return ok && slices.ContainsFunc(in.Verdict.Rules, func(r gate.RuleResult) bool {
			return r.Outcome == gate.NotApplicable && strings.HasSuffix(r.Reason, reason)
		})
	})
}

// mostNeeded is the undecided rule that needs the most further cases; nil when
// no number of cases would decide the gate, or none is known.
func (in *Input) mostNeeded() *gate.RuleResult {
	var most *gate.RuleResult
	for i := range in.Verdict.Rules {
		r := &in.Verdict.Rules[i]
		if r.Outcome != gate.Undecided {
			continue
		}
		if r.NoneWould {
			return nil
		}
		if r.NeedCases > r.N && (most == nil || r.NeedCases-r.N > most.NeedCases-most.N) {
			most = r
		}
	}
	return most
}
