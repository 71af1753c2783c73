package semconv

import (
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
)

// reader finds messages in one place.
type reader struct {
	key  string // the attribute, for docs/reference/semconv.md
	read func(*content) []trace.Message
}

// inputReaders are where the prompt may be, most trusted first. Lists of two
// conventions are never joined.
var inputReaders = []reader{
	{"gen_ai.input.messages", func(c *content) []trace.Message {
		return withSystem(c.at, messages(c.at["gen_ai.input.messages"]))
	}},
	{"event gen_ai.client.inference.operation.details", func(c *content) []trace.Message {
		e := c.event("gen_ai.client.inference.operation.details")
		return withSystem(e, messages(e["gen_ai.input.messages"]))
	}},
	{"llm.input_messages.N", func(c *content) []trace.Message { return messages(unflatten(c.at, "llm.input_messages")) }},
	{"gen_ai.prompt.N", func(c *content) []trace.Message { return messages(unflatten(c.at, "gen_ai.prompt")) }},
	{"ai.prompt.messages", func(c *content) []trace.Message { return messages(c.at["ai.prompt.messages"]) }},
	{"ai.prompt", (*content).aiPrompt},
	{"event gen_ai.*.message", (*content).messageEvents},
	{"event gen_ai.content.prompt", func(c *content) []trace.Message {
		return asMessages(c.event("gen_ai.content.prompt")["gen_ai.prompt"], "user")
	}},
	{"pydantic_ai.all_messages", func(c *content) []trace.Message { in, _ := c.allMessages(); return in }},
	{"langfuse.observation.input", func(c *content) []trace.Message { return messages(c.at["langfuse.observation.input"]) }},
	{"gen_ai.prompt", func(c *content) []trace.Message { return messages(c.at["gen_ai.prompt"]) }},
	{"llm.prompts.N", func(c *content) []trace.Message { return completions(unflatten(c.at, "llm.prompts"), "prompt", "user") }},
	{"gen_ai.system_instructions", func(c *content) []trace.Message { return withSystem(c.at, nil) }},
}

// outputReaders are where the answer may be.
var outputReaders = []reader{
	{"gen_ai.output.messages", func(c *content) []trace.Message { return messages(c.at["gen_ai.output.messages"]) }},
	{"event gen_ai.client.inference.operation.details", func(c *content) []trace.Message {
		return messages(c.event("gen_ai.client.inference.operation.details")["gen_ai.output.messages"])
	}},
	{"llm.output_messages.N", func(c *content) []trace.Message { return messages(unflatten(c.at, "llm.output_messages")) }},
	{"gen_ai.completion.N", func(c *content) []trace.Message { return messages(unflatten(c.at, "gen_ai.completion")) }},
	{"ai.response.*", (*content).aiResponse},
	{"event gen_ai.choice", (*content).choiceEvents},
	{"event gen_ai.content.completion", func(c *content) []trace.Message {
		return asMessages(c.event("gen_ai.content.completion")["gen_ai.completion"], "assistant")
	}},
	{"pydantic_ai.all_messages", func(c *content) []trace.Message { _, out := c.allMessages(); return out }},
	{"langfuse.observation.output", func(c *content) []trace.Message { return messages(c.at["langfuse.observation.output"]) }},
	{"gen_ai.completion", func(c *content) []trace.Message { return messages(c.at["gen_ai.completion"]) }},
	{"llm.choices.N", func(c *content) []trace.Message {
		return completions(unflatten(c.at, "llm.choices"), "completion", "assistant")
	}},
}

// read takes the messages of the first reader that finds some, else the text as
// sent.
func (c *content) read(readers []reader, textKeys []string) (list []trace.Message, text string) {
	for i := range readers {
		if list = readers[i].read(c); len(list) > 0 {
			return list, ""
		}
	}
	return nil, c.text(textKeys)
}

// withSystem puts OpenTelemetry's separate system instructions first.
func withSystem(at map[string]any, list []trace.Message) []trace.Message {
	var parts []trace.Part
	switch v := structure(pick(at, systemKeys...)).(type) {
	case nil:
		return list
	case []any:
		parts = contentParts(v)
	default:
		parts = []trace.Part{{Type: "text", Text: textOf(v)}}
	}
	return append([]trace.Message{{Role: "system", Parts: parts}}, list...)
}

// event is the fields of the first event of that name, or nil.
func (c *content) event(name string) map[string]any {
	for i := range c.events {
		if c.events[i].Name == name {
			return fields(&c.events[i])
		}
	}
	return nil
}

