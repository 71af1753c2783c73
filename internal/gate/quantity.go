package gate

import (
	"math"
	"strconv"
)

// Quantity writes a figure with its unit: "91.2 %", "$0.0042", "12.5 ms".
func Quantity(f float64, unit string) string {
	if math.Abs(f) == math.MaxFloat64 {
		return "∞"
	}
	switch unit {
	case "share":
		return strconv.FormatFloat(100*f, 'f', 1, 64) + " %"
	case "usd":
		switch {
		case f == 0:
			return "$0"
		case math.Abs(f) < 0.01:
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

// Amount writes a figure on the rule's scale: a value, a signed difference or a
// ratio.
func (r *RuleResult) Amount(f float64) string {
	switch {
	case math.Abs(f) == math.MaxFloat64:
		return "no bound"
	case r.Scale == "ratio":
		return "×" + strconv.FormatFloat(f, 'f', 3, 64)
	case r.Scale == "difference" && f >= 0:
		return "+" + Quantity(f, r.Unit)
	}
	return Quantity(f, r.Unit)
}
