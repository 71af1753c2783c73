package calls

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
)

// Trace is a call as a trace in the OTLP JSON encoding of OpenTelemetry
// (protocol 1.x), with the attribute names of the GenAI conventions, so that any
// trace store can take it in: the case that was asked, the retrieval where there
// was one, and the model's answer. Its ids are the call's own, and those of the
// spans beside it are made of them: sending a call twice adds nothing.
//
// When a retrieval began and ended is not kept, so its span has no length.
func Trace(c *Call) any {
	root, model := c.caseSpan(), c.modelSpan()
	model.parent = root.id
	spans := []any{root.otlp(c), model.otlp(c)}
	if len(c.Documents) > 0 {
		found := c.retrievalSpan()
		found.parent = root.id
		spans = append(spans, found.otlp(c))
	}
	return map[string]any{"resourceSpans": []any{map[string]any{
		"resource":   map[string]any{"attributes": keyValues(attributes{"service.name": "assay"})},
		"scopeSpans": []any{map[string]any{"scope": map[string]any{"name": "assay"}, "spans": spans}},
	}}}
}

// attributes are values by name: text or whole numbers.
type attributes map[string]any

// span is one step of a call.
type span struct {
	id, parent string
	name       string
	kind       int // SpanKind of OpenTelemetry: 1 internal, 3 client
	start, end int64
	attributes attributes
}

func (c *Call) caseSpan() *span {
	name := "case"
	if c.Case != "" {
		name += " " + c.Case
	}
	return &span{id: c.spanID("case"), name: name, kind: 1, start: c.Start, end: c.End, attributes: attributes{
		"gen_ai.operation.name": "invoke_workflow",
		"assay.config.name":     c.Config,
		"assay.config.version":  c.Version,
		"assay.case.id":         c.Case,
		"assay.run.id":          c.Run,
	}}
}

func (c *Call) retrievalSpan() *span {
	type document struct {
		ID      string  `json:"id"`
		Source  string  `json:"source,omitempty"`
		Content string  `json:"content,omitempty"`
		Score   float64 `json:"score"`
	}
	documents := make([]document, len(c.Documents))
	for i, d := range c.Documents {
		documents[i] = document{d.ID, d.Source, d.Content, d.Score}
	}
	return &span{id: c.spanID("retrieval"), name: "retrieval", kind: 1, start: c.Start, end: c.Start, attributes: attributes{
		"gen_ai.operation.name":      "retrieval",
		"gen_ai.retrieval.documents": jsonText(documents),
		"assay.config.name":          c.Config,
		"assay.config.version":       c.Version,
	}}
}

func (c *Call) modelSpan() *span {
	a := attributes{
		"gen_ai.operation.name": "chat",
		"gen_ai.request.model":  c.Model,
		"assay.config.name":     c.Config,
		"assay.config.version":  c.Version,
		"assay.case.id":         c.Case,
		"assay.call.key":        c.Key,
	}
	if len(c.Input) > 0 {
		a["llm.prompt_template.variables"] = jsonText(c.Input) // OpenInference's name; the GenAI conventions have none
	}
	if ref, ok := llm.ParseRef(c.Model); ok {
		a["gen_ai.provider.name"], a["gen_ai.request.model"] = ref.Provider, ref.Name
	}
	if r := c.Request; r != nil {
		a["gen_ai.input.messages"] = messagesText(r.Messages, "")
		if len(r.Tools) > 0 {
			a["gen_ai.tool.definitions"] = toolsText(r.Tools)
		}
	}
	if r := c.Reply; r != nil {
		a["gen_ai.response.model"] = r.Model
		a["gen_ai.response.id"] = r.ID
		a["gen_ai.response.finish_reasons"] = jsonText([]string{r.FinishReason})
		a["gen_ai.output.messages"] = messagesText([]llm.Message{r.Message}, r.FinishReason)
		if r.Usage.Known {
			a["gen_ai.usage.input_tokens"] = r.Usage.InputTokens
			a["gen_ai.usage.output_tokens"] = r.Usage.OutputTokens
			a["gen_ai.usage.cache_read.input_tokens"] = r.Usage.CachedTokens
			a["gen_ai.usage.cache_write.input_tokens"] = r.Usage.CacheWriteTokens
			a["gen_ai.usage.reasoning.output_tokens"] = r.Usage.ReasoningTokens
		}
		if r.Timing.TTFT > 0 {
			a["gen_ai.response.time_to_first_chunk"] = strconv.FormatFloat(float64(r.Timing.TTFT)/1e9, 'f', -1, 64)
		}
	}
	if c.CostNanos != nil {
		a["gen_ai.usage.cost"] = price.FormatUSD(*c.CostNanos)
	}
	if c.Failure != nil {
		a["error.type"] = string(c.Failure.Kind)
	}
	return &span{id: c.SpanID, name: "chat " + c.Model, kind: 3, start: c.Start, end: c.End, attributes: a}
}

func (s *span) otlp(c *Call) map[string]any {
	status := map[string]any{"code": 1}
	if c.Failure != nil && s.id != c.spanID("retrieval") {
		status = map[string]any{"code": 2, "message": c.Failure.Message}
	}
	fields := map[string]any{
		"traceId": c.TraceID, "spanId": s.id, "name": s.name, "kind": s.kind,
		"startTimeUnixNano": strconv.FormatInt(s.start, 10),
		"endTimeUnixNano":   strconv.FormatInt(s.end, 10),
		"attributes":        keyValues(s.attributes),
		"status":            status,
	}
	if s.parent != "" {
		fields["parentSpanId"] = s.parent
	}
	return fields
}

// spanID is the id of a span beside the model's, the same each time.
func (c *Call) spanID(step string) string {
	return string(canonical.OfBytes([]byte(c.TraceID + c.SpanID + step)))[:16]
}

// part is a piece of a message as the conventions (1.37 and later) have it.
type part struct {
	Type      string          `json:"type"`
	Content   string          `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  string          `json:"response,omitempty"`
}

func messagesText(messages []llm.Message, finish string) string {
	type message struct {
		Role   string `json:"role"`
		Parts  []part `json:"parts"`
		Finish string `json:"finish_reason,omitempty"`
	}
	list := make([]message, len(messages))
	for i, m := range messages {
		list[i] = message{Role: m.Role, Parts: []part{}, Finish: finish}
		switch {
		case m.ToolCallID != "":
			list[i].Parts = append(list[i].Parts, part{Type: "tool_call_response", ID: m.ToolCallID, Response: m.Content})
		case m.Content != "":
			list[i].Parts = append(list[i].Parts, part{Type: "text", Content: m.Content})
		}
		for _, call := range m.ToolCalls {
			list[i].Parts = append(list[i].Parts, part{Type: "tool_call", ID: call.ID, Name: call.Name, Arguments: call.Arguments})
		}
	}
	return jsonText(list)
}

func toolsText(tools []llm.Tool) string {
	type definition struct {
		Type string `json:"type"`
		llm.Tool
	}
	list := make([]definition, len(tools))
	for i, t := range tools {
		list[i] = definition{"function", t}
	}
	return jsonText(list)
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// keyValues writes attributes in OTLP's form, by name; empty texts are left out.
func keyValues(a attributes) []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		value := map[string]any{}
		switch v := a[name].(type) {
		case int64:
			value["intValue"] = strconv.FormatInt(v, 10)
		case string:
			if v == "" {
				continue
			}
			value["stringValue"] = v
		}
		list = append(list, map[string]any{"key": name, "value": value})
	}
	return list
}
