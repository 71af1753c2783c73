// Package target asks an application of the user's own in place of a model: a
// command or an HTTP endpoint that does its own retrieval, agent loop or
// anything else, and is evaluated like a configuration.
//
// One exchange is a Request on standard input or as HTTP body, and a Reply. A
// command is started once for each case (one-shot), or once for all with
// requests and replies as JSON lines in any order (protocol jsonl). What it
// writes to standard error is its log: kept, and quoted when it fails. A
// program that crashes, hangs or answers nonsense is an error of that case.
package target

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

// Protocol numbers the envelope of Request and Reply.
const Protocol = 1

// Spec says how to reach the application. Either Command or URL is set.
type Spec struct {
	Command []string
	Lines   bool          // one long-lived process that speaks JSON lines
	Dir     string        // working directory of the command
	URL     string        // HTTP endpoint that takes POST
	Timeout time.Duration // of one exchange
}

// Request is what the application is asked.
type Request struct {
	Assay       int            `json:"assay"` // Protocol
	ID          string         `json:"id,omitempty"`
	CaseID      string         `json:"case_id"`
	Repeat      int            `json:"repeat"`
	Input       map[string]any `json:"input"`
	Version     string         `json:"version"`
	Traceparent string         `json:"traceparent"` // W3C trace context
	DeadlineMS  int64          `json:"deadline_ms"`
}

// Reply is what it answers. Only Output or Error is required.
type Reply struct {
	ID        string          `json:"id,omitempty"`
	Output    json.RawMessage `json:"output"` // a string or any JSON value
	Documents []llm.Document  `json:"documents"`
	ToolCalls []llm.ToolCall  `json:"tool_calls"`
	Usage     *Usage          `json:"usage"`
	CostUSD   json.Number     `json:"cost_usd"`
	Model     string          `json:"model"`
	Error     *ReplyError     `json:"error"`
}

// Usage is the tokens that the application says it used.
type Usage struct {
	InputTokens  int64 `json:"input_tokens"`
	CachedTokens int64 `json:"cached_tokens"`
	OutputTokens int64 `json:"output_tokens"`
}

// ReplyError is a failure that the application reports of itself.
type ReplyError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Text is the output as an evaluator reads it: a string as it is, any other
// value as JSON.
func (r *Reply) Text() string {
	var s string
	if json.Unmarshal(r.Output, &s) == nil {
		return s
	}
	return string(r.Output)
}

// Target answers requests. Ask is safe for concurrent use; its errors are of
// type *llm.Error unless the context ended.
type Target interface {
	Ask(ctx context.Context, req *Request) (*Reply, error)
	Close() error
}

// Open reaches the application. Nothing is started before the first Ask.
func Open(spec Spec) Target {
	switch {
	case spec.URL != "":
		return &endpoint{spec: spec}
	case spec.Lines:
		return &lines{spec: spec}
	}
	return &oneShot{spec: spec}
}

// decode reads a reply and checks that it says something.
func decode(text []byte) (*Reply, error) {
	var r Reply
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, failed("the reply is not the expected JSON (%v); it begins with %q", err, start(text))
	}
	if r.Error == nil && len(r.Output) == 0 {
		return nil, failed(`the reply has neither "output" nor "error"; it begins with %q`, start(text))
	}
	return &r, nil
}

func failed(format string, args ...any) *llm.Error {
	return &llm.Error{Kind: llm.TargetFailed, Message: fmt.Sprintf(format, args...)}
}

func timedOut(after time.Duration, log string) *llm.Error {
	e := &llm.Error{Kind: llm.Timeout, Message: fmt.Sprintf("no answer within %s", after)}
	return withLog(e, log)
}

// withLog adds the end of what the program wrote to standard error.
func withLog(e *llm.Error, log string) *llm.Error {
	if log = strings.TrimSpace(log); log != "" {
		e.Message += "\nstandard error: " + log
	}
	return e
}

func start(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(text[:min(len(text), 80)])
}
