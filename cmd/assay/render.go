package main

import (
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/problem"
)

type renderCmd struct {
	Config string `arg:"" help:"Name of a config, or its path."`
	Case   string `required:"" placeholder:"ID" help:"Id of the case."`
	Eval   string `placeholder:"NAME" help:"Eval file whose dataset has the case (default: the one that names the config)."`
}

func (cmd *renderCmd) Run(c *console) error {
	w, err := c.openWorkspace()
	if err != nil {
		return err
	}
	defer w.Store.Close()
	name := cmd.Eval
	if name == "" {
		if name, err = w.Project.EvalOf(cmd.Config); err != nil {
			return err
		}
	}
	plan, err := eval.NewPlan(c.ctx, w, name, eval.Select{Cases: []string{cmd.Case}})
	if err != nil {
		return err
	}
	r, err := plan.Render(c.ctx, cmd.Config)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(r)
		return nil
	}
	if len(r.Messages) == 0 {
		return problem.Newf("%s renders no messages: a target gets the input itself", cmd.Config)
	}
	c.printf("%s, case %s\n", r.Version, r.Case)
	for _, d := range r.Documents {
		c.printf("  %8.4f  %s\n", d.Score, d.ID)
	}
	for _, m := range r.Messages {
		c.printf("\n[%s]\n%s\n", m.Role, strings.TrimSuffix(m.Content, "\n"))
	}
	return nil
}
