package eval

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
)

// RunOf is the kept run whose id starts with prefix, as a baseline.
func (p *Plan) RunOf(ctx context.Context, prefix string) (*Run, error) {
	path, err := Find(p.work.Store, prefix)
	if err != nil {
		return nil, err
	}
	return p.RunFrom(ctx, path)
}

// RunOfVersion is the newest kept run of a version, given by the first digits
// of its digest, with or without NAME@.
func (p *Plan) RunOfVersion(ctx context.Context, version string) (*Run, error) {
	headers, err := List(p.work.Store.Dir("runs"))
	if err != nil {
		return nil, err
	}
	for _, h := range headers {
		if matchesVersion(&h, version) && h.Eval == p.Name {
			return p.RunFrom(ctx, filepath.Join(p.work.Store.Dir("runs"), h.ID+".jsonl"))
		}
	}
	return nil, problem.Newf("no kept run of %s is of version %s", p.Name, version).
		Remedy("assay runs ls shows the versions that were run; a version of a commit is asked with --baseline git:COMMIT")
}

// RunFrom is a results file as a baseline. Its answers are the baseline's; they
// are judged by the working tree's evaluators against the working tree's
// expectations, anew where those have changed.
func (p *Plan) RunFrom(ctx context.Context, path string) (*Run, error) {
	run, err := ReadFile(path, true)
	if err != nil {
		return nil, err
	}
	if run.Header.NoContent {
		if !p.judgedAlike(run) {
			return nil, (&problem.Problem{File: path, What: "the results have no content, and the evaluators or the cases have changed since"}).
				Remedy("write the baseline's results without --no-content, so that its answers can be judged again")
		}
		return slimRun(run), nil
	}
	if p.judgedAlike(run) {
		return slimRun(run), nil
	}
	return p.rescore(ctx, run)
}

// judgedAlike reports whether a run's scores are what this plan would give.
func (p *Plan) judgedAlike(run *Run) bool {
	return run.Header.DatasetDig == p.Dataset.Digest && maps.Equal(run.Header.Evaluators, p.Evaluators.Digests())
}

// rescore judges a run's answers with this plan's evaluators and expectations.
// Cases that the plan does not have are left out, and those whose input has
// changed: their answers are to another question.
func (p *Plan) rescore(ctx context.Context, old *Run) (*Run, error) {
	m := &machine{store: p.work.Store, prices: p.work.Prices, budget: newBudget(0)}
	p.judges.use(m)
	index := p.positions()
	run := &Run{Header: old.Header, Path: ""}
	h := p.header()
	run.Header.Evaluators, run.Header.Ranges, run.Header.DatasetDig = h.Evaluators, h.Ranges, h.DatasetDig
	for i := range old.Records {
		rec := old.Records[i]
		at, ok := index[rec.Case]
		if !ok {
			continue
		}
		c := &p.Cases[at]
		same, err := sameInput(rec.Input, c.Input)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", c.ID, err)
		}
		if !same {
			continue
		}
		rec.Tags, rec.Cluster, rec.Metadata, rec.Expected, rec.Input = c.Tags, c.Cluster, c.Metadata, c.Expected, c.Input
		if rec.Error == nil {
			scores, err := m.score(ctx, p, rec.subject(&run.Header))
			if err != nil {
				return nil, err
			}
			rec.Scores = scores
		}
		run.Records = append(run.Records, rec)
	}
	if len(run.Records) == 0 {
		return nil, problem.Newf("the baseline's run %s has no answer to a case of %s", old.Header.ID, p.Dataset.Path).
			Remedy("compare with a run of the same dataset")
	}
	run.Header.Cases = len(run.Records) / max(1, run.Header.Repeats)
	return run, nil
}

func sameInput(a, b map[string]any) (bool, error) {
	one, err := canonical.Of(a)
	if err != nil {
		return false, fmt.Errorf("digesting a stored input: %w", err)
	}
	other, err := canonical.Of(b)
	return one == other, err
}

// subject is a stored record as evaluators see it.
func (r *Record) subject(h *Header) *evaluator.Subject {
	s := &evaluator.Subject{
		CaseID: r.Case, Repeat: r.Repeat, Input: r.Input, Expected: r.Expected, Tags: r.Tags, Metadata: r.Metadata,
		Output: r.Output, Documents: r.Documents, ToolCalls: r.ToolCalls, Usage: r.Usage, Timing: r.Timing,
		Cached: r.Cached && !r.Recorded, Failure: r.Failure, FinishReason: r.FinishReason,
		ConfigName: h.Config, Version: h.Version,
	}
	if nanos, err := price.ParseUSD(r.CostUSD); err == nil {
		s.CostNanos = &nanos
	}
	return s
}

func slimRun(run *Run) *Run {
	for i := range run.Records {
		run.Records[i] = run.Records[i].slim()
	}
	return run
}

// matchesVersion compares NAME@DIGITS or DIGITS with a run's version.
func matchesVersion(h *Header, version string) bool {
	name, digits := "", version
	if at := strings.LastIndexByte(version, '@'); at >= 0 {
		name, digits = version[:at], version[at+1:]
	}
	return len(digits) >= 4 && len(digits) <= len(h.Digest) && string(h.Digest)[:len(digits)] == digits &&
		(name == "" || name == h.Config)
}

// MaxErrorShare is the share of errors above which a run counts as failed: the
// gate policy's, or the project's.
func (p *Plan) MaxErrorShare() float64 {
	if p.File.Gate != nil {
		return p.File.Gate.MaxErrorShare
	}
	return p.work.Project.Settings.MaxErrorShare
}
