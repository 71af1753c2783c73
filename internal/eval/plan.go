package eval

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/project"
)

// Workspace is what all plans of one command share.
type Workspace struct {
	Project *project.Project
	Store   *calls.Store
	Prices  *price.Book
	Models  *providers.Registry
	Warn    func(error) error // told of what is legal but suspect; its error ends the command
	Version string            // of this binary
}

// Select narrows a plan and changes it, from the command line.
type Select struct {
	Tags     []string // cases with any of these
	Cases    []string // cases with these ids
	MaxCases int      // a seeded sample of at most so many; 0 for all
	Repeats  int      // 0: as the eval file says
	Model    string   // another model for the candidate, provider/name
}

// sampleSeed orders the cases of --max-cases: the same ones every time.
const sampleSeed = 1

// Plan is an eval file with what it names, checked before any call.
type Plan struct {
	Name       string
	File       *evalfile.File
	Dataset    *dataset.Dataset // whole
	Cases      []dataset.Case   // those selected, in file order
	Evaluators *evaluator.Set
	Repeats    int

	work   *Workspace
	choice Select
	judges judges
}

// NewPlan loads the eval file called name, its dataset and its evaluators, and
// checks that every case has what its evaluators need.
func NewPlan(ctx context.Context, w *Workspace, name string, choice Select) (*Plan, error) {
	file, err := w.Project.Eval(name)
	if err != nil {
		return nil, err
	}
	p := &Plan{Name: file.Name, File: file, Repeats: file.Repeats, work: w, choice: choice}
	if choice.Repeats > 0 {
		p.Repeats = choice.Repeats
	}
	text, err := w.Project.Tree().Read(file.Dataset)
	if err != nil {
		return nil, problem.NamedBy(err, file.Path, file.DatasetLine)
	}
	if p.Dataset, err = dataset.Read(file.Dataset, text, file.Map); err != nil {
		return nil, err
	}
	if err := p.selectCases(); err != nil {
		return nil, err
	}
	p.judges = judges{plan: p, made: map[string]*judge{}}
	env := evaluator.Env{
		Tree: w.Project.Tree(), File: file.Path, Judge: p.judges.get,
		Dir: filepath.Join(w.Project.Repo.Top, filepath.FromSlash(path.Dir(file.Path))),
	}
	if p.Evaluators, err = evaluator.Build(file.Evaluators, env); err != nil {
		return nil, err
	}
	for _, suspect := range append(p.Evaluators.Suspects(p.Dataset.Cases), file.Suspects(p.Dataset.Cases)...) {
		if err := w.Warn(suspect); err != nil {
			return nil, err
		}
	}
	return p, p.Evaluators.Precheck(p.Dataset.Path, p.Cases)
}

func (p *Plan) selectCases() error {
	chosen, err := p.Dataset.Filter(p.choice.Tags, p.choice.Cases)
	if err != nil {
		return err
	}
	if p.choice.MaxCases > 0 {
		if chosen, err = chosen.Sample(p.choice.MaxCases, sampleSeed); err != nil {
			return err
		}
	}
	p.Cases = chosen.Cases
	return nil
}

// selection says in words how the cases were narrowed; "" when they were not.
func (p *Plan) selection() string {
	if len(p.Cases) == len(p.Dataset.Cases) {
		return ""
	}
	var parts []string
	for _, tag := range p.choice.Tags {
		parts = append(parts, "--tag "+tag)
	}
	for _, id := range p.choice.Cases {
		parts = append(parts, "--case "+id)
	}
	if p.choice.MaxCases > 0 {
		parts = append(parts, fmt.Sprintf("--max-cases %d", p.choice.MaxCases))
	}
	return strings.Join(parts, " ")
}

// header is what the runs of all sides have in common.
func (p *Plan) header() Header {
	h := Header{
		Format: Format, Eval: p.Name, Dataset: p.Dataset.Path, DatasetDig: p.Dataset.Digest,
		Evaluators: map[string]string{}, Ranges: map[string]Range{}, Policy: p.File.Gate.Digest(),
		Cases: len(p.Cases), Repeats: p.Repeats, Selection: p.selection(), Assay: p.work.Version,
	}
	for _, e := range p.Evaluators.All() {
		h.Evaluators[e.Name()] = string(e.Digest())
		if r, has := e.Range(); has {
			h.Ranges[e.Name()] = Range{Lo: r.Lo, Hi: r.Hi, Bounded: r.Bounded, LowerBetter: r.LowerBetter, Graded: true}
		}
	}
	return h
}

// checkInputs fails when a case's input does not fit the config's input schema: it
// names the case's line.
func (p *Plan) checkInputs(s *Side) error {
	var problems problem.List
	for i := range p.Cases {
		c := &p.Cases[i]
		if err := s.Config.CheckInput(c.Input); err != nil {
			problems = append(problems, (&problem.Problem{What: fmt.Sprintf("case %s does not fit the input of config %s: %v", c.ID, s.Config.Name, err)}).
				At(p.Dataset.Path, c.Line).
				Remedy("mend the case, or input: in %s", s.Config.Path))
		}
		if len(problems) == 10 {
			break
		}
	}
	return problems.OrNil()
}
