package llmconfig

import (
	"maps"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/extractive"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
)

// DigestFormat numbers the canonical form. It rises when the form or a default
// that a config may leave out changes.
const DigestFormat = 1

// Engines are the numbers of Assay's own parts that decide behaviour. A new
// number is a new version of every config.
func Engines() map[string]int {
	return map[string]int{
		"chunker": retrieve.ChunkerVersion, "tokenizer": retrieve.TokenizerVersion, "bm25": retrieve.BM25Version,
		"extractive": extractive.Version, "template": jinja.EngineVersion,
	}
}

// Canonical is the resolved form whose RFC 8785 JSON is digested. What is
// absent stays absent. docs/reference/digest.md specifies it.
func (c *Config) Canonical() map[string]any {
	form := map[string]any{"format": DigestFormat, "engines": c.engines}
	set := func(name string, value any, there bool) {
		if there {
			form[name] = value
		}
	}
	set("model", c.Model.String(), c.Model != llm.Ref{})
	set("params", c.Params, len(c.Params) > 0)
	set("input", c.Input, len(c.Input) > 0)
	set("output", map[string]any{"schema": c.Output}, c.Output != nil)
	set("tool_choice", c.Choice, c.Choice != "")
	set("messages", c.canonicalMessages(), len(c.Messages) > 0)
	set("tools", c.canonicalTools(), len(c.Tools) > 0)
	set("guardrails", c.canonicalPolicies(), len(c.Policies) > 0)
	set("fallbacks", c.raw["fallbacks"], len(c.Fallbacks) > 0)
	if c.Retrieval != nil {
		form["retrieval"] = c.canonicalRetrieval()
	}
	if c.Target != nil {
		form["target"] = without(c.raw["target"], "timeout")
	}
	if c.Answers != nil {
		form["answers"] = map[string]any{"fields": without(c.raw["answers"], "file"), "rows": digestText(c.Answers.File.Text)}
	}
	if c.Script != nil {
		form["script"] = c.Script.value
	}
	if c.Declared != nil {
		form["version"] = c.canonicalDeclared()
	}
	return form
}

// canonicalTemplate is a template with all templates that it reaches.
func canonicalTemplate(t *jinja.Template, text, file string) map[string]any {
	root, reached := nameless(t, text, file)
	form := map[string]any{"template": root}
	if len(reached) > 0 {
		form["includes"] = reached
	}
	return form
}

func (c *Config) canonicalMessages() []any {
	out := make([]any, len(c.Messages))
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.turns != nil {
			out[i] = map[string]any{"turns": m.Turns}
			continue
		}
		one := canonicalTemplate(m.template, m.Source, m.file(c.Path))
		one["role"] = m.Role
		if m.Name != "" {
			one["name"] = m.Name
		}
		if m.ToolCallID != "" {
			one["tool_call_id"] = m.ToolCallID
		}
		if len(m.ToolCalls) > 0 {
			one["tool_calls"] = m.ToolCalls
		}
		out[i] = one
	}
	return out
}

func (c *Config) canonicalTools() []any {
	out := make([]any, len(c.Tools))
	for i := range c.Tools {
		out[i] = c.Tools[i].value
	}
	return out
}

func (c *Config) canonicalPolicies() []any {
	out := make([]any, len(c.Policies))
	for i, p := range c.Policies {
		out[i] = p.Value
	}
	return out
}

func (c *Config) canonicalRetrieval() map[string]any {
	r := c.Retrieval
	form := without(c.raw["retrieval"], "corpus", "query")
	documents := map[string]any{}
	for _, f := range r.Files {
		documents[f.Path] = digestText(string(f.Content))
	}
	form["corpus"] = documents
	if r.written {
		form["query"] = canonicalTemplate(r.query, r.Query, c.Path)
	}
	return form
}

func (c *Config) canonicalDeclared() map[string]any {
	form := map[string]any{}
	if len(c.Declared.Files) > 0 {
		files := map[string]any{}
		for _, f := range c.Declared.Files {
			files[relative(c.Declared.Root, f.Path)] = digestText(f.Text)
		}
		form["files"] = files
	}
	if len(c.Declared.Env) > 0 {
		env := map[string]any{}
		for name, digest := range c.Declared.Env {
			env[name] = nil
			if digest != "" {
				env[name] = digest
			}
		}
		form["env"] = env
	}
	return form
}

func digestText(s string) string { return string(canonical.OfBytes([]byte(s))) }

// without is a mapping of the file, as written, without some of its fields.
func without(v any, names ...string) map[string]any {
	object, _ := v.(map[string]any)
	rest := maps.Clone(object)
	if rest == nil {
		rest = map[string]any{}
	}
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// redigest computes the digest anew.
func (c *Config) redigest() error {
	digest, err := canonical.Of(c.Canonical())
	if err != nil {
		return &problem.Problem{File: c.Path, What: err.Error(), Err: err}
	}
	c.digest = digest
	return nil
}
