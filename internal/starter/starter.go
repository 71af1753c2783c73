// Package starter holds the projects that `assay init` writes: small, whole, and
// working at once without a key or a network.
//
// A template is a folder of files under templates; the files of templates/both
// come with every one. A file is text that is written as it is, but for three
// words between at signs: BRANCH, the branch that changes are measured against;
// FOLDER, the project's folder as seen from the top of its repository; and GLOB,
// the same as the beginning of a path ("" at the top). The workflow goes to the
// top of the repository, since GitHub looks nowhere else.
//
// Nothing is ever overwritten: Write puts down all of a template or nothing.
package starter

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

//go:embed all:templates
var templates embed.FS

// both is the folder of the files that come with every template.
const both = "both"

// workflows is the folder that belongs to the top of a repository.
const workflows = ".github/"

// Templates are the names that Write knows, the default first.
func Templates() []string { return []string{"rag", "chat"} }

// Write puts the files of a template into dir, which is made when it does not
// exist, and returns their paths relative to dir, sorted. branch is the one
// that changes are measured against, such as main. A template that is not known
// and a file that exists already are Problems; nothing is written then.
func Write(dir, template, branch string) ([]string, error) {
	if !slices.Contains(Templates(), template) {
		return nil, problem.Newf("there is no template %q", template).
			Wanted("%s", strings.Join(Templates(), " or ")).
			Remedy("%s", problem.DidYouMean(template, Templates()))
	}
	files, err := plan(dir, template, branch)
	if err != nil {
		return nil, err
	}
	if err := refuseExisting(files); err != nil {
		return nil, err
	}
	if err := writeAll(files); err != nil {
		return nil, err
	}
	written := make([]string, len(files))
	for i, f := range files {
		if written[i], err = relative(dir, f.path); err != nil {
			return nil, fmt.Errorf("naming %s: %w", f.path, err)
		}
	}
	slices.Sort(written)
	return written, nil
}

// relative is filepath.Rel of paths of which one may be absolute.
func relative(dir, path string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	return filepath.Rel(dir, path)
}

// file is one to be written.
type file struct {
	path string
	data string
}

// plan lists the files of a template with the places they will have.
func plan(dir, template, branch string) ([]file, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the folder %s: %w", dir, err)
	}
	top := repositoryTop(absolute)
	folder, err := filepath.Rel(top, absolute)
	if err != nil {
		return nil, fmt.Errorf("finding %s in its repository: %w", dir, err)
	}
	folder = filepath.ToSlash(folder)
	glob := folder + "/"
	if folder == "." {
		glob = ""
	}
	words := strings.NewReplacer("@BRANCH@", branch, "@FOLDER@", folder, "@GLOB@", glob)

	var files []file
	for _, source := range []string{both, template} {
		tree, err := fs.Sub(templates, "templates/"+source)
		if err != nil {
			return nil, fmt.Errorf("opening the template %s: %w", source, err)
		}
		err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			place := filepath.Join(dir, filepath.FromSlash(name))
			if strings.HasPrefix(name, workflows) && folder != "." {
				place = filepath.Join(top, filepath.FromSlash(name))
			}
			files = append(files, file{place, words.Replace(string(data))})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the template %s: %w", source, err)
		}
	}
	return files, nil
}

// repositoryTop is the nearest folder at or above dir that has a .git; dir
// itself without one.
func repositoryTop(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if filepath.Dir(at) == at {
			return dir
		}
	}
}

// refuseExisting names what is in the way.
func refuseExisting(files []file) error {
	var inTheWay []string
	for _, f := range files {
		switch _, err := os.Lstat(f.path); {
		case err == nil:
			inTheWay = append(inTheWay, f.path)
		case !errors.Is(err, fs.ErrNotExist):
			return unwritable(f, err)
		}
	}
	switch len(inTheWay) {
	case 0:
		return nil
	case 1:
		return exists(inTheWay[0] + " exists")
	}
	return exists(fmt.Sprintf("%s and %d more files of the template exist", inTheWay[0], len(inTheWay)-1))
}

func exists(what string) error {
	return problem.Newf("%s already; nothing was written, since nothing is ever overwritten", what).
		Remedy("name another folder, such as: assay init evaluation")
}

// writeAll writes the files; when one cannot be written, those before it are
// removed again.
func writeAll(files []file) (err error) {
	var done []string
	defer func() {
		if err != nil {
			for _, path := range done {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o777); err != nil {
			return unwritable(f, err)
		}
		out, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			return exists(f.path + " exists")
		}
		if err != nil {
			return unwritable(f, err)
		}
		done = append(done, f.path)
		_, err = out.WriteString(f.data)
		if err = errors.Join(err, out.Close()); err != nil {
			return unwritable(f, err)
		}
	}
	return nil
}

func unwritable(f file, err error) error {
	p := problem.Newf("%s cannot be written: %s", f.path, reason(err)).Remedy("check that the folder is writable and the disk is not full")
	p.Err = err
	return p
}

// reason is the cause of a file error without the path, which is told already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
