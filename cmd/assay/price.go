package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

type priceCmd struct {
	Recost recostCmd `cmd:"" help:"Compute again what spans cost, at the prices that the server was started with."`
}

type recostCmd struct {
	serverFlag
	Since string `placeholder:"AGE" help:"Only of spans that started then or later: 24h, 7d, a date or a time."`
}

func (cmd *recostCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	body, err := json.Marshal(api.Recost{Since: cmd.Since})
	if err != nil {
		return fmt.Errorf("asking for costs: %w", err)
	}
	answer, err := cl.postStream("/recost", body)
	if err != nil {
		return err
	}
	defer answer.Close()
	lines := json.NewDecoder(answer)
	for {
		var line struct {
			api.Recosted
			api.Failure
		}
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return problem.Newf("the server ended its answer before it was done").Remedy("it goes on by itself, at the latest when it is started again")
		case err != nil:
			return problem.Newf("the answer of the server cannot be read: %v", err)
		case line.Error != nil:
			return problem.Newf("computing the costs again failed: %s", line.Error.Message).Remedy("the log of the server says why; it is ended when the server is started again")
		case line.Changed == nil:
			c.note("%d spans", line.Looked)
			continue
		}
		if c.flags.JSON {
			c.printJSON(map[string]any{"format": "assay.recost/1", "looked": line.Looked, "changed": *line.Changed})
			return nil
		}
		c.printf("%d of %d spans with usage cost otherwise now\n", *line.Changed, line.Looked)
		return nil
	}
}
