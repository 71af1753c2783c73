package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/vfs"
)

type backupCmd struct {
	dataFlag
	To string `required:"" placeholder:"DIR" help:"A new folder for the copy."`
}

func (cmd *backupCmd) Run(c *console) error {
	if _, err := cmd.layout(); err != nil {
		return err
	}
	err := vfs.OS{}.MkdirAll(filepath.Dir(filepath.Clean(cmd.To)))
	if err == nil {
		err = os.Mkdir(cmd.To, 0o700)
	}
	if err != nil {
		p := &problem.Problem{File: cmd.To, What: "cannot be made: " + err.Error(), Err: err}
		return p.Remedy("name a new folder by --to, where you may write")
	}
	if err := server.Copy(c.ctx, cmd.Data, vfs.OS{}, cmd.To, local.Copy); err != nil {
		return err
	}
	found, err := checkCopy(c, cmd.To)
	if err != nil {
		return err
	}
	return c.found("assay.backup/1", found)
}

type restoreCmd struct {
	Backup  string `arg:"" help:"The folder that assay backup made."`
	Data    string `required:"" placeholder:"DIR" help:"The folder of the server to be: a new or an empty one."`
	Damaged bool   `help:"Restore a damaged backup: what of it is whole."`
}

func (cmd *restoreCmd) Run(c *console) (err error) {
	from := dataFlag{Data: cmd.Backup}
	if _, err := from.layout(); err != nil {
		var p *problem.Problem
		if errors.As(err, &p) && errors.Is(err, fs.ErrNotExist) {
			p.What, p.Fix = "is no backup: "+calls.Reason(p.Err), "name the folder that assay backup made by --to"
		}
		return err
	}
	// A server that runs on the folder may write while it is read.
	still, err := server.HoldStill(cmd.Backup)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, still()) }()
	switch entries, err := os.ReadDir(cmd.Data); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return &problem.Problem{File: cmd.Data, What: "cannot be read: " + err.Error(), Err: err}
	case len(entries) > 0:
		return problem.Newf("is not empty: it has %s", entries[0].Name()).At(cmd.Data, 0).Remedy("name a new or an empty folder by --data")
	}
	found, err := checkCopy(c, cmd.Backup)
	if err != nil {
		return err
	}
	if !found.whole() && !cmd.Damaged {
		c.note("the backup is damaged, and nothing was restored: with --damaged, what of it is whole would be")
		return c.found("assay.restore/1", found)
	}
	if err := server.Copy(c.ctx, cmd.Backup, vfs.OS{}, cmd.Data, local.Copy); err != nil {
		return err
	}
	if found, err = checkCopy(c, cmd.Data); err != nil {
		return err
	}
	return c.found("assay.restore/1", found)
}

// checkCopy reads a copy back. What was being written when a server was copied is
// cut off, and is no damage.
func checkCopy(c *console, dir string) (*found, error) {
	found, err := checkKept(c.ctx, dir)
	if err != nil {
		return nil, err
	}
	for i := range found.Projects {
		p := &found.Projects[i]
		p.Damage = slices.DeleteFunc(p.Damage, func(d seglog.Damage) bool { return d.Tail })
	}
	return found, nil
}
