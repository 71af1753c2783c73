package api

import (
	"encoding/json"
	"net/http"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

// recost computes costs again, and writes a line whenever it is further. Once the
// first line is out, a failure can only be told as a last line {"error": ...}.
func (c *call) recost() (any, error) {
	data, err := c.jsonBody()
	if err != nil {
		return nil, err
	}
	var r Recost
	if err := strict(data, &r); err != nil {
		return nil, err
	}
	since := int64(0)
	if r.Since != "" {
		if since, err = filter.ParseTime(r.Since, c.now); err != nil {
			return nil, wrong("since", err)
		}
	}
	store, ok := c.Store.(spanstore.Recoster)
	if !ok {
		return nil, spanstore.ErrUnsupported
	}
	begun := false
	line := json.NewEncoder(c.answer)
	say := func(v any) {
		if !begun {
			c.answer.Header().Set("Content-Type", ndjson)
		}
		begun = true
		_ = line.Encode(v)                               // it goes on, also where nobody listens
		_ = http.NewResponseController(c.answer).Flush() // a writer that cannot tells all at the end
	}
	last := Recosted{}
	changed, err := store.Recost(c.ctx, c.project, since, func(done int64) {
		last.Looked = done
		say(last)
	})
	switch {
	case err != nil && !begun:
		return nil, err
	case err != nil:
		c.surprise("POST /recost", err)
		say(Failure{told(err)})
	default:
		c.acted("costs were computed again", "looked", last.Looked, "changed", changed)
		last.Changed = &changed
		say(last)
	}
	return streamed{}, nil
}
