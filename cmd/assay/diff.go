package main

import (
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/project"
)

type diffCmd struct {
	Before string `arg:"" help:"A config's name, its file, or git:REF[:PATH]."`
	After  string `arg:"" help:"The same for the other side."`
}

func (cmd *diffCmd) Run(c *console) error {
	p, err := c.openProject()
	if err != nil {
		return err
	}
	before, err := c.version(p, cmd.Before, cmd.After)
	if err != nil {
		return err
	}
	after, err := c.version(p, cmd.After, cmd.Before)
	if err != nil {
		return err
	}
	d := llmconfig.Diff(before, after)
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.diff/1", "diff": d})
		return nil
	}
	// What is compared is made fit to be shown first: the text has colours.
	for i := range d.Changes {
		change := &d.Changes[i]
		change.Part, change.Before, change.After = shown(change.Part), shown(change.Before), shown(change.After)
	}
	fmt.Fprint(c.out, d.Text(colored(c.out)))
	return nil
}

// version loads one side of a comparison. git:REF without a path means the
// other side's config at that commit.
func (c *console) version(p *project.Project, name, other string) (*llmconfig.Config, error) {
	rest, isGit := strings.CutPrefix(name, "git:")
	if !isGit {
		return p.Config(name)
	}
	ref, path, hasPath := strings.Cut(rest, ":")
	tree, err := p.Repo.At(c.ctx, ref)
	if err != nil {
		return nil, err
	}
	if hasPath {
		return p.ConfigAt(tree, path)
	}
	return p.ConfigIn(tree, other)
}
