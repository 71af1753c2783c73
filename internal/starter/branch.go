package starter

import (
	"context"
	"os/exec"
	"path"
	"strings"
)

// Branch finds the branch that changes in dir are measured against: the default
// branch of origin; else main or master, where there is one; else the branch
// that is checked out; else the one that git init would make. Without git it is
// main.
func Branch(ctx context.Context, dir string) string {
	git := func(args ...string) string {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		if err != nil {
			return "" // no repository, no such ref, or no git: the next question is asked
		}
		return strings.TrimSpace(string(out))
	}
	if ref := git("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"); ref != "" {
		return strings.TrimPrefix(ref, "refs/remotes/origin/")
	}
	for _, name := range []string{"main", "master"} {
		if git("rev-parse", "--verify", "--quiet", path.Join("refs/heads", name)) != "" {
			return name
		}
	}
	if name := git("symbolic-ref", "--quiet", "--short", "HEAD"); name != "" {
		return name
	}
	if name := git("config", "--get", "init.defaultBranch"); name != "" {
		return name
	}
	return "main"
}
