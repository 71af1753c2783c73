package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// GitHub refuses a comment of 65,536 characters: a gate of many cases with
// long answers stays below, says what it left out, and closes what it opened.
func TestMarkdownStaysShort(t *testing.T) {
	t.Parallel()
	in := sample(2000, 1)
	for i := range in.Candidate.Records {
		r := &in.Candidate.Records[i]
		r.Output = strings.Repeat("`*_<b> @team #1 ", 500) + r.Output
	}
	in.Verdict.Rules[0].WorstCases = append(in.Verdict.Rules[0].WorstCases, strings.Repeat("long ", 200))
	var b bytes.Buffer
	if err := Markdown(&b, in); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if n := utf8.RuneCountInString(text); n >= 65000 {
		t.Errorf("%d characters", n)
	}
	if !strings.Contains(text, " more, in the HTML report.") {
		t.Error("it does not say that cases were left out")
	}
	for _, tag := range []string{"details", "summary", "pre", "code", "del", "ins", "sub"} {
		if open, closed := strings.Count(text, "<"+tag+">"), strings.Count(text, "</"+tag+">"); open != closed {
			t.Errorf("%d <%s> and %d ends", open, tag, closed)
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Only our own elements are in a comment, and nobody is called by it.
func TestMarkdownIsInert(t *testing.T) {
	t.Parallel()
	for _, in := range []*Input{sample(40, 1), plainRun()} {
		var b bytes.Buffer
		if err := Markdown(&b, in); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, tag := range tags.FindAllString(text, -1) {
			switch strings.Trim(tag, "</>") {
			case "details", "summary", "pre", "code", "del", "ins", "sub", "!-- assay: help-centre --":
			default:
				t.Errorf("the element %s", tag)
			}
		}
		outside := regexp.MustCompile(`(?s)<(pre|code)>.*?</(pre|code)>`).ReplaceAllString(text, "")
		for _, calls := range []string{"@octocat", " #1"} {
			if strings.Contains(outside, calls) {
				t.Errorf("%q is outside of code", calls)
			}
		}
	}
}

// One line stays one line and no cell of a table ends early.
func TestEscapedTextStaysInItsCell(t *testing.T) {
	t.Parallel()
	bare := regexp.MustCompile("(^|[^\\\\])[|`*\\[\\]~]")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("ab |`*_[]<>&\\\n~$@#"))).Draw(t, "s")
		got := strings.ReplaceAll(md(s), `\\`, "")
		if strings.ContainsAny(got, "\n<>") || bare.MatchString(got) {
			t.Errorf("%q became %q", s, md(s))
		}
	})
}
