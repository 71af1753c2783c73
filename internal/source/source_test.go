package source

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/problem"
)

// sandbox is a folder with files and, after start, a git repository.
type sandbox struct {
	*testing.T
	dir string
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &sandbox{t, dir}
}

func (s *sandbox) write(name, text string) {
	s.Helper()
	full := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *sandbox) link(name, to string) {
	s.Helper()
	if err := os.Symlink(to, filepath.Join(s.dir, name)); err != nil {
		s.Fatal(err)
	}
}

func (s *sandbox) git(args ...string) string {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.c", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b.c")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits everything and returns the hash.
func (s *sandbox) commit(message string) string {
	s.Helper()
	s.git("add", "-A")
	s.git("commit", "-q", "-m", message)
	return s.git("rev-parse", "HEAD")
}

func (s *sandbox) repo() *Repo {
	s.Helper()
	r, err := Find(s.dir)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

// trees are the same files as a working tree and as a commit.
func trees(t *testing.T) map[string]Tree {
	s := newSandbox(t)
	s.git("init", "-q", "-b", "main")
	s.write("configs/a.yaml", "a")
	s.write("configs/b.md", "b\r\n")
	s.write("help/deep/er/x.md", "x")
	s.write("help/y.md", "y")
	s.write("help/.assay/z.md", "z")
	s.write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
	s.write("odd name[1].md", "odd")
	s.link("help/link.md", "y.md")
	s.link("linked", "help")
	s.link("out", "/etc/passwd")
	s.link("outside.md", "../x")
	s.link("round", "round")
	s.commit("all")
	r := s.repo()
	tree, err := r.At(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Tree{"working tree": r.WorkingTree(), "commit": tree}
}

func TestTreesReadAlike(t *testing.T) {
	t.Parallel()
	for kind, tree := range trees(t) {
		for name, want := range map[string]string{
			"configs/a.yaml": "a", "configs/b.md": "b\r\n", "help/link.md": "y", "linked/deep/er/x.md": "x", "odd name[1].md": "odd",
		} {
			if got, err := tree.Read(name); err != nil || string(got) != want {
				t.Errorf("%s: %s is %q, %v", kind, name, got, err)
			}
		}
		for name, want := range map[string]string{
			"configs/a.yml":     "did you mean configs/a.yaml?",
			"confgs/a.yaml":     "its folder confgs does not exist",
			"configs":           "configs: ",
			"out":               "is a symbolic link out of the repository",
			"outside.md":        "symbolic link",
			"../x":              "../x",
			"big.bin":           "git lfs pull",
			"round":             "round: ",
			"configs/a.yaml/no": "no",
		} {
			if text, err := tree.Read(name); !problem.Is(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s gives %q, %v, want a problem with %q", kind, name, text, err, want)
			} else if strings.Contains(err.Error(), "/tmp/") {
				t.Errorf("%s: %v shows an absolute path", kind, err)
			}
		}
		for pattern, want := range map[string][]string{
			"help/**/*.md": {"help/deep/er/x.md", "help/y.md"},
			"**/*.md":      {"configs/b.md", "help/deep/er/x.md", "help/y.md", "odd name[1].md"},
			"linked/*.md":  nil,
			"configs/{a.yaml,b.md,c}": {
				"configs/a.yaml", "configs/b.md"},
			"none/*": nil,
		} {
			if got, err := tree.Glob(pattern); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %s gives %v, %v, want %v", kind, pattern, got, err, want)
			}
		}
		for _, pattern := range []string{"../*", "/etc/*", "a[", ".."} {
			if got, err := tree.Glob(pattern); !problem.Is(err) {
				t.Errorf("%s: %s gives %v, %v, want a problem", kind, pattern, got, err)
			}
		}
		texts, err := ReadAll(tree, []string{"help/y.md", "configs/b.md"})
		if err != nil || string(texts[0]) != "y" || string(texts[1]) != "b\r\n" {
			t.Errorf("%s: ReadAll gives %q, %v", kind, texts, err)
		}
		if _, err := ReadAll(tree, []string{"help/y.md", "help/n.md"}); !problem.Is(err) {
			t.Errorf("%s: a missing file among many: %v", kind, err)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ from, written, want string }{
		{"configs/a.yaml", "../help/**/*.md", "help/**/*.md"},
		{"configs/a.yaml", "a/x.jinja", "configs/a/x.jinja"},
		{"a.yaml", "x", "x"},
		{"a.yaml", "../x", ""},
		{"configs/a.yaml", "../../x", ""},
		{"configs/a.yaml", "/etc/passwd", ""},
	} {
		got, err := Resolve(tc.from, tc.written)
		if got != tc.want || (err == nil) != (tc.want != "") || err != nil && !problem.Is(err) {
			t.Errorf("%s in %s: %q, %v, want %q", tc.written, tc.from, got, err, tc.want)
		}
	}
}

func TestFindAndPath(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	s.write("sub/x", "")
	if r, err := Find(filepath.Join(s.dir, "sub")); err != nil || r.HasGit || r.Top != filepath.Join(s.dir, "sub") {
		t.Errorf("without git: %+v, %v", r, err)
	}
	if _, err := Find(filepath.Join(s.dir, "none")); !problem.Is(err) {
		t.Errorf("a missing folder: %v", err)
	}
	s.git("init", "-q")
	r, err := Find(filepath.Join(s.dir, "sub"))
	if err != nil || !r.HasGit || r.Top != s.dir {
		t.Errorf("with git: %+v, %v", r, err)
	}
	if p, err := r.Path(filepath.Join(s.dir, "sub", "x")); err != nil || p != "sub/x" {
		t.Errorf("path: %q, %v", p, err)
	}
	if _, err := r.Path(filepath.Dir(s.dir)); !problem.Is(err) {
		t.Errorf("a path above: %v", err)
	}
}
