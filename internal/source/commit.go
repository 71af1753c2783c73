package source

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/assay-llmops/assay/internal/problem"
)

// commit is the files of one commit.
type commit struct {
	repo  *Repo
	ctx   context.Context // of the command that opened it: ends git processes
	name  string          // for people
	files map[string]entry
}

// entry is what a commit has at a path.
type entry struct{ mode, object string }

// Commit opens the tree of a commit. ref names it for people.
func (r *Repo) Commit(ctx context.Context, ref, hash string) (Tree, error) {
	out, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", hash)
	if err != nil {
		return nil, fmt.Errorf("listing the files of %s: %w", ref, err)
	}
	c := &commit{repo: r, ctx: ctx, name: describeCommit(ref, hash), files: map[string]entry{}}
	for _, line := range strings.Split(out, "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		if parts := strings.Fields(meta); ok && len(parts) == 3 {
			c.files[name] = entry{mode: parts[0], object: parts[2]}
		}
	}
	return c, nil
}

func (e entry) regular() bool { return strings.HasPrefix(e.mode, "100") }
func (e entry) symlink() bool { return e.mode == "120000" }

func (c *commit) Describe() string { return c.name }

func (c *commit) Read(name string) ([]byte, error) {
	texts, err := c.readAll([]string{name})
	if err != nil {
		return nil, err
	}
	return texts[0], nil
}

// readAll reads files through one process of git.
func (c *commit) readAll(names []string) ([][]byte, error) {
	objects := make([]string, len(names))
	for i, name := range names {
		real, err := c.follow(name)
		if err != nil {
			return nil, err
		}
		objects[i] = c.files[real].object
	}
	texts, err := c.repo.objects(c.ctx, objects)
	if err != nil {
		return nil, fmt.Errorf("reading files of %s: %w", c.name, err)
	}
	for i, name := range names {
		if err := notPointer(name, texts[i]); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

const maxLinks = 10

// follow is the regular file that a path leads to, through symbolic links.
func (c *commit) follow(name string) (string, error) {
	at := name
	for range maxLinks {
		e, ok := c.files[at]
		if ok && e.regular() {
			return at, nil
		}
		link, rest := at, ""
		if !ok {
			link, rest = c.linkAbove(at)
		}
		if link == "" {
			return "", c.missing(name)
		}
		if !c.files[link].symlink() {
			return "", &problem.Problem{File: name, What: "is not a file in " + c.name, Want: "a regular file"}
		}
		text, err := c.repo.objects(c.ctx, []string{c.files[link].object})
		if err != nil {
			return "", fmt.Errorf("reading the symbolic link %s of %s: %w", link, c.name, err)
		}
		to, err := Resolve(link, string(text[0]))
		if err != nil {
			return "", leavesByLink(name)
		}
		at = path.Join(to, rest)
	}
	return "", &problem.Problem{File: name, What: "symbolic links go round in a circle"}
}

// linkAbove finds the symbolic link among the folders of a path.
func (c *commit) linkAbove(name string) (link, rest string) {
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if c.files[folder].symlink() {
			return folder, strings.TrimPrefix(name, folder+"/")
		}
	}
	return "", ""
}

func (c *commit) missing(name string) error {
	var siblings []string
	for other := range c.files {
		if path.Dir(other) == path.Dir(name) {
			siblings = append(siblings, path.Base(other))
		}
	}
	slices.Sort(siblings)
	p := noSuchFile(name, siblings, len(siblings) > 0)
	p.What += " in " + c.name
	return p
}

func (c *commit) Glob(pattern string) ([]string, error) {
	if err := checkPattern(pattern); err != nil {
		return nil, err
	}
	var found []string
	for name, e := range c.files {
		if e.regular() && !private(name) && doublestar.MatchUnvalidated(pattern, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found, nil
}

// objects reads git objects by their hashes, through one `git cat-file --batch`.
func (r *Repo) objects(ctx context.Context, hashes []string) ([][]byte, error) {
	cmd := r.command(ctx, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(strings.Join(hashes, "\n") + "\n")
	var log bytes.Buffer
	cmd.Stderr = &log
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	texts, err := readObjects(bufio.NewReader(pipe), len(hashes))
	io.Copy(io.Discard, pipe) //nolint:errcheck // only so that the process can end
	if ended := cmd.Wait(); ended != nil {
		return nil, r.explain(ctx, "cat-file", log.String(), ended)
	}
	return texts, err
}

// readObjects reads `HASH TYPE SIZE LF CONTENT LF` n times.
func readObjects(in *bufio.Reader, n int) ([][]byte, error) {
	texts := make([][]byte, n)
	for i := range texts {
		header, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file ended early: %w", err)
		}
		parts := strings.Fields(header)
		if len(parts) != 3 {
			return nil, fmt.Errorf("git cat-file: %s", strings.TrimSpace(header))
		}
		size, err := strconv.Atoi(parts[2])
		if err != nil {
			return nil, fmt.Errorf("git cat-file: size of an object: %w", err)
		}
		whole := make([]byte, size+1)
		if _, err := io.ReadFull(in, whole); err != nil {
			return nil, fmt.Errorf("git cat-file ended early: %w", err)
		}
		texts[i] = whole[:size]
	}
	return texts, nil
}
