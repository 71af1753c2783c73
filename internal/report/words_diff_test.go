package report

import (
	"strings"
	"testing"

	"github.com/sergi/go-diff/diffmatchpatch"
	"pgregory.net/rapid"
)

func shown(edits []edit) string {
	var b strings.Builder
	for _, e := range edits {
		switch e.kind {
		case diffmatchpatch.DiffDelete:
			b.WriteString("[-" + e.text + "-]")
		case diffmatchpatch.DiffInsert:
			b.WriteString("{+" + e.text + "+}")
		default:
			b.WriteString(e.text)
		}
	}
	return b.String()
}

func TestWordDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after, want string }{
		{"within 30 days of it", "within 14 days of it", "within [-30-]{+14+} days of it"},
		{"same", "same", "same"},
		{"", "new words", "{+new words+}"},
		{"Use a code.", "Use a recovery code.", "Use a {+recovery +}code."},
		{"one two three four", "five six three four", "[-one two-]{+five six+} three four"},
		{"naïve café", "naïve thé", "naïve [-café-]{+thé+}"},
	} {
		if got := shown(wordDiff(c.before, c.after)); got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.before, c.after, got, c.want)
		}
	}
}

// The edits joined give both texts back, whatever they are made of.
func TestWordDiffLosesNothing(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "refund", " ", "  ", "\n", ".", "ü", "返", "🙂", "e\u0301"}), 0, 60)
	rapid.Check(t, func(t *rapid.T) {
		before, after := strings.Join(words.Draw(t, "before"), ""), strings.Join(words.Draw(t, "after"), "")
		var a, b strings.Builder
		for _, e := range wordDiff(before, after) {
			if e.kind != diffmatchpatch.DiffInsert {
				a.WriteString(e.text)
			}
			if e.kind != diffmatchpatch.DiffDelete {
				b.WriteString(e.text)
			}
		}
		if a.String() != before || b.String() != after {
			t.Errorf("%q and %q became %q and %q", before, after, a.String(), b.String())
		}
	})
}

// Words beyond the surrogates' place still have a rune of their own.
func TestManyWords(t *testing.T) {
	t.Parallel()
	for _, i := range []int{0, 1, 0xd7fd, 0xd7fe, 0xd7ff, 0xd800, 0xffff, 100000} {
		r := codePoint(i)
		if wordIndex(r) != i || string(r) == "\ufffd" && r != 0xfffd {
			t.Errorf("word %d is rune %#x, back %d", i, r, wordIndex(r))
		}
	}
}
