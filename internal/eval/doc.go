// Package eval makes runs: one version of a configuration, asked every case of
// a dataset, with evaluators' scores of each answer.
//
// # Words
//
//   - A Plan is an eval file with everything it names loaded and checked.
//   - A Side is one version to be asked: the candidate, or a baseline.
//   - A Record is one answer with its scores; a Run is a header and records.
//
// # Invariants
//
// Nothing is paid for twice: an answer is looked up by what would be asked
// before it is asked, and a score of a judge or a command by what would be
// judged. A record is on disk before it is counted, so a run that is killed
// resumes where it stood. The order of records is the dataset's, whatever
// finished first. What the world does wrong is an error, shown and counted,
// never reused; what the candidate does wrong is judged.
//
// Memory holds a slim form of each record (no prompts, documents or outputs);
// the whole is on disk and read back by the reports that show it.
package eval
