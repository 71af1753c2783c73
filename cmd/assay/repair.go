package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore"
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
	return text, server.CheckFinished(f.Data)
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
		found, err := checkFolder(c.ctx, cmd.Data)
		if err != nil {
			return err
		}
		return c.found("assay.fsck/1", found)
	})
}

// found is what is wrong in a data folder.
type found struct {
	Projects []local.Checked
	Files    []badFile
}

// badFile is a damaged file that is none of a log.
type badFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
	Lost   string `json:"lost"`
	Fix    string `json:"fix"`
}

// checkFolder reads all files of a data folder that nobody else has open, and
// changes nothing. The number of the layout was read to open it.
func checkFolder(ctx context.Context, dir string) (*found, error) {
	out, err := checkKept(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := local.CheckIndex(ctx, dir); errors.Is(err, spanstore.ErrDamaged) {
		out.Files = append(out.Files, badFile{local.IndexFile(), err.Error(), "nothing: it is derived from the logs", "make it anew: assay reindex"})
	} else if err != nil {
		return nil, err
	}
	return out, nil
}

// checkKept reads the files of which a backup is made.
func checkKept(ctx context.Context, dir string) (*found, error) {
	all, err := local.Check(ctx, dir)
	if err != nil {
		return nil, err
	}
	out := &found{Projects: all, Files: []badFile{}}
	for i := range all {
		local.CheckBeside(dir, all[i].Project, func(file, lost string, wrong error) {
			var p *problem.Problem
			if errors.As(wrong, &p) {
				out.Files = append(out.Files, badFile{file, p.What, lost, p.Fix})
			} else {
				err = errors.Join(err, wrong)
			}
		})
	}
	if err != nil {
		return nil, err
	}
	if _, err := access.Open(server.KeysPath(dir)); err != nil {
		bad := badFile{File: filepath.Base(server.KeysPath(dir)), Reason: err.Error(), Lost: "all API keys", Fix: "take it from a backup, or remove it and make new keys: assay key create"}
		var p *problem.Problem
		if errors.As(err, &p) {
			bad.Reason = p.What
		}
		out.Files = append(out.Files, bad)
	}
	return out, nil
}

// whole says that nothing is damaged.
func (f *found) whole() bool {
	return len(f.Files) == 0 && !slices.ContainsFunc(f.Projects, func(p local.Checked) bool { return len(p.Damage) > 0 })
}

// found prints what was found, and exits with 1 where anything is damaged.
func (c *console) found(format string, f *found) error {
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": format, "whole": f.whole(), "projects": shownChecks(f.Projects), "files": f.Files})
	} else {
		c.checks(f)
	}
	if !f.whole() {
		return exitError(exitDamaged)
	}
	return nil
}

// checks prints what was found, a line for each project and for each damage.
func (c *console) checks(f *found) {
	lost := false
	for i := range f.Projects {
		p := &f.Projects[i]
		state := "whole"
		if n := len(p.Damage); n > 0 {
			state, lost = plural(n, "damaged part"), true
		}
		c.printf("%s: %s; %d items in %d records, %s, %d bytes\n", p.Project, state, p.Things, p.Records, plural(p.Segments, "segment"), p.Bytes)
		for _, d := range p.Damage {
			c.printf("  %s: %s\n", p.File(d), d)
		}
		for _, reason := range p.Sidecars {
			c.printf("  %s\n", reason)
		}
	}
	for _, b := range f.Files {
		c.printf("%s: %s; lost: %s; %s\n", b.File, b.Reason, b.Lost, b.Fix)
	}
	if lost {
		c.note("a server leaves out what is damaged and serves the rest; what is lost is in a backup, if anywhere")
	}
	if len(f.Projects) == 0 {
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
	File    string `json:"file"`
	Segment uint32 `json:"segment"`
	Offset  int64  `json:"offset"`
	Bytes   int64  `json:"bytes"`
	Items   uint32 `json:"items,omitempty"`
	End     bool   `json:"end,omitempty"`
	Reason  string `json:"reason"`
}

func shownChecks(all []local.Checked) []checkOutput {
	out := []checkOutput{}
	for i := range all {
		p := &all[i]
		o := checkOutput{p.Project, p.Segments, p.Records, p.Things, p.Bytes, []damageOutput{}, p.Sidecars}
		for _, d := range p.Damage {
			o.Damage = append(o.Damage, shownDamage(p.File(d), d))
		}
		out = append(out, o)
	}
	return out
}

func shownDamage(file string, d seglog.Damage) damageOutput {
	return damageOutput{file, d.Segment, d.Offset, d.Bytes, d.Count, d.Tail, d.Reason}
}

// left is what an index had to leave out.
type left struct {
	mu     sync.Mutex
	damage []damageOutput
	lines  []string
	lost   bool // something that was acknowledged
}

func (l *left) add(project string, d seglog.Damage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file := (&local.Checked{Project: project}).File(d)
	l.damage = append(l.damage, shownDamage(file, d))
	l.lines = append(l.lines, file+": "+d.String())
	l.lost = l.lost || !d.Tail
}

type reindexCmd struct {
	dataFlag
}

func (cmd *reindexCmd) Run(c *console) error {
	prices, err := price.Load()
	if err != nil {
		return err
	}
	return cmd.hold(func() error {
		began := time.Now()
		out := left{damage: []damageOutput{}}
		spans, err := local.Reindex(c.ctx, cmd.Data, local.Options{Prices: prices, Damage: out.add})
		if err != nil {
			return err
		}
		took := time.Since(began)
		if c.flags.JSON {
			c.printJSON(map[string]any{"format": "assay.reindex/1", "spans": spans, "duration_ms": float64(took) / float64(time.Millisecond), "damage": out.damage})
		} else {
			c.printf("indexed %d spans in %s\n", spans, took.Round(time.Millisecond))
			for _, line := range out.lines {
				c.printf("  left out, %s\n", line)
			}
		}
		if !out.lost {
			return nil
		}
		c.warn("the index is without what is damaged; that is in a backup, if anywhere")
		return exitError(exitDamaged)
	})
}
