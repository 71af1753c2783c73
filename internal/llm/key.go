package llm

import (
	"fmt"

	"github.com/assay-llmops/assay/internal/canonical"
)

// Keyer is a Model that can say what its answer depends on. Two requests with
// equal keys ask the same question of the same model in the same form, so that
// the answer to one may be used for the other.
type Keyer interface {
	// Key is the digest of the fully rendered request, of the address it goes
	// to, and of the engine's number where the engine is ours. How the answer
	// travels (streamed or whole) and who asks (keys, case, repeat) are not in it.
	Key(req *Request) (canonical.Digest, error)
}

// KeyOf is the key of a request to m. A model that is no Keyer gets the digest
// of everything in the request that one of our own engines can see.
func KeyOf(m Model, req *Request) (canonical.Digest, error) {
	if k, ok := m.(Keyer); ok {
		return k.Key(req)
	}
	plain := *req
	plain.Stream = false
	digest, err := canonical.Of(map[string]any{
		"model":     req.Model.String(),
		"request":   &plain,
		"input":     req.Input,
		"documents": req.Documents,
	})
	if err != nil {
		return "", fmt.Errorf("digesting the request to %s: %w", req.Model, err)
	}
	return digest, nil
}
