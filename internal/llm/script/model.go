package script

import (
	"context"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/openai"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

// Model is a script as an llm.Model: the codec and the wire exchange of a real
// provider over the script's handler, in this process. It counts calls from
// when it was made.
type Model struct {
	script *Script
	inner  *openai.Model
}

// concurrency is how many scripted calls may be under way; a script that waits
// costs nothing.
const concurrency = 64

// New makes a model of a script; provider is the name that its replies carry,
// "builtin" for builtin/script. Retries wait at most 50 ms, unless the script
// asks for more with Retry-After. The observer may be zero.
func New(provider string, s *Script, observer wire.Observer) *Model {
	exchange := wire.New(wire.Settings{
		Concurrency: concurrency, Classify: openai.Classify, Observer: observer,
		Retries:   wire.Retries{Base: time.Millisecond, Cap: 50 * time.Millisecond},
		Transport: local{Handler(s)},
	})
	return &Model{script: s, inner: openai.New(openai.Options{
		Provider: provider, BaseURL: "http://script.invalid/v1", MaxTokensField: "max_completion_tokens", Exchange: exchange,
	})}
}

// Call answers from the script. See llm.Model.
func (m *Model) Call(ctx context.Context, req *llm.Request) (*llm.Reply, error) {
	return m.inner.Call(ctx, req)
}

// Key is the digest of the script and of the request.
func (m *Model) Key(req *llm.Request) (canonical.Digest, error) {
	inner, err := m.inner.Key(req)
	if err != nil {
		return "", err
	}
	return canonical.Of([]any{"script", m.script.digest, inner})
}
