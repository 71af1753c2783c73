package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
)

// EvalFormat names the JSON form of a run without a gate.
const EvalFormat = "assay.eval/1"

// evalForm is what JSON writes when there is no verdict.
type evalForm struct {
	Format  string       `json:"format"` // EvalFormat
	Run     *eval.Header `json:"run"`
	Figures *gate.Side   `json:"figures,omitempty"`
}

// JSON writes the verdict (assay.verdict/1), or for a run without a gate its
// header and figures (assay.eval/1), indented, as one object.
func JSON(w io.Writer, in *Input) error {
	var form any = in.Verdict
	if in.Verdict == nil {
		form = evalForm{Format: EvalFormat, Run: &in.Candidate.Header, Figures: in.Side}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(form); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
