package main

import (
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/starter"
)

type initCmd struct {
	Dir      string `arg:"" optional:"" default:"." help:"Folder to write to."`
	Template string `default:"rag" enum:"rag,chat" help:"rag: answers from documents; chat: a prompt alone."`
}

func (cmd *initCmd) Run(c *console) error {
	branch := starter.Branch(c.ctx, cmd.Dir)
	files, err := starter.Write(cmd.Dir, cmd.Template, branch)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.init/1", "dir": cmd.Dir, "branch": branch, "files": files})
		return nil
	}
	c.printf("Wrote %s to %s:\n", plural(len(files), "file"), cmd.Dir)
	for _, f := range files {
		c.printf("  %s\n", f)
	}
	c.printf("\nNext:\n")
	for _, line := range cmd.next(branch) {
		c.printf("  %s\n", line)
	}
	return nil
}

// next are the commands that lead to a first gate.
func (cmd *initCmd) next(branch string) []string {
	var lines []string
	if cmd.Dir != "." {
		lines = append(lines, "cd "+quote(cmd.Dir))
	}
	if repo, err := source.Find(cmd.Dir); err == nil && !repo.HasGit {
		lines = append(lines, "git init -b "+branch)
	}
	return append(lines,
		"git add -A && git commit -m 'First baseline'",
		"assay eval        # ask every case, see the figures",
		"assay gate        # compare with "+branch+"; change a prompt and gate again",
	)
}

func quote(path string) string {
	if strings.ContainsAny(path, " '\"$") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return filepath.Clean(path)
}
