// Command compare asks a running `assay serve` for the traces of the programs
// that run.py ran, and holds them, field by field, against what went over the
// wire. run.py calls it.
//
// It prints a table of instrumentations by scenarios and ends with exit code 1
// when a field differs that absent.json does not explain.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

// job is what run.py hands over.
type job struct {
	API   string `json:"api"`
	Token string `json:"token"`
	Runs  []run  `json:"runs"`
}

// run is one scenario of one program, with the traces that it made.
type run struct {
	Instrumentation string        `json:"instrumentation"`
	Scenario        string        `json:"scenario"`
	Project         string        `json:"project"`
	Traces          []string      `json:"traces"`
	Wire            captured.Wire `json:"wire"`
}

func main() {
	fixtures := flag.String("fixtures", "internal/trace/semconv/testdata/captured", "folder of absent.json")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: compare [--fixtures DIR] JOB.json")
		os.Exit(3)
	}
	failed, err := compare(flag.Arg(0), *fixtures)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(3)
	}
	if failed {
		os.Exit(1)
	}
}

func compare(file, fixtures string) (failed bool, err error) {
	var j job
	absent := map[string][]captured.Absence{}
	for name, into := range map[string]any{file: &j, filepath.Join(fixtures, "absent.json"): &absent} {
		data, err := os.ReadFile(name)
		if err != nil {
			return false, fmt.Errorf("reading the job: %w", err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			return false, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	book, err := price.Load()
	if err != nil {
		return false, fmt.Errorf("reading the prices: %w", err)
	}
	t := table{cells: map[string]map[string]string{}}
	for i := range j.Runs {
		r := &j.Runs[i]
		found, spans, err := ask(&j, r, book)
		if err != nil {
			return false, fmt.Errorf("%s/%s: %w", r.Instrumentation, r.Scenario, err)
		}
		defects, explained := captured.Split(found, absent[r.Instrumentation], r.Scenario)
		failed = failed || len(defects) > 0
		t.add(r, spans, defects, explained)
	}
	t.print(absent)
	return failed || len(j.Runs) == 0, nil
}

// table is what is printed: a row an instrumentation, a column a scenario.
type table struct {
	names, scenarios []string
	cells            map[string]map[string]string
	lines            []string // one a defect
}

func (t *table) add(r *run, spans int, defects, explained []captured.Difference) {
	if t.cells[r.Instrumentation] == nil {
		t.cells[r.Instrumentation] = map[string]string{}
		t.names = append(t.names, r.Instrumentation)
	}
	if len(t.names) == 1 {
		t.scenarios = append(t.scenarios, r.Scenario)
	}
	cell := fmt.Sprintf("ok (%d spans)", spans)
	if len(explained) > 0 {
		cell = fmt.Sprintf("ok (%d spans, %d silent)", spans, len(explained))
	}
	if len(defects) > 0 {
		cell = fmt.Sprintf("%d DIFFER", len(defects))
	}
	t.cells[r.Instrumentation][r.Scenario] = cell
	for _, d := range defects {
		t.lines = append(t.lines, fmt.Sprintf("%s/%s: %s", r.Instrumentation, r.Scenario, d))
	}
}

func (t *table) print(absent map[string][]captured.Absence) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\t"+strings.Join(t.scenarios, "\t"))
	for _, name := range t.names {
		row := []string{name}
		for _, s := range t.scenarios {
			row = append(row, t.cells[name][s])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // standard output
	fmt.Println("\nWhat an SDK does not send (silent above):")
	for _, name := range t.names {
		for _, a := range absent[name] {
			where := ""
			if len(a.Scenarios) > 0 {
				where = " in " + strings.Join(a.Scenarios, ", ")
			}
			fmt.Printf("  %s: %s%s: %s\n", name, a.Field, where, a.Why)
		}
	}
	for _, l := range t.lines {
		fmt.Println("DIFFERS", l)
	}
}
