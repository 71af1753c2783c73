package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const ndjson = "application/x-ndjson"

// countEvery is how often a count that goes on is told.
const countEvery = 250 * time.Millisecond

// count answers how many spans match. To who accepts lines of JSON it tells how
// far it has come while it counts; then a failure is a last line {"error": ...}.
func (c *call) count() (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	lines := json.NewEncoder(c.answer)
	begun := false
	line := func(v any) error {
		if !begun {
			begun = true
			c.answer.Header().Set("Content-Type", ndjson)
			c.answer.Header().Set("Cache-Control", "no-store")
		}
		if err := lines.Encode(v); err != nil {
			return fmt.Errorf("writing a count: %w", err)
		}
		_ = http.NewResponseController(c.answer).Flush() // a writer that cannot tells all at the end
		return nil
	}
	streams := strings.Contains(c.request.Header.Get("Accept"), ndjson)
	var last time.Time
	n, err := c.Store.Count(c.ctx, c.project, q, func(spans, seen int64) error {
		now := c.Now()
		if !streams || now.Sub(last) < countEvery {
			return nil
		}
		last = now
		return line(Count{Spans: spans, Seen: ended(seen)})
	})
	switch {
	case err != nil && !begun:
		return nil, err
	case err != nil:
		c.surprise("GET /spans/count", err)
		_ = line(Failure{told(err)}) // if this fails too the client sees a count that is not done
	case !streams:
		return Count{Spans: n, Done: true, Lacking: c.lacking()}, nil
	default:
		if err := line(Count{Spans: n, Done: true, Lacking: c.lacking()}); err != nil {
			return streamed{}, nil // there is nobody left to tell
		}
	}
	return streamed{}, nil
}
