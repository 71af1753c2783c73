package jinja

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assay-llmops/assay/internal/problem"
)

// pos is a place in a template: line and column, both 1-based, the column in
// characters.
type pos struct{ line, col int }

// fault is a problem whose place is not known yet: filters, operators and the
// value model raise it, and whoever knows the place turns it into a Problem.
type fault struct {
	what, want, fix string
	cause           error
}

func (f *fault) Error() string { return f.what }
func (f *fault) Unwrap() error { return f.cause }

func faultf(format string, args ...any) *fault {
	return &fault{what: fmt.Sprintf(format, args...)}
}

func (f *fault) wanted(format string, args ...any) *fault {
	f.want = fmt.Sprintf(format, args...)
	return f
}

func (f *fault) remedy(format string, args ...any) *fault {
	f.fix = fmt.Sprintf(format, args...)
	return f
}

// placed gives a fault its place; any other error, a Problem among them, is
// returned as it is.
func placed(err error, file string, at pos) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	return &problem.Problem{File: file, Line: at.line, Col: at.col,
		What: f.what, Want: f.want, Fix: f.fix, Err: f.cause}
}

// maxNameToCompare keeps the search for the nearest name cheap when a template
// computes a very long one.
const maxNameToCompare = 64

// didYouMean is the remedy for a name that does not exist. It may reorder
// candidates.
func didYouMean(name string, candidates []string) string {
	if len(name) > maxNameToCompare {
		return ""
	}
	candidates = slices.DeleteFunc(candidates, func(c string) bool { return len(c) > maxNameToCompare })
	return problem.DidYouMean(name, candidates)
}
