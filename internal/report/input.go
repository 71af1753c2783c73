package report

import (
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
)

// Input is what a report is about. Candidate is required. Records may be slim,
// without content: a form shows what there is.
type Input struct {
	Verdict   *gate.Verdict // nil for a run without a gate
	Candidate *eval.Run
	Baseline  *eval.Run  // nil when there is none; the candidate's run when nothing changed
	Side      *gate.Side // figures of Candidate where there is no verdict; may be nil
}

// name is the eval file's name.
func (in *Input) name() string {
	if in.Verdict != nil && in.Verdict.Eval != "" {
		return in.Verdict.Eval
	}
	return in.Candidate.Header.Eval
}

// figures are the candidate's figures; nil when nobody computed them.
func (in *Input) figures() *gate.Side {
	if in.Verdict != nil {
		return &in.Verdict.Candidate
	}
	return in.Side
}

// baselineFigures are the figures of a baseline that differs from the
// candidate; nil otherwise.
func (in *Input) baselineFigures() *gate.Side {
	if in.Verdict == nil || in.Verdict.Unchanged {
		return nil
	}
	return in.Verdict.Baseline
}

// other is the run to lay beside the candidate's; nil when there is none or
// when it is the same run.
func (in *Input) other() *eval.Run {
	if in.Baseline == nil || in.Baseline == in.Candidate {
		return nil
	}
	if in.Verdict != nil && in.Verdict.Unchanged {
		return nil
	}
	return in.Baseline
}

// metric finds a figure of a side; nil when the side has none of that name.
func metric(side *gate.Side, name, slice string) *gate.Metric {
	if side == nil {
		return nil
	}
	for i := range side.Metrics {
		if m := &side.Metrics[i]; m.Name == name && m.Slice == slice {
			return m
		}
	}
	return nil
}
