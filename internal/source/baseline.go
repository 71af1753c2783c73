package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/assay-llmops/assay/internal/problem"
)

// Base is the commit that a change is compared with.
type Base struct {
	Commit  string // "" when there is none
	Tree    Tree
	Explain string // which commit, and why that one; or why there is none
}

// Baseline finds the commit that git:REF means as a baseline. For a branch it
// is the merge-base with HEAD; a name is looked for here, then at origin. If
// that commit is HEAD itself, the baseline is HEAD when the given files (paths
// or patterns of the tree) have uncommitted changes, and HEAD's first parent
// when they have none; at a root commit there is none.
func (r *Repo) Baseline(ctx context.Context, ref string, files []string) (*Base, error) {
	if err := r.needGit(); err != nil {
		return nil, err
	}
	head, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	if absent(err) {
		return &Base{Explain: "the repository has no commit yet"}, nil
	}
	if err != nil {
		return nil, err
	}
	at, known, err := r.lookUp(ctx, ref)
	if err != nil {
		return nil, err
	}
	explain := fmt.Sprintf("%s is %s", ref, short(at))
	base := at
	if known != ref {
		explain = fmt.Sprintf("%s is %s (from %s)", ref, short(at), known)
	}
	if r.isBranch(ctx, known) {
		if base, err = r.git(ctx, "merge-base", at, "HEAD"); err != nil {
			if shallow := r.shallow(ctx, "the commit where HEAD left "+ref+" is not in this clone, which is shallow"); shallow != nil {
				return nil, shallow
			}
			return nil, problem.Newf("%s and HEAD have no commit in common", ref).Remedy("name a commit: --baseline git:COMMIT")
		}
		explain = fmt.Sprintf("where HEAD left %s: %s", ref, short(base))
	}
	if base != head {
		return r.base(ctx, ref, base, explain)
	}
	changed, err := r.changed(ctx, files)
	if err != nil {
		return nil, err
	}
	if changed {
		return r.base(ctx, ref, head, fmt.Sprintf("%s is HEAD, and files of the config have uncommitted changes: HEAD (%s)", ref, short(head)))
	}
	parent, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD^1")
	if err != nil {
		if shallow := r.shallow(ctx, "the parent of HEAD is not in this clone, which is shallow"); shallow != nil {
			return nil, shallow
		}
		return &Base{Explain: ref + " is HEAD, the first commit, and nothing is changed since"}, nil
	}
	return r.base(ctx, ref, parent, fmt.Sprintf("%s is HEAD, with no uncommitted change to the config's files: its parent (%s)", ref, short(parent)))
}

func (r *Repo) base(ctx context.Context, ref, hash, explain string) (*Base, error) {
	tree, err := r.Commit(ctx, ref, hash)
	if err != nil {
		return nil, err
	}
	return &Base{Commit: hash, Tree: tree, Explain: explain}, nil
}

// At opens the tree of a revision as it is, without the rules of a baseline.
func (r *Repo) At(ctx context.Context, ref string) (Tree, error) {
	if err := r.needGit(); err != nil {
		return nil, err
	}
	hash, _, err := r.lookUp(ctx, ref)
	if err != nil {
		return nil, err
	}
	return r.Commit(ctx, ref, hash)
}

// lookUp finds the commit of a name, here or at origin; known is the name that
// git knows it by.
func (r *Repo) lookUp(ctx context.Context, ref string) (hash, known string, err error) {
	if ref != "" && !strings.HasPrefix(ref, "-") {
		for _, name := range []string{ref, "origin/" + ref} {
			if hash, err := r.git(ctx, "rev-parse", "--verify", "--quiet", name+"^{commit}"); err == nil {
				return hash, name, nil
			}
		}
	}
	if shallow := r.shallow(ctx, fmt.Sprintf("%q is not in this clone, which is shallow", ref)); shallow != nil {
		return "", "", shallow
	}
	p := problem.Newf("there is no branch, tag or commit %q", ref).Wanted("a name that git knows, here or at origin")
	names, err := r.git(ctx, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
	if err == nil {
		p = p.Remedy("%s", problem.DidYouMean(ref, strings.Fields(names)))
	}
	return "", "", p
}

func (r *Repo) isBranch(ctx context.Context, name string) bool {
	full, err := r.git(ctx, "rev-parse", "--symbolic-full-name", name)
	return err == nil && (strings.HasPrefix(full, "refs/heads/") || strings.HasPrefix(full, "refs/remotes/"))
}

// changed reports whether any file of the given paths and patterns differs from
// HEAD: edited, deleted or not yet tracked.
func (r *Repo) changed(ctx context.Context, files []string) (bool, error) {
	out, err := r.git(ctx, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
	if err != nil {
		return false, err
	}
	for _, line := range strings.Split(out, "\x00") {
		if len(line) < 4 {
			continue
		}
		name := line[3:] // after two letters of status and a blank
		for _, f := range files {
			if f == name || doublestar.MatchUnvalidated(f, name) {
				return true, nil
			}
		}
	}
	return false, nil
}

// shallow is the problem of a clone without history; nil for a whole one.
func (r *Repo) shallow(ctx context.Context, what string) error {
	if out, err := r.git(ctx, "rev-parse", "--is-shallow-repository"); err != nil || out != "true" {
		return nil
	}
	return problem.Newf("%s", what).Wanted("a clone with its history").
		Remedy("fetch the history: git fetch --unshallow\nin GitHub Actions, give actions/checkout the line\n  fetch-depth: 0")
}

func short(hash string) string { return hash[:min(7, len(hash))] }
