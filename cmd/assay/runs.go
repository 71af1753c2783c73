package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/report"
)

type runsCmd struct {
	Ls   runsLsCmd   `cmd:"" help:"The runs that were made, newest first."`
	Show runsShowCmd `cmd:"" help:"One run with its figures, or one case of it."`
}

type runsLsCmd struct {
	Limit int `short:"n" default:"20" help:"How many (0: all)."`
}

func (cmd *runsLsCmd) Run(c *console) error {
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	headers, err := eval.List(store.Dir("runs"))
	if err != nil {
		return err
	}
	if cmd.Limit > 0 && len(headers) > cmd.Limit {
		headers = headers[:cmd.Limit]
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.runs/1", "runs": append([]eval.Header{}, headers...)})
		return nil
	}
	if len(headers) == 0 {
		c.note("no runs yet: assay eval or assay gate makes one")
		return nil
	}
	rows := [][]string{{"RUN", "TIME (UTC)", "VERSION", "CASES", "ERRORS", "PASSED"}}
	for _, h := range headers {
		var passed []string
		for _, name := range slices.Sorted(maps.Keys(h.Totals.Passed)) {
			n := h.Totals.Passed[name]
			passed = append(passed, fmt.Sprintf("%s %d/%d", name, n.Passed, n.Judged))
		}
		rows = append(rows, []string{
			h.ID[:min(len(h.ID), 8)], time.Unix(0, h.Started).UTC().Format("01-02 15:04"), h.Version, fmt.Sprint(h.Cases),
			fmt.Sprint(h.Totals.Errors), strings.Join(passed, ", "),
		})
	}
	c.table(rows)
	return nil
}

type runsShowCmd struct {
	ID   string   `arg:"" optional:"" name:"run" default:"last" help:"First characters of the run's id; last for the newest."`
	Case string   `help:"Show one case in full."`
	Out  []string `short:"o" placeholder:"FILE" help:"Write a report: .json, .jsonl, .xml (JUnit), .md, .html, .svg."`
}

func (cmd *runsShowCmd) Run(c *console) error {
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	path, err := eval.Find(store, cmd.ID)
	if err != nil {
		return err
	}
	run, err := eval.ReadFile(path, true)
	if err != nil {
		return err
	}
	if cmd.Case != "" {
		return c.showCase(run, cmd.Case)
	}
	side := gate.Summarise(run)
	return c.present(&report.Input{Candidate: run, Side: &side}, cmd.Out, true)
}

// showCase prints the records of one case in full.
func (c *console) showCase(run *eval.Run, id string) error {
	var found []*eval.Record
	var ids []string
	for i := range run.Records {
		if r := &run.Records[i]; r.Case == id {
			found = append(found, r)
		} else {
			ids = append(ids, r.Case)
		}
	}
	if len(found) == 0 {
		return problem.Newf("run %s has no case %q", run.Header.ID, id).Remedy("%s", problem.DidYouMean(id, ids))
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.records/1", "run": run.Header.ID, "records": found})
		return nil
	}
	for _, r := range found {
		c.printRecord(run, r)
	}
	return nil
}

func (c *console) printRecord(run *eval.Run, r *eval.Record) {
	c.printf("case %s, repeat %d, of %s (line %d of %s)\n", r.Case, r.Repeat, run.Header.Version, r.Line, run.Header.Dataset)
	for _, m := range r.Messages {
		c.printf("\n[%s]\n%s\n", m.Role, strings.TrimRight(m.Content, "\n"))
	}
	c.printf("\n[answer]\n%s\n\n", strings.TrimRight(r.Output, "\n"))
	for _, t := range r.ToolCalls {
		c.printf("calls %s(%s)\n", t.Name, t.Arguments)
	}
	if r.Failure != nil {
		c.printf("failed: %s\n", r.Failure)
	}
	if r.Error != nil {
		c.printf("error: %s\n", r.Error)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Scores)) {
		s := r.Scores[name]
		c.printf("%-9s %s  %s\n", s.Outcome, name, s.Reason)
	}
	if r.Call != "" {
		c.printf("call %s\n", short(r.Call))
	}
}
