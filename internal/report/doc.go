// Package report shows runs and verdicts to people and programs: a table for a
// terminal, JSON and JSON lines, JUnit XML, Markdown for a pull request, one
// self-contained HTML page, and a picture of a verdict.
//
// The room decides nothing. A verdict says what holds (package gate), a run
// says what was answered (package eval); here they become words and drawings.
// Three ideas are shared by all forms:
//
//   - A tally is how many of a case's answers an evaluator passed on one side.
//   - A standing is what the tallies of both sides say about a case: regressed,
//     improved, failed, errored, unscored. A case may be several at once.
//   - A span is where an estimate and its bounds lie against a rule's limit;
//     each form draws it in its own way from the same numbers.
//
// Answers, reasons and ids come from models and from other people's files. No
// form trusts them: control characters never reach a terminal, markup never
// reaches a page.
package report
