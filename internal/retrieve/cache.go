package retrieve

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/canonical"
)

// kept is an index as it is stored: a SHA-256 of the rest of the file, then
// this as gob.
type kept struct {
	Key    string
	Chunks []chunk
	Lists  map[string]postings
	Norms  []float64
}

// Open is Build with the result kept in a folder, under the digest of all that
// it depends on. A kept index that is damaged or of another layout is made anew;
// a folder that cannot be written is no error. Files in it may be deleted at
// any time.
func Open(folder string, spec Spec, files []File) (*Index, error) {
	key, err := keyOf(spec, files)
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

func keyOf(spec Spec, files []File) (canonical.Digest, error) {
	documents := make([][2]string, len(files))
	for i, f := range sortedByPath(files) {
		documents[i] = [2]string{f.Path, string(canonical.OfBytes([]byte(canonical.Text(f.Content))))}
	}
	return canonical.Of(map[string]any{
		"documents": documents, "method": spec.Method,
		"by": spec.Chunk.By, "max_tokens": spec.Chunk.MaxTokens, "overlap": spec.Chunk.Overlap,
		"chunker": ChunkerVersion, "tokenizer": TokenizerVersion, "bm25": BM25Version,
	})
}

// load reads a kept index; nil when there is none that can be trusted.
func load(path, key string) *Index {
	data, err := os.ReadFile(path)
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	body := data[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	var k kept
	if gob.NewDecoder(bytes.NewReader(body)).Decode(&k) != nil || k.Key != key {
		return nil
	}
	return &Index{chunks: k.Chunks, ranks: &bm25{lists: k.Lists, norms: k.Norms}}
}

// save keeps the index for the next time; where that fails it is made again.
func (ix *Index) save(path, key string) {
	var body bytes.Buffer
	if gob.NewEncoder(&body).Encode(kept{key, ix.chunks, ix.ranks.lists, ix.ranks.norms}) != nil {
		return
	}
	sum := sha256.Sum256(body.Bytes())
	folder := filepath.Dir(path)
	if os.MkdirAll(folder, 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(folder, ".tmp-*")
	if err != nil {
		return
	}
	_, err = tmp.Write(append(sum[:], body.Bytes()...))
	if closed := tmp.Close(); err != nil || closed != nil || os.Rename(tmp.Name(), path) != nil {
		_ = os.Remove(tmp.Name()) // as with the rest: nothing is lost
	}
}
