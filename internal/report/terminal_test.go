package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlainLeavesNoControl(t *testing.T) {
	t.Parallel()
	got := plain("a\x1b[31mb\nc\td\u202ee\x00\u0085\u2066f\xff")
	if want := "a�[31mb c d�e���f�"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"abc": 3, "返金": 4, "e\u0301": 1, "🙂": 2, "": 0} {
		if got := columns(s); got != want {
			t.Errorf("columns(%q) is %d, want %d", s, got, want)
		}
	}
	if got := cut("返金はいつまで", 8); got != "返金は…" {
		t.Errorf("cut to %q", got)
	}
}

// Wrapped lines fit and hold the words in order.
func TestWrapFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := plain(rapid.String().Draw(t, "s"))
		limit := rapid.IntRange(4, 100).Draw(t, "limit")
		lines := wrap(s, limit)
		for _, l := range lines {
			if columns(l) > limit {
				t.Errorf("%q has %d columns, more than %d", l, columns(l), limit)
			}
		}
		letters := func(s string) string { return strings.NewReplacer(" ", "", "\u00a0", "").Replace(s) }
		if got := letters(strings.Join(lines, "")); got != letters(s) {
			t.Errorf("%q became %q", letters(s), got)
		}
	})
}

// No line of a table is wider than the terminal, whatever is in it, and
// without colour no escape code is written.
func TestTableFits(t *testing.T) {
	t.Parallel()
	for _, width := range []int{60, 72, 80, 100, 120} {
		for _, in := range []*Input{sample(40, 1), plainRun(), unchanged(), withheld()} {
			if in.Verdict != nil {
				in.Verdict.Warnings = append(in.Verdict.Warnings, strings.Repeat("x", 300))
			}
			var b bytes.Buffer
			if err := Table(&b, in, TableOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if columns(line) > width {
					t.Errorf("%d columns at width %d: %s", columns(line), width, line)
				}
			}
			if strings.Contains(b.String(), "\x1b") {
				t.Error("an escape code without colour")
			}
		}
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colour adds escape codes and nothing else.
func TestColourOnlyAdds(t *testing.T) {
	t.Parallel()
	var with, without bytes.Buffer
	in := sample(40, 1)
	if err := Table(&with, in, TableOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if err := Table(&without, in, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := escapes.ReplaceAllString(with.String(), ""); got != without.String() {
		t.Errorf("without its codes the coloured table is\n%s", got)
	}
	if with.Len() == without.Len() {
		t.Error("no colour was used")
	}
}
