package semconv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// The attributes of content, most trusted first. A name that ends in ".N" is a
// family of flattened keys; one that begins with "event " is a span event or a
// log record of that name.
var (
	systemKeys    = []string{"gen_ai.system_instructions"}
	inputTextKeys = []string{
		"input.value", "langfuse.observation.input", "langfuse.trace.input", "traceloop.entity.input", "gen_ai.prompt", "mcp.request.argument",
		"ai.prompt", "ai.value", "ai.values",
	}
	outputTextKeys = []string{
		"output.value", "langfuse.observation.output", "langfuse.trace.output", "traceloop.entity.output", "gen_ai.completion", "mcp.response.value",
		"final_result", "ai.response.text",
	}
	callNameKeys      = []string{"gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name"}
	callIDKeys        = []string{"gen_ai.tool.call.id", "tool.id", "tool_call.id", "ai.toolCall.id"}
	callArgumentsKeys = []string{
		"gen_ai.tool.call.arguments", "ai.toolCall.args", "tool_arguments", "mcp.request.argument",
		"input.value", "tool.parameters", "traceloop.entity.input", "langfuse.observation.input", "gen_ai.prompt",
	}
	callResultKeys = []string{
		"gen_ai.tool.call.result", "ai.toolCall.result", "tool_response", "mcp.response.value",
		"output.value", "traceloop.entity.output", "langfuse.observation.output", "gen_ai.completion",
	}
	queryKeys     = []string{"gen_ai.retrieval.query.text", "reranker.query"}
	templateKeys  = []string{"llm.prompt_template.template", "traceloop.prompt.template"}
	variableKeys  = []string{"llm.prompt_template.variables", "traceloop.prompt.template_variables"}
	responseKeys  = []string{"gen_ai.response.id", "llm.response.id", "ai.response.id"}
	statusKeys    = []string{"langfuse.observation.status_message"}
	exceptionKeys = []string{"event exception", "event gen_ai.client.operation.exception"}
	metadataKeys  = []string{
		"metadata", "langfuse.trace.metadata", "langfuse.trace.metadata.*", "langfuse.observation.metadata", "langfuse.observation.metadata.*",
		"langsmith.metadata.*", "ai.telemetry.metadata.*", "traceloop.association.properties.*",
	}
)

// content is a span with all its attributes decoded.
type content struct {
	at     map[string]any
	events []trace.Event // of the span and of its log records, in the order of time
	kind   trace.Kind
}

// decode reads all attributes of something. Values that are nested too deeply
// or cannot be read are left empty: a span that was kept must open.
func decode(walk func(func(string, otlp.Value) error) error) map[string]any {
	m := map[string]any{}
	_ = walk(func(key string, v otlp.Value) error { // what comes before a break is better than nothing
		x, err := v.Any()
		if err != nil {
			x = nil
		}
		m[key] = x
		return nil
	})
	return m
}

// readEvents gathers the events of the span and of its log records.
func (c *content) readEvents(s *otlp.Span, logs []Log) {
	_ = s.Events(func(e otlp.Event) error { // as decode
		c.events = append(c.events, trace.Event{Time: int64(e.Time), Name: e.Name, Attributes: decode(e.Attributes)})
		return nil
	})
	for i := range logs {
		l := &logs[i].Log
		e := trace.Event{Time: int64(logTime(l)), Name: l.EventName, Attributes: decode(l.Attributes)}
		if e.Name == "" {
			e.Name, _ = e.Attributes["event.name"].(string)
		}
		if body, err := l.Body.Any(); err == nil {
			e.Body = body
		}
		c.events = append(c.events, e)
	}
	slices.SortStableFunc(c.events, func(a, b trace.Event) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		default:
			return 0
		}
	})
}

func logTime(l *otlp.Log) uint64 {
	if l.Time != 0 {
		return l.Time
	}
	return l.Observed
}

// fields are the attributes of an event together with the fields of its body.
func fields(e *trace.Event) map[string]any {
	body, ok := e.Body.(map[string]any)
	if !ok {
		body, ok = structure(e.Body).(map[string]any)
	}
	if !ok || len(body) == 0 {
		return e.Attributes
	}
	m := make(map[string]any, len(body)+len(e.Attributes))
	for key, v := range e.Attributes {
		m[key] = v
	}
	for key, v := range body {
		m[key] = v
	}
	return m
}

// alwaysJSON are attributes whose SDK writes every value as JSON, a text with
// quotes around it.
var alwaysJSON = []string{"traceloop.entity.input", "traceloop.entity.output", "ai.toolCall.args", "ai.toolCall.result", "ai.value"}

// first is the first of the attributes that says something.
func (c *content) first(keys []string) any {
	for _, key := range keys {
		v := pick(c.at, key)
		if v == nil {
			continue
		}
		if slices.Contains(alwaysJSON, key) {
			v = unquote(v)
		}
		return v
	}
	return nil
}

// unquote is the text that v is the JSON text of; other values stay.
func unquote(v any) any {
	if s, ok := v.(string); ok && strings.HasPrefix(s, `"`) {
		if inner, ok := parse([]byte(s)).(string); ok {
			return inner
		}
	}
	return v
}

func (c *content) text(keys []string) string { return textOf(c.first(keys)) }

// pick is the first entry of m that says something.
func pick(m map[string]any, keys ...string) any {
	for _, key := range keys {
		switch v := m[key].(type) {
		case nil:
		case string:
			if v != "" {
				return v
			}
		default:
			return v
		}
	}
	return nil
}

func pickText(m map[string]any, keys ...string) string { return textOf(pick(m, keys...)) }

// structure gives the list or map that v is, or that it is the JSON text of;
// other values stay as they are. It is for attributes that are known to hold
// structures: what a user wrote is never looked into.
func structure(v any) any {
	var b []byte
	switch v := v.(type) {
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return v
	}
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return v
	}
	if parsed := parse(b); parsed != nil {
		return parsed
	}
	return v
}

// textOf is a value as text: a text as it is, others in JSON.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return string(encode(v))
	}
}

// raw is a value as JSON. A text that is a JSON object or list stands for it;
// any other text is a JSON string.
func raw(v any) json.RawMessage {
	s, ok := v.(string)
	if b, isBytes := v.([]byte); isBytes {
		s, ok = string(b), true
	}
	switch {
	case v == nil || ok && s == "":
		return nil
	case ok && (strings.HasPrefix(strings.TrimSpace(s), "{") || strings.HasPrefix(strings.TrimSpace(s), "[")) && json.Valid([]byte(s)):
		return json.RawMessage(s)
	case ok:
		return encode(s)
	default:
		return encode(v)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // a number that JSON does not have
		b.Reset()
		if e.Encode(fmt.Sprint(v)) != nil {
			return nil
		}
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// plain turns the numbers of decoded JSON into int64 and float64.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if x, err := v.Float64(); err == nil {
			return x
		}
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = plain(e)
		}
		return out
	default:
		return v
	}
}
