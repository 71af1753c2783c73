package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

// problemBody is the error object of a reply, as far as servers agree on it.
type problemBody struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    any    `json:"code"`   // a text, a number or null
	Status  any    `json:"status"` // Gemini
	Inner   struct {
		Code string `json:"code"`
	} `json:"innererror"` // Azure
}

// code is the error's code as text.
func (p *problemBody) code() string {
	switch c := p.Code.(type) {
	case string:
		return c
	case float64:
		return strconv.Itoa(int(c))
	}
	return ""
}

// parseProblem finds the error in a body: {"error": {...}}, {"error": "text"},
// the error alone, or a list of one of these.
func parseProblem(data []byte) (*problemBody, bool) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil && len(list) > 0 {
		data = list[0]
	}
	var outer struct {
		Error  json.RawMessage `json:"error"`
		Detail any             `json:"detail"` // FastAPI
	}
	if json.Unmarshal(data, &outer) == nil && present(outer.Error) {
		data = outer.Error
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		return &problemBody{Message: text}, true
	}
	var p problemBody
	if json.Unmarshal(data, &p) != nil {
		return nil, false
	}
	if detail, ok := outer.Detail.(string); ok && p.Message == "" {
		p.Message = detail
	}
	return &p, p.Message != "" || p.Type != "" || p.code() != ""
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// Classify is the wire.Classifier of this protocol: a quota that is used up is
// not worth another attempt, although it comes as 429.
func Classify(status int, _ http.Header, body []byte) wire.Verdict {
	if p, ok := parseProblem(body); ok && status == http.StatusTooManyRequests && p.quota() {
		return wire.GiveUp
	}
	return wire.ByStatus
}

func (p *problemBody) quota() bool {
	switch p.code() {
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active":
		return true
	}
	return p.Type == "insufficient_quota"
}

// DecodeError reads an answer that is no success.
func DecodeError(status int, header http.Header, data []byte) *llm.Error {
	p, ok := parseProblem(data)
	if !ok {
		p = &problemBody{}
	}
	e := &llm.Error{Kind: p.kind(status), Message: p.text(status, data), Status: status, RetryAfter: wire.RetryAfter(header, time.Now())}
	if status >= 300 && status < 400 {
		e.Message = "the address answers with a redirect, which is not followed, since the key would go with it; write the new address as base_url"
	}
	return e
}

// inBandError reads the error member of a reply with a status of success.
func inBandError(raw json.RawMessage) *llm.Error {
	if !present(raw) {
		return nil
	}
	p, ok := parseProblem(raw)
	if !ok {
		p = &problemBody{}
	}
	status, _ := strconv.Atoi(p.code())
	if status < 400 || status > 599 {
		status = 0
	}
	return &llm.Error{Kind: p.kind(status), Message: p.text(0, nil), Status: status}
}

// kind decides by what the error says, then by the status.
func (p *problemBody) kind(status int) llm.ErrorKind {
	message := strings.ToLower(p.Message)
	code := p.code()
	switch {
	case p.quota() || status == http.StatusPaymentRequired:
		return llm.Quota
	case code == "context_length_exceeded" || p.Type == "exceed_context_size_error" || status < 500 && tooLong(message):
		return llm.ContextLength
	case code == "content_filter" || p.Inner.Code == "ResponsibleAIPolicyViolation" || code == "content_policy_violation":
		return llm.ContentFilter
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return llm.Unauthorized
	case status == http.StatusNotFound:
		return llm.NotFound
	case status == http.StatusTooManyRequests:
		return llm.RateLimited
	case status == http.StatusRequestTimeout || status == http.StatusGatewayTimeout:
		return llm.Timeout
	case status >= 500 || status == http.StatusConflict:
		return llm.Overloaded
	case status >= 400:
		return llm.BadRequest
	case status >= 300:
		return llm.NotFound
	}
	return p.kindByName(code)
}

// kindByName is for an error inside an answer with a status of success.
func (p *problemBody) kindByName(code string) llm.ErrorKind {
	names := strings.ToLower(p.Type + " " + code)
	switch {
	case strings.Contains(names, "overloaded"), strings.Contains(names, "server_error"), strings.Contains(names, "unavailable"), strings.Contains(names, "api_error"):
		return llm.Overloaded
	case strings.Contains(names, "rate_limit"):
		return llm.RateLimited
	case strings.Contains(names, "invalid_request"):
		return llm.BadRequest
	}
	return llm.BadReply
}

// tooLong recognises the servers that say it only in words.
func tooLong(message string) bool {
	for _, words := range []string{
		"maximum context length", "prompt is too long", "exceeds the available context size", "input token count",
		"exceed context limit", "context window",
	} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// text is the provider's message, at most 300 characters of it on one line, or
// what can be said without one.
func (p *problemBody) text(status int, data []byte) string {
	message := strings.Join(strings.Fields(p.Message), " ")
	if r := []rune(message); len(r) > 300 {
		message = string(r[:300]) + "…"
	}
	names := p.code()
	if names == "" {
		names = p.Type
	}
	switch {
	case message != "" && names != "":
		return message + " (" + names + ")"
	case message != "":
		return message
	case names != "":
		return names
	case status != 0:
		return fmt.Sprintf("%s, without an explanation (%d bytes that are not the protocol's error)", http.StatusText(status), len(data))
	}
	return "the provider reports an error without an explanation"
}
