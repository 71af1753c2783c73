package semconv

import (
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
)

// messages reads a list of messages in any convention's shape, or an object
// that holds one, as requests and replies do. It is nil when v is neither.
func messages(v any) (list []trace.Message) {
	switch v := structure(v).(type) {
	case []any:
		for _, e := range v {
			if inner, ok := e.([]any); ok { // LangChain: a list for each prompt
				list = append(list, messages(inner)...)
				continue
			}
			m, ok := message(e)
			if !ok {
				return nil
			}
			list = append(list, m)
		}
	case map[string]any:
		for _, key := range []string{"messages", "choices", "generations"} {
			if inner, ok := structure(v[key]).([]any); ok {
				list = messages(inner)
				if system, ok := v["system"].(string); ok && system != "" && list != nil {
					list = append([]trace.Message{{Role: "system", Parts: []trace.Part{{Type: "text", Text: system}}}}, list...)
				}
				return list
			}
		}
		if m, ok := message(v); ok {
			return []trace.Message{m}
		}
	}
	return list
}

// roles are other names of who speaks.
var roles = map[string]string{
	"human": "user", "HumanMessage": "user", "ai": "assistant", "AIMessage": "assistant", "AIMessageChunk": "assistant", "model": "assistant",
	"SystemMessage": "system", "ToolMessage": "tool",
}

// message reads one message: OpenTelemetry's with parts, OpenAI's with content
// and tool_calls, LangChain's with kwargs, a choice or generation around one,
// or OpenInference's, of which flattening has left the wrapper "message".
func message(v any) (msg trace.Message, ok bool) {
	m, ok := structure(v).(map[string]any)
	if !ok {
		return msg, false
	}
	finish := pickText(m, "finish_reason", "finishReason", "stop_reason")
	if inner, ok := m["message"].(map[string]any); ok {
		if info, ok := m["generation_info"].(map[string]any); ok && finish == "" {
			finish = pickText(info, "finish_reason")
		}
		m = inner
	}
	role := pickText(m, "role")
	if inner, ok := m["kwargs"].(map[string]any); ok && role == "" {
		if id, ok := m["id"].([]any); ok && len(id) > 0 {
			role, _ = id[len(id)-1].(string)
		}
		m = inner
	}
	if role == "" {
		role = pickText(m, "type")
		if _, known := roles[role]; !known && role != "system" && role != "tool" && role != "user" && role != "assistant" {
			role = ""
		}
	}
	if known, ok := roles[role]; ok {
		role = known
	}
	if finish == "" {
		finish = pickText(m, "finish_reason", "finishReason", "stop_reason")
	}
	msg = trace.Message{Role: role, Name: pickText(m, "name"), Finish: finishOf(finish)}
	msg.Parts = partsOfMessage(m, role)
	if role == "tool" {
		msg.Name = ""
	}
	return msg, role != ""
}

func partsOfMessage(m map[string]any, role string) (list []trace.Part) {
	if text := pickText(m, "reasoning_content", "reasoning"); text != "" {
		list = append(list, trace.Part{Type: "reasoning", Text: text})
	}
	body := pick(m, "parts", "contents", "content")
	if id := pickText(m, "tool_call_id", "toolCallId"); role == "tool" && (id != "" || isText(body)) && m["parts"] == nil && !holdsResults(body) {
		if oi, ok := m["contents"].([]any); ok && len(oi) == 1 {
			body = parts1(oi)
		}
		return append(list, trace.Part{Type: "tool_result", ID: firstOf(id, pickText(m, "id")), Name: pickText(m, "name"), Result: raw(body)})
	}
	list = append(list, contentParts(body)...)
	calls, _ := structure(m["tool_calls"]).([]any)
	for _, call := range calls {
		if c, ok := unwrap(call, "tool_call").(map[string]any); ok {
			list = append(list, toolCall(c))
		}
	}
	if call, ok := m["function_call"].(map[string]any); ok {
		list = append(list, toolCall(call))
	} else if name := pickText(m, "function_call_name"); name != "" { // OpenInference, before tool calls
		list = append(list, trace.Part{Type: "tool_call", Name: name, Arguments: raw(m["function_call_arguments_json"])})
	}
	return list
}

// parts1 is the text of a single content, else the list itself.
func parts1(list []any) any {
	if p := part(list[0]); p.Type == "text" {
		return p.Text
	}
	return list
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// holdsResults reports whether a content lists results of tools by itself.
func holdsResults(v any) bool {
	list, _ := v.([]any)
	for _, e := range list {
		if part(e).Type == "tool_result" {
			return true
		}
	}
	return false
}

// contentParts reads the content of a message. A text is a text, whatever it
// looks like; only OpenLLMetry's lists of parts come as JSON in a text.
func contentParts(v any) (list []trace.Part) {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if parts, ok := structure(v).([]any); ok && allTyped(parts) {
			return contentParts(parts)
		}
		return []trace.Part{{Type: "text", Text: v}}
	case []any:
		for _, e := range v {
			list = append(list, part(e))
		}
		return list
	default:
		return []trace.Part{part(v)}
	}
}

// allTyped reports whether all elements are parts of a type that is known here.
func allTyped(list []any) bool {
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return false
		}
		word, _ := m["type"].(string)
		if _, known := partTypes[word]; !known {
			return false
		}
	}
	return len(list) > 0
}

