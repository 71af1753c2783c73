package stats

import (
	"cmp"
	"slices"
)

// Holm returns the p-values adjusted for testing all of them together (Holm
// 1979): reject each whose adjusted value is at most alpha, and the chance of
// any false rejection is at most alpha. The order of p is kept.
func Holm(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range ascending(p) {
		highest = max(highest, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = highest
	}
	return adjusted
}

// HolmLevels returns the level alpha/(k−rank+1) at which Holm's step-down tests
// each of the k p-values: what to give to Decision.FailBound to print the bound
// that decided. The order of p is kept.
func HolmLevels(p []float64, alpha float64) []float64 {
	levels := make([]float64, len(p))
	for rank, i := range ascending(p) {
		levels[i] = alpha / float64(len(p)-rank)
	}
	return levels
}

// ascending returns the indexes of p from its smallest value to its largest.
func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	return order
}
