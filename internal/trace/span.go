package trace

import "encoding/json"

// Span is everything that is known of a span.
type Span struct {
	Row

	Input        []Message       // the assembled prompt, system instructions first
	Output       []Message       // what came back; several where several choices were asked for
	InputText    string          // of spans without messages: what went in, as sent
	OutputText   string          // and what came out
	Params       map[string]any  // parameters of the request, by the conventions' short names: temperature, max_tokens, ...
	Tools        []Tool          // definitions offered to the model
	Call         *ToolCall       // of a tool span: the call and its result
	Query        string          // of a retriever or reranker
	Documents    []Document      // retrieved, or put in order, best first
	Prompt       *PromptRef      // the template that the messages were made of
	Variables    json.RawMessage // values of the template's variables, an object
	ResponseID   string
	Evaluations  []Score // scores that the span or its events carry
	StatusText   string
	Exceptions   []Exception
	Metadata     map[string]any // the user's own keys
	Events       []Event
	Links        []Link
	Attributes   map[string]any // all attributes as sent, decoded: text, int64, float64, bool, []any, map[string]any, []byte
	Resource     map[string]any
	Scope        string
	ScopeVersion string
	Dropped      uint32 // attributes that the SDK says it dropped
}

// Message is one turn of a chat.
type Message struct {
	Role   string `json:"role"` // system, user, assistant, tool, or as sent
	Name   string `json:"name,omitempty"`
	Parts  []Part `json:"parts"`
	Finish string `json:"finish_reason,omitempty"`
}

// Part is a piece of a message.
type Part struct {
	Type      string          `json:"type"`                // text, reasoning, tool_call, tool_result, image, audio, file, uri, json or as sent
	Text      string          `json:"text,omitempty"`      // of text and reasoning
	ID        string          `json:"id,omitempty"`        // of a tool call, or of the call that a result answers
	Name      string          `json:"name,omitempty"`      // of a tool
	Arguments json.RawMessage `json:"arguments,omitempty"` // of a tool call: JSON; text that is not JSON is a JSON string
	Result    json.RawMessage `json:"result,omitempty"`    // of a tool result
	MIME      string          `json:"mime_type,omitempty"`
	URI       string          `json:"uri,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"` // of any other type: the part as sent
}

// Tool is a definition offered to a model.
type Tool struct {
	Type        string          `json:"type,omitempty"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

// ToolCall is a call of a tool with what it returned.
type ToolCall struct {
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
}

// Document is a retrieved chunk.
type Document struct {
	ID       string          `json:"id,omitempty"`
	Content  string          `json:"content,omitempty"`
	Source   string          `json:"source,omitempty"`
	Score    *float64        `json:"score,omitempty"` // absent when unknown
	Distance *float64        `json:"distance,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// PromptRef names the template that a peer's prompt store or a config served.
type PromptRef struct {
	Name     string `json:"name,omitempty"`
	Version  string `json:"version,omitempty"`
	Template string `json:"template,omitempty"`
}

// Exception is an error that a span recorded.
type Exception struct {
	Time    int64  `json:"time"`
	Type    string `json:"type,omitempty"`
	Message string `json:"message,omitempty"`
	Stack   string `json:"stack,omitempty"`
}

// Event is something that happened at a moment of the span, or a log record
// that named it.
type Event struct {
	Time       int64          `json:"time"`
	Name       string         `json:"name"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Body       any            `json:"body,omitempty"` // of a log record
}

// Link points to another span.
type Link struct {
	Trace      ID             `json:"trace_id"`
	Span       SpanID         `json:"span_id"`
	Attributes map[string]any `json:"attributes,omitempty"`
}
