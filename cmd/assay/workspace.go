package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/extractive"
	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/project"
)

// openProject reads the project's settings.
func (c *console) openProject() (*project.Project, error) {
	return project.Open(c.flags.Project)
}

// openStore opens the state folder alone, for commands that only look.
func (c *console) openStore() (*calls.Store, error) {
	if c.flags.State != "" {
		return calls.Open(c.flags.State)
	}
	folder, err := filepath.Abs(c.flags.Project)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, &problem.Problem{File: c.flags.Project, What: "there is no such folder", Err: err}
	}
	return calls.Open(filepath.Join(folder, ".assay"))
}

// openWorkspace opens all that runs need: settings, state, prices and models.
func (c *console) openWorkspace() (*eval.Workspace, error) {
	p, err := c.openProject()
	if err != nil {
		return nil, err
	}
	w := &eval.Workspace{Project: p, Version: version(), Warn: c.warning}
	var files []price.File
	if at := p.Settings.Prices; at != "" {
		text, err := p.Tree().Read(at)
		if err != nil {
			return nil, problem.NamedBy(err, p.SettingsPath(), p.Line("/prices"))
		}
		files = append(files, price.File{Name: at, Data: text})
	}
	if w.Prices, err = price.Load(files...); err != nil {
		return nil, err
	}
	w.Models = providers.New(p.Settings.Providers, providers.Options{
		LookupEnv: os.LookupEnv, Builtin: map[string]llm.Model{"extractive": extractive.New()},
		ReadFile: p.ReadBeside,
		File:     p.SettingsPath(), Line: p.Line,
	})
	if w.Store, err = c.openStore(); err != nil {
		return nil, err
	}
	return w, nil
}

// warning prints what is legal but suspect; with --strict it ends the command.
func (c *console) warning(err error) error {
	if c.flags.Strict {
		return err
	}
	c.fromHere(err)
	var p *problem.Problem
	if errors.As(err, &p) {
		c.warn(p.Error())
		return nil
	}
	c.warn(err.Error())
	return nil
}

// version is the module's version, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

type versionCmd struct{}

func (versionCmd) Run(c *console) error {
	if c.flags.JSON {
		c.printJSON(map[string]string{"format": "assay.version/1", "version": version()})
		return nil
	}
	_, err := c.out.Write([]byte("assay " + version() + "\n"))
	return err
}
