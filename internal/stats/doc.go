// Package stats is the arithmetic of a gate: it turns the scores of a
// candidate, and of a baseline where there is one, into an estimate with
// bounds, and says whether a rule passes, fails or is undecided. It is pure: no
// files, no clock, no randomness but a documented, fixed seed.
//
// # Words
//
//   - A [Sample] holds one value per case. Candidate and baseline are aligned:
//     the same index is the same case.
//   - A cluster groups cases that share something (a conversation, a document)
//     and are therefore no independent evidence.
//   - A [Question] is one rule of a gate: a metric's [Kind], the [Rule], and the
//     bound or margin.
//   - The threshold is the one number with which the bounds are compared.
//     Question.target is the only place that knows on which side of it a rule
//     passes; every method below works on the raw scale and knows no better or
//     worse.
//   - A [Decision] passes when the evidence for the good side has an error of at
//     most 1−confidence, fails when the evidence for the other side has, and is
//     undecided otherwise. Its bounds are one-sided at that confidence, so that
//     together they form a two-sided interval of 2·confidence−1 (90 % for 0.95).
//   - A cluster-robust variance is the one that allows for clusters; divided by
//     the variance that independent cases would have, it is the design effect.
//
// # Invariants
//
// The order of the cases changes nothing. A bound and its p-value agree: a rule
// passes at level α exactly when its bound at level α clears the threshold. A
// method that does not hold its error at a small number of cases is not used
// there: the decision is undecided and says how many cases the method needs.
//
// Formulas, sources, conditions and measured error rates: docs/statistics.md.
package stats
