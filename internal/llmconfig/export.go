package llmconfig

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
)

// Export is what an application reads to use the version that was gated.
type Export struct {
	Format     string         `json:"format"` // assay.config/1
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	Digest     string         `json:"digest"`
	Model      string         `json:"model"` // provider/name
	Params     map[string]any `json:"params"`
	Messages   []ExportedTurn `json:"messages"`
	Tools      []llm.Tool     `json:"tools"`
	ToolChoice string         `json:"tool_choice,omitempty"`
	Input      map[string]any `json:"input,omitempty"`  // JSON Schema
	Output     map[string]any `json:"output,omitempty"` // JSON Schema
	Retrieval  *ExportedIndex `json:"retrieval,omitempty"`
	Guardrails []any          `json:"guardrails,omitempty"` // policies as values
	Fallbacks  []string       `json:"fallbacks,omitempty"`
}

// ExportedTurn is one message as a Jinja template with the templates that it
// reaches, by the names under which they include each other.
type ExportedTurn struct {
	Role       string            `json:"role,omitempty"`
	Template   string            `json:"template,omitempty"`
	Includes   map[string]string `json:"includes,omitempty"`
	Turns      string            `json:"turns,omitempty"` // an expression that yields a conversation
	Name       string            `json:"name,omitempty"`
	ToolCalls  []llm.ToolCall    `json:"tool_calls,omitempty"`
	ToolCallID string            `json:"tool_call_id,omitempty"`
}

// ExportedIndex is how chunks are found.
type ExportedIndex struct {
	Corpus []string       `json:"corpus"` // globs as written
	Chunk  map[string]any `json:"chunk"`
	Method string         `json:"method"`
	Query  string         `json:"query"`
	TopK   int            `json:"top_k"`
}

// Export gives the config for an application. A target has nothing to export.
func (c *Config) Export() (*Export, error) {
	if c.Target != nil {
		return nil, problem.Newf("%s is a target: the application is the configuration", c.Name).
			Wanted("a config with messages and a model")
	}
	e := &Export{
		Format: "assay.config/1", Name: c.Name, Version: c.Version(), Digest: string(c.digest), Model: c.Model.String(),
		Params: c.Params, ToolChoice: c.Choice, Input: c.Input, Output: c.Output, Messages: []ExportedTurn{}, Tools: c.tools(),
	}
	if e.Params == nil {
		e.Params = map[string]any{}
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		turn := ExportedTurn{
			Role: m.Role, Template: m.Source, Turns: m.Turns, Name: m.Name, ToolCalls: m.ToolCalls, ToolCallID: m.ToolCallID,
		}
		if m.template != nil {
			turn.Template, turn.Includes = m.exported(c.Path)
		}
		e.Messages = append(e.Messages, turn)
	}
	if r := c.Retrieval; r != nil {
		e.Retrieval = &ExportedIndex{
			Corpus: r.Globs, Method: r.Spec.Method, Query: r.Query, TopK: r.Spec.TopK, Chunk: chunkFields(r.Spec.Chunk),
		}
	}
	for _, p := range c.Policies {
		e.Guardrails = append(e.Guardrails, p.Value)
	}
	for _, f := range c.Fallbacks {
		e.Fallbacks = append(e.Fallbacks, f.String())
	}
	return e, nil
}

// exported is a message's template, and those that it reaches, by their paths:
// what they include is named by these paths too, so that a loader over the map
// finds it.
func (m *Message) exported(config string) (template string, includes map[string]string) {
	quoted := func(_ int, path string) string { return strconv.Quote(path) }
	template, reached := renamed(m.template, m.Source, m.file(config), quoted)
	for i, name := range m.template.Includes() {
		if includes == nil {
			includes = map[string]string{}
		}
		includes[name] = reached[i]
	}
	return template, includes
}

func chunkFields(s retrieve.ChunkSpec) map[string]any {
	return map[string]any{"by": s.By, "max_tokens": s.MaxTokens, "overlap": s.Overlap}
}

// Describe is the config for a person.
func (c *Config) Describe() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("config", "%s", c.Version())
	line("digest", "%s", c.digest)
	line("file", "%s (%s)", c.Path, c.From)
	if c.Description != "" {
		line("description", "%s", c.Description)
	}
	if t := c.Target; t != nil {
		line("target", "%s", strings.Join(append(t.Command, t.URL), " "))
	} else {
		line("model", "%s%s", c.Model, map[bool]string{true: "", false: " (not pinned)"}[c.pinned])
	}
	params := flatten(c.Params)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "" {
			line("param", "%s = %s", name, params[name])
		}
	}
	if r := c.Retrieval; r != nil {
		line("retrieval", "%d documents of %s, by %s, %s, top_k %d", len(r.Files), strings.Join(r.Globs, ", "), r.Spec.Chunk.By, r.Spec.Method, r.Spec.TopK)
	}
	for _, t := range c.Tools {
		line("tool", "%s", t.Name)
	}
	for _, p := range c.Policies {
		line("guardrail", "%s (carried in the version, not enforced yet)", p.Path)
	}
	for _, f := range c.Fallbacks {
		line("fallback", "%s", f)
	}
	if c.Answers != nil {
		line("answers", "%s", c.Answers.File.Path)
	}
	if why := c.Unfixed(); why != "" {
		line("unchanged", "never: %s", why)
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		where := "inline"
		if m.Path != "" {
			where = m.Path
		}
		fmt.Fprintf(&b, "\n[%s] %s\n%s\n", strings.Trim(m.label(), " ()"), where, strings.TrimRight(m.text(), "\n"))
	}
	return b.String()
}
