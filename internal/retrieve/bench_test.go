package retrieve

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// bigCorpus is 1,000 Markdown files of 10 sections of 100 words, distributed as
// in a language (Zipf).
func bigCorpus() []File {
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.1, 3, 40_000)
	word := func() string { return name(zipf.Uint64()) }
	files := make([]File, 1000)
	for i := range files {
		var b strings.Builder
		for s := range 10 {
			fmt.Fprintf(&b, "## Section %d %s\n\n", s, word())
			for range 100 {
				b.WriteString(word())
				b.WriteByte(' ')
			}
			b.WriteString("\n\n")
		}
		files[i] = File{Path: fmt.Sprintf("%04d.md", i), Content: []byte(b.String())}
	}
	return files
}

// name is the n-th most frequent word.
func name(n uint64) string {
	s := "a"
	for ; n > 0; n /= 20 {
		s += string("bcdfghjklmnpqrstvwxz"[n%20])
	}
	return s + "ing"
}

var bigSpec = Spec{Chunk: ChunkSpec{By: "heading", MaxTokens: 300, Overlap: 30}}

func BenchmarkBuild10000(b *testing.B) {
	files := bigCorpus()
	for b.Loop() {
		ix, err := Build(bigSpec, files)
		if err != nil || ix.Len() != 10_000 {
			b.Fatal(ix.Len(), err)
		}
	}
}

func BenchmarkOpenKept10000(b *testing.B) {
	files, folder := bigCorpus(), b.TempDir()
	if _, err := Open(folder, bigSpec, files); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(folder, bigSpec, files); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch10000(b *testing.B) {
	ix, err := Build(bigSpec, bigCorpus())
	if err != nil {
		b.Fatal(err)
	}
	// Words that most sections have, that some have and that few have.
	query := strings.Join([]string{name(0), name(1), "section", name(7), name(60), name(300), name(700), name(2000), name(9000)}, " ")
	for b.Loop() {
		ix.Search(query, 4)
	}
}
