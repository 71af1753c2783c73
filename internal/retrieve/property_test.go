package retrieve

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/canonical"
)

// document draws a Markdown or plain text of all that the chunkers look at.
func document(t *rapid.T, label string) string {
	piece := rapid.SampledFrom([]string{
		"# Fees\n", "## Fees\n", "### What's new?\n", "# !\n", "Fees\n====\n", "word ", "two words. ", "1,000 ", "don’t ", "返金 ", "🙂", "\n", "\n\n",
		"- item\n", "> quote\n", "```\ncode a\n\n# code b\n```\n", "    code\n", "~~~\nopen\n", "---\n", "<!-- # x -->\n", "| a | b |\n", "\t", "\r\n", "\\# x\n", "(", "`",
	})
	return strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, label), "")
}

func anySpec(t *rapid.T) ChunkSpec {
	limit := rapid.IntRange(1, 20).Draw(t, "max_tokens")
	return ChunkSpec{
		By: rapid.SampledFrom([]string{"heading", "tokens"}).Draw(t, "by"), MaxTokens: limit,
		Overlap: rapid.IntRange(0, limit-1).Draw(t, "overlap"),
	}
}

func TestChunksHoldTheWholeDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkChunks(t, anySpec(t), rapid.SampledFrom([]string{"f.md", "f.txt"}).Draw(t, "name"), document(t, "document"))
	})
}

// checkChunks fails unless the chunks are bounded, in order, named apart, cut
// from between their offsets, and hold all that is not blank.
func checkChunks(t interface {
	Fatalf(format string, args ...any)
}, spec ChunkSpec, name, text string) {
	text = canonical.Text([]byte(text))
	chunks, err := cut(spec, name, text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	body := 0
	if strings.HasSuffix(name, ".md") {
		body = frontMatter(text)
	}
	ids := map[string]bool{}
	reached := body
	for i, c := range chunks {
		if ids[c.ID] {
			t.Fatalf("%s twice", c.ID)
		}
		ids[c.ID] = true
		if c.Text == "" || c.Text != text[c.Start:c.End] {
			t.Fatalf("%s: %q is not %q", c.ID, c.Text, text[c.Start:c.End])
		}
		if n := Tokens(c.Text); n > max(1, spec.MaxTokens) {
			t.Fatalf("%s has %d tokens: %q", c.ID, n, c.Text)
		}
		if i > 0 && c.Start < chunks[i-1].Start {
			t.Fatalf("%s starts before its neighbour", c.ID)
		}
		if c.Start > reached && strings.Trim(text[reached:c.Start], " \t\r\n") != "" {
			t.Fatalf("%q is in no chunk", text[reached:c.Start])
		}
		reached = max(reached, c.End)
	}
	if strings.Trim(text[reached:], " \t\r\n") != "" {
		t.Fatalf("%q is in no chunk", text[reached:])
	}
}

func TestOrderOfFilesChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{Chunk: anySpec(t)}
		var files []File
		for i := range rapid.IntRange(1, 6).Draw(t, "files") {
			files = append(files, File{Path: fmt.Sprintf("%d.md", i), Content: []byte(document(t, "document"))})
		}
		shuffled := rapid.Permutation(files).Draw(t, "order")
		query := document(t, "query")
		one, err := Build(spec, files)
		if err != nil {
			t.Fatal(err)
		}
		two, err := Build(spec, shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := one.Search(query, 10), two.Search(query, 10); !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\nand\n%+v", a, b)
		}
	})
}

func TestAnotherDocumentChangesNoChunk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{Chunk: anySpec(t)}
		mine := File{Path: "m.md", Content: []byte(document(t, "document"))}
		alone, err := Build(spec, []File{mine})
		if err != nil {
			t.Fatal(err)
		}
		both, err := Build(spec, []File{{Path: "a.md", Content: []byte(document(t, "other"))}, mine})
		if err != nil {
			t.Fatal(err)
		}
		var kept []chunk
		for _, c := range both.chunks {
			if strings.HasPrefix(c.ID, "m.md") {
				kept = append(kept, c)
			}
		}
		if len(kept)+len(alone.chunks) > 0 && !reflect.DeepEqual(kept, alone.chunks) {
			t.Fatalf("%+v\nand\n%+v", kept, alone.chunks)
		}
	})
}

