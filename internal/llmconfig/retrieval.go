package llmconfig

import (
	"encoding/json"

	"github.com/assay-llmops/assay/internal/retrieve"
)

// What retrieval means where it does not say. To change one is a new
// DigestFormat.
const (
	defaultBy        = "heading"
	defaultMaxTokens = 300
	defaultMethod    = "bm25"
	defaultTopK      = 4
	defaultQuery     = "{{ question }}"
)

func (l *loader) retrieval() {
	f := l.file.Retrieval
	if f == nil {
		return
	}
	where := place{pointer: "/retrieval/corpus", list: true}
	var globs []string
	if json.Unmarshal(f.Corpus, &globs) != nil {
		where.list, globs = false, make([]string, 1)
		if err := json.Unmarshal(f.Corpus, &globs[0]); l.bad(where.pointer, err) {
			return
		}
	}
	r := &Retrieval{Spec: f.spec(), Globs: globs, Query: defaultQuery}
	if f.Query != nil {
		r.Query, r.written = *f.Query, true
	}
	if chunk := r.Spec.Chunk; chunk.Overlap >= chunk.MaxTokens {
		l.wrong("/retrieval/chunk/overlap", "overlap is %d and max_tokens is %d", chunk.Overlap, chunk.MaxTokens).Want = "an overlap smaller than max_tokens"
	}
	files, root := l.glob(where, globs)
	r.Root = root
	for _, doc := range files {
		r.Files = append(r.Files, retrieve.File{Path: relative(root, doc.Path), Content: []byte(doc.Text)})
	}
	l.Retrieval = r
}

// spec fills in the defaults.
func (f *retrievalForm) spec() retrieve.Spec {
	s := retrieve.Spec{
		Chunk:  retrieve.ChunkSpec{By: f.Chunk.By, MaxTokens: f.Chunk.MaxTokens, Overlap: f.Chunk.Overlap},
		Method: f.Method, TopK: defaultTopK,
	}
	if s.Chunk.By == "" {
		s.Chunk.By = defaultBy
	}
	if s.Chunk.MaxTokens == 0 {
		s.Chunk.MaxTokens = defaultMaxTokens
	}
	if s.Method == "" {
		s.Method = defaultMethod
	}
	if f.TopK != nil {
		s.TopK = *f.TopK
	}
	return s
}
