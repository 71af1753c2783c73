package retrieve

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/canonical"
)

// stored is a kept index. Checking is for a file that was damaged: its sum is
// over the rest.
type stored struct {
	Key    string
	Chunks []chunk
	Terms  []string
	Lists  [][]posting32
	Norms  []float64
}

// posting32 is a posting as it is kept.
type posting32 struct{ Text, Count int32 }

// Open is Build with the result kept in a folder under the digest of all that
// it depends on. A kept index that is damaged or of other engines is made anew;
// a folder that cannot be written is no error.
func Open(folder string, spec Spec, files []File) (*Index, error) {
	documents := map[string]string{}
	for _, f := range files {
		documents[f.Path] = string(canonical.OfBytes([]byte(canonical.Text(f.Content))))
	}
	key, err := canonical.Of(map[string]any{
		"documents": documents, "by": spec.Chunk.By, "max_tokens": spec.Chunk.MaxTokens, "overlap": spec.Chunk.Overlap,
		"engines": []int{ChunkerVersion, TokenizerVersion, BM25Version},
	})
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, string(key)+".index")
	if ix := load(path, string(key)); ix != nil {
		return ix, nil
	}
	ix, err := Build(spec, files)
	if err == nil {
		ix.save(path, string(key))
	}
	return ix, err
}

func load(path, key string) *Index {
	data, err := os.ReadFile(path)
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	body := data[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	var s stored
	if gob.NewDecoder(bytes.NewReader(body)).Decode(&s) != nil || s.Key != key {
		return nil
	}
	ranks := &bm25{postings: make(map[string][]posting, len(s.Terms)), norms: s.Norms}
	for i, term := range s.Terms {
		list := make([]posting, len(s.Lists[i]))
		for j, p := range s.Lists[i] {
			list[j] = posting{p.Text, p.Count}
		}
		ranks.postings[term] = list
	}
	return &Index{chunks: s.Chunks, ranks: ranks}
}

// save keeps the index for the next time; where that fails it is made again.
func (ix *Index) save(path, key string) {
	s := stored{Key: key, Chunks: ix.chunks, Norms: ix.ranks.norms}
	for term, list := range ix.ranks.postings {
		kept := make([]posting32, len(list))
		for j, p := range list {
			kept[j] = posting32{p.text, p.count}
		}
		s.Terms, s.Lists = append(s.Terms, term), append(s.Lists, kept)
	}
	var body bytes.Buffer
	if gob.NewEncoder(&body).Encode(&s) != nil {
		return
	}
	sum := sha256.Sum256(body.Bytes())
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	_, err = tmp.Write(append(sum[:], body.Bytes()...))
	if closed := tmp.Close(); err == nil && closed == nil {
		_ = os.Rename(tmp.Name(), path) // as above: made again
	}
}
