package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/problem"
)

type configCmd struct {
	Ls       configLsCmd       `cmd:"" help:"The configs of the project with their versions."`
	Show     configShowCmd     `cmd:"" help:"One config, resolved: what it is made of."`
	Validate configValidateCmd `cmd:"" help:"Check configs; every fault with file and line."`
	Digest   configDigestCmd   `cmd:"" help:"The digest of a config: 64 hex digits."`
	Export   configExportCmd   `cmd:"" help:"What an application reads to use what was gated (--json)."`
}

type configLsCmd struct{}

func (configLsCmd) Run(c *console) error {
	p, err := c.openProject()
	if err != nil {
		return err
	}
	names, err := p.Configs()
	if err != nil {
		return err
	}
	type item struct {
		Name        string `json:"name"`
		Version     string `json:"version"`
		Digest      string `json:"digest"`
		Model       string `json:"model"`
		Pinned      bool   `json:"pinned"`
		Description string `json:"description,omitempty"`
	}
	items := []item{}
	rows := [][]string{{"CONFIG", "VERSION", "MODEL", "DESCRIPTION"}}
	for _, name := range names {
		config, err := p.Config(name)
		if err != nil {
			return err
		}
		model := config.Model.String()
		if config.Target != nil {
			model = "target"
		}
		items = append(items, item{config.Name, config.Version(), string(config.Digest()), model, config.Pinned(), config.Description})
		rows = append(rows, []string{config.Name, config.Digest().Short(), model, clip(config.Description, 40)})
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.configs/1", "configs": items})
		return nil
	}
	c.table(rows)
	return nil
}

type configShowCmd struct {
	Name string `arg:"" help:"Name of a config, or its path."`
}

func (cmd *configShowCmd) Run(c *console) error {
	config, err := c.loadConfig(cmd.Name)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		form, err := canonical.JSON(config.Canonical())
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s\n", form)
		return nil
	}
	c.printf("%s", config.Describe())
	return nil
}

// loadConfig loads one config and tells its warnings.
func (c *console) loadConfig(name string) (*llmconfig.Config, error) {
	p, err := c.openProject()
	if err != nil {
		return nil, err
	}
	config, err := p.Config(name)
	if err != nil {
		return nil, err
	}
	for _, w := range config.Warnings {
		if err := c.warning(w); err != nil {
			return nil, err
		}
	}
	return config, nil
}

type configValidateCmd struct {
	Names []string `arg:"" optional:"" help:"Names of configs (default: all, and every eval file)."`
}

func (cmd *configValidateCmd) Run(c *console) error {
	p, err := c.openProject()
	if err != nil {
		return err
	}
	names := cmd.Names
	if len(names) == 0 {
		if names, err = p.Configs(); err != nil {
			return err
		}
	}
	var problems problem.List
	good := 0
	check := func(err error) error {
		var list problem.List
		var one *problem.Problem
		switch {
		case err == nil:
			good++
		case errors.As(err, &list):
			problems = append(problems, list...)
		case errors.As(err, &one):
			problems = append(problems, one)
		default:
			return err
		}
		return nil
	}
	for _, name := range names {
		config, err := p.Config(name)
		if err := check(err); err != nil {
			return err
		}
		if err != nil {
			continue
		}
		for _, w := range config.Warnings {
			if err := c.warning(w); err != nil {
				problems = append(problems, w)
			}
		}
	}
	if len(cmd.Names) == 0 {
		evals, err := p.Evals()
		if err != nil && len(names) == 0 {
			return err
		}
		for _, name := range evals {
			_, err := p.Eval(name)
			if err := check(err); err != nil {
				return err
			}
		}
	}
	if len(problems) > 0 {
		return problems
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.validate/1", "valid": good})
		return nil
	}
	are := "are"
	if good == 1 {
		are = "is"
	}
	c.printf("%s %s valid: %s\n", plural(good, "file"), are, strings.Join(names, ", "))
	return nil
}

type configDigestCmd struct {
	Name string `arg:"" help:"Name of a config, or its path."`
}

func (cmd *configDigestCmd) Run(c *console) error {
	config, err := c.loadConfig(cmd.Name)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]string{"format": "assay.digest/1", "name": config.Name, "version": config.Version(), "digest": string(config.Digest())})
		return nil
	}
	fmt.Fprintln(c.out, config.Digest())
	return nil
}

type configExportCmd struct {
	Name string `arg:"" help:"Name of a config, or its path."`
}

func (cmd *configExportCmd) Run(c *console) error {
	config, err := c.loadConfig(cmd.Name)
	if err != nil {
		return err
	}
	export, err := config.Export()
	if err != nil {
		return err
	}
	c.printJSON(export)
	return nil
}
