package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/gate"
)

// withInterval writes a metric's value and, where there is one, its interval.
func withInterval(m *gate.Metric) (value, interval string) {
	if m == nil {
		return "", ""
	}
	if m.HasInterval {
		interval = between(m.Lower, m.Upper, m.Unit)
	}
	return gate.Quantity(m.Value, m.Unit), interval
}

// between writes an interval beside its value, the unit at most once:
// "67.7–92.5 %".
func between(lower, upper float64, unit string) string {
	from, to := gate.Quantity(lower, unit), gate.Quantity(upper, unit)
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
