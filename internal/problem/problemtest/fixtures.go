// Package problemtest holds the loaders of files to their fixtures.
//
// A fixture is a file of testdata, NAME.good.EXT or NAME.bad.EXT. Its first
// lines, as long as they begin with "# ", are its header and say what a loader
// has to make of the rest: "# error: TEXT" is a part of the message, any number
// of them. They are blank when the loader sees the file, so that the lines of
// messages are those of the fixture in every format, also where a format has no
// comments.
//
// EveryRule and EveryConstraint fail when a rule has no fixture: a message that
// the package can give, a constraint of a JSON Schema.
package problemtest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

// Fixture is one file.
type Fixture struct {
	Name   string // base name
	Path   string
	Text   string // with a blank header
	Good   bool
	header map[string][]string
}

// Header is the values of "# KEY: VALUE" lines.
func (f *Fixture) Header(key string) []string { return f.header[key] }

// Fixtures reads the files that a pattern fits. It fails when there is no good
// one, no bad one, or a file that is neither.
func Fixtures(t testing.TB, pattern string) []Fixture {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var list []Fixture
	good := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := Fixture{Name: filepath.Base(file), Path: file, Good: strings.Contains(file, ".good.")}
		if f.Good == strings.Contains(file, ".bad.") {
			t.Fatalf("%s is neither .good nor .bad", file)
		}
		if f.Good {
			good++
		}
		f.header, f.Text = cutHeader(string(text))
		list = append(list, f)
	}
	if good == 0 || good == len(list) {
		t.Fatalf("%s: %d good fixtures of %d", pattern, good, len(list))
	}
	return list
}

func cutHeader(text string) (header map[string][]string, rest string) {
	header = map[string][]string{}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		if !ok || !strings.HasPrefix(line, "# ") {
			break
		}
		header[key] = append(header[key], value)
		lines[i] = ""
	}
	return header, strings.Join(lines, "\n")
}

// Check holds what a loader said to what the fixture's header says. Every
// problem names a file and a line, and says what was expected or how to mend
// it; "# line: none" in the header excuses the line, of what has none.
func (f *Fixture) Check(t testing.TB, err error) {
	t.Helper()
	if f.Good {
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
		return
	}
	problems := list(err)
	if len(problems) == 0 {
		t.Errorf("%s: %v, want a problem", f.Path, err)
		return
	}
	for _, p := range problems {
		if p.File == "" || p.Line == 0 && len(f.Header("line")) == 0 {
			t.Errorf("%s: the problem has no place: %v", f.Path, p)
		}
		if p.Want == "" && p.Fix == "" {
			t.Errorf("%s: the problem says neither what was expected nor how to mend it: %v", f.Path, p)
		}
	}
	if len(f.Header("error")) == 0 {
		t.Errorf("%s has no line # error:", f.Path)
	}
	for _, want := range f.Header("error") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %q", f.Path, err, want)
		}
	}
}

// list is the problems that an error holds.
func list(err error) problem.List {
	var many problem.List
	var one *problem.Problem
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return problem.List{one}
	}
	return nil
}
