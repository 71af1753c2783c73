// Package problem is how Assay tells a user that something in their files, flags
// or surroundings is wrong.
//
// A Problem says where (file, line, column), what was found, what was expected
// and how to fix it. It is an error like any other: rooms return it, wrap it
// with %w, and the command line prints it without a stack trace. An error that
// is not a Problem is a surprise, a defect of Assay or of the machine.
//
// A Problem never carries a secret and never carries the text of a prompt or
// of an answer, only short values that the user wrote in a file.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one thing that the user can mend. Only What is required.
type Problem struct {
	File string // path as the user would type it; empty when no file is to blame
	Line int    // 1-based; 0 when unknown
	Col  int    // 1-based, in characters; 0 when unknown
	What string // what was found, in a sentence without a full stop
	Want string // what was expected
	Fix  string // what to do about it
	Err  error  // the cause, if there is one; not printed, but unwrapped
}

// Newf makes a Problem without a place.
func Newf(format string, args ...any) *Problem {
	return &Problem{What: fmt.Sprintf(format, args...)}
}

// At returns a copy of p placed at file and line, unless it has a place already.
func (p *Problem) At(file string, line int) *Problem {
	q := *p
	if q.File == "" {
		q.File, q.Line = file, line
	}
	return &q
}

// NamedBy places a problem with a whole file, such as one that is not there, at
// the line of the file that names it. Any other error stays as it is.
func NamedBy(err error, file string, line int) error {
	var p *Problem
	if !errors.As(err, &p) || p.File == "" || p.File == file || p.Line != 0 {
		return err
	}
	q := *p
	q.What, q.File, q.Line = p.File+": "+p.What, file, line
	return &q
}

// Wanted returns a copy of p that says what was expected.
func (p *Problem) Wanted(format string, args ...any) *Problem {
	q := *p
	q.Want = fmt.Sprintf(format, args...)
	return &q
}

// Remedy returns a copy of p that says how to fix it.
func (p *Problem) Remedy(format string, args ...any) *Problem {
	q := *p
	q.Fix = fmt.Sprintf(format, args...)
	return &q
}

// Error gives the place and what was found on one line, then what was expected
// and the remedy, each indented on a line of its own.
func (p *Problem) Error() string {
	var b strings.Builder
	if where := p.Where(); where != "" {
		b.WriteString(where)
		b.WriteString(": ")
	}
	b.WriteString(p.What)
	if p.Want != "" {
		b.WriteString("\n  expected: ")
		b.WriteString(indent(p.Want))
	}
	if p.Fix != "" {
		b.WriteString("\n  fix: ")
		b.WriteString(indent(p.Fix))
	}
	return b.String()
}

// Where is "file:line:col" with the parts that are known, or "column N" of a
// text that is no file.
func (p *Problem) Where() string {
	switch {
	case p.File == "" && p.Col > 0:
		return fmt.Sprintf("column %d", p.Col)
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }

// List is several problems reported together, so that a user mends a file in
// one sitting.
type List []*Problem

// Error joins the problems, one after the other.
func (l List) Error() string {
	texts := make([]string, len(l))
	for i, p := range l {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap returns the problems for errors.Is and errors.As.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, p := range l {
		errs[i] = p
	}
	return errs
}

// OrNil returns l as an error, or nil when it is empty.
func (l List) OrNil() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Is reports whether err is, or wraps, something that the user can mend.
func Is(err error) bool {
	var p *Problem
	return errors.As(err, &p)
}
