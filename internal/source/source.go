// Package source says where a project's files come from: the working tree, or
// a commit of its git repository.
//
// A Tree is read-only. Its paths are slash-separated and relative to its root,
// which is the top of the git repository, or the project's folder where there
// is none. Nothing outside the root is ever read, whatever a path or a
// symbolic link says. A commit is read through git's own plumbing, without a
// checkout.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/assay-llmops/assay/internal/problem"
)

// Tree is a read-only view of a repository's files. Errors for the user are
// *problem.Problem.
type Tree interface {
	// Read returns the content of a regular file.
	Read(path string) ([]byte, error)
	// Glob returns the regular files that match a pattern, in which ** stands
	// for any number of folders, sorted. Symbolic links are not among them, nor
	// what lies in folders called .git and .assay.
	Glob(pattern string) ([]string, error)
	// Describe names the tree for people: "working tree", "git:main (3f9c2a7)".
	Describe() string
}

// Resolve joins a path written in the file from to a path of the tree; a path
// that leaves the tree is a Problem.
func Resolve(from, written string) (string, error) {
	if path.IsAbs(written) || filepath.IsAbs(written) {
		return "", problem.Newf("the path %q is absolute", written).Wanted("a path relative to the file that names it")
	}
	joined := path.Join(path.Dir(from), filepath.ToSlash(written))
	if joined == ".." || strings.HasPrefix(joined, "../") {
		return "", outside(written)
	}
	return joined, nil
}

func outside(written string) *problem.Problem {
	return problem.Newf("the path %q leaves the repository", written).
		Wanted("a file inside the repository (or the project's folder, where there is no repository)").
		Remedy("copy the file into the repository")
}

func leavesByLink(name string) *problem.Problem {
	return &problem.Problem{File: name, What: "is a symbolic link out of the repository",
		Want: "a file inside the repository", Fix: "copy the file into the repository"}
}

// ReadAll reads several files, of a commit through one process of git.
func ReadAll(tree Tree, paths []string) ([][]byte, error) {
	if c, ok := tree.(*commit); ok {
		return c.readAll(paths)
	}
	texts := make([][]byte, len(paths))
	for i, name := range paths {
		var err error
		if texts[i], err = tree.Read(name); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// dir is the working tree.
type dir struct{ root string }

func (d *dir) Describe() string { return "working tree" }

func (d *dir) Read(name string) ([]byte, error) {
	full, err := d.inside(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	if err == nil && info.IsDir() {
		return nil, &problem.Problem{File: name, What: "is a folder", Want: "a file"}
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return text, notPointer(name, text)
}

// inside is the real path of a file, when it lies in the tree.
func (d *dir) inside(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", outside(name)
	}
	full, err := filepath.EvalSymlinks(filepath.Join(d.root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", d.missing(name)
	}
	if err != nil {
		return "", unreadable(name, err)
	}
	if full != d.root && !strings.HasPrefix(full, d.root+string(filepath.Separator)) {
		return "", leavesByLink(name)
	}
	return full, nil
}

// unreadable says why without the absolute path that the system's error has.
func unreadable(name string, err error) *problem.Problem {
	why := err
	var at *fs.PathError
	if errors.As(err, &at) {
		why = at.Err
	}
	return &problem.Problem{File: name, What: "cannot be read: " + why.Error(), Err: err}
}

// missing says what is there instead.
func (d *dir) missing(name string) error {
	if _, err := os.Lstat(filepath.Join(d.root, filepath.FromSlash(name))); err == nil {
		return &problem.Problem{File: name, What: "is a symbolic link to a file that does not exist", Err: fs.ErrNotExist}
	}
	var names []string
	entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(path.Dir(name))))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return noSuchFile(name, names, err == nil)
}

func noSuchFile(name string, siblings []string, folderExists bool) *problem.Problem {
	p := &problem.Problem{File: name, What: "there is no such file", Err: fs.ErrNotExist}
	if near := problem.Nearest(path.Base(name), siblings); near != "" {
		p.Fix = "did you mean " + path.Join(path.Dir(name), near) + "?"
	} else if !folderExists {
		p.Fix = "its folder " + path.Dir(name) + " does not exist either; paths in a file are relative to that file"
	}
	return p
}

func (d *dir) Glob(pattern string) ([]string, error) {
	if err := checkPattern(pattern); err != nil {
		return nil, err
	}
	found, err := doublestar.Glob(os.DirFS(d.root), pattern, doublestar.WithFilesOnly(), doublestar.WithNoFollow())
	if err != nil {
		return nil, problem.Newf("the pattern %q cannot be read: %v", pattern, err)
	}
	found = slices.DeleteFunc(found, func(name string) bool {
		full, err := d.inside(name)
		return err != nil || private(name) || full != filepath.Join(d.root, filepath.FromSlash(name))
	})
	slices.Sort(found)
	return found, nil
}

// private are the folders that patterns do not look into: git's and Assay's own.
func private(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".git" || part == ".assay" {
			return true
		}
	}
	return false
}

func checkPattern(pattern string) error {
	if !doublestar.ValidatePattern(pattern) {
		return problem.Newf("the pattern %q cannot be read", pattern).Wanted("a glob such as help/**/*.md")
	}
	if strings.HasPrefix(pattern, "/") || pattern == ".." || strings.HasPrefix(pattern, "../") {
		return outside(pattern)
	}
	return nil
}

// notPointer refuses the stand-in that Git LFS leaves for a file that was not
// fetched.
func notPointer(name string, text []byte) error {
	if len(text) > 1024 || !bytes.HasPrefix(text, []byte("version https://git-lfs.github.com/spec/")) {
		return nil
	}
	return &problem.Problem{File: name, What: "is a Git LFS pointer, not the file itself",
		Want: "the file's content", Fix: "run: git lfs pull"}
}

// describeCommit names a commit for people.
func describeCommit(ref, commit string) string {
	return fmt.Sprintf("git:%s (%s)", ref, commit[:min(7, len(commit))])
}
