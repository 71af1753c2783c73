package local

import (
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// tokens calls visit with every token of the texts that a search looks at in an
// item of the log (opened.texts), so that a part of the log without a token can
// be left out. What cannot be read has none, here and there.
func tokens(it *block.Item, visit func(token []byte)) {
	each := func(text []byte) error {
		token.Each(text, visit)
		return nil
	}
	if it.Type == block.Log {
		if l, err := otlp.ReadLog(it.Bytes); err == nil {
			_ = semconv.EachLogText(&l, each) // its error is that of each
		}
		return
	}
	if s, err := otlp.ReadSpan(it.Bytes); err == nil {
		_ = semconv.EachText(&s, each)
	}
}
