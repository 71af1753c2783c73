package script

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// stream answers chunk by chunk, with the faults that happen between chunks.
func (e *exchange) stream() {
	e.w.Header().Set("Content-Type", "text/event-stream")
	deltas := e.deltas()
	f := e.rule.Fault
	for i, delta := range deltas {
		if i > 0 && !e.pause(time.Duration(e.rule.Stream.Every)) {
			return
		}
		if f != nil && e.broken(f, i) {
			return
		}
		e.send(e.chunk([]any{map[string]any{"index": 0, "delta": delta, "finish_reason": nil}}))
	}
	if f != nil && e.broken(f, len(deltas)) {
		return
	}
	e.send(e.chunk([]any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": e.finishReason()}}))
	if u := e.usage(); u != nil && e.req.Options.IncludeUsage {
		last := e.envelope("chat.completion.chunk", []any{})
		last["usage"] = u
		e.send(last)
	}
	if !e.rule.Stream.NoDone {
		e.write("data: [DONE]\n\n")
	}
}

// broken does what the fault says once n chunks have gone out, or at the end
// when there are fewer.
func (e *exchange) broken(f *fault, n int) bool {
	due := func(after *int) bool { return after != nil && (n == *after || n < *after && n == len(e.deltas())) }
	switch {
	case due(f.StopAfter):
		_ = http.NewResponseController(e.w).Flush() // what was sent goes out before the end
		abort()
	case due(f.HangAfter):
		e.hang()
	case due(f.ErrorAfter):
		e.send(f.error())
	case f.Truncate && n == len(e.deltas())/2:
		e.write(`data: {"id":"` + e.id + `","choices":[{"ind` + "\n\n")
	default:
		return false
	}
	return true
}

// deltas are the pieces of the reply: its role, its text, its tool calls with
// the arguments in two parts.
func (e *exchange) deltas() []map[string]any {
	r := e.rule.Reply
	var all []map[string]any
	for _, text := range e.chunks() {
		all = append(all, map[string]any{"content": text})
	}
	if r.Refusal != "" {
		all = append(all, map[string]any{"refusal": e.asked.fill(r.Refusal)})
	}
	for i, c := range e.toolCalls() {
		f, _ := c["function"].(map[string]any)
		args, _ := f["arguments"].(string)
		half := len(args) / 2
		for half < len(args) && args[half]&0xC0 == 0x80 {
			half++ // between two characters, not inside one
		}
		all = append(all,
			map[string]any{"tool_calls": []any{map[string]any{"index": i, "id": c["id"], "type": "function",
				"function": map[string]any{"name": f["name"], "arguments": args[:half]}}}},
			map[string]any{"tool_calls": []any{map[string]any{"index": i, "function": map[string]any{"arguments": args[half:]}}}})
	}
	if len(all) > 0 {
		all[0]["role"] = "assistant"
	}
	return all
}

// chunks are the pieces of the text: as the rule says, else word by word.
func (e *exchange) chunks() []string {
	if e.rule.Reply.Content == nil {
		return nil
	}
	if written := e.rule.Stream.Chunks; len(written) > 0 {
		filled := make([]string, len(written))
		for i, c := range written {
			filled[i] = e.asked.fill(c)
		}
		return filled
	}
	return strings.SplitAfter(e.asked.text(e.rule.Reply.Content), " ")
}

func (e *exchange) chunk(choices []any) map[string]any {
	c := e.envelope("chat.completion.chunk", choices)
	if e.req.Options.IncludeUsage {
		c["usage"] = nil
	}
	return c
}

func (e *exchange) send(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		abort() // not reachable: it was read from YAML
	}
	e.write("data: " + string(data) + "\n\n")
}

func (e *exchange) write(text string) {
	_, _ = e.w.Write([]byte(text))
	_ = http.NewResponseController(e.w).Flush() // a client that went away is none of the script's business
}
