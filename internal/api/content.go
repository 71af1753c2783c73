package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// content reads what a span holds. A span that cannot be read says so and does
// not hide the rest of its trace.
func (s *server) content(raw *spanstore.Raw) *Content {
	whole, err := whole(raw)
	if err == nil {
		c := contentOf(whole)
		if _, err = json.Marshal(c); err == nil {
			return c
		}
	}
	s.surprise("reading a span", err)
	return &Content{Problem: "the content of this span could not be read; the log of Assay says why"}
}

// whole reads a span as it was sent, with the log records that name it.
func whole(raw *spanstore.Raw) (*trace.Span, error) {
	origin := originOf(raw.Resource, raw.Scope)
	span, err := otlp.ReadSpan(raw.Bytes)
	if err != nil {
		return nil, err
	}
	logs := make([]semconv.Log, 0, len(raw.Logs))
	for _, l := range raw.Logs {
		record, err := otlp.ReadLog(l.Bytes)
		if err != nil {
			return nil, err
		}
		from := originOf(l.Resource, l.Scope)
		logs = append(logs, semconv.Log{Origin: &from, Log: record})
	}
	return semconv.Whole(&origin, &span, logs)
}

func originOf(r spanstore.Resource, s spanstore.Scope) semconv.Origin {
	return semconv.ReadOrigin(otlp.Resource{Bytes: r.Bytes, SchemaURL: r.SchemaURL}, otlp.Scope{Bytes: s.Bytes, SchemaURL: s.SchemaURL})
}

func contentOf(s *trace.Span) *Content {
	return &Content{
		InputMessages: s.Input, OutputMessages: s.Output, InputText: s.InputText, OutputText: s.OutputText,
		Params: object(s.Params), Tools: s.Tools, ToolCall: s.Call, Query: s.Query, Documents: s.Documents,
		Prompt: s.Prompt, Variables: s.Variables, ResponseID: s.ResponseID, Evaluations: some(s.Evaluations, scoreOf),
		StatusText: s.StatusText, Exceptions: some(s.Exceptions, func(e *trace.Exception) Exception {
			return Exception{when(e.Time), e.Type, e.Message, e.Stack}
		}),
		Metadata: object(s.Metadata), Events: some(s.Events, func(e *trace.Event) Event {
			return Event{when(e.Time), e.Name, object(e.Attributes), plain(e.Body)}
		}),
		Links: linksOf(s.Links), Attributes: object(s.Attributes), Resource: object(s.Resource),
		ScopeName: s.Scope, ScopeVersion: s.ScopeVersion, Dropped: s.Dropped,
	}
}

func linksOf(list []trace.Link) []trace.Link {
	return some(list, func(l *trace.Link) trace.Link {
		return trace.Link{Trace: l.Trace, Span: l.Span, Attributes: object(l.Attributes)}
	})
}

// some converts a list that is left out when empty.
func some[A, B any](list []A, convert func(*A) B) []B {
	if len(list) == 0 {
		return nil
	}
	return each(list, convert)
}

func object(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = plain(v)
	}
	return out
}

// plain is a value of an attribute as JSON can say it: numbers that JSON does
// not have become text, as OTLP's own JSON writes them; bytes become base64.
func plain(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case map[string]any:
		return object(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	}
	return v
}
