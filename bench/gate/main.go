//go:build unix

// Command gate measures what Assay itself costs when an evaluation is run: the
// time of a gate whose answers are all kept, of assay --help, and processor time
// and memory for each case. The model is scripted and answers at once, so that
// nothing else is measured.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./bench/gate --assay bin/assay
//
// It prints a figure a line with its aim. bench/README.md says on what machine
// the figures there were made.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// few and many are numbers of cases whose difference gives the cost of one.
const (
	few  = 1_000
	many = 10_000
)

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to measure")
	runs := flag.Int("runs", 10, "how often each short command is run; the median counts")
	scale := flag.Float64("scale", 1, "share of the cases; less than 1 only shows that the measurement works")
	check := flag.Bool("check", false, "exit with 1 when an aim is missed")
	flag.Parse()
	m := &measurement{runs: max(1, *runs)}
	err := m.all(*assay, *scale)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/gate:", err)
		os.Exit(1)
	}
	if *check && m.missed > 0 {
		fmt.Fprintf(os.Stderr, "bench/gate: %d aims were missed\n", m.missed)
		os.Exit(1)
	}
}

// measurement counts the aims that were missed.
type measurement struct {
	runs   int
	missed int
}

// figure prints a line.
func (m *measurement) figure(name string, got, aim float64, unit string) {
	word := "ok"
	if got > aim {
		word = "MISSED"
		m.missed++
	}
	fmt.Printf("%-52s %9.4g %-8s aim at most %g: %s\n", name, got, unit, aim, word)
}

func (m *measurement) all(assay string, scale float64) error {
	assay, err := filepath.Abs(assay)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "assay-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	small, large := max(60, int(few*scale)), max(120, int(many*scale))

	if err := m.help(assay); err != nil {
		return err
	}
	one, err := newProject(filepath.Join(dir, "few"), assay, small)
	if err != nil {
		return err
	}
	if err := m.gate(one); err != nil {
		return err
	}
	two, err := newProject(filepath.Join(dir, "many"), assay, large)
	if err != nil {
		return err
	}
	return m.cases(one, two)
}

// help times the start of the process.
func (m *measurement) help(assay string) error {
	took, err := m.median(func() (use, error) { return call(assay, 0, "--help") })
	if err != nil {
		return err
	}
	m.figure("assay --help", float64(took)/float64(time.Millisecond), 30, "ms")
	return nil
}

// gate times a gate that calls nothing, on two sides of different versions.
func (m *measurement) gate(p *project) error {
	first, err := p.run(0, "gate")
	if err != nil {
		return err
	}
	fmt.Printf("%-52s %9.4g s\n", fmt.Sprintf("a gate of 2 × %d answers, none kept", p.cases), first.wall.Seconds())
	took, err := m.median(func() (use, error) { return p.run(0, "gate") })
	if err != nil {
		return err
	}
	made, err := p.calls()
	if err != nil {
		return err
	}
	if made != 0 {
		return fmt.Errorf("the gate made %d calls where all its answers are kept", made)
	}
	m.figure(fmt.Sprintf("a gate of 2 × %d answers, all kept", p.cases), took.Seconds(), 0.5, "s")
	return nil
}

// cases compares runs of few and of many cases that are asked for the first
// time: the difference is what a case costs.
func (m *measurement) cases(one, two *project) error {
	a, err := one.run(0, "eval", "measured", "--fresh")
	if err != nil {
		return err
	}
	b, err := two.run(0, "eval", "measured")
	if err != nil {
		return err
	}
	n := float64(two.cases - one.cases)
	m.figure(fmt.Sprintf("peak memory of %d cases", two.cases), float64(b.memory)/1e6, 100, "MB")
	m.figure("processor time for each further case", float64(b.processor-a.processor)/float64(time.Millisecond)/n, 0.5, "ms")
	fmt.Printf("%-52s %9.4g bytes\n", "peak memory for each further case", float64(b.memory-a.memory)/n)
	fmt.Printf("%-52s %9.4g s\n", fmt.Sprintf("%d cases, none kept, with their calls on disk", two.cases), b.wall.Seconds())
	return nil
}
