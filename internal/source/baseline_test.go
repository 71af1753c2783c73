package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

func (s *sandbox) baseline(ref string, files ...string) *Base {
	s.Helper()
	b, err := s.repo().Baseline(s.Context(), ref, files)
	if err != nil {
		s.Fatalf("baseline %s: %v", ref, err)
	}
	return b
}

func (s *sandbox) expect(b *Base, commit, explain string) {
	s.Helper()
	if b.Commit != commit || !strings.Contains(b.Explain, explain) {
		s.Errorf("baseline %q (%s), want %q (%s)", b.Commit, b.Explain, commit, explain)
	}
	if (b.Tree == nil) != (commit == "") {
		s.Errorf("tree %v of the commit %q", b.Tree, commit)
	}
}

func TestBaselineOfABranchIsTheMergeBase(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.write("a", "1")
	root := s.commit("root")
	s.expect(s.baseline("main", "a"), "", "the first commit")
	s.git("checkout", "-q", "-b", "change")
	s.write("a", "2")
	change := s.commit("change")
	s.git("checkout", "-q", "main")
	s.write("b", "1")
	tip := s.commit("main went on")
	s.git("checkout", "-q", "change")
	b := s.baseline("main", "a")
	s.expect(b, root, "where HEAD left main")
	if text, err := b.Tree.Read("a"); err != nil || string(text) != "1" {
		t.Errorf("a at the baseline: %q, %v", text, err)
	}
	if want := "git:main (" + root[:7] + ")"; b.Tree.Describe() != want {
		t.Errorf("described as %s, want %s", b.Tree.Describe(), want)
	}
	s.expect(s.baseline(tip, "a"), tip, short(tip)) // a commit is taken as it is
	s.git("tag", "v1", tip)
	s.expect(s.baseline("v1", "a"), tip, "v1")
	s.expect(s.baseline("HEAD~1", "a"), root, "HEAD~1")
	_ = change
}

func TestBaselineThatIsHEAD(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.expect(s.baseline("main", "a"), "", "no commit yet")
	s.write("a", "1")
	s.write("help/x.md", "1")
	s.write("other", "1")
	root := s.commit("root")
	s.write("a", "2")
	head := s.commit("second")
	files := []string{"a", "help/**/*.md"}
	s.expect(s.baseline("main", files...), root, "its parent")
	s.write("other", "changed")
	s.write("new", "untracked")
	s.expect(s.baseline("main", files...), root, "its parent")
	s.write("a", "3")
	s.expect(s.baseline("main", files...), head, "uncommitted changes")
	s.write("a", "2")
	s.expect(s.baseline("HEAD", files...), root, "its parent")
	if err := os.Remove(filepath.Join(s.dir, "help/x.md")); err != nil {
		t.Fatal(err)
	}
	s.expect(s.baseline("main", files...), head, "uncommitted changes") // a page was deleted
	s.write("help/x.md", "1")
	s.write("help/deep/é.md", "untracked")
	s.expect(s.baseline("main", files...), head, "uncommitted changes")
}

func TestBaselineAtOriginShallowAndUnknown(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.write("a", "1")
	root := s.commit("root")
	s.write("a", "2")
	s.commit("second")
	s.git("checkout", "-q", "-b", "change")
	s.write("a", "3")
	s.commit("change")

	clone := func(args ...string) *sandbox {
		c := newSandbox(t)
		c.dir = filepath.Join(c.dir, "clone")
		s.git(slices.Concat([]string{"clone", "-q"}, args, []string{"file://" + s.dir, c.dir})...)
		return c
	}
	whole := clone("-b", "change")
	whole.expect(whole.baseline("main", "a"), s.git("rev-parse", "main"), "where HEAD left main")
	_, err := whole.repo().Baseline(t.Context(), "mian", nil)
	if !problem.Is(err) || !strings.Contains(err.Error(), `"mian"`) || !strings.Contains(err.Error(), "main") {
		t.Errorf("unknown ref: %v", err)
	}
	if _, err := whole.repo().Baseline(t.Context(), "--all", nil); !problem.Is(err) {
		t.Errorf("a flag as ref: %v", err)
	}

	shallow := clone("--depth=1", "-b", "change")
	for _, ref := range []string{"main", "HEAD", root} {
		_, err := shallow.repo().Baseline(t.Context(), ref, []string{"a"})
		if !problem.Is(err) || !strings.Contains(err.Error(), "fetch-depth: 0") {
			t.Errorf("shallow, %s: %v", ref, err)
		}
	}
	two := clone("--depth=2", "-b", "main")
	two.expect(two.baseline("main", "a"), root, "its parent")
}

func TestNoRepository(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	_, err := s.repo().Baseline(t.Context(), "main", nil)
	if !problem.Is(err) || !strings.Contains(err.Error(), "git init") {
		t.Errorf("baseline: %v", err)
	}
	if _, err := s.repo().At(t.Context(), "main"); !problem.Is(err) {
		t.Errorf("at: %v", err)
	}
	if names, err := s.repo().Untracked(t.Context(), []string{"a"}); err != nil || names != nil {
		t.Errorf("untracked: %v, %v", names, err)
	}
}

func TestUntrackedAndWorktree(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.write("a", "1")
	s.write(".gitignore", "ignored\n")
	root := s.commit("root")
	s.write("a", "2")
	s.write("b", "")
	s.write("ignored", "")
	got, err := s.repo().Untracked(t.Context(), []string{"a", "b", "ignored"})
	if err != nil || !slices.Equal(got, []string{"b", "ignored"}) {
		t.Errorf("untracked %v, %v", got, err)
	}
	folder, remove, err := s.repo().Worktree(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "a")); err != nil || string(text) != "1" {
		t.Errorf("a in the worktree: %q, %v", text, err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the worktree is still there: %v", err)
	}
	if list := s.git("worktree", "list"); strings.Count(list, "\n") != 0 {
		t.Errorf("git still knows it: %s", list)
	}
}

// A hook's git tells its children about another index and repository.
func TestHookVariablesAreIgnored(t *testing.T) {
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.write("a", "1")
	s.commit("root")
	s.write("a", "2")
	s.commit("second")
	r := s.repo()
	t.Setenv("GIT_DIR", filepath.Join(s.dir, "nowhere"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(s.dir, "nowhere", "index"))
	if b, err := r.Baseline(t.Context(), "main", []string{"a"}); err != nil || b.Commit == "" {
		t.Errorf("%+v, %v", b, err)
	}
}
