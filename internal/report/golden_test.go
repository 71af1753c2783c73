package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it and, if it is right, run: go test ./internal/report -update\ngot:\n%s", path, got)
	}
}

// unchanged is a gate whose sides are the same version.
func unchanged() *Input {
	run := sampleRun(24, 1, true)
	return &Input{Candidate: run, Baseline: run, Verdict: &gate.Verdict{
		Format: gate.VerdictFormat, Eval: "help-centre", Outcome: gate.Pass, Summary: "nothing that counts has changed since the baseline; its one rule holds",
		Candidate: sampleSide(run, 0.8, 0.75), Unchanged: true, Confidence: 0.95, Estimand: "population",
		Rules: []gate.RuleResult{{Metric: "correct", Rule: "not_worse_by", Bound: "0.05", Text: "correct not_worse_by 0.05", Outcome: gate.Pass, ByIdentity: true,
			Reason: "holds by identity: both sides are the same version on the same cases", HasBounds: true, Limit: -0.05, Scale: "difference", Unit: "share", N: 24, HigherFirst: true}},
	}}
}

// plainRun is a run without a gate, three answers a case.
func plainRun() *Input {
	run := sampleRun(12, 3, true)
	side := sampleSide(run, 0.8, 0.75)
	return &Input{Candidate: run, Side: &side}
}

// withheld is a gate that was not decided for its errors.
func withheld() *Input {
	in := sample(12, 1)
	in.Verdict.Outcome = gate.Withheld
	in.Verdict.Summary = "no verdict: 1 of 12 cases of the candidate ended in an error (8.3 %, more than max_error_share 2 %)"
	return in
}

func TestGolden(t *testing.T) {
	t.Parallel()
	table := func(o TableOptions) func(io.Writer, *Input) error {
		return func(w io.Writer, in *Input) error { return Table(w, in, o) }
	}
	for name, c := range map[string]struct {
		write func(io.Writer, *Input) error
		in    *Input
	}{
		"fail.txt":       {table(TableOptions{}), sample(40, 1)},
		"fail-wide.txt":  {table(TableOptions{Width: 120}), sample(40, 1)},
		"fail-color.txt": {table(TableOptions{Width: 80, Color: true}), sample(40, 1)},
		"unchanged.txt":  {table(TableOptions{}), unchanged()},
		"withheld.txt":   {table(TableOptions{Width: 60, ASCII: true}), withheld()},
		"run.txt":        {table(TableOptions{}), plainRun()},
		"bare.txt":       {table(TableOptions{}), &Input{Candidate: sampleRun(3, 1, true)}},
		"fail.json":      {JSON, sample(40, 1)},
		"run.json":       {JSON, plainRun()},
		"fail.xml":       {JUnit, sample(12, 1)},
		"run.xml":        {JUnit, plainRun()},
		"fail.md":        {Markdown, sample(40, 1)},
		"unchanged.md":   {Markdown, unchanged()},
		"run.md":         {Markdown, plainRun()},
		"fail.svg":       {SVG, sample(40, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := c.write(&b, c.in); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
}

// A results file that was written can be read back as it was.
func TestJSONLReadsBack(t *testing.T) {
	t.Parallel()
	in := sample(20, 2)
	var b bytes.Buffer
	if err := Write("out.jsonl", &b, in); err != nil {
		t.Fatal(err)
	}
	run, err := eval.Read(&b, "out.jsonl", true)
	if err != nil {
		t.Fatal(err)
	}
	if run.Header.ID != in.Candidate.Header.ID || len(run.Records) != 40 || run.Records[39].Output != in.Candidate.Records[39].Output {
		t.Errorf("header %+v, %d records", run.Header, len(run.Records))
	}
}
