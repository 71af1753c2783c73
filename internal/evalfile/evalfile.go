// Package evalfile reads eval files: what to ask, how to score it, and the
// gate's policy.
package evalfile

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// File is an eval file that was read and checked, but for what it names.
type File struct {
	Name        string
	Description string
	Path        string // in the tree
	Config      string // name, or path relative to the file
	ConfigLine  int
	Dataset     string // path in the tree
	Map         dataset.Mapping
	Repeats     int // at least 1
	Evaluators  []evaluator.Spec
	Gate        *Policy // nil when absent
}

// Policy is what a change must not do.
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

// Rule is one metric with its bound or margin.
type Rule struct {
	Metric  string
	Kind    string  // at_least, at_most, not_worse_by or better_by
	Bound   float64 // a fraction when Percent
	Percent bool
	Written string // the bound as the file has it
	Slice   Slice
	Line    int
}

// String is the rule in words of the file.
func (r *Rule) String() string {
	s := r.Metric + " " + r.Kind + " " + r.Written
	if slice := r.Slice.String(); slice != "" {
		s += " (" + slice + ")"
	}
	return s
}

// Slice is the cases that a rule is about; the zero Slice is all of them.
type Slice struct {
	Tag      string
	Metadata map[string]string // every one of them must hold
}

// String is "tag=billing", or "" for all cases.
func (s Slice) String() string {
	var parts []string
	if s.Tag != "" {
		parts = append(parts, "tag="+s.Tag)
	}
	names := make([]string, 0, len(s.Metadata))
	for name := range s.Metadata {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		parts = append(parts, name+"="+s.Metadata[name])
	}
	return strings.Join(parts, ",")
}

// Holds reports whether a case with these tags and metadata is in the slice.
func (s Slice) Holds(tags []string, metadata map[string]any) bool {
	if s.Tag != "" && !slices.Contains(tags, s.Tag) {
		return false
	}
	for name, want := range s.Metadata {
		if have, ok := metadata[name]; !ok || fmt.Sprint(have) != want {
			return false
		}
	}
	return true
}

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
	if one, ok := err.(*problem.Problem); ok { //nolint:errorlint // not wrapped where this is used
		return one.At(p.file, r.Line)
	}
	return (&problem.Problem{File: p.file, Line: r.Line, What: err.Error(), Err: err})
}

