// Package retrieve cuts documents into chunks, indexes them and finds those
// that fit a query, the same way every time.
//
// # Words
//
//   - A corpus is Markdown, text and JSONL files, named by their path in it.
//   - A chunk is a piece of a document with an id that says where it stands:
//     billing.md#refunds, or billing.md#refunds~2 for a second part. Ids depend
//     on the document alone, not on its neighbours.
//   - A source is what a label names: FILE#heading for chunks by heading, FILE#id
//     for rows of a JSONL file, FILE for the rest. Parts of one section share it.
//   - A token is a word (see Tokens); a term is a token in lower case and
//     stemmed, which is what a query and a chunk are compared by.
//
// # Invariants
//
// Equal documents and an equal Spec give an equal Index with bit-identical
// scores, whatever the order of the files: sums are made in the order of a
// query's terms, ties are broken by id. Every character of a document that is
// not blank and not front matter stands in a chunk, and a chunk is what stands
// in the document between its offsets (rows of JSONL aside, whose text is
// escaped there). The numbers ChunkerVersion, TokenizerVersion and BM25Version
// enter a config's version and rise when the part behaves differently.
package retrieve

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// The numbers of the parts that decide what is found.
const (
	ChunkerVersion   = 1
	TokenizerVersion = 1
	BM25Version      = 1
)

// Spec says how a corpus is cut and ranked.
type Spec struct {
	Chunk  ChunkSpec
	Method string // bm25, which "" means too
	TopK   int    // for callers: how many chunks a search is to give
}

// ChunkSpec says how a document is cut. MaxTokens is at least 1; Overlap is
// less than MaxTokens. What is beyond is taken as the nearest that is not.
type ChunkSpec struct {
	By        string // heading or tokens
	MaxTokens int    // of a chunk, in Tokens
	Overlap   int    // tokens that neighbouring parts share
}

// File is a document, or a JSONL file of them. Path is relative to the corpus.
type File struct {
	Path    string
	Content []byte
}

// Index finds chunks. It does not change and is safe for concurrent use.
type Index struct {
	chunks []chunk // in order of their ids
	ranks  *bm25
}

// chunk is a piece of a document.
type chunk struct {
	ID      string
	Source  string
	Heading string // path of headings: "Billing > Refunds"; a row's title
	Start   int    // byte offsets in the normalised text of the file
	End     int
	Text    string
}

// Build cuts and indexes the files. It is a Problem with file and line when a
// JSONL row cannot be read, and one when two files or chunks have one name.
func Build(spec Spec, files []File) (*Index, error) {
	if spec.Method != "" && spec.Method != "bm25" {
		return nil, problem.Newf("there is no retrieval method %q", spec.Method).Wanted("bm25")
	}
	var all []chunk
	owners := map[string]string{}
	for _, f := range sortedByPath(files) {
		chunks, err := cut(spec.Chunk, f.Path, canonical.Text(f.Content))
		if err != nil {
			return nil, err
		}
		for _, c := range chunks {
			if other, taken := owners[c.ID]; taken {
				return nil, &problem.Problem{
					File: f.Path, What: fmt.Sprintf("two chunks have the id %q; the other is of %s", c.ID, other),
					Want: "ids that name one chunk each", Fix: "rename the file, the heading or the row's id",
				}
			}
			owners[c.ID] = f.Path
		}
		all = append(all, chunks...)
	}
	return newIndex(all), nil
}

func sortedByPath(files []File) []File {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return sorted
}

func newIndex(chunks []chunk) *Index {
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.ID, b.ID) })
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		// A chunk is found by the headings above it, too.
		texts[i] = c.Heading + "\n" + c.Text
	}
	return &Index{chunks: chunks, ranks: rank(texts)}
}

// Len is the number of chunks.
func (ix *Index) Len() int { return len(ix.chunks) }

// Search returns the k chunks that fit the query best, best first, equal ones
// by id. A chunk that shares no term with the query is never among them.
func (ix *Index) Search(query string, k int) []llm.Document {
	hits := ix.ranks.search(query, k)
	found := make([]llm.Document, len(hits))
	for i, h := range hits {
		c := &ix.chunks[h.text]
		found[i] = llm.Document{ID: c.ID, Source: c.Source, Content: c.Text, Score: h.score, Start: c.Start, End: c.End}
	}
	return found
}
