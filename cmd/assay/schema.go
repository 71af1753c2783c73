package main

import (
	"fmt"

	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/schema"
)

type schemaCmd struct {
	Kind string `arg:"" optional:"" help:"Kind of file, or output for all that --json prints, or one format of it, such as stats (default: list the kinds)."`
}

func (cmd *schemaCmd) Run(c *console) error {
	if cmd.Kind == "" && c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.schemas/1", "kinds": schema.Kinds()})
		return nil
	}
	if cmd.Kind == "" {
		for _, name := range schema.Kinds() {
			fmt.Fprintln(c.out, name)
		}
		return nil
	}
	if cmd.Kind == "eval" {
		whole, err := evalfile.Schema()
		if err != nil {
			return err
		}
		c.printJSON(whole)
		return nil
	}
	text, err := schema.JSON(cmd.Kind)
	if err != nil {
		return err
	}
	_, err = c.out.Write(text)
	return err
}
