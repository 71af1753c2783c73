package gate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/stats"
)

// explain writes the one sentence that says why a rule came out as it did.
func (r *ruling) explain(in *Input) {
	switch {
	case r.Outcome == NotApplicable:
		r.Reason = "not applicable: " + in.NoBaseline
		return
	case r.ByIdentity:
		r.Reason = "holds by identity: both sides are the same version on the same cases"
		return
	case r.bothZero:
		r.Reason = "pass: " + r.Metric + " is 0 in every case of both sides"
		return
	case r.allTimed:
		r.Reason = "undecided: unscored (cached); a rule on time needs calls made in this run"
		return
	case r.N == 0:
		r.Reason = fmt.Sprintf("undecided: no case is scored for it (%d unscored)", r.Unscored)
		if r.evidence != nil && r.evidence.unpaired > 0 {
			r.Reason = fmt.Sprintf("undecided: none of its cases is in the baseline (%d are not)", r.evidence.unpaired)
		}
		return
	case !r.HasBounds:
		r.Reason = "undecided: " + r.decision.TooFew
		return
	}
	r.Reason = fmt.Sprintf("%s: %s %s, bounds %s to %s, %s %s", r.Outcome, r.subject(), r.Amount(r.Estimate),
		r.Amount(r.Lower), r.Amount(r.Upper), r.position(), r.Amount(r.Limit))
	if r.Outcome == Undecided {
		r.Reason += "; " + r.whatWouldDecide()
	}
	if r.evidence.unpaired > 0 {
		r.Warnings = append(r.Warnings, plural(r.evidence.unpaired, "case")+" of the dataset are not in the baseline and are left out")
	}
}

func (r *ruling) subject() string {
	switch r.Scale {
	case "difference":
		return "difference"
	case "ratio":
		return "ratio"
	}
	return r.Metric + " is"
}

// position says how the bounds lie to the limit.
func (r *ruling) position() string {
	switch {
	case r.Outcome == Pass && r.decision.PassesAbove, r.Outcome == Fail && !r.decision.PassesAbove:
		return "above"
	case r.Outcome == Pass, r.Outcome == Fail:
		return "below"
	case r.decision.Outcome == stats.Fail:
		return "clear of it at this rule's own level, but not once corrected for the other rules (Holm):"
	}
	return "on both sides of"
}

func (r *ruling) whatWouldDecide() string {
	switch {
	case r.NoneWould:
		return "no number of cases would decide it: the estimate lies on the bound"
	case r.NeedCases > r.N:
		return fmt.Sprintf("about %s would decide it, there are %d", plural(r.NeedCases, "case"), r.N)
	}
	return "a few more cases would decide it"
}

func percent(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(100*f, 'f', 1, 64), ".0") + " %"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
