package openai

import "github.com/assay-llmops/assay/internal/llm"

// usage as servers report it.
type usage struct {
	Prompt     *int64 `json:"prompt_tokens"`
	Completion *int64 `json:"completion_tokens"`
	Total      *int64 `json:"total_tokens"`

	PromptDetails *struct {
		Cached     *int64 `json:"cached_tokens"`
		CacheWrite *int64 `json:"cache_write_tokens"` // OpenRouter
	} `json:"prompt_tokens_details"`
	CompletionDetails *struct {
		Reasoning *int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`

	CacheHit *int64 `json:"prompt_cache_hit_tokens"` // DeepSeek
}

// canonical is the usage in our words. It is unknown unless both input and
// output are there and make sense.
func (u *usage) canonical() llm.Usage {
	if u == nil || u.Prompt == nil || u.Completion == nil {
		return llm.Usage{}
	}
	out := llm.Usage{InputTokens: *u.Prompt, OutputTokens: *u.Completion, Known: true}
	if d := u.PromptDetails; d != nil {
		out.CachedTokens, out.CacheWriteTokens = value(d.Cached), value(d.CacheWrite)
	}
	if u.CacheHit != nil && out.CachedTokens == 0 {
		out.CachedTokens = *u.CacheHit
	}
	if d := u.CompletionDetails; d != nil {
		out.ReasoningTokens = value(d.Reasoning)
	}
	// Gemini and xAI leave what was thought out of completion_tokens but count
	// it in the total, and bill it as output.
	if thought := value(u.Total) - out.InputTokens - out.OutputTokens; thought > 0 {
		out.OutputTokens += thought
		out.ReasoningTokens = max(out.ReasoningTokens, thought)
	}
	if out.InputTokens < 0 || out.OutputTokens < 0 || out.CachedTokens < 0 || out.CacheWriteTokens < 0 || out.ReasoningTokens < 0 ||
		out.CachedTokens+out.CacheWriteTokens > out.InputTokens || out.ReasoningTokens > out.OutputTokens {
		return llm.Usage{}
	}
	return out
}

func value(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}
