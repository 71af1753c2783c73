package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

// layout gives the file that every data folder of a server has.
func (f *dataFlag) layout() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(f.Data, "format"))
	if err != nil {
		p := &problem.Problem{File: f.Data, What: "is no data folder of a server: " + err.Error(), Err: err}
		return nil, p.Remedy("name the folder that assay serve was given by --data")
	}
	return text, nil
}

// hold runs a function on the data folder of a server that is stopped.
func (f *dataFlag) hold(do func() error) (err error) {
	if _, err := f.layout(); err != nil {
		return err
	}
	folder, err := server.OpenFolder(f.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	return do()
}

type fsckCmd struct {
	dataFlag
}

func (cmd *fsckCmd) Run(c *console) error {
	return cmd.hold(func() error {
		all, err := local.Check(c.ctx, cmd.Data)
		if err != nil {
			return err
		}
		whole := true
		for i := range all {
			whole = whole && len(all[i].Damage) == 0
		}
		if c.flags.JSON {
			c.printJSON(map[string]any{"format": "assay.fsck/1", "whole": whole, "projects": shownChecks(all)})
		} else {
			c.checks(all)
		}
		if !whole {
			return exitError(exitDamaged)
		}
		return nil
	})
}

// checks prints what was found, a line for each project and for each damage.
func (c *console) checks(all []local.Checked) {
	for _, p := range all {
		state := "whole"
		if n := len(p.Damage); n > 0 {
			state = plural(n, "damaged part")
		}
		c.printf("%s: %s; %d items in %d records, %s, %d bytes\n", p.Project, state, p.Things, p.Records, plural(p.Segments, "segment"), p.Bytes)
		for _, d := range p.Damage {
			c.printf("  %s\n", d)
		}
		for _, reason := range p.Sidecars {
			c.printf("  %s\n", reason)
		}
	}
	if len(all) == 0 {
		c.note("the folder has no project yet")
	}
}

// checkOutput is what was found in the log of a project.
type checkOutput struct {
	Project  string         `json:"project"`
	Segments int            `json:"segments"`
	Records  int64          `json:"records"`
	Items    int64          `json:"items"`
	Bytes    int64          `json:"bytes"`
	Damage   []damageOutput `json:"damage"`
	Sidecars []string       `json:"sidecars,omitempty"` // of no use, and made anew
}

type damageOutput struct {
	Segment uint32 `json:"segment"`
	Offset  int64  `json:"offset"`
	Bytes   int64  `json:"bytes"`
	Items   uint32 `json:"items,omitempty"`
	End     bool   `json:"end,omitempty"`
	Reason  string `json:"reason"`
}

func shownChecks(all []local.Checked) []checkOutput {
	out := []checkOutput{}
	for _, p := range all {
		o := checkOutput{p.Project, p.Segments, p.Records, p.Things, p.Bytes, []damageOutput{}, p.Sidecars}
		for _, d := range p.Damage {
			o.Damage = append(o.Damage, shownDamage(d))
		}
		out = append(out, o)
	}
	return out
}

func shownDamage(d seglog.Damage) damageOutput {
	return damageOutput{d.Segment, d.Offset, d.Bytes, d.Count, d.Tail, d.Reason}
}

type reindexCmd struct {
	storeFlags
}

func (cmd *reindexCmd) Run(c *console) error {
	prices, err := cmd.prices()
	if err != nil {
		return err
	}
	return cmd.hold(func() error {
		began := time.Now()
		spans, err := local.Reindex(c.ctx, cmd.Data, local.Options{Prices: prices})
		if err != nil {
			return err
		}
		took := time.Since(began)
		if c.flags.JSON {
			c.printJSON(map[string]any{"format": "assay.reindex/1", "spans": spans, "nanos": took.Nanoseconds()})
			return nil
		}
		c.printf("indexed %d spans in %s\n", spans, took.Round(time.Millisecond))
		return nil
	})
}
