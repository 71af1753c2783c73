package evaluator

import (
	"errors"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// maxQuote bounds what a reason quotes of an answer, in characters.
const maxQuote = 80

// quote shows a text in a reason.
func quote(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxQuote {
		s = string(r[:maxQuote]) + "…"
	}
	return strconv.Quote(s)
}

// show is a value in a reason.
func show(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	text := extract.Text(v)
	if r := []rune(text); len(r) > maxQuote {
		return string(r[:maxQuote]) + "…"
	}
	return text
}

// figure shows a number in a reason, with at most four significant digits of
// its fraction.
func figure(f float64) string {
	if f == float64(int64(f)) {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

// join puts two parts of a reason together.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// causeOf is an error in a sentence: a problem without its place and remedy,
// any other error's first line.
func causeOf(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p.What
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// describe names a value and its kind.
func describe(v any) string { return extract.Describe(v) }
