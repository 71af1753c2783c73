package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

const maxEvent = 16 << 20

// readStream assembles a streamed reply. elapsed is the time since the attempt
// began, in nanoseconds.
func readStream(body io.Reader, elapsed func() int64) (*llm.Reply, error) {
	var a assembler
	var raw bytes.Buffer
	var ttft int64
	var done bool
	events := wire.NewEvents(body, maxEvent)
	for {
		ev, err := events.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, wire.ErrEventTooLarge) {
			return nil, badReply("%s", err)
		}
		if err != nil {
			return nil, err
		}
		if data := bytes.TrimSpace(ev.Data); bytes.Equal(data, []byte("[DONE]")) {
			done = true
			break
		} else if len(data) == 0 {
			continue // a keep-alive of some proxies
		}
		var chunk response
		if err := json.Unmarshal(ev.Data, &chunk); err != nil {
			if ev.Cut {
				break // the rest of the event never came
			}
			return nil, badReply("an event of the stream is not a chunk of a chat completion: %s", jsonTrouble(ev.Data, err))
		}
		if failure := inBandError(chunk.Error); failure != nil {
			return nil, failure
		}
		if raw.Len() > 0 {
			raw.WriteByte(',')
		}
		raw.Write(ev.Data)
		if began := a.chunk(&chunk); began && ttft == 0 {
			ttft = elapsed()
		}
	}
	if a.finish == "" && (!done || ttft == 0) {
		return nil, badReply("the stream stopped half-way: it ended before a finish reason")
	}
	reply, err := a.reply()
	reply.Timing.TTFT = ttft
	reply.Raw = json.RawMessage("[" + raw.String() + "]")
	return reply, err
}

// assembler puts a reply together from one message or from many deltas.
type assembler struct {
	id, model, role  string
	content, refusal strings.Builder
	calls            []*call
	usage            *usage
	finish           string
}

type call struct {
	index     int
	id, name  string
	arguments strings.Builder
}

// chunk adds one chunk of a stream and reports whether it held a part of the
// answer.
func (a *assembler) chunk(c *response) (began bool) {
	if a.id == "" {
		a.id = c.ID
	}
	if a.model == "" {
		a.model = c.Model
	}
	if c.Usage != nil {
		a.usage = c.Usage // some repeat a running total: the last one counts
	}
	for i := range c.Choices {
		choice := &c.Choices[i]
		if choice.Index != 0 {
			continue // one answer was asked for
		}
		delta := choice.Delta
		if delta == nil {
			delta = choice.Message
		}
		if delta != nil {
			began = a.add(delta) || began
		}
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			a.finish = *choice.FinishReason
		}
	}
	return began
}

// add adds a message or delta and reports whether there was anything in it.
func (a *assembler) add(m *outgoing) bool {
	if m.Role != "" {
		a.role = m.Role
	}
	a.content.WriteString(string(m.Content))
	a.refusal.WriteString(m.Refusal)
	for i := range m.ToolCalls {
		a.addCall(&m.ToolCalls[i])
	}
	if f := m.FunctionCall; f != nil { // the form before tools
		zero := 0
		a.addCall(&toolDelta{Index: &zero, Function: *f})
	}
	return m.Content != "" || m.Refusal != "" || len(m.ToolCalls) > 0 || m.FunctionCall != nil
}

// addCall adds a call or a part of one. Parts belong together by index; where
// a server sends no index (Gemini), a part with another id, or with a name, is a
// new call, and any other belongs to the last.
func (a *assembler) addCall(d *toolDelta) {
	c := a.find(d)
	if c == nil {
		c = &call{index: -1}
		if d.Index != nil {
			c.index = *d.Index
		}
		a.calls = append(a.calls, c)
	}
	if d.ID != "" {
		c.id = d.ID
	}
	if d.Function.Name != "" {
		c.name = d.Function.Name
	}
	c.arguments.WriteString(string(d.Function.Arguments))
}

func (a *assembler) find(d *toolDelta) *call {
	if len(a.calls) == 0 {
		return nil
	}
	last := a.calls[len(a.calls)-1]
	if d.Index == nil {
		if d.ID != "" && d.ID != last.id || d.Function.Name != "" {
			return nil
		}
		return last
	}
	for _, c := range a.calls {
		// Some servers give every parallel call the index 0 but its own id.
		if c.index == *d.Index && (d.ID == "" || c.id == "" || d.ID == c.id) {
			if d.ID == "" && c.index == last.index {
				return last
			}
			return c
		}
	}
	return nil
}

// reply is what was assembled, with an error when the provider filtered it.
func (a *assembler) reply() (*llm.Reply, error) {
	r := &llm.Reply{ID: a.id, Model: a.model, FinishReason: a.finish, Refusal: a.refusal.String(), Usage: a.usage.canonical()}
	r.Role, r.Content = "assistant", a.content.String()
	if a.role != "" {
		r.Role = a.role
	}
	for i, c := range a.calls {
		id := c.id
		if id == "" {
			id = "call_" + strconv.Itoa(i+1) // the tool's answer must name it
		}
		r.ToolCalls = append(r.ToolCalls, llm.ToolCall{ID: id, Name: c.name, Arguments: arguments(c.arguments.String())})
	}
	if a.finish == "content_filter" {
		return r, &llm.Error{Kind: llm.ContentFilter, Message: "the provider's content filter stopped the answer"}
	}
	return r, nil
}
