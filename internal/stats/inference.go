package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// inference is what one method says about one figure on the raw scale. Bounds
// and p-values are dual: lower(α) > t exactly when pAbove(t) < α.
type inference interface {
	estimate() float64
	// lower and upper are one-sided bounds at error alpha.
	lower(alpha float64) float64
	upper(alpha float64) float64
	// pAbove is the p-value for "the figure is above t", pBelow for below.
	pAbove(t float64) float64
	pBelow(t float64) float64
	// grow is the inference that times as many cases like these would give.
	grow(times float64) inference
}

var nan = math.NaN()

// normal is the df of a critical value taken from the normal distribution.
var normal = math.Inf(1)

// tTail is the chance that Student's t with df degrees of freedom exceeds z.
func tTail(z, df float64) float64 {
	if math.IsInf(df, 1) || math.IsInf(z, 0) {
		return distuv.UnitNormal.Survival(z)
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.Survival(z)
}

// tCritical is the value that Student's t with df degrees of freedom exceeds
// with chance alpha; +∞ when there are no degrees of freedom.
func tCritical(alpha, df float64) float64 {
	switch {
	case df <= 0:
		return math.Inf(1)
	case math.IsInf(df, 1):
		return distuv.UnitNormal.Quantile(1 - alpha)
	}
	return -distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(alpha)
}

// studentised is an estimate with a standard error, judged by Student's t.
type studentised struct {
	value, se, df float64
}

func (s studentised) estimate() float64 { return s.value }

func (s studentised) lower(alpha float64) float64 { return s.value - tCritical(alpha, s.df)*s.se }
func (s studentised) upper(alpha float64) float64 { return s.value + tCritical(alpha, s.df)*s.se }

func (s studentised) pAbove(t float64) float64 { return tTail(quotient(s.value-t, s.se), s.df) }
func (s studentised) pBelow(t float64) float64 { return tTail(quotient(t-s.value, s.se), s.df) }

func (s studentised) grow(times float64) inference { return s.grown(times) }

func (s studentised) grown(times float64) studentised {
	return studentised{value: s.value, se: s.se / math.Sqrt(times), df: (s.df+1)*times - 1}
}

// quotient is a ÷ b for b ≥ 0, by its limit where b is 0: without any spread
// what lies on the threshold says nothing and all else is certain.
func quotient(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a / b
}

// onLogs reads an inference about a logarithm as one about the figure itself.
type onLogs struct{ log inference }

func (o onLogs) estimate() float64           { return math.Exp(o.log.estimate()) }
func (o onLogs) lower(alpha float64) float64 { return math.Exp(o.log.lower(alpha)) }
func (o onLogs) upper(alpha float64) float64 { return math.Exp(o.log.upper(alpha)) }
func (o onLogs) pAbove(t float64) float64    { return o.log.pAbove(math.Log(max(t, 0))) }
func (o onLogs) pBelow(t float64) float64    { return o.log.pBelow(math.Log(max(t, 0))) }
func (o onLogs) grow(times float64) inference {
	return onLogs{o.log.grow(times)}
}
