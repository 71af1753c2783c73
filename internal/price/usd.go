package price

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// FormatUSD writes nano-dollars as a decimal string of US dollars, exactly and
// without trailing zeros: 1_500_000 is "0.0015".
func FormatUSD(nanos int64) string {
	sign, abs := "", uint64(nanos)
	if nanos < 0 {
		sign, abs = "-", -abs
	}
	whole, fraction := abs/1e9, abs%1e9
	if fraction == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%09d", fraction), "0")
}

// ParseUSD reads a decimal string of US dollars as nano-dollars. Digits beyond
// the ninth decimal are rounded half up (away from zero).
func ParseUSD(s string) (nanos int64, err error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if !onlyDigits(whole) || !onlyDigits(fraction) || whole+fraction == "" {
		return 0, fmt.Errorf("%q is not a decimal amount of US dollars like 0.0015", s)
	}
	up := len(fraction) > 9 && fraction[9] >= '5'
	nine := (fraction + "000000000")[:9]
	units, err := strconv.ParseInt(whole+nine, 10, 64)
	if err != nil || units == math.MaxInt64 {
		return 0, fmt.Errorf("%q is more US dollars than can be counted", s)
	}
	if up {
		units++
	}
	if negative {
		units = -units
	}
	return units, nil
}

func onlyDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// perToken reads a price in US dollars per million tokens as pico-dollars per
// token. The schema of price files has seen to it that it is a decimal with at
// most nine digits before the point and six behind.
func perToken(s string) (int64, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	pico, err := strconv.ParseInt(whole+(fraction + "000000")[:6], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a price in US dollars per million tokens", s)
	}
	return pico, nil
}
