package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/trace"
)

// printSpan shows a span in full, as people read it.
func (c *console) printSpan(s *api.Step) {
	c.printf("%s %s, %s, %s\n", s.Kind, onOneLine.Replace(s.Name), s.Status, lasted(s.DurationMS))
	c.printf("trace %s span %s\n", s.TraceID, s.SpanID)
	tool := ""
	if s.Content != nil && s.ToolCall != nil {
		tool = s.ToolCall.Name
	}
	for _, f := range [][2]string{
		{"tool", tool}, {"model", s.Model}, {"provider", s.Provider}, {"reason", s.Reason}, {"finish", s.Finish}, {"config", s.Config}, {"version", s.Version}, {"label", s.Label},
		{"user", s.User}, {"session", s.Session}, {"feature", s.Feature}, {"tags", strings.Join(s.Tags, ", ")}, {"environment", s.Environment}, {"service", s.Service},
	} {
		if f[1] != "" {
			c.printf("%s %s\n", f[0], onOneLine.Replace(f[1]))
		}
	}
	if s.Usage != nil {
		c.printf("tokens %d→%d\n", s.Usage.InputTokens, s.Usage.OutputTokens)
	}
	if s.CostUSD != "" {
		c.printf("cost $%s\n", s.CostUSD)
	}
	if s.TTFTMS != nil {
		c.printf("first token after %s\n", lasted(s.TTFTMS))
	}
	if s.Content != nil {
		c.printContent(s.Content)
	}
}

// printContent shows what a span holds.
func (c *console) printContent(s *api.Content) {
	if s.Problem != "" {
		c.printf("\n%s\n", s.Problem)
	}
	c.values("params", s.Params)
	c.section("query", s.Query)
	for i, d := range s.Documents {
		score := ""
		if d.Score != nil {
			score = fmt.Sprintf(", score %g", *d.Score)
		}
		c.section(fmt.Sprintf("document %d: %s%s", i+1, orElse(d.Source, d.ID), score), d.Content)
	}
	c.messages(s.InputMessages)
	c.section("input", s.InputText)
	if s.ToolCall != nil {
		c.section("call of "+s.ToolCall.Name, string(s.ToolCall.Arguments))
		c.section("result", string(s.ToolCall.Result))
	}
	c.messages(s.OutputMessages)
	c.section("output", s.OutputText)
	c.section("status", s.StatusText)
	for _, e := range s.Exceptions {
		text := e.Message
		if e.Stack != "" {
			text += "\n" + e.Stack
		}
		c.section("exception "+e.Type, strings.TrimPrefix(text, "\n"))
	}
	for i := range s.Evaluations {
		c.section("evaluation", scoreLine(&s.Evaluations[i]))
	}
	c.values("metadata", s.Metadata)
	for _, e := range s.Events {
		if e.Name != "exception" { // shown above
			c.section("event "+e.Name, strings.Join(pairs(e.Attributes), "\n"))
		}
	}
	others := maps.Clone(s.Attributes)
	maps.DeleteFunc(others, func(name string, _ any) bool { return isContent(name) })
	c.values("attributes", others)
}

// isContent says that an attribute holds what is shown as messages, documents,
// input or output.
func isContent(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "."), func(part string) bool {
		switch part {
		case "messages", "input_messages", "output_messages", "input", "output", "prompt", "prompts", "completion", "completions", "documents", "system_instructions", "arguments", "result":
			return true
		}
		return false
	})
}

// values shows named values, a line each.
func (c *console) values(head string, all map[string]any) {
	c.section(head, strings.Join(pairs(all), "\n"))
}

func pairs(all map[string]any) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		text, isText := all[name].(string)
		if !isText {
			data, err := json.Marshal(all[name])
			if err != nil {
				continue // it came as JSON
			}
			text = string(data)
		}
		lines = append(lines, name+": "+onOneLine.Replace(text))
	}
	return lines
}

func (c *console) section(head, text string) {
	if text != "" {
		c.printf("\n[%s]\n%s\n", onOneLine.Replace(head), strings.TrimRight(text, "\n"))
	}
}

func (c *console) messages(list []trace.Message) {
	for _, m := range list {
		var parts []string
		for i := range m.Parts {
			parts = append(parts, partText(&m.Parts[i]))
		}
		c.section(m.Role, strings.Join(parts, "\n"))
	}
}

// partText is a piece of a message for people.
func partText(p *trace.Part) string {
	switch p.Type {
	case "text":
		return p.Text
	case "reasoning":
		return "(reasoning) " + p.Text
	case "tool_call":
		return fmt.Sprintf("calls %s(%s)", p.Name, p.Arguments)
	case "tool_result":
		var text string
		if json.Unmarshal(p.Result, &text) != nil {
			text = string(p.Result)
		}
		return "result of " + orElse(p.Name, orElse(p.ID, "a tool")) + ": " + text
	}
	return fmt.Sprintf("(%s %s)", p.Type, orElse(p.URI, p.MIME))
}
