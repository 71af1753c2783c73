// Package evaluator says what is good about an answer and what is not.
//
// # Words
//
//   - A Spec is an evaluator as an eval file has it: a type, a name, what the
//     type takes, and the fields that every type takes (when, negate, extract,
//     threshold). An Evaluator is a Spec that was checked and made ready; a Set
//     is those of one eval file.
//   - A Subject is one answer to one case. A Score is what an Evaluator says
//     about it: an outcome (pass, fail, error or unscored), a value in a
//     documented range where the type has one, a label, a reason.
//   - The expectation is what a type compares with: the field expected, literal
//     or an expression over the case, resolved for each case.
//
// # Invariants
//
//   - An error is never turned into a pass or a fail: not by negate, not by a
//     threshold, not by a group.
//   - What the candidate does (no answer because of a content filter, invalid
//     structured output, no fenced block where one is looked for) is a fail with
//     a reason, and stays one under negate. What the evaluator does (a crash, a
//     judge without a valid reply) is an error.
//   - A wrong eval file and a case without the expectation that an evaluator
//     needs are problems with file and line, found by Build and Set.Precheck
//     before any call is paid for.
//   - Equal digests of an evaluator and equal keys of a subject mean equal
//     scores, as far as judges and commands repeat themselves.
//   - Evaluators have no state and may be used from many goroutines.
//
// The table of types, from which the reference page and the JSON Schema are
// made, is Types.
package evaluator
