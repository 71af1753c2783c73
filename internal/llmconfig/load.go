package llmconfig

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// loader fills a Config from its file, part by part, and gathers what is wrong.
type loader struct {
	*Config
	opt      Options
	file     form
	problems problem.List
	other    error // the first that no user can mend
}

func (l *loader) load() (*Config, error) {
	l.Name, l.Description = l.file.Name, l.file.Description
	if l.Name == "" {
		l.Name = strings.TrimSuffix(path.Base(l.Path), path.Ext(l.Path))
	}
	l.engines = l.opt.Engines
	if l.engines == nil {
		l.engines = Engines()
	}
	l.pins = pins{declared: l.opt.Pins, ownNames: l.opt.OwnNames}
	l.Choice = l.file.ToolChoice
	l.Params, _ = l.raw["params"].(map[string]any)
	l.Input, _ = l.raw["input"].(map[string]any)
	for _, part := range []func(){
		l.kind, l.input, l.output, l.tools, l.retrieval, l.policies, l.target, l.answers, l.script, l.declared, l.messages,
	} {
		part()
	}
	if l.other != nil {
		return nil, l.other
	}
	slices.SortStableFunc(l.problems, func(a, b *problem.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line)
	})
	if err := l.problems.OrNil(); err != nil {
		return nil, err
	}
	slices.Sort(l.files)
	l.files = slices.Compact(l.files)
	return l.Config, l.redigest()
}

// bad records an error at a place of the file; true when there was one.
func (l *loader) bad(pointer string, err error) bool {
	var one *problem.Problem
	var list problem.List
	switch {
	case err == nil:
		return false
	case errors.As(err, &list):
		l.problems = append(l.problems, list...)
	case errors.As(err, &one):
		placed := *one
		if errors.As(problem.NamedBy(one, l.Path, l.doc.Line(pointer)), &one) {
			placed = *one
		}
		l.problems = append(l.problems, placed.At(l.Path, l.doc.Line(pointer)))
	case l.other == nil:
		l.other = err
	}
	return true
}

func (l *loader) wrong(pointer, format string, args ...any) *problem.Problem {
	p := l.problem(pointer, format, args...)
	l.problems = append(l.problems, p)
	return p
}

// read reads a file that the config names.
func (l *loader) read(pointer, written string) (f File, ok bool) {
	at, err := source.Resolve(l.Path, written)
	if l.bad(pointer, err) {
		return f, false
	}
	f, err = l.open(at)
	return f, !l.bad(pointer, err)
}

// open reads a file of the tree as text.
func (l *loader) open(at string) (File, error) {
	text, err := l.tree.Read(at)
	if err != nil {
		return File{}, err
	}
	if !utf8.Valid(text) {
		return File{}, &problem.Problem{File: at, What: "is not UTF-8", Want: "text in UTF-8", Fix: "save the file as UTF-8"}
	}
	l.files = append(l.files, at)
	return File{Path: at, Text: canonical.Text(text)}, nil
}

// parse reads a YAML or JSON file that the config names.
func (l *loader) parse(pointer, written string) (f File, doc *yamldoc.Doc, ok bool) {
	f, ok = l.read(pointer, written)
	if !ok {
		return f, nil, false
	}
	doc, err := yamldoc.Parse(f.Path, []byte(f.Text))
	return f, doc, !l.bad(pointer, err)
}

// place is a list of the file, or the one text that stands in its place.
type place struct {
	pointer string
	list    bool
}

func (p place) at(i int) string {
	if !p.list {
		return p.pointer
	}
	return p.pointer + "/" + strconv.Itoa(i)
}

// glob reads all files that match patterns, sorted by path, and gives the
// deepest folder that all patterns lie in before their first wildcard: by paths
// relative to it, moving all of the files changes no name.
func (l *loader) glob(where place, patterns []string) (files []File, root string) {
	var paths []string
	for i, written := range patterns {
		pattern, err := source.Resolve(l.Path, written)
		if l.bad(where.at(i), err) {
			continue
		}
		found, err := l.tree.Glob(pattern)
		if l.bad(where.at(i), err) {
			continue
		}
		if len(found) == 0 {
			p := l.wrong(where.at(i), "no file matches %q", written)
			p.Want, p.Fix = "at least one file", "patterns are relative to the folder of this file, "+path.Dir(l.Path)
		}
		paths = append(paths, found...)
		l.patterns = append(l.patterns, pattern)
		if folder := fixedFolder(pattern); i == 0 {
			root = folder
		} else {
			root = commonFolder(root, folder)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	texts, err := source.ReadAll(l.tree, paths)
	if l.bad(where.pointer, err) {
		return nil, root
	}
	for i, name := range paths {
		files = append(files, File{Path: name, Text: canonical.Text(texts[i])})
	}
	l.files = append(l.files, paths...)
	return files, root
}
