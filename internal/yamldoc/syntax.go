package yamldoc

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/problem"
)

// atLine is how the library begins a message. It names no line where it means
// the first.
var atLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// byParser matches what the library's parser says. It counts lines from 0, the
// scanner, which says all else, from 1.
var byParser = regexp.MustCompile(`^(did not find expected (<|node content|'-' indicator|key|',' or)|found (undefined tag handle|duplicate %|incompatible))`)

// syntax is the problem of text that is not YAML.
func syntax(file, text string, err error) error {
	p := &problem.Problem{File: file, Err: err, Want: "valid YAML"}
	what := err.Error()
	if m := atLine.FindStringSubmatch(what); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // absent: 0
		what = strings.TrimPrefix(what, m[0])
	}
	if byParser.MatchString(what) {
		p.Line++
	}
	lines := 1 + strings.Count(strings.TrimRight(text, "\n"), "\n")
	p.Line = min(max(p.Line, 1), lines)
	p.What = "YAML syntax: " + what
	switch {
	case strings.Contains(what, "control characters"):
		p.Line = lineOf(text, strings.IndexFunc(text, isControl))
		p.Fix = `remove the character, or write it as "\x01" in quotes`
	case strings.Contains(what, "tab") || strings.Contains(what, "cannot start any token"):
		p.Fix = "indent with spaces, and put values with special characters in quotes"
	case strings.Contains(what, "mapping values are not allowed"):
		p.Fix = "put a value that contains a colon in quotes, or check the indentation of this line"
	case strings.Contains(what, "node content"):
		p.Fix = "finish the value or the bracket that begins on this line or the one before, or put it in quotes"
	case strings.Contains(what, "',' or"):
		p.Fix = "close the bracket that is opened on this line, and check commas and quotes up to there"
	case strings.Contains(what, "expected key") || strings.Contains(what, "'-' indicator"):
		p.Fix = "check indentation and quotes from this line to the end of the block that begins on it"
	default:
		p.Fix = "check indentation and quotes on this line and the one before"
	}
	return p
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f
}

// notUTF8 is the problem of text in another encoding.
func notUTF8(file, text string) error {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return &problem.Problem{File: file, Line: lineOf(text, at), What: "the file is not UTF-8", Want: "text in UTF-8", Fix: "save the file as UTF-8"}
}

func lineOf(text string, at int) int { return 1 + strings.Count(text[:max(at, 0)], "\n") }
