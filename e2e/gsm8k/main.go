// Command gsm8k checks Assay against data that nobody here wrote: 1,319 grade
// school questions with the answers of four systems, each published with a flag
// that says whether it is correct.
//
// It copies the file unchanged into a project, reads it through map and answers,
// scores it with the evaluator number, and fails unless all 4 × 1,319 flags come
// out as published. Then it gates systems against each other and prints a table:
// verdict, bounds and time.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./e2e/gsm8k --assay bin/assay --data ../shared/data/gsm8k/solutions.jsonl
//
// Without the data it says so and ends well. Exit code 1: a flag or a verdict is
// not as expected.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to check")
	data := flag.String("data", "../shared/data/gsm8k/solutions.jsonl", "the published file")
	keep := flag.String("keep", "", "make the project in this folder and leave it there")
	flag.Parse()
	if err := run(*assay, *data, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "gsm8k:", err)
		os.Exit(1)
	}
}

func run(assay, data, keep string) error {
	published, err := readPublished(data)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("skipped: the data is not at %s (--data says where it is)\n", data)
		return nil
	}
	if err != nil {
		return err
	}
	if assay, err = filepath.Abs(assay); err != nil {
		return err
	}
	dir := keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "assay-gsm8k-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	if err := writeProject(dir, data); err != nil {
		return fmt.Errorf("making the project: %w", err)
	}
	p := project{dir: dir, assay: assay}
	if err := p.checkFlags(published); err != nil {
		return err
	}
	return p.checkGates()
}
