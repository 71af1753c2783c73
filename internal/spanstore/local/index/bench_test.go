package index

import (
	"testing"

	"github.com/assay-llmops/assay/internal/trace"
)

// BenchmarkAppend is what a span costs from its row to the file: traces of five
// spans, batches of a hundred.
func BenchmarkAppend(b *testing.B) {
	x, err := Open(b.Context(), b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	batch := make([]Span, 0, 100)
	n := 0
	for b.Loop() {
		s := span(uint64(n%5+1), uint64(min(n%5, 1)), uint32(n))
		s.Trace = trace.IDOf(uint64(n/5+1)*0x9e3779b97f4a7c15, 1)
		s.Start = int64(n) * 1_000_000
		s.End = s.Start + int64(n%977)*1_000_000
		s.Model, s.Provider, s.Cost, s.HasPrice = "gpt-5-mini", "openai", int64(n%1000), true
		n++
		if batch = append(batch, s); len(batch) < cap(batch) {
			continue
		}
		rows := spans(batch...)
		if err := x.Append(b.Context(), "shop", func() (*Rows, error) { return &rows, nil }); err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	if err := x.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "spans/s")
}
