package main

import (
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/report"
)

// present prints a run or a verdict on standard output and writes the reports
// that were asked for.
func (c *console) present(in *report.Input, files []string, content bool) error {
	if len(files) > 0 {
		full, err := withContent(in, content)
		if err != nil {
			return err
		}
		for _, path := range files {
			if err := writeReport(path, full); err != nil {
				return err
			}
			defer c.note("wrote %s", path)
		}
	}
	if c.flags.JSON {
		return report.JSON(c.out, in)
	}
	width, _ := terminal(c.out)
	return report.Table(c.out, in, report.TableOptions{Width: width, Color: colored(c.out)})
}

// withContent reads the whole records back from disk: in memory they are slim.
func withContent(in *report.Input, content bool) (*report.Input, error) {
	full := *in
	for _, run := range []**eval.Run{&full.Candidate, &full.Baseline} {
		if *run == nil || (*run).Path == "" {
			continue
		}
		read, err := eval.ReadFile((*run).Path, content)
		if err != nil {
			return nil, err
		}
		read.Header.NoContent = read.Header.NoContent || !content
		*run = read
	}
	return &full, nil
}

// writeReport writes a file whole or not at all.
func writeReport(path string, in *report.Input) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".assay-*")
	if err != nil {
		return calls.WriteProblem(path, err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	if err := report.Write(path, tmp, in); err != nil {
		tmp.Close()
		return calls.WriteProblem(path, err)
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return calls.WriteProblem(path, err)
	}
	if err := tmp.Close(); err != nil {
		return calls.WriteProblem(path, err)
	}
	return os.Rename(tmp.Name(), path)
}
