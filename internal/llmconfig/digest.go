package llmconfig

import (
	"encoding/json"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/extractive"
	"github.com/assay-llmops/assay/internal/retrieve"
)

// DigestFormat numbers the canonical form.
const DigestFormat = 1

// Engines are the numbers of Assay's own parts that decide behaviour. A new
// number is a new version of every config that uses the part.
func Engines() map[string]int {
	return map[string]int{
		"chunker": retrieve.ChunkerVersion, "tokenizer": retrieve.TokenizerVersion, "bm25": retrieve.BM25Version,
		"extractive": extractive.Version, "template": jinja.EngineVersion,
	}
}

// Canonical is the resolved form whose RFC 8785 JSON is digested. What is
// absent stays absent. docs/reference/digest.md specifies it.
func (c *Config) Canonical() any {
	form := map[string]any{"format": DigestFormat, "engines": Engines()}
	set := func(name string, value any, there bool) {
		if there {
			form[name] = value
		}
	}
	set("model", c.Model.String(), c.Model != llm.Ref{})
	set("params", c.Params, c.Params != nil)
	set("input", c.Input, c.Input != nil)
	set("output", map[string]any{"schema": c.Output}, c.Output != nil)
	set("tool_choice", c.Choice, c.Choice != "")
	set("messages", c.canonicalMessages(), len(c.Messages) > 0)
	set("tools", c.canonicalTools(), len(c.Tools) > 0)
	if c.Retrieval != nil {
		form["retrieval"] = c.canonicalRetrieval()
	}
	if len(c.Policies) > 0 {
		policies := make([]any, len(c.Policies))
		for i, p := range c.Policies {
			policies[i] = p.Value
		}
		form["guardrails"] = policies
	}
	if len(c.Fallbacks) > 0 {
		names := make([]string, len(c.Fallbacks))
		for i, f := range c.Fallbacks {
			names[i] = f.String()
		}
		form["fallbacks"] = names
	}
	if c.Target != nil {
		form["target"] = c.canonicalTarget()
	}
	if c.Answers != nil {
		form["answers"] = map[string]any{"fields": withoutFile(c.Answers.raw), "rows": digestText(c.Answers.File.Text)}
	}
	if c.Script != nil {
		form["script"] = digestText(c.Script.Text)
	}
	if d := c.Declared; d != nil {
		files := map[string]any{}
		for _, f := range d.Files {
			files[f.Path] = digestText(f.Text)
		}
		form["version"] = map[string]any{"files": files, "env": d.Env}
	}
	return form
}

// canonicalMessages inlines the templates with every template that they reach,
// in the order of first mention. The names of template files do not count, but
// a template says itself which others it names: a renamed include is a changed
// template.
func (c *Config) canonicalMessages() []any {
	out := make([]any, len(c.Messages))
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.turns != nil {
			out[i] = map[string]any{"turns": m.Turns}
			continue
		}
		one := map[string]any{"role": m.Role, "template": m.Source}
		if included := m.template.Sources(); len(included) > 0 {
			one["includes"] = included
		}
		if m.Name != "" {
			one["name"] = m.Name
		}
		if m.ToolCallID != "" {
			one["tool_call_id"] = m.ToolCallID
		}
		out[i] = one
	}
	return out
}

func (c *Config) canonicalTools() []llm.Tool {
	out := make([]llm.Tool, len(c.Tools))
	for i, t := range c.Tools {
		out[i] = t.Tool
	}
	return out
}

func (c *Config) canonicalRetrieval() any {
	r := c.Retrieval
	documents := map[string]any{}
	for _, f := range r.Files {
		documents[f.Path] = digestText(string(f.Content))
	}
	return map[string]any{
		"corpus": documents, "method": r.Spec.Method, "top_k": r.Spec.TopK, "query": r.Query,
		"chunk": map[string]any{"by": r.Spec.Chunk.By, "max_tokens": r.Spec.Chunk.MaxTokens, "overlap": r.Spec.Chunk.Overlap},
	}
}

func (c *Config) canonicalTarget() any {
	t := c.Target
	out := map[string]any{"protocol": "oneshot"}
	if t.Lines {
		out["protocol"] = "jsonl"
	}
	if t.URL != "" {
		out["url"] = t.URL
	}
	if t.Command != nil {
		out["command"] = t.Command
	}
	if t.Prepare != nil {
		out["prepare"] = t.Prepare
	}
	return out
}

func digestText(s string) string { return string(canonical.OfBytes([]byte(s))) }

// withoutFile drops the name of the answers' file: its content counts.
func withoutFile(raw any) any {
	fields := map[string]any{}
	text, err := json.Marshal(raw)
	if err != nil {
		return raw
	}
	if json.Unmarshal(text, &fields) != nil {
		return raw
	}
	delete(fields, "file")
	return fields
}
