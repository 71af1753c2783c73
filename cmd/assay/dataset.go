package main

import (
	"fmt"

	"github.com/assay-llmops/assay/internal/dataset"
)

type datasetCmd struct {
	Check datasetCheckCmd `cmd:"" help:"Read a dataset and report what is wrong with it."`
	Stats datasetStatsCmd `cmd:"" help:"Count cases, tags, clusters and fields."`
	Add   datasetAddCmd   `cmd:"" help:"Make cases of traces: what was asked, with its documents and tool results."`
}

// datasetFlag names a dataset: through the eval file that uses it, so that its
// map is known, or as a file of cases.
type datasetFlag struct {
	Name string `arg:"" help:"Name of an eval file, or path of a dataset in Assay's own shape."`
}

func (f *datasetFlag) load(c *console) (*dataset.Dataset, error) {
	p, err := c.openProject()
	if err != nil {
		return nil, err
	}
	at, m, err := p.Dataset(f.Name)
	if err != nil {
		return nil, err
	}
	return dataset.Load(p.Tree(), at, m)
}

type datasetCheckCmd struct{ datasetFlag }

func (cmd *datasetCheckCmd) Run(c *console) error {
	d, err := cmd.load(c)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.dataset/1", "path": d.Path, "cases": len(d.Cases), "digest": d.Digest})
		return nil
	}
	c.printf("%s: %s, digest %s\n", d.Path, plural(len(d.Cases), "case"), d.Digest.Short())
	return nil
}

type datasetStatsCmd struct{ datasetFlag }

func (cmd *datasetStatsCmd) Run(c *console) error {
	d, err := cmd.load(c)
	if err != nil {
		return err
	}
	s := d.Stats()
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.dataset-stats/1", "path": d.Path, "digest": d.Digest, "stats": s})
		return nil
	}
	c.printf("%s: %s, digest %s\n", d.Path, plural(s.Cases, "case"), d.Digest.Short())
	c.printf("clusters: %d of %d to %s (median %d), %s in none\n",
		s.Clusters.Count, s.Clusters.Smallest, plural(s.Clusters.Largest, "case"), s.Clusters.Median, plural(s.Clusters.Unclaimed, "case"))
	if s.Unexpected > 0 {
		c.printf("%s without an expectation\n", plural(s.Unexpected, "case"))
	}
	for _, group := range s.Duplicates {
		c.printf("same input: %v\n", group)
	}
	rows := [][]string{{"TAG", "CASES"}}
	for _, t := range s.Tags {
		rows = append(rows, []string{t.Name, fmt.Sprint(t.Cases)})
	}
	c.table(rows)
	rows = [][]string{{"INPUT", "CASES", "SHORTEST", "MEDIAN", "LONGEST"}}
	for _, f := range s.Inputs {
		rows = append(rows, []string{f.Name, fmt.Sprint(f.Cases), fmt.Sprint(f.Min), fmt.Sprint(f.Median), fmt.Sprint(f.Max)})
	}
	c.table(rows)
	rows = [][]string{{"EXPECTED", "CASES"}}
	for _, e := range s.Expected {
		rows = append(rows, []string{e.Name, fmt.Sprint(e.Cases)})
	}
	c.table(rows)
	return nil
}
