package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assay-llmops/assay/internal/stats"
)

// correlation is the intra-class correlation of clustered data.
const correlation = 0.2

// drawer makes the values of one case; where cases are clustered it is made once
// a cluster, and its cluster effect gives the intra-class correlation.
type drawer func() (candidate, baseline float64)

// sampler turns a drawer for each cluster into a whole sample.
func sampler(paired bool, cluster func(r *rand.Rand, clustered bool) drawer) func(*rand.Rand, size) stats.Sample {
	return func(r *rand.Rand, s size) stats.Sample {
		sample := stats.Sample{Candidate: make([]float64, 0, s.cases)}
		add := func(d drawer, times int, name string) {
			for range times {
				c, b := d()
				sample.Candidate = append(sample.Candidate, c)
				if paired {
					sample.Baseline = append(sample.Baseline, b)
				}
				if name != "" {
					sample.Cluster = append(sample.Cluster, name)
				}
			}
		}
		if s.clusters == 0 {
			add(cluster(r, false), s.cases, "")
			return sample
		}
		for i := range s.clusters {
			times := s.cases / s.clusters
			if s.uneven {
				times = 1 + i%(2*times-1)
			}
			add(cluster(r, true), times, names[i])
		}
		return sample
	}
}

// names are cluster names, made once.
var names = func() []string {
	n := make([]string, 1000)
	for i := range n {
		n[i] = fmt.Sprint("c", i)
	}
	return n
}()

// gamma draws from a gamma distribution of the given shape and scale 1.
func gamma(r *rand.Rand, shape float64) float64 {
	return distuv.Gamma{Alpha: shape, Beta: 1, Src: r}.Rand()
}

// shares draws category shares with the given means: the means themselves, or
// with clusters a Dirichlet draw that gives the intra-class correlation.
func shares(r *rand.Rand, clustered bool, means ...float64) []float64 {
	if !clustered {
		return means
	}
	drawn, sum := make([]float64, len(means)), 0.0
	for i, m := range means {
		if m > 0 {
			drawn[i] = gamma(r, m*(1-correlation)/correlation)
			sum += drawn[i]
		}
	}
	for i := range drawn {
		if sum > 0 {
			drawn[i] /= sum
		}
	}
	return drawn
}

// rateAt draws passes at a rate.
func rateAt(rate float64) func(*rand.Rand, size) stats.Sample {
	return sampler(false, func(r *rand.Rand, clustered bool) drawer {
		p := shares(r, clustered, rate, 1-rate)[0]
		return func() (float64, float64) { return bernoulli(r, p), 0 }
	})
}

func bernoulli(r *rand.Rand, p float64) float64 {
	if r.Float64() < p {
		return 1
	}
	return 0
}

// pairsAt draws pairs of outcomes whose rates differ by difference and which
// disagree in a share of the pairs.
func pairsAt(difference, disagree float64) func(*rand.Rand, size) stats.Sample {
	return sampler(true, func(r *rand.Rand, clustered bool) drawer {
		p := shares(r, clustered, (disagree+difference)/2, (disagree-difference)/2, 1-disagree)
		return func() (float64, float64) {
			switch u := r.Float64(); {
			case u < p[0]:
				return 1, 0
			case u < p[0]+p[1]:
				return 0, 1
			default:
				return 1, 1
			}
		}
	})
}

// smoothScore draws scores of a beta distribution with the given mean: of
// concentration 4, or with clusters a mixture of them.
func smoothScore(mean float64) func(*rand.Rand, size) stats.Sample {
	const concentration = 4
	return sampler(false, func(r *rand.Rand, clustered bool) drawer {
		p := min(1-1e-6, max(1e-6, shares(r, clustered, mean, 1-mean)[0]))
		d := distuv.Beta{Alpha: p * concentration, Beta: (1 - p) * concentration, Src: r}
		return func() (float64, float64) { return d.Rand(), 0 }
	})
}

