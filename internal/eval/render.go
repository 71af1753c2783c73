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
// without asking it: neither a key nor a model need be at hand.
func (p *Plan) Render(ctx context.Context, name string) (*Rendered, error) {
	config, err := p.work.Project.Config(name)
	if err != nil {
		return nil, err
	}
	if err := p.warn(config); err != nil {
		return nil, err
	}
	side := newSide("candidate", config, Header{})
	if err := p.checkInputs(side); err != nil {
		return nil, err
	}
	c := &p.Cases[0]
	r := &Rendered{Format: "assay.rendered/1", Version: side.Header.Version, Case: c.ID}
	if config.Target != nil {
		return r, nil
	}
	a, err := p.modelAsker(config, nil)
	if err != nil {
		return nil, err
	}
	q, err := a.render(ctx, c, 0, nil)
	if err != nil {
		return nil, err
	}
	r.Documents, r.Messages, r.Params, r.Tools = q.documents, q.request.Messages, q.request.Params, q.request.Tools
	return r, nil
}
