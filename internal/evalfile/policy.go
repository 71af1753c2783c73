package evalfile

import (
	"errors"
	"strconv"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// Policy is what a change must not do.
// Confidence lies between 0.5 and 1, MaxErrorShare between 0 and 1.
type Policy struct {
	Baseline      string // "" when none is named
	Confidence    float64
	Estimand      string
	MaxErrorShare float64
	Rules         []Rule

	digest canonical.Digest
	file   string
}

// The defaults of a policy.
const (
	DefaultConfidence    = 0.95
	DefaultMaxErrorShare = 0.02
	defaultEstimand      = "population"
)

// Digest is over the whole policy but the baseline, which says with what to
// compare and not how; "" for nil.
func (p *Policy) Digest() canonical.Digest {
	if p == nil {
		return ""
	}
	return p.digest
}

// Place puts an error at a rule's line.
func (p *Policy) Place(err error, r *Rule) error {
	var one *problem.Problem
	if errors.As(err, &one) {
		return one.At(p.file, r.Line)
	}
	return (&problem.Problem{File: p.file, Line: r.Line, What: err.Error(), Err: err})
}

type policyFile struct {
	Baseline      string     `json:"baseline"`
	Confidence    *float64   `json:"confidence"`
	Estimand      string     `json:"estimand"`
	MaxErrorShare *float64   `json:"max_error_share"`
	Rules         []ruleFile `json:"rules"`
}

// policy reads the gate of a file.
func (f *File) policy(doc *yamldoc.Doc, raw *policyFile) (*Policy, error) {
	p := &Policy{
		Baseline: raw.Baseline, Confidence: DefaultConfidence, Estimand: defaultEstimand,
		MaxErrorShare: DefaultMaxErrorShare, file: doc.File,
	}
	if raw.Confidence != nil {
		p.Confidence = *raw.Confidence
	}
	if raw.Estimand != "" {
		p.Estimand = raw.Estimand
	}
	if raw.MaxErrorShare != nil {
		p.MaxErrorShare = *raw.MaxErrorShare
	}
	var problems problem.List
	if p.Estimand == "dataset" {
		wrong := doc.Problem("/gate/estimand", "estimand: dataset is not there yet")
		wrong.Want, wrong.Fix = "population: would it hold on new cases like these", "remove the line, or write estimand: population"
		problems = append(problems, wrong)
	}
	for i := range raw.Rules {
		pointer := "/gate/rules/" + strconv.Itoa(i)
		r, wrong := rule(&raw.Rules[i])
		if wrong == nil {
			wrong = f.checkMetric(r)
		}
		if wrong != nil {
			problems = append(problems, wrong.At(doc.File, doc.Line(pointer)))
			continue
		}
		r.Line = doc.Line(pointer)
		p.Rules = append(p.Rules, *r)
	}
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	var err error
	p.digest, err = canonical.Of(map[string]any{
		"confidence": p.Confidence, "estimand": p.Estimand, "max_error_share": p.MaxErrorShare, "rules": forms(p.Rules),
	})
	return p, err
}

// forms are rules as they enter the digest.
func forms(rules []Rule) []any {
	out := make([]any, len(rules))
	for i, r := range rules {
		form := map[string]any{"metric": r.Metric, "rule": r.Kind, "bound": r.Bound, "percent": r.Percent}
		if slice := r.Slice.String(); slice != "" {
			form["slice"] = slice
		}
		out[i] = form
	}
	return out
}
