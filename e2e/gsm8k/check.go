package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// project is the folder that was made, and the binary that is checked on it.
type project struct{ dir, assay string }

// call runs a command of Assay and returns its exit code.
func (p project) call(args ...string) (code int, stderr string, took time.Duration, err error) {
	cmd := exec.Command(p.assay, append([]string{"--project", p.dir, "--quiet"}, args...)...)
	var noise bytes.Buffer
	cmd.Stderr = &noise
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), noise.String(), took, nil
	}
	return 0, noise.String(), took, err
}

// checkFlags scores each system and compares every flag with the published one.
func (p project) checkFlags(published flags) error {
	var wrong int
	fmt.Printf("%-24s %8s %8s %12s %8s\n", "SYSTEM", "CORRECT", "OF", "FLAGS EQUAL", "SECONDS")
	for _, s := range systems {
		out := filepath.Join(p.dir, s+".jsonl")
		code, stderr, took, err := p.call("eval", name(s), "--out", out)
		if err != nil {
			return fmt.Errorf("assay eval %s: %w\n%s", name(s), err, stderr)
		}
		if code != 0 {
			return fmt.Errorf("assay eval %s: exit code %d\n%s", name(s), code, stderr)
		}
		passed, equal, err := compare(out, published[s])
		if err != nil {
			return err
		}
		wrong += questions - equal
		fmt.Printf("%-24s %8d %8d %12d %8.2f\n", s, passed, questions, equal, took.Seconds())
	}
	if wrong > 0 {
		return fmt.Errorf("%d flags are not as published", wrong)
	}
	fmt.Printf("all %d flags are as published\n\n", len(systems)*questions)
	return nil
}

// compare reads a results file: a header, then a line for each case.
func compare(path string, published map[string]bool) (passed, equal int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for first := true; lines.Scan(); first = false {
		if first {
			continue
		}
		var record struct {
			Input  struct{ Question string }
			Scores map[string]struct{ Outcome, Reason string }
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return 0, 0, fmt.Errorf("reading %s: %w", path, err)
		}
		score, flag := record.Scores["correct"], published[record.Input.Question]
		if score.Outcome == "pass" {
			passed++
		}
		if score.Outcome == "pass" && flag || score.Outcome == "fail" && !flag {
			equal++
			continue
		}
		fmt.Printf("  %s (%s), published %t: %.60q\n", score.Outcome, score.Reason, flag, record.Input.Question)
	}
	return passed, equal, lines.Err()
}

// verdict is the part of a gate's JSON that the table shows.
type verdict struct {
	Outcome string
	Rules   []struct {
		Estimate  float64
		Lower     float64
		Upper     float64
		Limit     float64
		Method    string
		N         int
		NeedCases int `json:"need_cases"`
	}
}

// checkGates runs the comparisons and prints what they say.
func (p project) checkGates() error {
	codes := map[string]int{"pass": 0, "fail": 1, "undecided": 4}
	var wrong int
	fmt.Printf("%-40s %-19s %-10s %9s %20s %8s\n", "CANDIDATE < BASELINE", "RULE", "VERDICT", "ESTIMATE", "95 % BOUNDS", "SECONDS")
	for _, c := range comparisons {
		out := filepath.Join(p.dir, c.eval+".json")
		code, stderr, took, err := p.call("gate", c.eval, "--out", out)
		if err != nil {
			return fmt.Errorf("assay gate %s: %w\n%s", c.eval, err, stderr)
		}
		v, err := readVerdict(out)
		if err != nil {
			return fmt.Errorf("assay gate %s: exit %d: %w\n%s", c.eval, code, err, stderr)
		}
		r := v.Rules[0]
		fmt.Printf("%-40s %-19s %-10s %+9.4f %20s %8.2f\n", c.candidate+" < "+c.baseline, c.rule, v.Outcome,
			r.Estimate, fmt.Sprintf("%+.4f to %+.4f", r.Lower, r.Upper), took.Seconds())
		if v.Outcome == "undecided" {
			fmt.Printf("%-40s about %d cases would decide it\n", "", r.NeedCases)
		}
		if v.Outcome != c.want || code != codes[c.want] || r.N != questions {
			wrong++
			fmt.Printf("  want %s with exit code %d on %d cases; got exit code %d on %d\n", c.want, codes[c.want], questions, code, r.N)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d verdicts are not as the published flags say", wrong)
	}
	return nil
}

func readVerdict(path string) (v verdict, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err == nil && len(v.Rules) != 1 {
		err = fmt.Errorf("%s has %d rules, want 1", path, len(v.Rules))
	}
	return v, err
}
