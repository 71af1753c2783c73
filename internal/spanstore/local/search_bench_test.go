package local

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// BenchmarkSearch looks for a word that no span has: all texts must be looked at,
// but for those that filters rule out.
func BenchmarkSearch(b *testing.B) {
	const batches, each = 100, 500
	s, err := Open(b.Context(), b.TempDir(), Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 8 << 20}})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2))
	vocabulary := strings.Fields("The customer asked about a Refund for order and wants to know when it will arrive because Nothing was said of it so far")
	size := int64(0)
	for i := range uint64(batches) {
		var spans []storetest.Span
		for k := range uint64(each) {
			var text strings.Builder
			text.WriteString(`[{"role":"user","content":"`)
			for text.Len() < 900 {
				fmt.Fprintf(&text, "%s %d\\n", vocabulary[random.IntN(len(vocabulary))], random.IntN(10000))
			}
			text.WriteString(`"}]`)
			n := i*each + k + 1
			spans = append(spans, storetest.Span{Trace: n, ID: n, Start: float64(n), Seconds: 1, Name: "call", Attributes: storetest.Attributes{"gen_ai.input.messages": text.String()}})
		}
		batch := storetest.Batch(b, spans...)
		for k := range batch.Spans {
			size += int64(len(batch.Spans[k].Bytes))
		}
		if err := s.Append(b.Context(), "bench", batch); err != nil {
			b.Fatal(err)
		}
	}
	q := spanstore.Query{Where: filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: "Zanzibar"}}}
	search := func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			page, err := s.Spans(b.Context(), "bench", q)
			if err != nil || len(page.Spans) != 0 {
				b.Fatal(page, err)
			}
		}
	}
	b.Run("as it came", search)
	for more := true; more; {
		if more, err = s.every()["bench"].Tidy(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("with filters", search)
}
