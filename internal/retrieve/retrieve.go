// Package retrieve cuts documents into chunks, indexes them and finds those
// that fit a query, the same way every time.
//
// # Words
//
//   - A corpus is Markdown, text and JSONL files, named by their path in it.
//   - A chunk is a piece of a document with an id that says where it stands:
//     billing.md#refunds, or billing.md#refunds~2 for a second part. Ids depend
//     on the document alone, not on its neighbours.
//   - A source is what a label names: FILE#heading for chunks by heading and for
//     rows of a JSONL file, FILE for chunks by tokens.
//
// # Invariants
//
// Equal documents and an equal Spec give an equal Index with bit-identical
// scores, whatever the order of the files: sums are made in the order of a
// query's terms, ties are broken by id. The numbers ChunkerVersion,
// TokenizerVersion and BM25Version enter a config's version and rise when the
// part behaves differently.
package retrieve

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
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
	Method string // bm25
	TopK   int
}

// ChunkSpec says how a document is cut. MaxTokens is at least 1, Overlap less
// than MaxTokens.
type ChunkSpec struct {
	By        string // heading or tokens
	MaxTokens int    // longest chunk
	Overlap   int    // tokens that neighbouring parts of one section share
}

// File is a document or a JSONL file of them. Path is relative to the corpus.
type File struct {
	Path    string
	Content []byte
}

// Index finds chunks. It does not change and is safe for concurrent use.
type Index struct {
	chunks []chunk
	ranks  *bm25
}

// chunk is a piece of a document.
type chunk struct {
	ID      string
	Source  string
	Heading string // path of headings above it: "Billing > Refunds"
	Start   int    // byte offsets in the normalised text of the file
	End     int
	Text    string
}

// Build cuts and indexes the files. A JSONL row that cannot be read is a
// Problem with its line.
func Build(spec Spec, files []File) (*Index, error) {
	if spec.Method != "" && spec.Method != "bm25" {
		return nil, fmt.Errorf("there is no ranking %q", spec.Method)
	}
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	var all []chunk
	for _, f := range sorted {
		chunks, err := cut(spec.Chunk, f.Path, canonical.Text(f.Content))
		if err != nil {
			return nil, err
		}
		all = append(all, chunks...)
	}
	return newIndex(all), nil
}

func newIndex(chunks []chunk) *Index {
	slices.SortStableFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.ID, b.ID) })
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		// A chunk is found by the headings above it, too.
		texts[i] = c.Heading + "\n" + c.Text
	}
	return &Index{chunks: chunks, ranks: rank(texts)}
}

// Len is the number of chunks.
func (ix *Index) Len() int { return len(ix.chunks) }

// Search returns the k chunks that fit the query best, best first. A chunk that
// shares no term with the query is never among them.
func (ix *Index) Search(query string, k int) []llm.Document {
	found := []llm.Document{}
	if k <= 0 {
		return found
	}
	for _, hit := range ix.ranks.search(query, k) {
		c := &ix.chunks[hit.chunk]
		found = append(found, llm.Document{
			ID: c.ID, Source: c.Source, Content: c.Text, Score: hit.score, Start: c.Start, End: c.End,
		})
	}
	return found
}
