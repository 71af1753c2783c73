package openai_test

import (
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

// BenchmarkCall is what the codec, the wire and the scripted server cost in
// processor time, without a network: 1 KB of answer, whole or in 50 chunks.
func BenchmarkCall(b *testing.B) {
	s, err := script.Parse("script.yaml", []byte("rules: [{reply: {content: '"+strings.Repeat("01234567890123456789 ", 50)+"'}}]"))
	if err != nil {
		b.Fatal(err)
	}
	for name, stream := range map[string]bool{"whole": false, "streamed": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			m := script.New("builtin", s, wire.Observer{})
			for b.Loop() {
				if _, err := m.Call(b.Context(), ask(stream)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
