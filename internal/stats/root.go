package stats

import "math"

// falls finds where a falling function crosses 0 between low and high, by false
// position with the Illinois correction (Dowell and Jarratt 1971), halving where
// a value is infinite. A function that does not cross gives the nearer end.
func falls(f func(float64) float64, low, high float64) float64 {
	fLow, fHigh := f(low), f(high)
	if fLow <= 0 {
		return low
	}
	if fHigh >= 0 {
		return high
	}
	kept := 0 // the end that the last step kept: −1 low, 1 high
	for range 200 {
		if high-low <= 1e-12 {
			break
		}
		middle := high - fHigh*(high-low)/(fHigh-fLow)
		if math.IsInf(fLow, 0) || math.IsInf(fHigh, 0) || !(low < middle && middle < high) {
			middle = low + (high-low)/2
		}
		switch value := f(middle); {
		case value == 0:
			return middle
		case value > 0:
			low, fLow = middle, value
			if kept == 1 {
				fHigh /= 2
			}
			kept = 1
		default:
			high, fHigh = middle, value
			if kept == -1 {
				fLow /= 2
			}
			kept = -1
		}
	}
	return low + (high-low)/2
}
