package stats

import "gonum.org/v1/gonum/stat/distuv"

// PairedCases is about how many cases a comparison of two rates needs so that
// not_worse_by margin passes with chance power, when a share disagree of the
// pairs disagrees and the candidate's true rate is higher than the baseline's by
// difference: (z₁₋α + z_power)²·(disagree − difference²) ÷ (difference + margin)².
// difference + margin must be above 0: on or beyond the margin no number of cases
// is enough, and the result means nothing.
func PairedCases(disagree, difference, margin, confidence, power float64) float64 {
	z := distuv.UnitNormal.Quantile(confidence) + distuv.UnitNormal.Quantile(power)
	slack := difference + margin
	return z * z * (disagree - difference*difference) / (slack * slack)
}
