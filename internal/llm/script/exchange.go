package script

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/extract"
)

// created is the time that replies carry: fixed, 2026-01-01 UTC.
const created = 1767225600

// exchange is one call being answered by one rule.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	req   *chatRequest
	rule  *rule
	asked *asked
	id    string
}

// pause waits and reports whether the client is still there.
func (e *exchange) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.r.Context().Done():
		return false
	}
}

// hang answers nothing more until the client goes away.
func (e *exchange) hang() {
	<-e.r.Context().Done()
	abort()
}

// abort breaks the connection without a proper end, in the way that net/http
// gives a handler; the server recovers it.
func abort() {
	panic(http.ErrAbortHandler) //nolint:forbidigo // see above
}

func (e *exchange) answer() {
	if f := e.rule.Fault; f != nil {
		switch {
		case f.Disconnect:
			abort()
		case f.Hang:
			e.hang()
			return
		case f.Status != 0:
			e.fail(f)
			return
		}
	}
	if e.req.Stream {
		e.stream()
		return
	}
	e.whole()
}

// fail answers a status that is no success.
func (e *exchange) fail(f *fault) {
	var body []byte
	if text, ok := f.Body.(string); ok {
		body = []byte(text)
		e.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		e.w.Header().Set("Content-Type", "application/json")
		v := f.Body
		if v == nil {
			v = f.error()
		}
		body = []byte(extract.Text(v))
	}
	for name, value := range f.Headers {
		e.w.Header().Set(name, value)
	}
	e.w.WriteHeader(f.Status)
	_, _ = e.w.Write(body)
}

// error is the error object, completed by what OpenAI says with such a status.
func (f *fault) error() map[string]any {
	kind, code := "server_error", ""
	switch f.Status {
	case 400:
		kind = "invalid_request_error"
	case 401:
		kind, code = "invalid_request_error", "invalid_api_key"
	case 404:
		kind, code = "invalid_request_error", "model_not_found"
	case 429:
		kind, code = "requests", "rate_limit_exceeded"
	case 529:
		kind = "overloaded_error"
	}
	message := fmt.Sprintf("scripted fault %d", f.Status)
	if f.Type != "" {
		kind = f.Type
	}
	if f.Code != "" {
		code = f.Code
	}
	if f.Message != "" {
		message = f.Message
	}
	return errorBody(message, kind, code)
}

// whole answers in one piece.
func (e *exchange) whole() {
	r := e.rule.Reply
	message := map[string]any{"role": "assistant", "content": nil, "refusal": nil}
	if r.Content != nil {
		message["content"] = e.asked.text(r.Content)
	}
	if r.Refusal != "" {
		message["refusal"] = e.asked.fill(r.Refusal)
	}
	if len(r.ToolCalls) > 0 {
		message["tool_calls"] = e.toolCalls()
	}
	completion := e.envelope("chat.completion", []any{map[string]any{
		"index": 0, "message": message, "logprobs": nil, "finish_reason": e.finishReason(),
	}})
	if u := e.usage(); u != nil {
		completion["usage"] = u
	}
	data, err := json.Marshal(completion)
	if err != nil {
		abort() // not reachable: it was read from YAML
	}
	e.w.Header().Set("Content-Type", "application/json")
	f := e.rule.Fault
	switch {
	case f != nil && f.Truncate:
		_, _ = e.w.Write(data[:len(data)/2])
	case f != nil && f.ErrorAfter != nil:
		writeJSON(e.w, http.StatusOK, f.error())
	case f != nil: // a fault after some chunks: half of one piece
		e.w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = e.w.Write(data[:len(data)/2])
		_ = http.NewResponseController(e.w).Flush() // the half goes out before the end
		if f.HangAfter != nil {
			e.hang()
		}
		abort()
	default:
		_, _ = e.w.Write(data)
	}
}

func (e *exchange) envelope(object string, choices []any) map[string]any {
	model := e.rule.Reply.Model
	if model == "" {
		model = e.req.Model
	}
	return map[string]any{"id": e.id, "object": object, "created": created, "model": model, "choices": choices}
}

func (e *exchange) finishReason() string {
	switch r := e.rule.Reply; {
	case r.FinishReason != "":
		return r.FinishReason
	case len(r.ToolCalls) > 0:
		return "tool_calls"
	}
	return "stop"
}

func (e *exchange) toolCalls() []map[string]any {
	calls := make([]map[string]any, len(e.rule.Reply.ToolCalls))
	for i := range e.rule.Reply.ToolCalls {
		c := &e.rule.Reply.ToolCalls[i]
		id := c.ID
		if id == "" {
			id = fmt.Sprintf("call_%d", i+1)
		}
		calls[i] = map[string]any{"id": id, "type": "function", "function": map[string]any{"name": c.Name, "arguments": e.asked.arguments(c)}}
	}
	return calls
}

// usage is what the rule says, or a count of words.
func (e *exchange) usage() map[string]any {
	u := e.rule.Reply.Usage
	if u.none {
		return nil
	}
	if !u.given {
		for _, m := range e.req.Messages {
			u.Input += int64(len(strings.Fields(texts(m.Content))))
		}
		u.Output = int64(len(strings.Fields(e.asked.text(e.rule.Reply.Content))))
		for i := range e.rule.Reply.ToolCalls {
			c := &e.rule.Reply.ToolCalls[i]
			u.Output += int64(len(strings.Fields(c.Name + " " + e.asked.arguments(c))))
		}
	}
	return map[string]any{
		"prompt_tokens": u.Input, "completion_tokens": u.Output, "total_tokens": u.Input + u.Output,
		"prompt_tokens_details":     map[string]any{"cached_tokens": u.Cached},
		"completion_tokens_details": map[string]any{"reasoning_tokens": u.Reasoning},
	}
}
