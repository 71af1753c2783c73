package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/gate"
)

// figure writes a value with its unit, as the reasons of a verdict do.
func figure(f float64, unit string) string {
	if math.Abs(f) == math.MaxFloat64 {
		return "∞"
	}
	switch unit {
	case "share":
		return strconv.FormatFloat(100*f, 'f', 1, 64) + " %"
	case "usd":
		if f == 0 {
			return "$0"
		}
		if math.Abs(f) < 0.01 {
			return "$" + strconv.FormatFloat(f, 'g', 3, 64)
		}
		return "$" + strconv.FormatFloat(f, 'f', 4, 64)
	case "ms":
		return strconv.FormatFloat(f, 'f', 1, 64) + " ms"
	case "tokens":
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 3, 64)
}

// amount writes a figure on a rule's scale: a value, a signed difference or a
// ratio.
func amount(f float64, r *gate.RuleResult) string {
	switch {
	case math.Abs(f) == math.MaxFloat64:
		return "no bound"
	case r.Scale == "ratio":
		return "×" + strconv.FormatFloat(f, 'f', 3, 64)
	case r.Scale == "difference" && f >= 0:
		return "+" + figure(f, r.Unit)
	}
	return figure(f, r.Unit)
}

// withInterval writes a metric's value and, where there is one, its interval.
func withInterval(m *gate.Metric) (value, interval string) {
	if m == nil {
		return "", ""
	}
	if m.HasInterval {
		interval = between(m.Lower, m.Upper, m.Unit)
	}
	return figure(m.Value, m.Unit), interval
}

// between writes an interval beside its value, the unit at most once:
// "67.7–92.5 %".
func between(lower, upper float64, unit string) string {
	from, to := figure(lower, unit), figure(upper, unit)
	if lower < 0 {
		return from + " to " + to
	}
	switch unit {
	case "share", "ms":
		from, _, _ = strings.Cut(from, " ")
	case "usd":
		from, to = strings.TrimPrefix(from, "$"), strings.TrimPrefix(to, "$")
	}
	return from + "–" + to
}

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

// percent writes a confidence or a level: 0.95 is "95 %".
func percent(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e6)/1e4, 'f', -1, 64) + " %"
}

// span of time between two UTC nanoseconds, "" when either is not known.
func elapsed(from, to int64) string {
	if from == 0 || to < from {
		return ""
	}
	d := time.Duration(to - from)
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// when writes UTC nanoseconds as a date and time.
func when(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format("2006-01-02 15:04 UTC")
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
		return "to fail, corrected for the other rules (Holm): upper bound " + amount(*r.HolmUpper, r)
	case r.HolmLower != nil && *r.HolmLower != r.Lower:
		return "to fail, corrected for the other rules (Holm): lower bound " + amount(*r.HolmLower, r)
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
