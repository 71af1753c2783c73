package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// Repo is the git repository that a project lies in, or the project's folder
// alone.
type Repo struct {
	Top    string // absolute path of the tree's root
	HasGit bool
}

// Find looks for the repository around a folder.
func Find(folder string) (*Repo, error) {
	full, err := filepath.Abs(folder)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return nil, &problem.Problem{File: folder, What: "there is no such folder", Err: err}
	}
	if info, err := os.Stat(full); err == nil && !info.IsDir() {
		return nil, &problem.Problem{File: folder, What: "is not a folder", Want: "the folder of a project"}
	}
	for at := full; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return &Repo{Top: at, HasGit: true}, nil
		}
		if at == filepath.Dir(at) {
			return &Repo{Top: full}, nil
		}
	}
}

// WorkingTree is the files as they are on disk.
func (r *Repo) WorkingTree() Tree { return &dir{root: r.Top} }

// Path turns a path on disk into a path of the tree.
func (r *Repo) Path(onDisk string) (string, error) {
	full, err := filepath.Abs(onDisk)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	rel, err := filepath.Rel(r.Top, full)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", outside(onDisk)
	}
	return filepath.ToSlash(rel), nil
}

// command prepares a git command in the repository. Variables by which a hook's
// git points at another repository or index are left out.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.Top}, args...)...)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	return cmd
}

// git runs a git command in the repository and returns its output without the
// last newline.
func (r *Repo) git(ctx context.Context, args ...string) (string, error) {
	cmd := r.command(ctx, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return "", r.explain(ctx, args[0], log.String(), err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// explain turns the failure of a git command into what the user can do.
func (r *Repo) explain(ctx context.Context, command, log string, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return problem.Newf("git is not installed").Remedy("install git, or use --baseline config:NAME or file:RESULTS")
	case strings.Contains(log, "dubious ownership"):
		return problem.Newf("git refuses the repository: it belongs to another user").
			Remedy("git config --global --add safe.directory %s", r.Top)
	}
	return fmt.Errorf("git %s: %s: %w", command, firstLine(log, err), err)
}

// absent reports whether git answered, quietly, that there is no such object.
func absent(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 1
}

func firstLine(log string, err error) string {
	if line, _, _ := strings.Cut(strings.TrimSpace(log), "\n"); line != "" {
		return line
	}
	return err.Error()
}

// needGit refuses what only a repository can do.
func (r *Repo) needGit() error {
	if r.HasGit {
		return nil
	}
	return (&problem.Problem{File: r.Top, What: "is not in a git repository, so there is no commit to compare with"}).
		Remedy("git init && git add -A && git commit -m 'First baseline'; or compare with another config: --baseline config:NAME")
}

// Untracked returns those of the paths that no commit will hold: untracked or
// ignored files.
func (r *Repo) Untracked(ctx context.Context, paths []string) ([]string, error) {
	if !r.HasGit || len(paths) == 0 {
		return nil, nil
	}
	out, err := r.git(ctx, "ls-files", "-z", "--full-name")
	if err != nil {
		return nil, err
	}
	tracked := map[string]bool{}
	for _, name := range strings.Split(out, "\x00") {
		tracked[name] = true
	}
	var untracked []string
	for _, name := range paths {
		if !tracked[name] {
			untracked = append(untracked, name)
		}
	}
	return untracked, nil
}

// Worktree checks a commit out into a temporary folder, for a target's command
// of the baseline. remove deletes it.
func (r *Repo) Worktree(ctx context.Context, commit string) (folder string, remove func() error, err error) {
	parent, err := os.MkdirTemp("", "assay-worktree-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the baseline's files: %w", err)
	}
	folder = filepath.Join(parent, "tree")
	if _, err := r.git(ctx, "worktree", "add", "--detach", "--quiet", folder, commit); err != nil {
		os.RemoveAll(parent) //nolint:errcheck // the first error matters
		return "", nil, fmt.Errorf("checking out the baseline: %w", err)
	}
	return folder, func() error {
		_, err := r.git(context.Background(), "worktree", "remove", "--force", folder)
		return errors.Join(err, os.RemoveAll(parent))
	}, nil
}
