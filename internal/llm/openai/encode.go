package openai

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/assay-llmops/assay/internal/llm"
)

// Dialect is what differs between servers in the form of a request.
type Dialect struct {
	MaxTokensField string // default max_tokens
	Stream         bool
}

// ownFields are what a request is made of; params may not name them.
var ownFields = []string{"model", "messages", "tools", "tool_choice", "stream", "stream_options", "n"}

// EncodeRequest writes a request as Chat Completions JSON, its members sorted
// by name, so that equal requests have equal bytes. Params go out under their
// own names except max_output_tokens; those that this package does not know are
// the provider's own and go out as they are. The error is an *llm.Error of kind
// BadRequest.
func EncodeRequest(req *llm.Request, d Dialect) ([]byte, error) {
	body := make(map[string]any, len(req.Params)+6)
	for name, value := range req.Params {
		body[name] = value
	}
	for _, name := range ownFields {
		if _, given := body[name]; given {
			return nil, badRequest("params.%s cannot be set: Assay sets it, or reads one answer a call", name)
		}
	}
	if limit, given := body["max_output_tokens"]; given {
		field := d.MaxTokensField
		if field == "" {
			field = "max_tokens"
		}
		delete(body, "max_output_tokens")
		if _, both := body[field]; both {
			return nil, badRequest("params has both max_output_tokens and %s", field)
		}
		body[field] = limit
	}
	body["model"] = req.Model.Name
	body["messages"] = messages(req.Messages)
	if len(req.Tools) > 0 {
		body["tools"] = tools(req.Tools)
	}
	if req.ToolChoice != nil {
		body["tool_choice"] = toolChoice(req.ToolChoice)
	}
	if len(req.OutputSchema) > 0 {
		if _, both := body["response_format"]; both {
			return nil, badRequest("the config has both an output schema and params.response_format")
		}
		body["response_format"] = responseFormat(req.OutputSchema)
	}
	if d.Stream {
		body["stream"] = true
		body["stream_options"] = map[string]any{"include_usage": true}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, badRequest("the request cannot be written as JSON: %s", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func badRequest(format string, args ...any) error {
	return &llm.Error{Kind: llm.BadRequest, Message: fmt.Sprintf(format, args...)}
}

// message is a turn on the wire, both ways.
type message struct {
	Role       string     `json:"role"`
	Content    *string    `json:"content"`
	Name       string     `json:"name,omitempty"`
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

type toolCall struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

func messages(in []llm.Message) []message {
	out := make([]message, len(in))
	for i, m := range in {
		out[i] = message{Role: m.Role, Name: m.Name, ToolCallID: m.ToolCallID}
		if m.Content != "" || len(m.ToolCalls) == 0 { // null beside tool calls, as the vendors write it
			out[i].Content = &in[i].Content
		}
		for _, c := range m.ToolCalls {
			out[i].ToolCalls = append(out[i].ToolCalls, toolCall{
				ID: c.ID, Type: "function", Function: function{Name: c.Name, Arguments: argumentsText(c.Arguments)},
			})
		}
	}
	return out
}

// argumentsText is the text of arguments on the wire: the inverse of
// arguments.
func argumentsText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 {
		return text
	}
	if len(raw) == 0 {
		return "{}"
	}
	return string(raw)
}

func tools(in []llm.Tool) []map[string]any {
	out := make([]map[string]any, len(in))
	for i, t := range in {
		f := map[string]any{"name": t.Name}
		if t.Description != "" {
			f["description"] = t.Description
		}
		if len(t.Parameters) > 0 {
			f["parameters"] = t.Parameters
		}
		if t.Strict != nil {
			f["strict"] = *t.Strict
		}
		out[i] = map[string]any{"type": "function", "function": f}
	}
	return out
}

func toolChoice(choice any) any {
	switch name, ok := choice.(string); {
	case !ok: // the provider's own form
		return choice
	case name == "auto" || name == "none" || name == "required":
		return name
	default:
		return map[string]any{"type": "function", "function": map[string]any{"name": name}}
	}
}

// responseFormat asks for the schema, strictly where it is one that OpenAI can
// hold a model to.
func responseFormat(schema json.RawMessage) map[string]any {
	format := map[string]any{"name": "output", "schema": schema}
	var parsed any
	if json.Unmarshal(schema, &parsed) == nil && closed(parsed) {
		format["strict"] = true
	}
	return map[string]any{"type": "json_schema", "json_schema": format}
}

// closed reports whether every object in a schema forbids other properties and
// requires all of its own, which is what strict asks for.
func closed(schema any) bool {
	switch s := schema.(type) {
	case []any:
		for _, item := range s {
			if !closed(item) {
				return false
			}
		}
	case map[string]any:
		if properties, isObject := s["properties"].(map[string]any); isObject || s["type"] == "object" {
			required, _ := s["required"].([]any)
			if s["additionalProperties"] != false || len(required) != len(properties) {
				return false
			}
		}
		for _, value := range s {
			if !closed(value) {
				return false
			}
		}
	}
	return true
}
