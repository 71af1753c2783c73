package calls

import (
	"encoding/json"
	"sort"
	"strconv"

	"github.com/assay-llmops/assay/internal/llm"
)

// Span is a call in the OTLP JSON encoding of OpenTelemetry (protocol 1.x),
// with the attribute names of the GenAI conventions, so that any trace store
// can take it in.
func Span(c *Call) any {
	attributes := map[string]any{
		"gen_ai.operation.name": "chat",
		"gen_ai.request.model":  c.Model,
		"assay.config.name":     c.Config,
		"assay.config.version":  c.Version,
		"assay.case.id":         c.Case,
	}
	if ref, ok := llm.ParseRef(c.Model); ok {
		attributes["gen_ai.provider.name"], attributes["gen_ai.request.model"] = ref.Provider, ref.Name
	}
	if c.Request != nil {
		attributes["gen_ai.input.messages"] = text(c.Request.Messages)
	}
	status := map[string]any{"code": 1}
	if r := c.Reply; r != nil {
		attributes["gen_ai.response.model"] = r.Model
		attributes["gen_ai.response.id"] = r.ID
		attributes["gen_ai.response.finish_reasons"] = text([]string{r.FinishReason})
		attributes["gen_ai.output.messages"] = text([]any{r.Message})
		if r.Usage.Known {
			attributes["gen_ai.usage.input_tokens"] = r.Usage.InputTokens
			attributes["gen_ai.usage.output_tokens"] = r.Usage.OutputTokens
			attributes["gen_ai.usage.cache_read.input_tokens"] = r.Usage.CachedTokens
		}
	}
	if c.Failure != nil {
		attributes["error.type"] = string(c.Failure.Kind)
		status = map[string]any{"code": 2, "message": c.Failure.Message}
	}
	span := map[string]any{
		"traceId": c.TraceID, "spanId": c.SpanID, "name": "chat " + c.Model, "kind": 3,
		"startTimeUnixNano": strconv.FormatInt(c.Start, 10),
		"endTimeUnixNano":   strconv.FormatInt(c.End, 10),
		"attributes":        keyValues(attributes),
		"status":            status,
	}
	return map[string]any{"resourceSpans": []any{map[string]any{
		"resource":   map[string]any{"attributes": keyValues(map[string]any{"service.name": "assay"})},
		"scopeSpans": []any{map[string]any{"scope": map[string]any{"name": "assay"}, "spans": []any{span}}},
	}}}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// keyValues writes attributes in OTLP's form, by name; empty ones are left out.
func keyValues(attributes map[string]any) []any {
	names := make([]string, 0, len(attributes))
	for name, value := range attributes {
		if value != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	list := make([]any, len(names))
	for i, name := range names {
		value := map[string]any{}
		switch v := attributes[name].(type) {
		case int64:
			value["intValue"] = strconv.FormatInt(v, 10)
		case string:
			value["stringValue"] = v
		}
		list[i] = map[string]any{"key": name, "value": value}
	}
	return list
}
