package script

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
)

const maxRequest = 64 << 20

// Handler serves a script as a Chat Completions server: POST to any path that
// ends in /chat/completions, streamed or not as the request asks. GET
// /_script/requests answers what was asked so far, as Requests. The handler
// counts calls by itself: two handlers of one script do not share their times.
func Handler(s *Script) http.Handler {
	h := &handler{script: s, fired: make([]int, len(s.rules)), firedEach: map[each]int{}, seen: map[canonical.Digest]*Seen{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_script/requests", h.requests)
	mux.HandleFunc("POST /", h.complete)
	return mux
}

// Requests is what GET /_script/requests answers.
type Requests struct {
	Total    int    `json:"total"`    // calls, retries included
	Distinct int    `json:"distinct"` // by digest of the body
	Requests []Seen `json:"requests"` // by digest
}

// Seen is one distinct request.
type Seen struct {
	Digest canonical.Digest `json:"digest"` // of the body's bytes
	Model  string           `json:"model"`
	Count  int              `json:"count"`
}

type handler struct {
	script *Script

	mu        sync.Mutex
	total     int
	fired     []int // by rule
	firedEach map[each]int
	seen      map[canonical.Digest]*Seen
}

type each struct {
	rule   int
	digest canonical.Digest
}

// chatRequest is what a script looks at of a request.
type chatRequest struct {
	Model   string `json:"model"`
	Stream  bool   `json:"stream"`
	Options struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
}

// texts gives the words of a message's content, a text or a list of parts.
func texts(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(raw, &parts) // anything else holds no words
	var all []string
	for _, p := range parts {
		all = append(all, p.Text)
	}
	return strings.Join(all, "\n")
}

func (h *handler) requests(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	out := Requests{Total: h.total, Distinct: len(h.seen), Requests: []Seen{}}
	for _, s := range h.seen {
		out.Requests = append(out.Requests, *s)
	}
	h.mu.Unlock()
	sort.Slice(out.Requests, func(i, j int) bool { return out.Requests[i].Digest < out.Requests[j].Digest })
	writeJSON(w, http.StatusOK, out)
}

func (h *handler) complete(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		writeJSON(w, http.StatusNotFound, errorBody("the script serves only .../chat/completions", "invalid_request_error", "not_found"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return // the client went away, or MaxBytesReader has answered
	}
	var req chatRequest
	if err := json.Unmarshal(body, &req); err != nil {
		writeJSON(w, http.StatusBadRequest, errorBody("the body is not a chat completion request", "invalid_request_error", ""))
		return
	}
	digest := canonical.OfBytes(body)
	rule, a := h.choose(&req, digest)
	if rule == nil {
		message := fmt.Sprintf("no rule of the script %s answers call %d, of model %s", h.script.file, a.call, req.Model)
		writeJSON(w, http.StatusBadRequest, errorBody(message, "invalid_request_error", "no_rule"))
		return
	}
	e := exchange{w: w, r: r, req: &req, rule: rule, asked: a, id: "script-" + digest.Short()}
	if e.pause(time.Duration(rule.Delay)) {
		e.answer()
	}
}

// choose counts the call and finds the rule that answers it.
func (h *handler) choose(req *chatRequest, digest canonical.Digest) (*rule, *asked) {
	a := &asked{model: req.Model}
	for _, m := range req.Messages {
		if m.Role == "user" {
			a.lastUser = texts(m.Content)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total++
	a.call = h.total
	s := h.seen[digest]
	if s == nil {
		s = &Seen{Digest: digest, Model: req.Model}
		h.seen[digest] = s
	}
	s.Count++
	for i := range h.script.rules {
		rule, key := &h.script.rules[i], each{i, digest}
		if rule.Times > 0 && h.fired[i] >= rule.Times || rule.TimesEach > 0 && h.firedEach[key] >= rule.TimesEach {
			continue
		}
		if !rule.When.holds(a) {
			continue
		}
		h.fired[i]++
		h.firedEach[key]++
		return rule, a
	}
	return nil, a
}

// holds reports whether a call meets every part of the condition, and keeps the
// groups of its regular expression.
func (c *condition) holds(a *asked) bool {
	if c.Model != "" && !glob(c.Model, a.model) || c.Contains != "" && !strings.Contains(a.lastUser, c.Contains) || c.Call != 0 && c.Call != a.call {
		return false
	}
	if c.regex == nil {
		return true
	}
	a.match = c.regex.FindStringSubmatch(a.lastUser)
	return a.match != nil
}

// glob matches a name in which * stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, middle := range parts[1 : len(parts)-1] {
		at := strings.Index(text, middle)
		if at < 0 {
			return false
		}
		text = text[at+len(middle):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

func errorBody(message, kind, code string) map[string]any {
	e := map[string]any{"message": message, "type": kind, "param": nil, "code": nil}
	if code != "" {
		e["code"] = code
	}
	return map[string]any{"error": e}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"error":{"message":"the script holds a value that is not JSON"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that went away is none of the script's business
}
