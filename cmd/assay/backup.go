package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

type backupCmd struct {
	dataFlag
	To string `required:"" placeholder:"DIR" help:"A new folder for the copy."`
}

func (cmd *backupCmd) Run(c *console) error {
	layout, err := cmd.layout()
	if err != nil {
		return err
	}
	if err := os.Mkdir(cmd.To, 0o700); err != nil {
		p := &problem.Problem{File: cmd.To, What: "cannot be made: " + err.Error(), Err: err}
		return p.Remedy("name a new folder by --to, in one that is there")
	}
	if err := local.Copy(c.ctx, cmd.Data, cmd.To); err != nil {
		return fmt.Errorf("backing up %s: %w", cmd.Data, err)
	}
	keys, err := os.ReadFile(server.KeysPath(cmd.Data))
	if err == nil {
		err = os.WriteFile(server.KeysPath(cmd.To), keys, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backing up the API keys: %w", err)
	}
	// Without this file the folder is none of a server: a backup that was cut
	// short is never taken for a whole one.
	if err := os.WriteFile(filepath.Join(cmd.To, "format"), layout, 0o600); err != nil {
		return fmt.Errorf("finishing the backup: %w", err)
	}
	return cmd.verify(c)
}

// verify reads the copy back, and says what it holds.
func (cmd *backupCmd) verify(c *console) error {
	found, err := checkKept(c.ctx, cmd.To)
	if err != nil {
		return err
	}
	for i := range found.Projects { // what was being written is cut off
		p := &found.Projects[i]
		p.Damage = slices.DeleteFunc(p.Damage, func(d seglog.Damage) bool { return d.Tail })
	}
	return c.found("assay.backup/1", found)
}