type file struct {
	Schema      string          `json:"$schema"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Config      string          `json:"config"`
	Dataset     json.RawMessage `json:"dataset"`
	Repeats     int             `json:"repeats"`
	Evaluators  []any           `json:"evaluators"`
	Gate        *policyFile     `json:"gate"`
}

type policyFile struct {
	Baseline      string     `json:"baseline"`
	Confidence    *float64   `json:"confidence"`
	Estimand      string     `json:"estimand"`
	MaxErrorShare *float64   `json:"max_error_share"`
	Rules         []ruleFile `json:"rules"`
}

type ruleFile struct {
	Metric     string          `json:"metric"`
	AtLeast    json.RawMessage `json:"at_least"`
	AtMost     json.RawMessage `json:"at_most"`
	NotWorseBy json.RawMessage `json:"not_worse_by"`
	BetterBy   json.RawMessage `json:"better_by"`
	Slice      struct {
		Tag      string         `json:"tag"`
		Metadata map[string]any `json:"metadata"`
	} `json:"slice"`
}

// Load reads the eval file at a path of the tree. Problems carry file and line.
func Load(tree source.Tree, name string) (*File, error) {
	text, err := tree.Read(name)
	if err != nil {
		return nil, fmt.Errorf("loading an eval file: %w", err)
	}
	doc, err := yamldoc.Parse(name, text)
	if err != nil {
		return nil, err
	}
	wrong, err := schema.Check("eval", doc)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	var raw file
	if err := doc.Decode(&raw); err != nil {
		return nil, err
	}
	f := &File{
		Name: raw.Name, Description: raw.Description, Path: name, Config: raw.Config, ConfigLine: doc.Line("/config"),
		Repeats: max(1, raw.Repeats),
	}
	if f.Name == "" {
		f.Name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	if err := f.dataset(doc); err != nil {
		return nil, err
	}
	evaluators, _ := doc.Value().(map[string]any)["evaluators"].([]any)
	place := evaluator.Place{File: name, Pointer: "/evaluators", Line: doc.Line}
	if f.Evaluators, err = evaluator.ParseSpecs(anyList(evaluators), place); err != nil {
		return nil, err
	}
	if raw.Gate != nil {
		if f.Gate, err = policy(doc, raw.Gate); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func anyList(l []any) any { return l }

// dataset reads where the cases are.
func (f *File) dataset(doc *yamldoc.Doc) error {
	value := doc.Value().(map[string]any)["dataset"] //nolint:forcetypeassert // checked by the schema
	written, isText := value.(string)
	if object, ok := value.(map[string]any); ok {
		if written, isText = object["file"].(string); !isText {
			p := doc.Problem("/dataset", "the dataset names no file")
			p.Want = "dataset: {file: cases.jsonl, map: {...}}"
			return p
		}
		m, err := dataset.ParseMapping(object["map"])
		if err != nil {
			return at(doc, "/dataset/map", err)
		}
		f.Map = m
	}
	resolved, err := source.Resolve(f.Path, written)
	if err != nil {
		return at(doc, "/dataset", err)
	}
	f.Dataset = resolved
	return nil
}

// at places an error of another room in the file.
func at(doc *yamldoc.Doc, pointer string, err error) error {
	if p, ok := err.(*problem.Problem); ok { //nolint:errorlint // not wrapped where this is used
		return p.At(doc.File, doc.Line(pointer))
	}
	return err
}

func policy(doc *yamldoc.Doc, raw *policyFile) (*Policy, error) {
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
	for i := range raw.Rules {
		pointer := "/gate/rules/" + strconv.Itoa(i)
		r, wrong := rule(&raw.Rules[i])
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
		"confidence": p.Confidence, "estimand": p.Estimand, "max_error_share": p.MaxErrorShare, "rules": texts(p.Rules),
	})
	return p, err
}

func texts(rules []Rule) []string {
	out := make([]string, len(rules))
	for i := range rules {
		out[i] = rules[i].String()
	}
	return out
}

// rule reads one rule: exactly one bound.
func rule(raw *ruleFile) (*Rule, *problem.Problem) {
	r := &Rule{Metric: raw.Metric, Slice: Slice{Tag: raw.Slice.Tag}}
	for name, value := range raw.Slice.Metadata {
		if r.Slice.Metadata == nil {
			r.Slice.Metadata = map[string]string{}
		}
		r.Slice.Metadata[name] = fmt.Sprint(value)
	}
	bounds := []struct {
		kind string
		text json.RawMessage
	}{{"at_least", raw.AtLeast}, {"at_most", raw.AtMost}, {"not_worse_by", raw.NotWorseBy}, {"better_by", raw.BetterBy}}
	var kinds []string
	for _, b := range bounds {
		if b.text == nil {
			continue
		}
		kinds = append(kinds, b.kind)
		r.Kind, r.Written = b.kind, strings.Trim(string(b.text), `"`)
	}
	if len(kinds) != 1 {
		p := problem.Newf("the rule on %s has no bound", raw.Metric)
		if len(kinds) > 1 {
			p = problem.Newf("the rule on %s has %s", raw.Metric, strings.Join(kinds, " and "))
		}
		return nil, p.Wanted("exactly one of at_least, at_most, not_worse_by, better_by").Remedy("write two rules for two bounds")
	}
	return r, r.parse()
}

// parse reads the bound: a number, or a percentage of the baseline.
func (r *Rule) parse() *problem.Problem {
	number, percent := strings.CutSuffix(strings.TrimSpace(r.Written), "%")
	bound, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return problem.Newf("%s of %s is %q", r.Kind, r.Metric, r.Written).Wanted("a number, or a percentage such as \"10%%\"")
	}
	relative := r.Kind == "not_worse_by" || r.Kind == "better_by"
	switch {
	case percent && !relative:
		return problem.Newf("%s of %s is a percentage", r.Kind, r.Metric).Wanted("a number: a rate of 60 %% is 0.60")
	case relative && bound < 0:
		return problem.Newf("%s of %s is negative", r.Kind, r.Metric).
			Wanted("a margin of 0 or more, in the direction that counts for this metric")
	case r.Kind == "not_worse_by" && bound == 0:
		return problem.Newf("not_worse_by of %s is 0", r.Metric).Wanted("a margin above 0").
			Remedy("no number of cases can show that something is not worse by nothing at all; say how much worse would not matter, such as 0.02")
	}
	if percent {
		bound /= 100
	}
	r.Bound, r.Percent = bound, percent
	return nil
}
