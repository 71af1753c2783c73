package main

import (
	"fmt"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/project"
	"github.com/assay-llmops/assay/internal/report"
)

type evalCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"Eval files by name (default: all)."`
	runFlags
}

func (cmd *evalCmd) Run(c *console) error {
	w, names, err := cmd.open(c, cmd.Names, (*project.Project).Evals)
	if err != nil {
		return err
	}
	defer w.Store.Close()
	code := exitOK
	for _, name := range names {
		ok, err := cmd.one(c, w, name)
		if err != nil {
			return err
		}
		if !ok {
			code = exitCannotRun
		}
	}
	if code != exitOK {
		return exitError(code)
	}
	return nil
}

// one runs an eval file; ok is false when more errors occurred than its
// policy allows.
func (cmd *evalCmd) one(c *console, w *eval.Workspace, name string) (ok bool, err error) {
	plan, err := eval.NewPlan(c.ctx, w, name, cmd.choice())
	if err != nil {
		return false, err
	}
	options, err := cmd.options(c, w)
	if err != nil {
		return false, err
	}
	side, err := plan.Candidate()
	if err != nil {
		return false, err
	}
	defer side.Close() //nolint:errcheck // a target's end is no result
	if cmd.DryRun {
		return true, c.forecast(plan, []*eval.Side{side}, options)
	}
	runs, err := plan.Execute(c.ctx, []*eval.Side{side}, options)
	c.clearProgress()
	if err != nil {
		return false, err
	}
	figures := gate.Summarise(runs[0])
	if err := c.present(&report.Input{Candidate: runs[0], Side: &figures}, cmd.Out, !cmd.NoContent); err != nil {
		return false, err
	}
	if age := runs[0].Header.Age(); age != "" {
		c.note("%s", age)
	}
	limit := plan.MaxErrorShare()
	if figures.ErrorShare > limit {
		c.warn(fmt.Sprintf("%d of %d cases ended in an error, more than max_error_share %g allows; assay calls ls --errors shows them, --retry-errors asks them again",
			figures.Errors, figures.Cases, limit))
	}
	return figures.ErrorShare <= limit, nil
}

// explainCache tells of one look-up.
func (c *console) explainCache(e eval.Explain) {
	c.tell("%s %s#%d %s: %s", e.Side, e.Case, e.Repeat, short(e.Key), e.Why)
}

// forecast prints what a run would call.
func (c *console) forecast(plan *eval.Plan, sides []*eval.Side, options eval.Options) error {
	f, err := plan.Forecast(c.ctx, sides, options)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(f)
		return nil
	}
	rows := [][]string{{"SIDE", "VERSION", "ANSWERS", "KEPT", "CALLS", "TOKENS IN", "COST AT MOST"}}
	for _, s := range f.Sides {
		cost := "unknown"
		if s.CostUSD != "" {
			cost = "$" + s.CostUSD
		}
		rows = append(rows, []string{s.Side, s.Version, fmt.Sprint(s.Answers), fmt.Sprint(s.Kept), fmt.Sprint(s.Calls), fmt.Sprint(s.TokensIn), cost})
	}
	c.table(rows)
	c.printf("Nothing was called. %s\n", f.Basis)
	return nil
}
