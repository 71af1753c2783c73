package captured

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
)

// Conventions cut a conversation into messages differently: two results of tools
// are two messages for OpenAI and one with two parts elsewhere, and a result
// comes from "tool" or from "user". What must be equal is the sequence of texts,
// calls and results, one line each here.

// flatSpan is the conversation as a span tells it.
func flatSpan(messages []trace.Message) []string {
	var lines []string
	for i := range messages {
		m := &messages[i]
		for j := range m.Parts {
			switch p := &m.Parts[j]; p.Type {
			case "text":
				lines = append(lines, textLine(m.Role, p.Text)...)
			case "tool_call":
				lines = append(lines, callLine(p.ID, p.Name, string(p.Arguments)))
			case "tool_result":
				result := string(p.Result)
				if len(p.Result) == 0 {
					result = p.Text
				}
				lines = append(lines, resultLine(p.ID, result))
			default:
				lines = append(lines, p.Type+": "+p.Text+string(p.Data))
			}
		}
	}
	return lines
}

// flatWire is the conversation as it went over the wire.
func flatWire(messages []Message) []string {
	var lines []string
	for i := range messages {
		m := &messages[i]
		if m.Role == "tool" {
			lines = append(lines, resultLine(m.ToolCallID, contentText(m.Content)))
			continue
		}
		lines = append(lines, textLine(m.Role, contentText(m.Content))...)
		for _, c := range m.ToolCalls {
			lines = append(lines, callLine(c.ID, c.Function.Name, c.Function.Arguments))
		}
	}
	return lines
}

func textLine(role, text string) []string {
	if text == "" {
		return nil
	}
	if role == "developer" { // OpenAI's newer name
		role = "system"
	}
	return []string{role + ": " + text}
}

func callLine(id, name, arguments string) string {
	return fmt.Sprintf("call %s: %s(%s)", id, name, loose(arguments))
}

func resultLine(id, result string) string { return fmt.Sprintf("result of %s: %s", id, loose(result)) }

// contentText is the text of a message's content, a string or a list of parts.
func contentText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return string(raw)
	}
	var all []string
	for _, p := range parts {
		all = append(all, p.Text)
	}
	return strings.Join(all, "\n")
}

// loose is JSON in one form whatever its spacing and order, also when it came as
// a JSON string of JSON; other text stays as it is.
func loose(text string) string {
	for range 3 {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return text
		}
		inner, ok := v.(string)
		if !ok {
			out, err := json.Marshal(v)
			if err != nil {
				return text
			}
			return string(out)
		}
		text = inner
	}
	return text
}
