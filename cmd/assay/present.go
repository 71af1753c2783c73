package main

import (
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/problem"
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
// Without content nothing that was asked, answered or expected is left.
func withContent(in *report.Input, content bool) (*report.Input, error) {
	full := *in
	for _, run := range []**eval.Run{&full.Candidate, &full.Baseline} {
		if *run == nil {
			continue
		}
		if (*run).Path != "" {
			read, err := eval.ReadFile((*run).Path, content)
			if err != nil {
				return nil, err
			}
			*run = read
		}
		if !content {
			*run = (*run).WithoutContent()
		}
	}
	return &full, nil
}

// writeReport writes a file whole or not at all.
func writeReport(path string, in *report.Input) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".assay-*")
	if err != nil {
		return reportProblem(path, err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	if err := report.Write(path, tmp, in); err != nil {
		tmp.Close()
		return reportProblem(path, err)
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return reportProblem(path, err)
	}
	if err := tmp.Close(); err != nil {
		return reportProblem(path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return reportProblem(path, err)
	}
	return nil
}

// reportProblem tells that a report was not written. The run that it is of is
// kept by then.
func reportProblem(path string, err error) error {
	return (&problem.Problem{File: path, What: "the report cannot be written: " + calls.Reason(err), Err: err}).
		Remedy("name a file in a folder that exists and has room; the same command writes it from what is kept and asks nothing again")
}
