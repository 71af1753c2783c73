package evaluator

import (
	"github.com/assay-llmops/assay/internal/llm"
)

// Subject is one answer to one case, with everything that may be judged of it.
// Evaluators do not change it.
type Subject struct {
	CaseID   string
	Repeat   int // 0 for the first answer
	Input    map[string]any
	Expected any
	Tags     []string
	Metadata map[string]any

	Output    string // JSON where the answer is a value
	Documents []llm.Document
	ToolCalls []llm.ToolCall

	Usage        llm.Usage
	CostNanos    *int64 // nano-dollars; nil when not known
	Timing       llm.Timing
	Cached       bool       // answered from the cache, so that Timing is of another run
	Failure      *llm.Error // what the candidate did wrong; nil when it answered
	FinishReason string     // why the model stopped, as the provider says it

	ConfigName string
	Version    string // NAME@12hex
}
