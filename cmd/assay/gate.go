package main

import (
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/project"
	"github.com/assay-llmops/assay/internal/report"
)

type gateCmd struct {
	Names         []string `arg:"" optional:"" name:"name" help:"Eval files by name (default: every one with a gate)."`
	Baseline      string   `placeholder:"REF" help:"git:REF, config:NAME, version:DIGEST, run:ID or file:RESULTS."`
	ExitUndecided int      `default:"4" placeholder:"N" help:"Exit code when a gate is undecided."`
	runFlags
}

func (cmd *gateCmd) Run(c *console) error {
	w, names, err := cmd.open(c, cmd.Names, (*project.Project).Gated)
	if err != nil {
		return err
	}
	defer w.Store.Close()
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
		for _, s := range sides {
			defer s.Close() //nolint:errcheck // nothing was asked
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
