package llmconfig

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// vars are the names that templates see.
func (c *Config) vars(input map[string]any, documents []llm.Document, tags []string) map[string]any {
	vars := make(map[string]any, len(input)+4)
	for name, value := range input {
		vars[name] = value
	}
	docs := make([]any, len(documents))
	for i, d := range documents {
		docs[i] = map[string]any{"id": d.ID, "source": d.Source, "content": d.Content, "score": d.Score}
	}
	list := make([]any, len(tags))
	for i, t := range tags {
		list[i] = t
	}
	vars["input"], vars["documents"], vars["tags"] = input, docs, list
	vars["config"] = map[string]any{"name": c.Name, "version": c.Version()}
	return vars
}

// Query renders the retrieval query of a case.
func (c *Config) Query(ctx context.Context, input map[string]any, tags []string) (string, error) {
	text, err := c.Retrieval.query.Render(ctx, c.vars(input, nil, tags))
	if err != nil {
		return "", fmt.Errorf("rendering the query: %w", c.inline(err))
	}
	return text, nil
}

// Prompt renders the messages for a case and gives the whole request, without
// what is about the case itself.
func (c *Config) Prompt(ctx context.Context, input map[string]any, documents []llm.Document, tags []string) (*llm.Request, error) {
	r := &llm.Request{Model: c.Model, Params: c.Params, OutputSchema: nil}
	vars := c.vars(input, documents, tags)
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.turns != nil {
			turns, err := m.conversation(ctx, vars)
			if err != nil {
				return nil, err
			}
			r.Messages = append(r.Messages, turns...)
			continue
		}
		text, err := m.template.Render(ctx, vars)
		if err != nil {
			return nil, fmt.Errorf("rendering the %s message: %w", m.Role, c.inline(err))
		}
		r.Messages = append(r.Messages, llm.Message{
			Role: m.Role, Content: text, Name: m.Name, ToolCallID: m.ToolCallID, ToolCalls: m.ToolCalls,
		})
	}
	r.Tools = c.tools()
	if c.Choice != "" {
		r.ToolChoice = c.Choice
	}
	if c.Output != nil {
		schema, err := json.Marshal(c.Output)
		if err != nil {
			return nil, fmt.Errorf("writing the output schema: %w", err)
		}
		r.OutputSchema = schema
	}
	return r, nil
}

// tools are the functions as a request has them.
func (c *Config) tools() []llm.Tool {
	var list []llm.Tool
	for i := range c.Tools {
		list = append(list, c.Tools[i].Tool)
	}
	return list
}

// conversation evaluates a list of turns.
func (m *Message) conversation(ctx context.Context, vars map[string]any) ([]llm.Message, error) {
	v, err := m.turns.Eval(ctx, vars)
	if err != nil {
		return nil, fmt.Errorf("rendering the conversation: %w", err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("rendering the conversation: %w", err)
	}
	var turns []llm.Message
	if err := json.Unmarshal(text, &turns); err != nil {
		return nil, problem.Newf("turns %s is not a conversation", m.Turns).Wanted("a list of {role, content}")
	}
	for i, t := range turns {
		if t.Role == "" {
			return nil, problem.Newf("turn %d of %s has no role", i+1, m.Turns).Wanted("a list of {role, content}")
		}
	}
	return turns, nil
}
