package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

type scoreCmd struct {
	Add scoreAddCmd `cmd:"" help:"Keep a score about a trace, a span, a session or a case."`
}

type scoreAddCmd struct {
	serverFlag
	Name    string   `arg:"" help:"Name of the score."`
	Trace   string   `placeholder:"ID" help:"The trace that it is about."`
	Span    string   `placeholder:"ID" help:"The step of the trace."`
	Session string   `placeholder:"ID" help:"The session that it is about."`
	Case    string   `placeholder:"ID" help:"The case that it is about."`
	Value   *float64 `help:"A number."`
	Label   string   `help:"A word."`
	Text    string   `help:"A text."`
	Comment string   `help:"Why."`
	Source  string   `default:"person" help:"Who says so."`
	ID      string   `help:"Id of the score; the same id again replaces it (default: a new one)."`
}

func (cmd *scoreAddCmd) Run(c *console) error {
	if v := cmd.Value; v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
		return problem.Newf("--value %v is no number that can be kept", *v).Remedy("give a finite number, or a word by --label")
	}
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	s := api.Score{
		ID: cmd.ID, Name: cmd.Name, Target: api.Target{Trace: cmd.Trace, Span: cmd.Span, Session: cmd.Session, Case: cmd.Case},
		Value: cmd.Value, Label: cmd.Label, Text: cmd.Text, Comment: cmd.Comment, Source: cmd.Source,
	}
	if s.ID == "" {
		s.ID = rand.Text()
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing the score: %w", err)
	}
	var written api.Written
	if err := cl.post(api.Prefix+"/scores", body, &written); err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.score/1", "id": s.ID})
		return nil
	}
	c.printf("score %s is kept as %s\n", s.Name, s.ID)
	return nil
}
