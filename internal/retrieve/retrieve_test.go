package retrieve_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
)

var byHeading = retrieve.Spec{Chunk: retrieve.ChunkSpec{By: "heading", MaxTokens: 300, Overlap: 30}, Method: "bm25"}

func corpus(t testing.TB) []retrieve.File {
	t.Helper()
	var files []retrieve.File
	for _, name := range []string{"harbour.md", "news.jsonl", "tides.txt"} {
		content, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, retrieve.File{Path: name, Content: content})
	}
	return files
}

func build(t testing.TB, spec retrieve.Spec, files ...retrieve.File) *retrieve.Index {
	t.Helper()
	ix, err := retrieve.Build(spec, files)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// all finds every chunk of files that share the word, in order of their ids.
func all(ix *retrieve.Index, word string) []llm.Document {
	found := ix.Search(word, ix.Len())
	slices.SortFunc(found, func(a, b llm.Document) int { return strings.Compare(a.ID, b.ID) })
	return found
}

func ids(found []llm.Document) string {
	var names []string
	for _, d := range found {
		names = append(names, d.ID)
	}
	return strings.Join(names, " ")
}

func TestSearchFindsTheRightSection(t *testing.T) {
	t.Parallel()
	ix := build(t, byHeading, corpus(t)...)
	for query, want := range map[string]string{
		"what are the fees for a night": "harbour.md#fees",
		"office opening":                "harbour.md#opening-hours",
		"opening hours in a storm":      "harbour.md#opening-hours-1",
		"guests":                        "harbour.md",
		"doubling lines":                "harbour.md#storm",
		"which vhf channel":             "harbour.md#opening-hours-1",
		"may a dog come":                "news.jsonl#7",
		"pontoons":                      "news.jsonl#n1",
		"new":                           "news.jsonl#n1", // the title
		"key":                           "news.jsonl#4",  // no id: the line
		"high water":                    "tides.txt",
	} {
		found := ix.Search(query, 1)
		if len(found) != 1 || found[0].ID != want || found[0].Source != want {
			t.Errorf("%s: %+v, want %s", query, found, want)
		}
	}
}

func TestChunkIsTheTextBetweenItsOffsets(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for _, d := range build(t, byHeading, files...).Search("fees guests storm hours water", 100) {
		name, _, _ := strings.Cut(d.ID, "#")
		at := slices.IndexFunc(files, func(f retrieve.File) bool { return f.Path == name })
		if text := canonical.Text(files[at].Content); text[d.Start:d.End] != d.Content {
			t.Errorf("%s: %q is not %q", d.ID, d.Content, text[d.Start:d.End])
		}
	}
}

// TestScoreIsTheFormula computes one BM25 score by hand.
func TestScoreIsTheFormula(t *testing.T) {
	t.Parallel()
	ix := build(t, byHeading,
		retrieve.File{Path: "a.txt", Content: []byte("red boat red sail")},
		retrieve.File{Path: "b.txt", Content: []byte("blue boat")},
		retrieve.File{Path: "c.txt", Content: []byte("green water under the bridge is")},
	)
	idf := func(n float64) float64 { return math.Log(1 + (3-n+0.5)/(n+0.5)) }
	part := func(n, tf, length float64) float64 {
		return idf(n) * tf * 2.2 / (tf + 1.2*(1-0.75+0.75*length/4))
	}
	found := ix.Search("Boats, red boats!", 10)
	if len(found) != 2 || found[0].ID != "a.txt" || found[1].ID != "b.txt" {
		t.Fatalf("%+v", found)
	}
	for i, want := range []float64{part(2, 1, 4) + part(1, 2, 4), part(2, 1, 2)} {
		if math.Abs(found[i].Score-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", found[i].ID, found[i].Score, want)
		}
	}
}

func TestTiesAreBrokenByID(t *testing.T) {
	t.Parallel()
	var files []retrieve.File
	for _, name := range []string{"d.txt", "b.txt", "a.txt", "c.txt"} {
		files = append(files, retrieve.File{Path: name, Content: []byte("the same words")})
	}
	if got := ids(build(t, byHeading, files...).Search("words", 3)); got != "a.txt b.txt c.txt" {
		t.Error(got)
	}
}

func TestNothingIsFound(t *testing.T) {
	t.Parallel()
	ix := build(t, byHeading, corpus(t)...)
	for query, k := range map[string]int{"office": 0, "fees": -1, "zeppelin": 4, "": 4, "?!": 4} {
		if found := ix.Search(query, k); len(found) != 0 {
			t.Errorf("%q with %d: %+v", query, k, found)
		}
	}
	if found := build(t, byHeading).Search("x", 4); len(found) != 0 {
		t.Errorf("an empty corpus gave %+v", found)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec  retrieve.Spec
		files []retrieve.File
		want  string
	}{
		"no JSON":      {byHeading, rows("{\"text\": \"a\"}\n{text}"), "x.jsonl:2: the row is not JSON"},
		"cut off":      {byHeading, rows(`{"text": "a"`), "x.jsonl:1: the row is not JSON: unexpected end of JSON input"},
		"a list":       {byHeading, rows(`["a"]`), "x.jsonl:1: the row is an array\n  expected: one object a line"},
		"text a list":  {byHeading, rows(`{"text": ["a"]}`), `x.jsonl:1: "text" is an array`},
		"no text":      {byHeading, rows(`{"id": "a", "body": "b"}`), "x.jsonl:1: the row has no text"},
		"id an object": {byHeading, rows(`{"id": {}, "text": "b"}`), "x.jsonl:1: the row's id is no name"},
		"id twice":     {byHeading, rows("{\"id\": 1, \"text\": \"a\"}\n\n{\"id\": \"1\", \"text\": \"b\"}"), `x.jsonl:3: the id "1" stands twice; first on line 1`},
		"file twice":   {byHeading, append(rows(`{"text": "a"}`), rows(`{"text": "b"}`)...), `two chunks have the id "x.jsonl#1"`},
		"method":       {retrieve.Spec{Method: "magic"}, nil, `there is no retrieval method "magic"`},
	} {
		_, err := retrieve.Build(c.spec, c.files)
		var p *problem.Problem
		if !errors.As(err, &p) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func rows(text string) []retrieve.File {
	return []retrieve.File{{Path: "x.jsonl", Content: []byte(text)}}
}