// messageEvents reads OpenTelemetry 1.28 to 1.36: an event for each message.
func (c *content) messageEvents() (list []trace.Message) {
	for i := range c.events {
		name, ok := strings.CutPrefix(c.events[i].Name, "gen_ai.")
		if name, ok2 := strings.CutSuffix(name, ".message"); ok && ok2 {
			list = append(list, eventMessage(fields(&c.events[i]), name))
		}
	}
	return list
}

// choiceEvents reads the choices that belong to them.
func (c *content) choiceEvents() (list []trace.Message) {
	for i := range c.events {
		if c.events[i].Name == "gen_ai.choice" {
			list = append(list, eventMessage(fields(&c.events[i]), "assistant"))
		}
	}
	return list
}

// eventMessage is a message whose role may be left to the name of its event.
// Span events cannot hold structures, so its parts may be JSON texts.
func eventMessage(m map[string]any, role string) trace.Message {
	flat := map[string]any{"role": role}
	for key, v := range m {
		if key == "message" || key == "tool_calls" {
			v = structure(v)
		}
		flat[key] = v
	}
	if inner, ok := flat["message"].(map[string]any); ok && inner["role"] == nil {
		with := map[string]any{"role": role}
		for key, v := range inner {
			with[key] = v
		}
		flat["message"] = with
	} else if s, ok := flat["message"].(string); ok {
		flat["message"], flat["content"] = nil, s
	}
	if role == "tool" && flat["tool_call_id"] == nil {
		flat["tool_call_id"] = flat["id"]
	}
	msg, _ := message(flat)
	return msg
}

// asMessages reads messages, or takes the value as the text of one.
func asMessages(v any, role string) []trace.Message {
	if list := messages(v); list != nil || v == nil {
		return list
	}
	return []trace.Message{{Role: role, Parts: []trace.Part{{Type: "text", Text: textOf(v)}}}}
}

// completions reads OpenInference's text completions.
func completions(v any, wrapper, role string) (list []trace.Message) {
	entries, _ := v.([]any)
	for _, e := range entries {
		if m, ok := unwrap(e, wrapper).(map[string]any); ok {
			list = append(list, trace.Message{Role: role, Parts: []trace.Part{{Type: "text", Text: pickText(m, "text")}}})
		}
	}
	return list
}

// aiPrompt reads what the outer span of the Vercel AI SDK was called with.
func (c *content) aiPrompt() []trace.Message {
	m, ok := structure(c.at["ai.prompt"]).(map[string]any)
	if !ok {
		return nil
	}
	if list := messages(m); list != nil {
		return list
	}
	var list []trace.Message
	for _, at := range [][2]string{{"system", "system"}, {"prompt", "user"}} {
		if s := pickText(m, at[0]); s != "" {
			list = append(list, trace.Message{Role: at[1], Parts: []trace.Part{{Type: "text", Text: s}}})
		}
	}
	return list
}

// aiResponse joins what the Vercel AI SDK up to 6 spreads over attributes.
func (c *content) aiResponse() []trace.Message {
	var parts []trace.Part
	if s := pickText(c.at, "ai.response.reasoning"); s != "" {
		parts = append(parts, trace.Part{Type: "reasoning", Text: s})
	}
	if s := pickText(c.at, "ai.response.text", "ai.result.text"); s != "" {
		parts = append(parts, trace.Part{Type: "text", Text: s})
	}
	if v := pick(c.at, "ai.response.object", "ai.result.object"); v != nil {
		parts = append(parts, trace.Part{Type: "json", Data: raw(v)})
	}
	calls, _ := structure(pick(c.at, "ai.response.toolCalls", "ai.result.toolCalls")).([]any)
	for _, call := range calls {
		if m, ok := call.(map[string]any); ok {
			parts = append(parts, toolCall(m))
		}
	}
	if parts == nil {
		return nil
	}
	return []trace.Message{{Role: "assistant", Parts: parts, Finish: finishOf(pickText(c.at, "ai.response.finishReason"))}}
}

// allMessages cuts the conversation of a Pydantic AI agent before its last answer.
func (c *content) allMessages() (in, out []trace.Message) {
	list := messages(pick(c.at, "pydantic_ai.all_messages", "all_messages"))
	last := len(list)
	if last > 0 && list[last-1].Role == "assistant" {
		last--
	}
	return list[:last:last], list[last:]
}
