package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// export streams what matches as OTLP JSON: a line is the body of one request
// to /v1/traces (it has resourceSpans) or to /v1/logs (resourceLogs). Once the
// first line is out, a failure can only be told as a last line {"error": ...}; so
// is, with the code damaged, that parts of the project's log cannot be read.
func (c *call) export() (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	begun := false
	err = c.Store.Export(c.ctx, c.project, q, func(b *spanstore.Batch) error {
		for _, line := range []func() ([]byte, error){func() ([]byte, error) { return spanLine(b) }, func() ([]byte, error) { return logLine(b) }} {
			text, err := line()
			if err != nil {
				return err
			}
			if len(text) == 0 {
				continue
			}
			if !begun {
				begun = true
				c.answer.Header().Set("Content-Type", "application/x-ndjson")
			}
			if _, err := c.answer.Write(append(text, '\n')); err != nil {
				return fmt.Errorf("writing an export: %w", err)
			}
		}
		return nil
	})
	if lack := c.lacking().Damage; err == nil && lack != nil {
		c.answer.Header().Set("Content-Type", "application/x-ndjson")
		_ = json.NewEncoder(c.answer).Encode(Failure{lack.failure()}) // there is nobody left to tell
		return streamed{}, nil
	}
	switch {
	case err != nil && !begun:
		return nil, err
	case err != nil:
		c.surprise("GET /export", err)
		_ = json.NewEncoder(c.answer).Encode(Failure{told(err)}) // if this fails too the client sees a cut line
	case !begun:
		c.answer.Header().Set("Content-Type", "application/x-ndjson")
		c.answer.WriteHeader(http.StatusOK)
	}
	return streamed{}, nil
}

func spanLine(b *spanstore.Batch) ([]byte, error) {
	if len(b.Spans) == 0 {
		return nil, nil
	}
	spans, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(request(b, b.Spans))
	if err != nil {
		return nil, fmt.Errorf("reading the spans of an export: %w", err)
	}
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(spans)
	if err != nil {
		return nil, fmt.Errorf("writing the spans of an export: %w", err)
	}
	return text, nil
}

func logLine(b *spanstore.Batch) ([]byte, error) {
	if len(b.Logs) == 0 {
		return nil, nil
	}
	logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(request(b, b.Logs))
	if err != nil {
		return nil, fmt.Errorf("reading the log records of an export: %w", err)
	}
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return nil, fmt.Errorf("writing the log records of an export: %w", err)
	}
	return text, nil
}

// request puts items back into the message that they came in, which has the
// same shape for spans and log records: a group for each scope with its
// resource.
func request(b *spanstore.Batch, items []spanstore.Item) []byte {
	scoped := map[int][]byte{}
	var order []int
	for _, it := range items {
		if _, seen := scoped[it.Scope]; !seen {
			order = append(order, it.Scope)
		}
		scoped[it.Scope] = field(scoped[it.Scope], 2, it.Bytes)
	}
	var out []byte
	for _, at := range order {
		scope := b.Scopes[at]
		resource := b.Resources[scope.Resource]
		inner := append(field(nil, 1, scope.Bytes), scoped[at]...)
		inner = text(inner, 3, scope.SchemaURL)
		group := field(field(nil, 1, resource.Bytes), 2, inner)
		out = field(out, 1, text(group, 3, resource.SchemaURL))
	}
	return out
}

func field(to []byte, num protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), msg)
}

func text(to []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return to
	}
	return field(to, num, []byte(s))
}
