// Package llm is the one path to a language model: what is evaluated is what is
// served.
//
// It has two layers. The wire exchange (package wire) moves raw bytes and
// events with timers, retries and a ceiling on concurrency, and knows no
// vendor. The codecs (package openai and later ones) turn wire bytes into the
// canonical chat model of this package and back. A Model is anything that
// answers a canonical Request: a vendor behind a codec, or one of our own
// engines (extractive, recorded, script).
//
// Tokens are counted in integers, time in nanoseconds, money nowhere here:
// package price turns a Usage into nano-dollars.
package llm

import (
	"context"
	"encoding/json"
	"strings"
)

// Ref names a model at a provider: openai/gpt-5-mini-2025-08-07.
type Ref struct {
	Provider string // "openai", "builtin", or a name under providers: in assay.yaml
	Name     string // the provider's own name for the model; may contain slashes
}

// ParseRef splits "provider/name" at the first slash; ok is false when either
// part is missing.
func ParseRef(s string) (r Ref, ok bool) {
	r.Provider, r.Name, ok = strings.Cut(s, "/")
	return r, ok && r.Provider != "" && r.Name != ""
}

func (r Ref) String() string { return r.Provider + "/" + r.Name }

// Message is one turn of a chat.
type Message struct {
	Role       string     `json:"role"` // system, developer, user, assistant or tool
	Content    string     `json:"content"`
	Name       string     `json:"name,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`   // of an assistant
	ToolCallID string     `json:"tool_call_id,omitempty"` // of a tool's answer
}

// Tool is a function that the model may call.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // JSON Schema
	Strict      *bool           `json:"strict,omitempty"`
}

// ToolCall is one call that a model asked for, with the result where the
// caller ran it.
type ToolCall struct {
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"` // as sent; may be invalid JSON wrapped as a string
	Result    json.RawMessage `json:"result,omitempty"`
}

// Document is a retrieved chunk, or a page that a target says it used.
type Document struct {
	ID      string  `json:"id"`
	Source  string  `json:"source,omitempty"` // FILE#heading, FILE, or what a target says
	Content string  `json:"content,omitempty"`
	Score   float64 `json:"score"`
	Start   int     `json:"start,omitempty"` // byte offset in the source
	End     int     `json:"end,omitempty"`
}

// Request is one call in canonical form, fully rendered.
type Request struct {
	Model        Ref             `json:"-"`
	Messages     []Message       `json:"messages"`
	Params       map[string]any  `json:"params,omitempty"` // canonical names, and provider extras verbatim
	Tools        []Tool          `json:"tools,omitempty"`
	ToolChoice   any             `json:"tool_choice,omitempty"` // "auto", "none", "required" or a tool's name
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Stream       bool            `json:"stream,omitempty"`

	// For our own engines only: what was asked for, never sent to a vendor.
	CaseID    string         `json:"-"`
	Repeat    int            `json:"-"`
	Input     map[string]any `json:"-"`
	Documents []Document     `json:"-"`
}

// Usage is what a call consumed, in tokens. Known is false when the provider
// said nothing, which is not the same as zero.
type Usage struct {
	InputTokens      int64 `json:"input_tokens"`                 // all input, cached included
	CachedTokens     int64 `json:"cached_tokens,omitempty"`      // part of input read from the provider's cache
	CacheWriteTokens int64 `json:"cache_write_tokens,omitempty"` // part of input written to it
	OutputTokens     int64 `json:"output_tokens"`                // all output, reasoning included
	ReasoningTokens  int64 `json:"reasoning_tokens,omitempty"`   // part of output
	Known            bool  `json:"known"`
}

// Timing is when a call happened and how long it took.
type Timing struct {
	Start int64 `json:"start"`          // UTC nanoseconds
	TTFT  int64 `json:"ttft,omitempty"` // nanoseconds to the first token; 0 when not streamed
	Total int64 `json:"total"`          // nanoseconds of the attempt that succeeded
}

// Reply is what a model answered.
type Reply struct {
	Message
	Provider     string          `json:"provider,omitempty"` // that answered: another than was asked where a fallback did
	Model        string          `json:"model,omitempty"`    // the model that answered, as the provider names it
	ID           string          `json:"id,omitempty"`       // the provider's id of the response
	FinishReason string          `json:"finish_reason,omitempty"`
	Refusal      string          `json:"refusal,omitempty"`
	Usage        Usage           `json:"usage"`
	Timing       Timing          `json:"timing"`
	Attempts     int             `json:"attempts,omitempty"` // 1 when the first try succeeded
	Raw          json.RawMessage `json:"raw,omitempty"`      // the response as it came; events joined in an array when streamed

	// Recorded answers may carry these; a vendor's reply never does.
	Documents []Document `json:"documents,omitempty"`
	CostNanos *int64     `json:"cost_nanos,omitempty"`
}

// Model answers canonical requests. Implementations are safe for concurrent
// use and leave the request as it is. Errors are of type *Error unless the
// context ended. A reply may come with an error of the candidate: an answer
// that the provider filtered has been paid for, and its usage is in the reply.
type Model interface {
	Call(ctx context.Context, req *Request) (*Reply, error)
}