// partTypes are the words for types of parts.
var partTypes = map[string]string{
	"text": "text", "input_text": "text", "output_text": "text",
	"reasoning": "reasoning", "thinking": "reasoning",
	"tool_call": "tool_call", "tool-call": "tool_call", "tool_use": "tool_call", "function": "tool_call", "function_call": "tool_call", "server_tool_call": "tool_call",
	"tool_call_response": "tool_result", "tool-result": "tool_result", "tool_result": "tool_result", "tool_response": "tool_result",
	"function_call_output": "tool_result", "server_tool_call_response": "tool_result",
	"image": "image", "image_url": "image", "input_image": "image", "image-url": "image",
	"audio": "audio", "input_audio": "audio", "audio-url": "audio",
	"file": "file", "document": "file", "document-url": "file", "blob": "blob", "uri": "uri",
}

func unwrap(v any, key string) any {
	if m, ok := v.(map[string]any); ok {
		if inner, ok := m[key].(map[string]any); ok {
			return inner
		}
	}
	return v
}

// part reads one part of a message.
func part(v any) trace.Part {
	v = unwrap(unwrap(v, "message_content"), "tool_call")
	if s, ok := v.(string); ok {
		return trace.Part{Type: "text", Text: s}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return trace.Part{Type: "json", Data: raw(v)}
	}
	if p, ok := wrappedPart(m); ok {
		return p
	}
	word := pickText(m, "type")
	kind, known := partTypes[word]
	if word == "" {
		kind = guessPart(m)
	} else if !known {
		kind = word
	}
	switch kind {
	case "text":
		return trace.Part{Type: kind, Text: pickText(m, "text", "content")}
	case "reasoning":
		return trace.Part{Type: kind, Text: pickText(m, "content", "thinking", "text", "reasoning")}
	case "tool_call":
		return toolCall(m)
	case "tool_result":
		return trace.Part{
			Type: kind, ID: pickText(m, "id", "tool_call_id", "toolCallId", "tool_use_id", "call_id"), Name: pickText(m, "name", "toolName"),
			Result: raw(toolOutput(pick(m, "response", "result", "output", "content"))),
		}
	case "image", "audio", "file", "blob", "uri":
		return media(kind, m, v)
	default:
		return trace.Part{Type: firstOf(kind, "json"), Data: raw(v)}
	}
}

// wrappedPart reads the parts of Gemini and of Bedrock, whose type is the name
// of their only field.
func wrappedPart(m map[string]any) (p trace.Part, ok bool) {
	for _, key := range []string{"functionCall", "function_call", "toolUse"} {
		if inner, ok := m[key].(map[string]any); ok {
			p = toolCall(inner)
			p.ID = firstOf(p.ID, pickText(inner, "toolUseId"))
			return p, true
		}
	}
	for _, key := range []string{"functionResponse", "function_response", "toolResult"} {
		if inner, ok := m[key].(map[string]any); ok {
			return trace.Part{
				Type: "tool_result", ID: pickText(inner, "id", "toolUseId"), Name: pickText(inner, "name"), Result: raw(pick(inner, "response", "content")),
			}, true
		}
	}
	return p, false
}

// toolOutput takes the result out of the wrapper of the Vercel AI SDK, which
// says of what type it is.
func toolOutput(v any) any {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 2 || m["value"] == nil {
		return v
	}
	switch m["type"] {
	case "json", "text", "error-text", "error-json", "content":
		return m["value"]
	default:
		return v
	}
}

func guessPart(m map[string]any) string {
	switch {
	case m["function"] != nil, m["arguments"] != nil, m["args"] != nil:
		return "tool_call"
	case isText(m["text"]), isText(m["content"]):
		return "text"
	default:
		return ""
	}
}

func toolCall(m map[string]any) trace.Part {
	id := pickText(m, "id", "toolCallId", "tool_call_id", "call_id")
	if f, ok := m["function"].(map[string]any); ok {
		m = f
	}
	return trace.Part{Type: "tool_call", ID: id, Name: pickText(m, "name", "toolName"), Arguments: raw(pick(m, "arguments", "args", "input"))}
}

// media is a picture, a sound or a file: where it is, or the part as sent.
func media(kind string, m map[string]any, sent any) trace.Part {
	p := trace.Part{Type: kind, MIME: pickText(m, "mime_type", "mimeType", "media_type", "mediaType")}
	if modality := pickText(m, "modality"); modality == "image" || modality == "audio" {
		p.Type = modality
	} else if strings.HasPrefix(p.MIME, "image/") {
		p.Type = "image"
	} else if kind == "blob" {
		p.Type = "file"
	}
	for v := pick(m, "uri", "url", "image_url", "image", "file_id"); v != nil; {
		if inner, ok := v.(map[string]any); ok {
			v = pick(inner, "url", "image")
			continue
		}
		if s, ok := v.(string); ok && !strings.HasPrefix(s, "data:") {
			p.URI = s
		}
		break
	}
	if p.URI == "" {
		p.Data = raw(sent)
	}
	return p
}

// toolDefinition reads a tool in any vendor's shape.
func toolDefinition(v any) (t trace.Tool, ok bool) {
	m, ok := structure(v).(map[string]any)
	if !ok {
		return t, false
	}
	if inner, ok := unwrap(m, "tool").(map[string]any); ok {
		m = inner
	}
	if schema, ok := structure(m["json_schema"]).(map[string]any); ok { // OpenInference
		m = schema
	}
	t.Type = pickText(m, "type")
	if f, ok := m["function"].(map[string]any); ok {
		m = f
	}
	t.Name, t.Description = pickText(m, "name"), pickText(m, "description")
	t.Parameters = raw(pick(m, "parameters", "input_schema", "inputSchema", "parameters_json_schema"))
	return t, t.Name != ""
}
