package target

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/assay-llmops/assay/internal/llm"
)

// endpoint asks over HTTP.
type endpoint struct{ spec Spec }

// maxReply bounds what is read of one answer.
const maxReply = 64 << 20

func (t *endpoint) Ask(ctx context.Context, req *Request) (*Reply, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, failed("writing the request: %v", err)
	}
	limited, cancel := context.WithTimeout(ctx, t.spec.Timeout)
	defer cancel()
	post, err := http.NewRequestWithContext(limited, http.MethodPost, t.spec.URL, bytes.NewReader(body))
	if err != nil {
		return nil, failed("the target's address: %v", err)
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Traceparent", req.Traceparent)
	answer, err := http.DefaultClient.Do(post)
	if err != nil {
		return nil, t.unreachable(ctx, limited, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxReply))
	if err != nil {
		return nil, t.unreachable(ctx, limited, err)
	}
	if answer.StatusCode != http.StatusOK {
		e := failed("the target answered %q", start(text))
		e.Status = answer.StatusCode
		return nil, e
	}
	return decode(text)
}

func (t *endpoint) Close() error { return nil }

func (t *endpoint) unreachable(ctx, limited context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return timedOut(t.spec.Timeout, "")
	}
	return &llm.Error{Kind: llm.Network, Message: "the target cannot be reached: " + err.Error(), Err: err}
}
