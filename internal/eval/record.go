package eval

import (
	"fmt"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
)

// Format names the results file: JSON lines, a Header and then one Record for
// each case and repeat.
const Format = "assay.run/1"

// Header is the first line of a results file.
type Header struct {
	Format     string            `json:"format"` // Format
	ID         string            `json:"id"`
	Eval       string            `json:"eval"`                  // name of the eval file
	Side       string            `json:"side,omitempty"`        // candidate or baseline, when made by a gate
	Config     string            `json:"config"`                // name of the config
	Version    string            `json:"version"`               // name@12 hex digits
	Digest     canonical.Digest  `json:"digest"`                // of the config
	From       string            `json:"from"`                  // "working tree", "git:main (3f9c2a7)"
	Unfixed    string            `json:"unfixed,omitempty"`     // why the digest does not fix the behaviour
	Model      string            `json:"model"`                 // provider/name, or "target"
	Dataset    string            `json:"dataset"`               // path
	DatasetDig canonical.Digest  `json:"dataset_digest"`        // of all cases
	Evaluators map[string]string `json:"evaluators"`            // name -> digest
	Ranges     map[string]Range  `json:"ranges,omitempty"`      // of each evaluator's score
	Engines    map[string]int    `json:"engines"`               // numbers of our own engines
	Policy     canonical.Digest  `json:"policy,omitempty"`      // of the gate
	Started    int64             `json:"started"`               // UTC nanoseconds
	Cases      int               `json:"cases"`                 // of the dataset after --tag, --case and --max-cases
	Repeats    int               `json:"repeats"`               // answers for each case
	Selection  string            `json:"selection,omitempty"`   // flags that narrowed the cases
	Assay      string            `json:"assay_version"`         // of the binary that ran it
	Finished   int64             `json:"finished,omitempty"`    // UTC nanoseconds
	Totals     Totals            `json:"totals"`                // of the records that follow
	NoContent  bool              `json:"no_content,omitempty"`  // prompts and outputs were left out
	OldestCall int64             `json:"oldest_call,omitempty"` // UTC ns of the oldest cached call of an unpinned model
}

// Age says from when the oldest kept answer of an unpinned model is; "" where
// none was used.
func (h *Header) Age() string {
	if h.OldestCall == 0 {
		return ""
	}
	return fmt.Sprintf("%s is not pinned: the oldest of its kept answers is from %s UTC", h.Model, time.Unix(0, h.OldestCall).UTC().Format("2006-01-02 15:04"))
}

// Totals counts a run's records.
type Totals struct {
	Calls    int              `json:"calls"`               // made
	Cached   int              `json:"cached"`              // answered from the cache
	Recorded int              `json:"recorded,omitempty"`  // answered from a file of answers
	Errors   int              `json:"errors"`              // records with an error of the world
	SpentUSD string           `json:"spent_usd,omitempty"` // decimal, of the calls made; absent when nothing is known
	Unpriced int              `json:"unpriced,omitempty"`  // calls made whose cost is not known
	Passed   map[string]Count `json:"passed,omitempty"`    // by evaluator
	spent    int64
}

// Count is how many records an evaluator passed, of those that it judged.
type Count struct {
	Passed int `json:"passed"`
	Judged int `json:"judged"`
}

func (t *Totals) count(r *Record) {
	nanos, err := price.ParseUSD(r.CostUSD)
	switch {
	case r.Recorded:
		t.Recorded++
	case r.Cached:
		t.Cached++
	default:
		t.Calls++
		if err != nil {
			t.Unpriced++
		} else {
			t.spent += nanos
			t.SpentUSD = price.FormatUSD(t.spent)
		}
	}
	if r.Errored() {
		t.Errors++
	}
	for name, score := range r.Scores {
		if score.Outcome != evaluator.Pass && score.Outcome != evaluator.Fail {
			continue
		}
		if t.Passed == nil {
			t.Passed = map[string]Count{}
		}
		c := t.Passed[name]
		c.Judged++
		if score.Outcome == evaluator.Pass {
			c.Passed++
		}
		t.Passed[name] = c
	}
}

// Range says where an evaluator's scores lie and which way is better.
type Range struct {
	Lo          float64 `json:"lo"`
	Hi          float64 `json:"hi"`      // equal to Lo when unbounded
	Bounded     bool    `json:"bounded"` // Lo and Hi hold
	LowerBetter bool    `json:"lower_better,omitempty"`
	Graded      bool    `json:"graded,omitempty"` // scores say more than pass and fail do
}

// Record is one answer and what was thought of it.
type Record struct {
	Case         string                     `json:"case"`
	Repeat       int                        `json:"repeat,omitempty"` // 0 for the first
	CaseDigest   canonical.Digest           `json:"case_digest"`
	Line         int                        `json:"line,omitempty"` // in the dataset's file
	Tags         []string                   `json:"tags,omitempty"`
	Cluster      string                     `json:"cluster,omitempty"`
	Metadata     map[string]any             `json:"metadata,omitempty"`
	Input        map[string]any             `json:"input,omitempty"`
	Expected     any                        `json:"expected,omitempty"`
	Messages     []llm.Message              `json:"messages,omitempty"` // exactly as sent
	Documents    []llm.Document             `json:"documents,omitempty"`
	Output       string                     `json:"output"`
	OutputDigest canonical.Digest           `json:"output_digest,omitempty"`
	ToolCalls    []llm.ToolCall             `json:"tool_calls,omitempty"`
	FinishReason string                     `json:"finish_reason,omitempty"`
	Model        string                     `json:"model,omitempty"` // that answered
	Usage        llm.Usage                  `json:"usage"`
	CostUSD      string                     `json:"cost_usd,omitempty"` // decimal; absent when unknown
	Timing       llm.Timing                 `json:"timing"`
	Attempts     int                        `json:"attempts,omitempty"`
	Call         string                     `json:"call,omitempty"`   // key of the call, for `assay calls show`
	Cached       bool                       `json:"cached,omitempty"` // answered from the cache, so its timing is old
	Recorded     bool                       `json:"recorded,omitempty"`
	Failure      *llm.Error                 `json:"failure,omitempty"` // of the candidate: evaluators judge it
	Error        *llm.Error                 `json:"error,omitempty"`   // of the world: nothing was judged
	Scores       map[string]evaluator.Score `json:"scores,omitempty"`
}

// Run is a whole run in memory. Records are in dataset order, repeats together.
type Run struct {
	Header  Header
	Records []Record

	Path string // of the file it lies in; "" when it has none
}

// Errored reports whether the world failed this record: its call, or any
// evaluator that gave no score.
func (r *Record) Errored() bool {
	if r.Error != nil {
		return true
	}
	for _, s := range r.Scores {
		if s.Outcome == evaluator.Error {
			return true
		}
	}
	return false
}
