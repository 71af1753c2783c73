package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/gate"
)

// label is the metric's name with its slice.
func label(name, slice string) string {
	if slice == "" {
		return name
	}
	return name + " (" + slice + ")"
}

// word is the outcome as a person reads it.
func word(o gate.Outcome) string {
	if o == gate.NotApplicable {
		return "not applicable"
	}
	return string(o)
}

// sign is a character for an outcome: colour is never the only signal.
func sign(o gate.Outcome) string {
	switch o {
	case gate.Pass:
		return "✓"
	case gate.Fail:
		return "✗"
	case gate.Undecided:
		return "?"
	case gate.Withheld:
		return "!"
	}
	return "–"
}

// sentence starts with a capital, but for a name of one letter such as t, and
// ends with a full stop.
func sentence(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) > 1 && s[1] >= 'a' && s[1] <= 'z':
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s + "."
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// work sums up the calls and the money of a side: "12 calls, 398 cached, $0.02 spent".
func work(s *gate.Side) string {
	parts := []string{plural(s.Calls, "call") + " made", strconv.Itoa(s.Cached) + " cached"}
	if s.SpentUSD != "" {
		parts = append(parts, "$"+s.SpentUSD+" spent")
	}
	if s.CostUSD != "" {
		parts = append(parts, "all answers cost $"+s.CostUSD)
	} else {
		parts = append(parts, "cost not known")
	}
	return strings.Join(parts, ", ")
}

// fault says what the world did wrong, and where it did so first.
func fault(f *gate.Fault) string {
	return fmt.Sprintf("%s: %s (first in case %s)", plural(f.Answers, "answer"), f.Example, f.Case)
}

// details is how a rule was decided: method, cases, clusters, what moved.
func details(r *gate.RuleResult) []string {
	var parts []string
	if r.Method != "" {
		parts = append(parts, r.Method)
	}
	if r.N > 0 {
		parts = append(parts, "n "+strconv.Itoa(r.N))
	}
	if r.Clusters > 0 {
		parts = append(parts, plural(r.Clusters, "cluster"))
	}
	if r.Regressed+r.Improved > 0 {
		parts = append(parts, fmt.Sprintf("%d regressed, %d improved", r.Regressed, r.Improved))
	}
	if r.Errors > 0 {
		parts = append(parts, plural(r.Errors, "error"))
	}
	if r.Unscored > 0 {
		parts = append(parts, strconv.Itoa(r.Unscored)+" unscored")
	}
	return parts
}

// why is a rule's reason without the outcome that stands beside it anyway.
func why(r *gate.RuleResult) string {
	return strings.TrimPrefix(r.Reason, word(r.Outcome)+": ")
}

// holm says where the correction for several rules moves the bound that
// decides a failure; "" where it does not.
func holm(r *gate.RuleResult) string {
	switch {
	case r.HolmUpper != nil && *r.HolmUpper != r.Upper:
		return "to fail, corrected for the other rules (Holm): upper bound " + r.Amount(*r.HolmUpper)
	case r.HolmLower != nil && *r.HolmLower != r.Lower:
		return "to fail, corrected for the other rules (Holm): lower bound " + r.Amount(*r.HolmLower)
	}
	return ""
}

// methods names the methods of a side's intervals, each once, with the metrics
// that use it.
func methods(s *gate.Side) []string {
	var order []string
	users := map[string][]string{}
	for _, m := range s.Metrics {
		if !m.HasInterval || m.Slice != "" {
			continue
		}
		if users[m.Method] == nil {
			order = append(order, m.Method)
		}
		users[m.Method] = append(users[m.Method], m.Name)
	}
	for i, method := range order {
		order[i] = method + " (" + strings.Join(users[method], ", ") + ")"
	}
	return order
}
