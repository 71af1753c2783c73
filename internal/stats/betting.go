package stats

import (
	"math"
	"slices"
)

// betting is the mean of values in the range lo to hi, judged by betting against
// each mean that might be true (Waudby-Smith and Ramdas 2024, JRSS B 86:1,
// arXiv:2010.09686: the grid of constant bets, their "diversified Kelly"). The
// wealth of a gambler who bets on the values lying above a mean of m is, if the
// true mean is at most m, no more than 1 on average; so wealth of 1/α happens
// with chance at most α (Markov), at every n and for every distribution within
// the range. Constant bets make the wealth independent of the order of cases.
type betting struct {
	distinct []float64 // the values that occur, as fractions of the range, ascending
	counts   []float64 // how often each occurs
	weight   float64   // what an occurrence counts: 1, or more in a grown sample
	n        float64   // weighted number of values
	lo, hi   float64
}

// newBetting prepares values that lie within lo to hi.
func newBetting(values []float64, lo, hi float64) betting {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	b := betting{weight: 1, n: float64(len(values)), lo: lo, hi: hi}
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			b.distinct = append(b.distinct, unit((v-lo)/(hi-lo)))
			b.counts = append(b.counts, 0)
		}
		b.counts[len(b.counts)-1]++
	}
	return b
}

// spreads are the standard deviations, as fractions of the range, for which the
// bets are tuned: from the largest possible down to almost constant values.
var spreads = [...]float64{0.5, 0.28, 0.16, 0.09, 0.05}

// tuning is the error for which the bets are tuned; they are valid at any.
const tuning = 0.05

// largestBet is the largest part of its wealth that a bet may lose.
const largestBet = 0.98

// evidence is the logarithm of the wealth against "the mean is at most m", m a
// fraction of the range.
func (b betting) evidence(m float64) float64 {
	if m <= 0 {
		return math.Inf(1)
	}
	var bets [len(spreads)]float64
	for k, spread := range spreads {
		// The bet that gains most when the bound is about where a normal
		// approximation puts it: √(2 ln(1/α) ÷ (n σ²)).
		bet := math.Sqrt(2*math.Log(1/tuning)/b.n) / spread
		bets[k] = min(bet, largestBet/m)
	}
	return logMean(b.wealth(m, bets))
}

// wealth gives the logarithms of Π (1 + bet·(x − m)), the wealths of constant
// bets.
func (b betting) wealth(m float64, bets [len(spreads)]float64) (logs [len(spreads)]float64) {
	var products [len(spreads)]float64
	for k := range products {
		products[k] = 1
	}
	for i, x := range b.distinct {
		if b.counts[i] != 1 {
			for k, bet := range bets {
				logs[k] += b.counts[i] * math.Log(1+bet*(x-m))
			}
			continue
		}
		// Multiplying is many times faster than adding logarithms, as long as
		// the products stay within what a float64 holds.
		for k, bet := range bets {
			products[k] *= 1 + bet*(x-m)
		}
		if i%64 == 63 {
			for k, p := range products {
				logs[k] += math.Log(p)
				products[k] = 1
			}
		}
	}
	for k, p := range products {
		logs[k] = b.weight * (logs[k] + math.Log(p))
	}
	return logs
}

// logMean is the logarithm of the mean of exp(v).
func logMean(v [len(spreads)]float64) float64 {
	highest, sum := slices.Max(v[:]), 0.0
	for _, x := range v {
		sum += math.Exp(x - highest)
	}
	return highest + math.Log(sum/float64(len(v)))
}

// mirrored turns the range around, so that below becomes above.
func (b betting) mirrored() betting {
	m := b
	m.lo, m.hi = -b.hi, -b.lo
	m.distinct = make([]float64, len(b.distinct))
	m.counts = make([]float64, len(b.counts))
	for i, x := range b.distinct {
		last := len(b.distinct) - 1 - i
		m.distinct[last], m.counts[last] = 1-x, b.counts[i]
	}
	return m
}

func (b betting) estimate() float64 { return b.raw(b.mean()) }

// mean is the mean as a fraction of the range.
func (b betting) mean() float64 {
	sum := 0.0
	for i, x := range b.distinct {
		sum += b.counts[i] * x
	}
	return sum * b.weight / b.n
}

// raw turns a fraction of the range into a value.
func (b betting) raw(fraction float64) float64 { return b.lo + fraction*(b.hi-b.lo) }

// lower finds the smallest mean against which the wealth stays below 1/alpha:
// the evidence falls in m, and there is none against the estimate itself.
func (b betting) lower(alpha float64) float64 {
	return b.raw(falls(func(m float64) float64 { return b.evidence(m) + math.Log(alpha) }, 0, b.mean()))
}

func (b betting) upper(alpha float64) float64 { return -b.mirrored().lower(alpha) }

func (b betting) pAbove(t float64) float64 {
	return min(1, math.Exp(-b.evidence((t-b.lo)/(b.hi-b.lo))))
}

func (b betting) pBelow(t float64) float64 { return b.mirrored().pAbove(-t) }

func (b betting) grow(times float64) inference {
	b.n *= times
	b.weight *= times
	return b
}