// rareLow draws scores that are 1 but for a share of cases that lie depth below,
// large enough to give the mean.
func rareLow(mean, depth float64) func(*rand.Rand, size) stats.Sample {
	return sampler(false, func(r *rand.Rand, clustered bool) drawer {
		p := shares(r, clustered, (1-mean)/depth, 1-(1-mean)/depth)[0]
		return func() (float64, float64) { return 1 - depth*bernoulli(r, p), 0 }
	})
}

// scorePairs draws pairs of scores that share the case's difficulty and differ
// by noise of the given half width around the difference.
func scorePairs(difference, noise float64) func(*rand.Rand, size) stats.Sample {
	return sampler(true, func(r *rand.Rand, clustered bool) drawer {
		shift := 0.0
		if clustered {
			// Variance ratio ρ/(1−ρ) against the two noises of a difference.
			shift = noise * math.Sqrt(2*correlation/(1-correlation)) * (2*r.Float64() - 1)
		}
		return func() (float64, float64) {
			base := 0.3 + 0.4*r.Float64()
			return unit(base + difference + shift + noise*(2*r.Float64()-1)), unit(base + noise*(2*r.Float64()-1))
		}
	})
}

// rareDrop draws pairs of scores equal but for small symmetric noise and a rare
// drop (or, for a positive difference, a rare rise) of the given depth, whose
// mean is the difference.
func rareDrop(difference, depth, noise float64) func(*rand.Rand, size) stats.Sample {
	return sampler(true, func(r *rand.Rand, clustered bool) drawer {
		rate := math.Abs(difference) / depth
		p := shares(r, clustered, rate, 1-rate)[0]
		return func() (float64, float64) {
			d := math.Copysign(depth, difference)*bernoulli(r, p) + noise*(2*r.Float64()-1)
			if d < 0 {
				return 1 - noise + d, 1 - noise
			}
			return d, 0
		}
	})
}

func unit(v float64) float64 { return min(1, max(0, v)) }

// costPairs draws pairs of positive values: a case's size times noise of its own
// on each side, both from the same family, the candidate's ratio times as large.
// Clusters share their size and a change of their own, of the given spread of its
// logarithm.
func costPairs(ratio float64, caseSize, noise func(*rand.Rand) float64, change float64) func(*rand.Rand, size) stats.Sample {
	return sampler(true, func(r *rand.Rand, clustered bool) drawer {
		if !clustered {
			return func() (float64, float64) {
				size := caseSize(r)
				return ratio * size * noise(r), size * noise(r)
			}
		}
		size := caseSize(r)
		changed := ratio * size * lognormal(change)(r)
		return func() (float64, float64) { return changed * noise(r), size * noise(r) }
	})
}

// costs draws values with mean 1 on the candidate's side only.
func costs(value func(*rand.Rand) float64) func(*rand.Rand, size) stats.Sample {
	return sampler(false, func(r *rand.Rand, clustered bool) drawer {
		shared := 1.0
		if clustered {
			shared = gamma(r, 4) / 4
		}
		return func() (float64, float64) { return shared * value(r), 0 }
	})
}

// lognormal draws with mean 1 and the given spread of the logarithm.
func lognormal(sigma float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return math.Exp(sigma*r.NormFloat64() - sigma*sigma/2) }
}

// gammaOf draws with mean 1 and the given shape.
func gammaOf(shape float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return gamma(r, shape) / shape }
}

// clusteredLognormal draws lognormal values whose logarithms have the usual
// intra-class correlation.
func clusteredLognormal(sigma float64) func(*rand.Rand, size) stats.Sample {
	return sampler(false, func(r *rand.Rand, clustered bool) drawer {
		shared, own := 0.0, 1.0
		if clustered {
			shared, own = math.Sqrt(correlation)*r.NormFloat64(), math.Sqrt(1-correlation)
		}
		return func() (float64, float64) {
			z := shared + own*r.NormFloat64()
			return math.Exp(sigma*z - sigma*sigma/2), 0
		}
	})
}
