package extractive

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// general are words of the engine's source that the example has and the texts
// that stand for general English here do not: general all the same, as a reader
// can check.
const general = `anybody everyone following midnight purchase someone states sunday today yours`

// TestNoWordOfTheExample looks for words by which the example's pages differ
// from other texts: pages of other domains, the documents of this repository and
// the source of its other rooms. None of them may stand in the engine's source.
func TestNoWordOfTheExample(t *testing.T) {
	t.Parallel()
	plain := map[string]int{}
	for _, pattern := range []string{
		"testdata/heldout/pages/*.md", "testdata/dev/*/pages/*.md", "../../starter/templates/*/help/*.md",
		"../../../*.md", "../../../docs/*.md", "../../../docs/*/*.md", "../../*/*.go", "../[a-df-z]*/*.go",
	} {
		maps.Copy(plain, frequencies(t, filepath.FromSlash(pattern)))
	}
	counts := frequencies(t, filepath.Join(examples, "help", "*.md"))
	maps.DeleteFunc(counts, func(word string, count int) bool { return plain[word] > 0 || len(word) < 5 || count < 2 })
	if len(counts) < 50 || counts["timesheets"] == 0 {
		t.Fatalf("%d distinctive words: %v", len(counts), counts)
	}
	source := frequencies(t, "*.go")
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		if source[word] > 0 && !slices.Contains(strings.Fields(general), word) {
			t.Errorf("%q is a word of the example", word)
		}
	}
}

// frequencies counts the words of files; Go's tests are left aside.
func frequencies(t *testing.T, pattern string) map[string]int {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	counts := map[string]int{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range retrieve.Words(string(text)) {
			counts[word]++
		}
	}
	return counts
}

func TestLikeness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		asked, word string
		want        float64
	}{
		{"walking", "walks", sameWord},
		{"kept", "keeping", sameWord},
		{"children", "child", sameWord},
		{"dying", "died", sameWord},
		{"price", "costs", sameMeans},
		{"purchased", "bought", sameMeans},
		{"reserve", "reservation", sameWord},
		{"analysis", "analyse", sameStart},
		{"temprature", "temperature", oneLetter},
		{"recieve", "receive", oneLetter},
		{"wood", "firewood", compounded},
		{"firewood", "wood", compounded},
		{"2019", "2019", sameWord},
		{"2019", "2018", 0},
		{"10", "100", 0},
		{"table", "the", 0},
		{"north", "south", 0},
		{"can", "cancel", 0},
	}
	l := newLexicon()
	for _, test := range tests {
		m := newMatcher(l, l.terms(test.asked))
		got := 0.0
		for _, f := range m.find(test.word) {
			got = f.alike
		}
		if got != test.want {
			t.Errorf("%s for %s: %v, want %v", test.word, test.asked, got, test.want)
		}
	}
}

func TestTermsAreTheWordsThatSaySomething(t *testing.T) {
	t.Parallel()
	l := newLexicon()
	for question, want := range map[string][]string{
		"What does the cat cost, and what do the cats eat?": {"cat", "cost", "eat"},
		"What is it?": {"what", "is", "it"},
		"?":           nil,
	} {
		var got []string
		for _, term := range l.terms(question) {
			got = append(got, term.word)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", question, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	l := newLexicon()
	for question, sentences := range map[string][2]string{
		"How much does it cost?":     {"It is €4.", "It is blue."},
		"How long does it take?":     {"A fortnight.", "It is blue."},
		"When does it open?":         {"At 9:30.", "It is blue."},
		"How many wheels are there?": {"There are three.", "There are wheels."},
		"What is the maximum?":       {"17 at once.", "It is blue."},
		"What do members pay?":       {"They pay half.", "They are glad."},
	} {
		wants := expectation(question)
		for i, sentence := range sentences {
			if got := l.states(sentence, retrieve.Words(sentence))&wants != 0; got != (i == 0) {
				t.Errorf("%s %s: %v", question, sentence, got)
			}
		}
	}
	if expectation("Who is it?") != 0 {
		t.Error("a kind for who")
	}
}
