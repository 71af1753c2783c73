package api

import (
	"net/http"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// spanBytes is the message of one span.
func spanBytes(span ptrace.Span) (found []byte) {
	alone := ptrace.NewTraces()
	span.CopyTo(alone.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
	request, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(alone)
	if err == nil {
		err = otlp.Walk(request, last{&found})
	}
	if err != nil {
		panic(err)
	}
	return found
}

type last struct{ found *[]byte }

func (last) Resource(otlp.Resource) error { return nil }
func (last) Scope(otlp.Scope) error       { return nil }
func (l last) Item(item []byte) error     { *l.found = item; return nil }

func allowed(*http.Request) (string, []string, error) {
	return "shop", []string{ScopeRead, ScopeWrite, ScopeAdmin}, nil
}
