// Command starter walks the way of a new user through the built binary, for each
// template of assay init: init, git init and a first commit, a gate that passes,
// a second one that calls nothing, a change for the worse that fails, and the
// change undone.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./e2e/starter --assay bin/assay
//
// It needs git and no network. Exit code 1: a step did not end as a new user is
// told it does.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to check")
	flag.Parse()
	binary, err := filepath.Abs(*assay)
	if err == nil {
		err = errors.Join(walk(binary, "rag", spoilRAG), walk(binary, "chat", spoilChat))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starter:", err)
		os.Exit(1)
	}
}

// spoilRAG lets the assistant see no page, as the README of the starter says.
func spoilRAG(dir string) (undo func() error, err error) {
	return edit(filepath.Join(dir, "configs", "support.yaml"), func(text string) string {
		return strings.Replace(text, "top_k: 3", "top_k: 0", 1)
	})
}

// spoilChat takes the facts away.
func spoilChat(dir string) (undo func() error, err error) {
	return edit(filepath.Join(dir, "configs", "concierge", "facts.md"), func(string) string { return "" })
}

func edit(path string, change func(string) string) (undo func() error, err error) {
	before, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	after := change(string(before))
	if after == string(before) {
		return nil, fmt.Errorf("the change does not apply to %s", path)
	}
	return func() error { return os.WriteFile(path, before, 0o666) }, os.WriteFile(path, []byte(after), 0o666)
}

// walk takes the steps for one template and prints a line for each.
func walk(assay, template string, spoil func(dir string) (func() error, error)) error {
	top, err := os.MkdirTemp("", "assay-starter-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(top) //nolint:errcheck // a temporary folder
	w := walker{assay: assay, template: template, dir: filepath.Join(top, "project")}

	w.step("init", 0, "init", w.dir, "--template", template)
	w.git("init", "-q", "-b", "main")
	w.git("add", "-A")
	w.git("commit", "-q", "-m", "Start")
	w.gate("first gate", 0, nil)
	w.gate("second gate calls nothing", 0, func(v verdict) bool { return v.Candidate.Calls == 0 })
	if w.err != nil {
		return w.err
	}
	undo, err := spoil(w.dir)
	if err != nil {
		return err
	}
	w.gate("a change for the worse", 1, func(v verdict) bool {
		for _, r := range v.Rules {
			if r.Outcome == "fail" && len(r.WorstCases) > 0 {
				return true
			}
		}
		return false
	})
	w.step("diff", 0, "diff", "git:HEAD", "configs/"+map[string]string{"rag": "support", "chat": "concierge"}[template]+".yaml")
	if err := undo(); err != nil {
		return err
	}
	w.gate("the change undone", 0, func(v verdict) bool { return v.Candidate.Calls == 0 })
	w.step("init again changes nothing", 3, "init", w.dir, "--template", template)
	return w.err
}

// verdict is what the walk looks at of assay gate --json.
type verdict struct {
	Outcome   string
	Candidate struct{ Calls int }
	Rules     []struct {
		Text       string
		Outcome    string
		Reason     string
		WorstCases []string `json:"worst_cases"`
	}
}

// walker runs commands until one ends otherwise than it should.
type walker struct {
	assay, template, dir string
	err                  error
}

// step runs Assay and checks its exit code.
func (w *walker) step(what string, want int, args ...string) (stdout []byte) {
	if w.err != nil {
		return nil
	}
	cmd := exec.Command(w.assay, args...)
	if args[0] != "init" {
		cmd.Dir = w.dir
	}
	var out, noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &noise
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.err = err
		return nil
	}
	code := cmd.ProcessState.ExitCode()
	fmt.Printf("%-5s %-28s exit %d in %.2f s\n", w.template, what, code, time.Since(start).Seconds())
	if code != want {
		w.err = fmt.Errorf("%s, %s: exit code %d, want %d\n%s%s", w.template, what, code, want, out.Bytes(), noise.Bytes())
	}
	return out.Bytes()
}

// gate runs assay gate and checks its verdict too.
func (w *walker) gate(what string, want int, holds func(verdict) bool) {
	out := w.step(what, want, "gate", "--json")
	if w.err != nil {
		return
	}
	var v verdict
	if err := json.Unmarshal(out, &v); err != nil {
		w.err = fmt.Errorf("%s, %s: reading the verdict: %w", w.template, what, err)
		return
	}
	if len(v.Rules) == 0 || holds != nil && !holds(v) {
		w.err = fmt.Errorf("%s, %s: the verdict is not as expected:\n%s", w.template, what, out)
	}
}

func (w *walker) git(args ...string) {
	if w.err != nil {
		return
	}
	cmd := exec.Command("git", append([]string{"-C", w.dir, "-c", "user.name=e2e", "-c", "user.email=e2e@example.org"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.err = fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
}
