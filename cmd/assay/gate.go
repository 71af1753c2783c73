package main

import (
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/report"
)

// runFlags are what eval and gate have in common.
type runFlags struct {
	Tag          []string `help:"Only cases with this tag (may be repeated)."`
	Case         []string `help:"Only the case with this id (may be repeated)."`
	MaxCases     int      `placeholder:"N" help:"At most N cases: the same seeded sample every time."`
	Repeats      int      `placeholder:"N" help:"Ask each case N times."`
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

type gateCmd struct {
	Names         []string `arg:"" optional:"" name:"name" help:"Eval files by name (default: every one with a gate)."`
	Baseline      string   `placeholder:"REF" help:"git:REF, config:NAME, version:DIGEST, run:ID or file:RESULTS."`
	ExitUndecided int      `default:"4" placeholder:"N" help:"Exit code when a gate is undecided."`
	runFlags
}

func (cmd *gateCmd) Run(c *console) error {
	if err := report.CheckFormats(cmd.Out); err != nil {
		return err
	}
	w, err := c.openWorkspace()
	if err != nil {
		return err
	}
	defer w.Store.Close()
	names := cmd.Names
	if len(names) == 0 {
		if names, err = w.Project.Gated(); err != nil {
			return err
		}
	}
	if len(names) > 1 && len(cmd.Out) > 0 {
		return problem.Newf("%d gates would write the same report", len(names)).Remedy("name one eval file, or leave --out out")
	}
	worst := exitOK
	for _, name := range names {
		code, err := cmd.one(c, w, name)
		if err != nil {
			return err
		}
		worst = worse(worst, code)
	}
	if worst != exitOK {
		return exitError(worst)
	}
	return nil
}

// worse joins the codes of several gates: could not run, failed, undecided,
// passed.
func worse(a, b int) int {
	rank := func(code int) int {
		switch code {
		case exitOK:
			return 0
		case exitGateFailed:
			return 2
		case exitCannotRun:
			return 3
		}
		return 1
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func (cmd *gateCmd) one(c *console, w *eval.Workspace, name string) (int, error) {
	plan, err := eval.NewPlan(c.ctx, w, name, cmd.choice())
	if err != nil {
		return 0, err
	}
	options, err := cmd.options(c, w)
	if err != nil {
		return 0, err
	}
	if cmd.DryRun {
		sides, err := gate.Sides(c.ctx, plan, cmd.Baseline)
		if err != nil {
			return 0, err
		}
		return exitOK, c.forecast(plan, sides, options)
	}
	result, err := gate.Run(c.ctx, plan, cmd.Baseline, options)
	c.clearProgress()
	if err != nil {
		return 0, err
	}
	in := &report.Input{Verdict: result.Verdict, Candidate: result.Candidate, Baseline: result.Baseline}
	if err := c.present(in, cmd.Out, !cmd.NoContent); err != nil {
		return 0, err
	}
	switch result.Verdict.Outcome {
	case gate.Pass:
		return exitOK, nil
	case gate.Fail:
		return exitGateFailed, nil
	case gate.Withheld:
		return exitCannotRun, nil
	}
	return cmd.ExitUndecided, nil
}
