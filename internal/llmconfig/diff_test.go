package llmconfig

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	changed := one.edit(supportPath, "temperature: 0.2", "temperature: 0.3, top_words: {}").
		edit(supportPath, "reasoning: {effort: low}", "seed: 1").
		edit(supportPath, "top_k: 3", "top_k: 0").
		edit(supportPath, `role: assistant`, `role: user`).
		edit("configs/shared/tone.md", "brief", "brief and kind").
		edit("tools/lookup.json", "object", "array").
		with("help/a.md", "", "help/c.md", "C", "help/deep/b.md", "changed")
	d := Diff(one.config(t, supportPath), changed.config(t, supportPath))
	want := []string{
		"messages[0] (system) changed",
		"messages[2].role: assistant → user",
		"params.reasoning.effort removed: was \"low\"",
		"params.seed added: 1",
		"params.temperature: 0.2 → 0.3",
		"params.top_words added: {}",
		"corpus a.md removed",
		"corpus c.md added",
		"corpus deep/b.md changed",
		"retrieval.top_k: 3 → 0",
		"tools[0].parameters.type: \"object\" → \"array\"",
	}
	if got := d.Lines(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := d.Text(false); !strings.Contains(text, "  ~ Be brief{+ and kind+}.\n") || d.Same {
		t.Errorf("%s", text)
	}
	if text := d.Text(true); !strings.Contains(text, "\x1b[32m") || strings.Contains(text, "{+") {
		t.Errorf("%q", text)
	}
	long := strings.Repeat("a fairly long description ", 4)
	other := Diff(one.edit(supportPath, "Closes a ticket", long).config(t, supportPath), one.edit(supportPath, "Closes a ticket", long+"indeed").config(t, supportPath))
	if text := other.Text(false); !strings.Contains(text, "tools[1].description changed\n  ~ ") || !strings.Contains(text, "{+ indeed+}") {
		t.Errorf("%s", text)
	}
	form, err := json.Marshal(d)
	if err != nil || !strings.Contains(string(form), `"part":"params.temperature","kind":"changed","before":"0.2","after":"0.3"`) {
		t.Errorf("%s, %v", form, err)
	}
}

func TestDiffOfTheSame(t *testing.T) {
	t.Parallel()
	a := one.config(t, supportPath)
	b := one.edit(supportPath, "Answers.", "Other words.").config(t, supportPath)
	d := Diff(a, b)
	if !d.Same || len(d.Changes) != 0 || !strings.Contains(d.Text(false), "the same version") {
		t.Errorf("%+v", d)
	}
	if form, err := json.Marshal(d); err != nil || !strings.Contains(string(form), `"changes":[]`) {
		t.Errorf("%s, %v", form, err)
	}
}

func TestDiffByWord(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ before, after, want string }{
		{"You are kind.\n", "You are very kind.\n", "  ~ You are {+very +}kind.\n"},
		{"Use at most 3 short sentences.\n", "Use at most 5 long sentences.\n", "  ~ Use at most [-3 short-]{+5 long+} sentences.\n"},
		{"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\nF\n", "    …\n    d\n    e\n  - f\n  + F\n"},
		{"a\nb\n", "a\nnew\nb\n", "    a\n  + new\n    b\n"},
		{"nothing in common\n", "wholly different words\n", "  - nothing in common\n  + wholly different words\n"},
		{"", "x\n", "  + x\n"},
		{
			"- Answer in at most three sentences, and always put the most important one first.\n",
			"- Answer in at most two sentences, and always put the most important one first.\n",
			"  ~ - Answer in at most [-three-]{+two+} sentences, and always put the most\n    important one first.\n",
		},
	} {
		p := &page{}
		p.texts(tc.before, tc.after)
		if got := p.out.String(); got != tc.want {
			t.Errorf("%q to %q gives\n%swant\n%s", tc.before, tc.after, got, tc.want)
		}
	}
}

// A difference leads from the one text to the other, and its lines keep to 80
// columns where words allow it.
func TestDiffProperties(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`([a-z]{1,9}[ .,]|é|\n){0,60}`)
	check := func(t rapid.TB, before, after string) {
		var a, b string
		for _, c := range smooth(compare(words(before), words(after))) {
			if c.op <= 0 {
				a += c.text
			}
			if c.op >= 0 {
				b += c.text
			}
		}
		if strings.Join(strings.Fields(a), " ") != strings.Join(strings.Fields(before), " ") ||
			strings.Join(strings.Fields(b), " ") != strings.Join(strings.Fields(after), " ") {
			t.Fatalf("%q to %q gave %q to %q", before, after, a, b)
		}
		p := &page{}
		p.texts(before, after)
		for line := range strings.Lines(p.out.String()) {
			if utf8.RuneCountInString(strings.TrimRight(line, " \n")) > width {
				t.Fatalf("longer than %d columns: %q", width, line)
			}
		}
	}
	check(t, "n b ", "n,a a ") // a blank that only one side has beside it
	check(t, "n,a a ", "n b ")
	rapid.Check(t, func(t *rapid.T) { check(t, text.Draw(t, "before"), text.Draw(t, "after")) })
}
