package calls

import (
	"encoding/json"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
)

// Call is one request to a model or a target and what came back.
type Call struct {
	Key     string            `json:"key"`   // 64 hex digits, the digest of Parts
	Parts   map[string]string `json:"parts"` // what the key is made of, each a short digest or a value
	TraceID string            `json:"trace_id"`
	SpanID  string            `json:"span_id"`

	Run     string `json:"run,omitempty"`
	Config  string `json:"config"`
	Version string `json:"version"`
	Model   string `json:"model"` // provider/name, or "target"
	Case    string `json:"case,omitempty"`
	Repeat  int    `json:"repeat,omitempty"`

	Input     map[string]any `json:"input,omitempty"` // of the case: what the messages were rendered with
	Request   *llm.Request   `json:"request,omitempty"`
	Documents []llm.Document `json:"documents,omitempty"` // retrieved before the call
	Reply     *llm.Reply     `json:"reply,omitempty"`
	Failure   *llm.Error     `json:"failure,omitempty"` // of the candidate
	CostNanos *int64         `json:"cost_nanos,omitempty"`
	Start     int64          `json:"start"` // UTC nanoseconds
	End       int64          `json:"end"`
}

// Age is how long ago the call was made.
func (c *Call) Age(now time.Time) time.Duration { return now.Sub(time.Unix(0, c.Start)) }

// Key is the digest of the parts that make up a call's identity.
func Key(parts map[string]string) (string, error) {
	digest, err := canonical.Quick(parts)
	return string(digest), err
}

// Entry is a line of the journal: a call that was made, answered or not.
type Entry struct {
	Time       int64             `json:"time"` // UTC nanoseconds, when it started
	Key        string            `json:"key"`
	Parts      map[string]string `json:"parts,omitempty"`
	Run        string            `json:"run,omitempty"`
	Config     string            `json:"config"`
	Version    string            `json:"version"`
	Model      string            `json:"model"`
	Case       string            `json:"case,omitempty"`
	Repeat     int               `json:"repeat,omitempty"`
	Purpose    string            `json:"purpose,omitempty"` // "judge NAME" where an evaluator asked
	Usage      llm.Usage         `json:"usage"`
	CostUSD    string            `json:"cost_usd,omitempty"` // decimal; absent when unknown
	DurationMS float64           `json:"duration_ms"`
	TTFTMS     float64           `json:"ttft_ms,omitempty"`
	Attempts   int               `json:"attempts,omitempty"`
	Finish     string            `json:"finish_reason,omitempty"`
	Error      *llm.Error        `json:"error,omitempty"`
}

// Append writes a line to the journal. Lines of several processes do not mix.
func (s *Store) Append(e *Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.journal.Write(append(line, '\n')); err != nil {
		return WriteProblem(s.dir, err)
	}
	return nil
}
