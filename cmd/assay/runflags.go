package main

import (
	"cmp"
	"errors"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/project"
	"github.com/assay-llmops/assay/internal/report"
)

// runFlags are what eval and gate have in common.
type runFlags struct {
	Tag          []string `help:"Only cases with this tag (may be repeated)."`
	Case         []string `help:"Only the case with this id (may be repeated)."`
	MaxCases     *int     `placeholder:"N" help:"At most N cases: the same seeded sample every time."`
	Repeats      *int     `placeholder:"N" help:"Ask each case N times."`
	Model        string   `placeholder:"PROVIDER/NAME" help:"Ask another model, without editing the config."`
	MaxCost      string   `placeholder:"USD" help:"Stop before more than this is spent."`
	Concurrency  int      `short:"j" placeholder:"N" help:"Calls under way at once."`
	Fresh        bool     `help:"Make every call anew, whatever is kept."`
	RetryErrors  bool     `help:"Take up the last run and ask again only what ended in an error."`
	DryRun       bool     `help:"Say what would be called and what it may cost; call nothing."`
	ExplainCache bool     `help:"Say for each case why it is called or not."`
	Out          []string `short:"o" placeholder:"FILE" help:"Write a report: .json, .jsonl, .xml (JUnit), .md, .html, .svg. May be repeated."`
	NoContent    bool     `help:"Leave prompts and answers out of the reports."`
}

// open checks the names of the reports, opens the workspace and says which eval
// files are meant: those named, or else all.
func (f *runFlags) open(c *console, named []string, all func(*project.Project) ([]string, error)) (*eval.Workspace, []string, error) {
	if err := report.CheckFormats(f.Out); err != nil {
		return nil, nil, err
	}
	if err := cmp.Or(positive("--max-cases", f.MaxCases), positive("--repeats", f.Repeats)); err != nil {
		return nil, nil, err
	}
	w, err := c.openWorkspace()
	if err != nil {
		return nil, nil, err
	}
	if len(named) == 0 {
		named, err = all(w.Project)
	}
	if err == nil && len(named) > 1 && len(f.Out) > 0 {
		err = problem.Newf("%d eval files would write the same report", len(named)).Remedy("name one of them, or leave --out out")
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.Store.Close())
	}
	return w, named, nil
}

// positive refuses a flag that was given and counts nothing.
func positive(flag string, n *int) error {
	if n != nil && *n < 1 {
		return problem.Newf("%s is %d", flag, *n).Wanted("at least 1").Remedy("leave it out to run the eval file as it is")
	}
	return nil
}

func (f *runFlags) choice() eval.Select {
	choice := eval.Select{Tags: f.Tag, Cases: f.Case, Model: f.Model}
	if f.MaxCases != nil {
		choice.MaxCases = *f.MaxCases
	}
	if f.Repeats != nil {
		choice.Repeats = *f.Repeats
	}
	return choice
}

func (f *runFlags) options(c *console, w *eval.Workspace) (eval.Options, error) {
	o := eval.Options{
		Concurrency: f.Concurrency, Fresh: f.Fresh, RetryErrors: f.RetryErrors, Progress: c.progress(),
		Waiting: func() { c.note("another process makes this run; waiting for it") },
	}
	if o.Concurrency == 0 {
		o.Concurrency = w.Project.Settings.Concurrency
	}
	if f.MaxCost != "" {
		limit, err := price.ParseUSD(f.MaxCost)
		if err != nil || limit <= 0 {
			return o, problem.Newf("--max-cost %q is not an amount", f.MaxCost).Wanted("US dollars above 0, such as 0.50")
		}
		o.MaxCost = limit
	}
	if f.ExplainCache {
		o.Explain = c.explainCache
	}
	return o, nil
}
