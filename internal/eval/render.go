package eval

import (
	"context"

	"github.com/assay-llmops/assay/internal/llm"
)

// Rendered is what would be asked for a case.
type Rendered struct {
	Format    string         `json:"format"` // assay.rendered/1
	Version   string         `json:"version"`
	Case      string         `json:"case"`
	Messages  []llm.Message  `json:"messages"`
	Documents []llm.Document `json:"documents"`
	Params    map[string]any `json:"params,omitempty"`
	Tools     []llm.Tool     `json:"tools,omitempty"`
}

// Render gives the exact request of a config for the plan's one selected case,
// without asking it.
func (p *Plan) Render(ctx context.Context, config string) (*Rendered, error) {
	side, err := p.BaselineConfig(config)
	if err != nil {
		return nil, err
	}
	defer side.Close() //nolint:errcheck // nothing was asked
	c := &p.Cases[0]
	q, err := side.asker.prepare(ctx, c, 0, nil)
	if err != nil {
		return nil, err
	}
	r := &Rendered{Format: "assay.rendered/1", Version: side.Header.Version, Case: c.ID, Documents: q.documents}
	if q.request != nil {
		r.Messages, r.Params, r.Tools = q.request.Messages, q.request.Params, q.request.Tools
	}
	return r, nil
}
