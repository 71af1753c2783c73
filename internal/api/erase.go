package api

import (
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

func (c *call) eraseTrace() (any, error) {
	id, err := trace.ParseID(c.given["trace_id"])
	if err != nil || id.IsZero() {
		return nil, wrong("trace_id", problem.Newf("this is no trace id").Wanted("32 hex digits"))
	}
	return c.erase(spanstore.Erasure{Trace: id})
}

func (c *call) eraseSession() (any, error) {
	return c.erase(spanstore.Erasure{Session: c.given["session_id"]})
}

func (c *call) eraseUser() (any, error) {
	return c.erase(spanstore.Erasure{User: c.given["user_id"]})
}

// erase removes all that is kept of one thing and answers with the proof.
func (c *call) erase(what spanstore.Erasure) (any, error) {
	eraser, ok := c.Store.(spanstore.Eraser)
	if !ok {
		return nil, spanstore.ErrUnsupported
	}
	e, err := eraser.Erase(c.ctx, c.project, what)
	if err != nil {
		return nil, err
	}
	kind := "trace"
	switch {
	case what.User != "":
		kind = "user"
	case what.Session != "":
		kind = "session"
	}
	c.acted("erased", "what", kind, "traces", len(e.Traces), "spans", e.Spans, "logs", e.Logs, "scores", e.Scores, "bodies", len(e.Blobs))
	same := func(text *string) string { return *text }
	return Erased{
		Traces: each(e.Traces, func(id *trace.ID) string { return id.String() }), Sessions: each(e.Sessions, same), Spans: e.Spans, Logs: e.Logs, Scores: e.Scores,
		Blobs: each(e.Blobs, same), Files: e.Files, Checked: e.Checked,
	}, nil
}
