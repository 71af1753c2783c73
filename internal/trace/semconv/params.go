package semconv

import (
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
)

// paramObjects hold parameters as one object, and are asked first.
var paramObjects = []string{"langfuse.observation.model.parameters", "embedding.invocation_parameters", "llm.invocation_parameters"}

// paramPrefixes hold one parameter each; later ones go before earlier ones.
var paramPrefixes = []string{"ai.settings.", "gen_ai.openai.request.", "openai.request.", "gen_ai.request."}

// paramNames are single attributes with the parameter that they are.
var paramNames = [][2]string{
	{"llm.top_k", "top_k"}, {"llm.frequency_penalty", "frequency_penalty"}, {"llm.presence_penalty", "presence_penalty"},
	{"llm.chat.stop_sequences", "stop_sequences"}, {"llm.is_streaming", "stream"}, {"gen_ai.is_streaming", "stream"}, {"gen_ai.output.type", "output_type"},
}

// params are the parameters of the request, by short names with underscores.
func (c *content) params() map[string]any {
	out := map[string]any{}
	set := func(name string, v any) {
		switch {
		case v == nil, name == "model", name == "model_name", name == "_type", strings.HasPrefix(name, "headers"), strings.HasPrefix(name, "context."):
		default:
			out[name] = plain(v)
		}
	}
	for _, key := range paramObjects {
		m, _ := structure(c.at[key]).(map[string]any)
		for name, v := range m {
			set(snake(name), v)
		}
	}
	for _, at := range paramNames {
		set(at[1], c.at[at[0]])
	}
	for _, prefix := range paramPrefixes {
		for key, v := range c.at {
			if name, ok := strings.CutPrefix(key, prefix); ok && name != "" {
				set(snake(name), v)
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// snake writes maxOutputTokens as max_output_tokens.
func snake(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// metadata are the user's own keys, of every convention: the keys are theirs,
// so that none hides another's meaning.
func (c *content) metadata() map[string]any {
	out := map[string]any{}
	for _, key := range metadataKeys {
		prefix, family := strings.CutSuffix(key, "*")
		if !family {
			m, _ := structure(c.at[key]).(map[string]any)
			for name, v := range m {
				out[name] = plain(v)
			}
			continue
		}
		for at, v := range c.at {
			if name, ok := strings.CutPrefix(at, prefix); ok && name != "" {
				out[name] = plain(v)
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// prompt is the template that the messages were made of.
func (c *content) prompt() *trace.PromptRef {
	ref := trace.PromptRef{Template: c.text(templateKeys)}
	for i := range sources {
		switch sources[i].fact {
		case prompt:
			ref.Name = c.text(sources[i].keys)
		case promptVersion:
			ref.Version = c.text(sources[i].keys)
		}
	}
	if m, ok := structure(c.at["ai.telemetry.metadata.langfusePrompt"]).(map[string]any); ok {
		ref.Name, ref.Version = firstOf(ref.Name, pickText(m, "name")), firstOf(ref.Version, pickText(m, "version"))
	}
	if ref == (trace.PromptRef{}) {
		return nil
	}
	return &ref
}