// TestSearchIsTheDefinition compares with a direct computation over all texts.
func TestSearchIsTheDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"ant", "bee", "cow", "dog", "elk"}), 1, 8)
		texts := rapid.SliceOfN(rapid.Map(words, func(w []string) string { return strings.Join(w, " ") }), 1, 12).Draw(t, "texts")
		query := strings.Join(words.Draw(t, "query"), " ")
		k := rapid.IntRange(0, 13).Draw(t, "k")
		hits := rank(texts).search(query, k)
		scores := naive(texts, query)
		found := 0
		for i, h := range hits {
			if diff := scores[h.text] - h.score; diff > 1e-9 || diff < -1e-9 {
				t.Fatalf("text %d: %v, want %v", h.text, h.score, scores[h.text])
			}
			if i > 0 && inOrder(hits[i-1], h) >= 0 {
				t.Fatalf("%+v not in order", hits)
			}
		}
		for _, s := range scores {
			if s > 0 {
				found++
			}
		}
		if len(hits) != min(k, found) {
			t.Fatalf("%d hits of %d with k %d", len(hits), found, k)
		}
		for i, s := range scores {
			if len(hits) == 0 || s <= hits[len(hits)-1].score+1e-9 {
				continue
			}
			if !strings.Contains(fmt.Sprint(hits), fmt.Sprintf("{%d ", i)) {
				t.Fatalf("text %d scores %v and is not among %v", i, s, hits)
			}
		}
	})
}

// naive is BM25 as the formula says it, for small texts of plain words.
func naive(texts []string, query string) []float64 {
	split := make([][]string, len(texts))
	total := 0
	for i, text := range texts {
		split[i] = strings.Fields(text)
		total += len(split[i])
	}
	count := func(words []string, w string) (n float64) {
		for _, x := range words {
			if x == w {
				n++
			}
		}
		return n
	}
	scores := make([]float64, len(texts))
	seen := map[string]bool{}
	for _, w := range strings.Fields(query) {
		if seen[w] {
			continue
		}
		seen[w] = true
		df := 0.0
		for _, words := range split {
			df += min(1, count(words, w))
		}
		if df == 0 {
			continue
		}
		for i, words := range split {
			tf := count(words, w)
			length := float64(len(words)) * float64(len(texts)) / float64(total)
			scores[i] += math.Log(1+(float64(len(texts))-df+0.5)/(df+0.5)) * tf * 2.2 / (tf + 1.2*(0.25+0.75*length))
		}
	}
	return scores
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"", "# A\ntext", "---\nx\n---\n", "A\n=\n", "```\na\n", "#\n#\n", "- ```\n  x\n", "\xff# \x00", "# \\", "> # a\n# b"} {
		f.Add(seed, uint8(7), uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, text string, limit, overlap uint8, heading bool) {
		spec := ChunkSpec{By: "tokens", MaxTokens: int(limit), Overlap: int(overlap) % max(1, int(limit))}
		if heading {
			spec.By = "heading"
		}
		checkChunks(t, spec, "f.md", text)
		checkChunks(t, spec, "f.txt", text)
	})
}

func FuzzRows(f *testing.F) {
	for _, seed := range []string{"", `{"id":"a","text":"b"}`, "{\"text\":\"b\"}\n\n{\"id\":2,\"content\":\"c\"}", "[]", `{"id":"\ud800","text":"x"}`, "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ix, err := Build(Spec{Chunk: ChunkSpec{By: "heading", MaxTokens: 3}}, []File{{Path: "f.jsonl", Content: []byte(text)}})
		if err != nil {
			return
		}
		for _, c := range ix.chunks {
			if c.Text == "" || c.Start >= c.End || c.End > len(text) {
				t.Fatalf("%+v", c)
			}
		}
	})
}

func FuzzTerms(f *testing.F) {
	for _, seed := range []string{"", "don't 1,000 3.5.", "généralement", "İ ẞ ﬁ", "'", "a'", "\xff'\xff", "返'返"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, tok := range tokenize(text) {
			if tok.start < end || tok.end <= tok.start {
				t.Fatalf("%+v after %d", tok, end)
			}
			if between := text[end:tok.start]; strings.ContainsFunc(between, unicode.IsLetter) {
				t.Fatalf("a letter is in no word: %q", between)
			}
			end = tok.end
		}
		if len(Terms(text)) != Tokens(text) {
			t.Fatal("not a term for each word")
		}
	})
}
