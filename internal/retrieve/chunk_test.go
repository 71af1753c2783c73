package retrieve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// cuts are the contents of a file's chunks by id. Every chunk of the text holds
// the word x, by which all are found.
func cuts(t *testing.T, by string, limit, overlap int, name, text string) (order []string, content map[string]string) {
	t.Helper()
	spec := retrieve.Spec{Chunk: retrieve.ChunkSpec{By: by, MaxTokens: limit, Overlap: overlap}}
	content = map[string]string{}
	for _, d := range all(build(t, spec, retrieve.File{Path: name, Content: []byte(text)}), "x") {
		order = append(order, d.ID)
		content[d.ID] = d.Content
	}
	return order, content
}

func TestHeadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"x", "f.md"},
		{"# A\nx", "f.md#a"},
		{"x\n\n# A\nx", "f.md f.md#a"},
		{"# A x\n# A x", "f.md#a-x f.md#a-x-1"},
		{"# A\nx\n# A-1\nx\n# A\nx", "f.md#a f.md#a-1 f.md#a-2"},
		{"Title x\n=====\nx\n\nSub x\n---\nx", "f.md#sub-x f.md#title-x"},
		{"# Über  `x_y` & [Links](http://a) <b>x</b>", "f.md#über--x_y--links-x"},
		{"# C++ x\ny x\n## What's x?", "f.md#c-x f.md#whats-x"},
		{"# Fish &amp; \\* x", "f.md#fish---x"},
		{"# !!!\nx\n# ???\nx", "f.md# f.md#-1"},
		{"#\nx", "f.md"},
		{"```\n# x\n```\n    # x\n> # x\n\n- # x", "f.md"},
		{"<!--\n# x\n-->\n# B x", "f.md f.md#b-x"},
		{"---\ntitle: x\n---\n# A x", "f.md#a-x"},
		{"---\n---\nx", "f.md"},
		{"---\nx\n\n# B x", "f.md f.md#b-x"},
		{"# A\n\n## B\nx", "f.md#b"},
		{"# A\n\n# B\nx", "f.md#b"},
		{"# A x\n\n## B\nx", "f.md#b"},
	} {
		order, content := cuts(t, "heading", 100, 0, "f.md", c.text)
		if got := strings.Join(order, " "); got != c.want {
			t.Errorf("%q: %s, want %s\n%q", c.text, got, c.want, content)
		}
	}
}

func TestHeadingWithNothingBelowGoesToItsFirstPart(t *testing.T) {
	t.Parallel()
	_, content := cuts(t, "heading", 100, 0, "f.md", "# Moorings\n\n## Fees\nx 24\n\n## Hours\nx 8\n")
	if len(content) != 2 || content["f.md#fees"] != "# Moorings\n\n## Fees\nx 24" || content["f.md#hours"] != "## Hours\nx 8" {
		t.Errorf("%q", content)
	}
}

func TestPathOfHeadingsFindsAChunk(t *testing.T) {
	t.Parallel()
	ix := build(t, byHeading, retrieve.File{Path: "f.md", Content: []byte("# Moorings\ntext\n## Fees\nmoney\n### Winter\nless\n# Storm\nwind")})
	if got := ids(all(ix, "moorings fee")); got != "f.md#fees f.md#moorings f.md#winter" {
		t.Error(got)
	}
}

func TestLongSectionsAreCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text     string
		limit, overlap int
		want           []string
	}{
		{"at a blank line", "# H\nx one two.\n\nx three four. x five", 7, 0, []string{"# H\nx one two.", "x three four. x five"}},
		{"at a sentence", "x one two three. x five six seven eight", 6, 0, []string{"x one two three.", "x five six seven eight"}},
		{"at a line", "- x one two three\n- x five six seven eight", 6, 0, []string{"- x one two three", "- x five six seven eight"}},
		{"at a word", "x one two three (x five six)", 4, 0, []string{"x one two three", "(x five six)"}},
		{"with overlap", "x one x two x three", 4, 1, []string{"x one x two", "two x three"}},
		{"code stays whole", "x one two. x three.\n\n```sh\nx 1\n\nx 2\n```\n", 8, 0, []string{"x one two. x three.", "```sh\nx 1\n\nx 2\n```"}},
		{"code too long is cut at a line", "```\nx one two\nx three four\nx five six\n```", 5, 0, []string{"```\nx one two", "x three four", "x five six\n```"}},
		{"no overlap inside code", "x one\n\n```\nx 1 x 2\n```\n\nx end of it", 6, 2, []string{"x one\n\n```\nx 1 x 2\n```", "x end of it"}},
	} {
		order, content := cuts(t, "heading", c.limit, c.overlap, "f.md", c.text)
		var got []string
		for i, id := range order {
			got = append(got, content[id])
			if part := fmt.Sprintf("~%d", i+1); i > 0 && !strings.HasSuffix(id, part) || i == 0 && strings.Contains(id, "~") {
				t.Errorf("%s: id %s of part %d", c.name, id, i+1)
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

func TestByTokens(t *testing.T) {
	t.Parallel()
	order, content := cuts(t, "tokens", 3, 0, "f.md", "---\na: x\n---\n# A\n\nx one\n\n# B\n\nx two")
	if len(order) != 2 || content["f.md"] != "# A\n\nx one" || content["f.md~2"] != "# B\n\nx two" {
		t.Errorf("%q", content)
	}
	order, _ = cuts(t, "tokens", 2, 0, "f.txt", "# x\n# x\n# x\n")
	if got := strings.Join(order, " "); got != "f.txt f.txt~2" {
		t.Error(got)
	}
	spec := retrieve.Spec{Chunk: retrieve.ChunkSpec{By: "tokens", MaxTokens: 2}}
	for _, d := range all(build(t, spec, retrieve.File{Path: "f.md", Content: []byte("# A\nx y x")}), "x") {
		if d.Source != "f.md" {
			t.Errorf("source %s", d.Source)
		}
	}
}

func TestRowsOfALongText(t *testing.T) {
	t.Parallel()
	spec := retrieve.Spec{Chunk: retrieve.ChunkSpec{By: "heading", MaxTokens: 2}}
	text := "{\"id\": \"a\", \"text\": \"x one\\nx two\"}\n"
	found := all(build(t, spec, retrieve.File{Path: "f.jsonl", Content: []byte("\n" + text)}), "x")
	if ids(found) != "f.jsonl#a f.jsonl#a~2" || found[1].Content != "x two" || found[1].Source != "f.jsonl#a" {
		t.Fatalf("%+v", found)
	}
	for _, d := range found {
		if got := ("\n" + text)[d.Start:d.End]; got != strings.TrimSpace(text) {
			t.Errorf("offsets of %s give %q", d.ID, got)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, " \n": 0, "one two": 2, "don't": 1, "it’s": 1, "'quoted'": 1, "3.5": 1, "1,000.": 1, "1,000, 2": 2, "a.b": 2, "e-mail": 2,
		"naïve café": 2, "Привет мир": 2, "返金は14日": 5, "カタカナ": 4, "🙂 🙂": 0, "v1.2.3": 1, "a\xffb": 2, "x_y": 2,
	} {
		if got := retrieve.Tokens(text); got != want {
			t.Errorf("%q: %d, want %d (%q)", text, got, want, retrieve.Words(text))
		}
	}
	if got := strings.Join(retrieve.Terms("Refunds, refunded & REFUNDING: it’s 1,000 Tage"), " "); got != "refund refund refund it 1,000 tage" {
		t.Error(got)
	}
}
