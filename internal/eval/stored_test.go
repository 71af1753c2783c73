package eval

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keep writes a run's file, as --out run.jsonl does.
func (r *rig) keep(run *Run, content bool) string {
	r.t.Helper()
	whole, err := ReadFile(run.Path, true)
	if err != nil {
		r.t.Fatal(err)
	}
	path := filepath.Join(r.t.TempDir(), "run.jsonl")
	if err := os.WriteFile(path, export(r.t, whole, content), 0o644); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func TestStoredBaseline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*rig)
		want   string
	}{
		{"nothing changed", func(*rig) {}, "a:pass b:pass c:fail"},
		{"an evaluator changed", func(r *rig) { r.edit("evals/echo.yaml", "type: contains", "type: equals") }, "a:fail b:fail c:fail"},
		{"an expectation changed", func(r *rig) { r.edit("cases.jsonl", "drei", "three") }, "a:pass b:pass c:pass"},
		{"a case added", func(r *rig) {
			r.write("cases.jsonl", rigCases+`{"id":"d","input":{"question":"four"},"expected":{"answer":"four"}}`)
		}, "a:pass b:pass c:fail"},
		{"a case taken out", func(r *rig) { r.write("cases.jsonl", rigCases[strings.IndexByte(rigCases, '\n')+1:]) }, "b:pass c:fail"},
		{"a question changed", func(r *rig) { r.edit("cases.jsonl", "what is two", "what was two") }, "a:pass c:fail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			path := r.keep(r.run(Select{}, Options{}), true)
			c.change(r)
			run, err := r.plan(Select{}).RunFrom(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(run, "right"); got != c.want {
				t.Errorf("outcomes %s, want %s", got, c.want)
			}
			if r.asked.Load() != 3 {
				t.Error("a stored baseline was asked")
			}
		})
	}
}

func TestStoredBaselineOfOtherCases(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.keep(r.run(Select{}, Options{}), true)
	r.edit("cases.jsonl", `"id":"`, `"id":"new-`)
	_, err := r.plan(Select{}).RunFrom(context.Background(), path)
	wantProblem(t, err, "has no answer to a case")
}

func TestStoredBaselineWithoutContent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.keep(r.run(Select{}, Options{}), false)
	run, err := r.plan(Select{}).RunFrom(context.Background(), path)
	if err != nil || outcomes(run, "right") != "a:pass b:pass c:fail" {
		t.Fatalf("%v", err)
	}
	r.edit("evals/echo.yaml", "type: contains", "type: equals")
	_, err = r.plan(Select{}).RunFrom(context.Background(), path)
	wantProblem(t, err, "without --no-content")
}

// A judge judges a stored baseline too, once.
func TestStoredBaselineIsJudged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.keep(r.run(Select{}, Options{}), true)
	r.says(judgeScript)
	r.write("configs/judge.yaml", judgeConfig)
	r.write("evals/echo.yaml", judgeEval)
	for range 2 {
		run, err := r.plan(Select{}).RunFrom(context.Background(), path)
		if err != nil || outcomes(run, "polite") != "a:pass b:fail c:pass" {
			t.Fatalf("%v", err)
		}
	}
	if r.asked.Load() != 6 {
		t.Errorf("%d requests: 3 answers and 3 judgements are enough", r.asked.Load())
	}
}

func TestRunsByIDAndVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.run(Select{}, Options{})
	r.edit("configs/echo.yaml", "params: {", "params: {seed: 3, ")
	second := r.run(Select{}, Options{})
	ctx := context.Background()
	p := r.plan(Select{})
	for prefix, want := range map[string]*Run{"last": second, "": second, first.Header.ID: first, second.Header.ID: second} {
		got, err := p.RunOf(ctx, prefix)
		if err != nil || got.Header.ID != want.Header.ID {
			t.Errorf("run %q: %v", prefix, err)
		}
	}
	digest := string(first.Header.Digest)
	for _, version := range []string{digest, digest[:12], digest[:4], "echo@" + digest[:12]} {
		got, err := p.RunOfVersion(ctx, version)
		if err != nil || got.Header.ID != first.Header.ID {
			t.Errorf("version %q: %v", version, err)
		}
	}
	for _, version := range []string{"other@" + digest[:12], "abc", strings.Repeat("0", 64), digest + "0"} {
		_, err := p.RunOfVersion(ctx, version)
		wantProblem(t, err, "no kept run of echo is of version")
	}
	_, err := p.RunOf(ctx, "zzz")
	wantProblem(t, err, `there is no run "zzz"`, "assay runs ls")
	_, err = newRig(t).plan(Select{}).RunOf(ctx, "last")
	wantProblem(t, err, "no run was made yet")
}

func (r *rig) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// A target at a commit runs in a worktree of that commit: its program answers
// as it did then.
func TestTargetAtACommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app/answer.sh", "cat >/dev/null\necho '{\"output\":\"one\"}'\n")
	r.write("configs/echo.yaml", "target: {command: [sh, ../app/answer.sh], timeout: 20s}\nversion: {files: [../app/*.sh]}\n")
	r.git("init", "-q", "-b", "main")
	r.git("add", "-A")
	r.git("commit", "-qm", "first")
	r.git("checkout", "-qb", "change")

	both := func() (candidate, baseline *Run, worktrees int) {
		t.Helper()
		p := r.plan(Select{})
		side, err := p.Candidate()
		if err != nil {
			t.Fatal(err)
		}
		base, err := p.BaselineAt(context.Background(), "main", side)
		if err != nil || base.Side == nil {
			t.Fatalf("%+v, %v", base, err)
		}
		runs, err := p.Execute(context.Background(), []*Side{side, base.Side}, Options{Concurrency: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Side{side, base.Side} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		return runs[0], runs[1], strings.Count(r.git("worktree", "list"), "\n")
	}

	r.edit("app/answer.sh", "one", "two")
	r.git("commit", "-qam", "another answer")
	candidate, baseline, worktrees := both()
	if got := outcomes(candidate, "right"); got != "a:fail b:pass c:fail" {
		t.Errorf("the candidate: %s", got)
	}
	if got := outcomes(baseline, "right"); got != "a:pass b:fail c:fail" {
		t.Errorf("the baseline: %s", got)
	}
	if candidate.Header.Digest == baseline.Header.Digest || candidate.Header.Totals.Calls != 3 {
		t.Error("a changed script is no new version, or was not called")
	}
	if worktrees != 1 {
		t.Errorf("%d worktrees are left", worktrees)
	}
	candidate, baseline, _ = both()
	if n := candidate.Header.Totals.Calls + baseline.Header.Totals.Calls; n != 0 {
		t.Errorf("a second comparison called %d times", n)
	}
}
