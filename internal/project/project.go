// Package project finds what a project is made of: assay.yaml with its
// settings, configs/ and evals/ with their files, and the tree that they are
// read from. A project without assay.yaml has the defaults.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evalfile"
	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/secret"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// File is the name of the settings file.
const File = "assay.yaml"

// Project is an opened project.
type Project struct {
	Name     string
	Folder   string // absolute, on disk
	Base     string // the same, in the tree; "." at its root
	Repo     *source.Repo
	Settings Settings

	tree source.Tree
	doc  *yamldoc.Doc // of assay.yaml; nil without one
}

// Settings are those of assay.yaml, with defaults filled in.
type Settings struct {
	Providers     map[string]providers.Settings
	Pins          map[string]string
	Prices        string // path in the tree; "" for the built-in prices alone
	Concurrency   int
	MaxErrorShare float64
	MaxAge        time.Duration // of an unpinned model's kept answers
}

type file struct {
	Schema      string            `json:"$schema"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Providers   map[string]any    `json:"providers"`
	Pin         map[string]string `json:"pin"`
	Prices      string            `json:"prices"`
	Run         struct {
		Concurrency   int      `json:"concurrency"`
		MaxErrorShare *float64 `json:"max_error_share"`
		MaxAge        string   `json:"max_age"`
	} `json:"run"`
}

// Open reads the project in a folder.
func Open(folder string) (*Project, error) {
	repo, err := source.Find(folder)
	if err != nil {
		return nil, err
	}
	p := &Project{Repo: repo, tree: repo.WorkingTree()}
	if p.Base, err = repo.Path(folder); err != nil {
		return nil, err
	}
	p.Folder = filepath.Join(repo.Top, filepath.FromSlash(p.Base))
	if !repo.HasGit {
		// Without a repository the project's folder is the root.
		p.Base = "."
	}
	p.Name = filepath.Base(p.Folder)
	p.Settings = Settings{Concurrency: 8, MaxErrorShare: evalfile.DefaultMaxErrorShare, MaxAge: 24 * time.Hour}
	text, err := p.tree.Read(p.SettingsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return p, p.read(text)
}

func (p *Project) read(text []byte) error {
	doc, err := yamldoc.Parse(p.SettingsPath(), text)
	if err != nil {
		return err
	}
	p.doc = doc
	if err := secret.Document(doc); err != nil {
		return err
	}
	wrong, err := schema.Check("project", doc)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return wrong
	}
	var f file
	if err := doc.Decode(&f); err != nil {
		return err
	}
	if f.Name != "" {
		p.Name = f.Name
	}
	s := &p.Settings
	for name := range f.Pin {
		if strings.Contains(name, "*") {
			return doc.Problem("/pin"+yamldoc.Pointer(name), "pin.%s is a pattern", name).
				Wanted("a provider's name, or provider/model").Remedy("a provider's name alone covers all its models")
		}
	}
	s.Pins = f.Pin
	top, _ := doc.Value().(map[string]any) // the schema has checked it
	if s.Providers, err = providers.ParseSettings(top["providers"], doc.File, doc.Line); err != nil {
		return err
	}
	for name, settings := range s.Providers {
		if settings.Pin == "" {
			continue
		}
		if s.Pins == nil {
			s.Pins = map[string]string{}
		}
		s.Pins[name] = settings.Pin
	}
	if f.Prices != "" {
		if s.Prices, err = source.Resolve(doc.File, f.Prices); err != nil {
			return p.at("/prices", err)
		}
	}
	if f.Run.Concurrency > 0 {
		s.Concurrency = f.Run.Concurrency
	}
	if f.Run.MaxErrorShare != nil {
		s.MaxErrorShare = *f.Run.MaxErrorShare
	}
	if f.Run.MaxAge != "" {
		age, err := time.ParseDuration(f.Run.MaxAge)
		if err != nil || age <= 0 {
			return doc.Problem("/run/max_age", "run.max_age is %q", f.Run.MaxAge).Wanted("a duration such as 24h or 90m")
		}
		s.MaxAge = age
	}
	return nil
}

// at places an error of another room in assay.yaml.
func (p *Project) at(pointer string, err error) error {
	var wrong *problem.Problem
	if errors.As(err, &wrong) {
		return wrong.At(p.doc.File, p.doc.Line(pointer))
	}
	return err
}

// Tree is the working tree.
func (p *Project) Tree() source.Tree { return p.tree }

// Line is the line of a JSON pointer in assay.yaml.
func (p *Project) Line(pointer string) int {
	if p.doc == nil {
		return 0
	}
	return p.doc.Line(pointer)
}

// options are how this project's configs are loaded.
func (p *Project) options() llmconfig.Options {
	return llmconfig.Options{Pins: p.Settings.Pins, OwnNames: p.Settings.ownNames(), LookupEnv: os.LookupEnv}
}

// ownNames are the providers at which users name models themselves: servers of
// one's own, and Azure with its deployments. A date in such a name pins nothing.
func (s *Settings) ownNames() map[string]bool {
	own := map[string]bool{"ollama": true, "vllm": true, "llamacpp": true}
	for name, p := range s.Providers {
		host := ""
		if u, err := url.Parse(p.BaseURL); err == nil {
			host = u.Hostname()
		}
		switch {
		case own[p.Type], strings.Contains(host, ".azure."), strings.Contains(host, "azure-api."):
			own[name] = true
		case host == "localhost", strings.HasPrefix(host, "127."), host == "::1":
			own[name] = true
		}
	}
	return own
}

// Config loads a config by its name, or by its path in the project's folder.
func (p *Project) Config(name string) (*llmconfig.Config, error) {
	return p.ConfigIn(p.tree, name)
}

// ConfigIn loads a config from another tree of the same repository.
func (p *Project) ConfigIn(tree source.Tree, name string) (*llmconfig.Config, error) {
	at, err := p.find(tree, "configs", name)
	if err != nil {
		return nil, err
	}
	return llmconfig.Load(tree, at, p.options())
}

// ConfigAt loads the config at a path of a tree.
func (p *Project) ConfigAt(tree source.Tree, at string) (*llmconfig.Config, error) {
	return llmconfig.Load(tree, at, p.options())
}

// ConfigNamed loads the config at a path of the tree; without an extension its
// last part is the name of a config of the project.
func (p *Project) ConfigNamed(at string) (*llmconfig.Config, error) {
	if isYAML(at) {
		return p.ConfigAt(p.tree, at)
	}
	return p.Config(path.Base(at))
}

// Eval loads an eval file by its name, or by its path in the project's folder.
func (p *Project) Eval(name string) (*evalfile.File, error) {
	at, err := p.find(p.tree, "evals", name)
	if err != nil {
		return nil, err
	}
	return evalfile.Load(p.tree, at)
}

// ConfigPath is where the config of an eval file lies: a name in configs/, or
// a path relative to the eval file.
func (p *Project) ConfigPath(f *evalfile.File) (string, error) {
	if !isPath(f.Config) {
		at, err := p.find(p.tree, "configs", f.Config)
		var wrong *problem.Problem
		if errors.As(err, &wrong) {
			return "", wrong.At(f.Path, f.ConfigLine)
		}
		return at, err
	}
	at, err := source.Resolve(f.Path, f.Config)
	if wrong := (*problem.Problem)(nil); errors.As(err, &wrong) {
		return "", wrong.At(f.Path, f.ConfigLine)
	}
	return at, err
}

func isPath(name string) bool { return strings.ContainsAny(name, "/\\") || isYAML(name) }

func isYAML(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml" || ext == ".json"
}

// find is the path of the file called name in a folder of the project.
func (p *Project) find(tree source.Tree, folder, name string) (string, error) {
	if isPath(name) {
		return source.Resolve(path.Join(p.Base, "x"), name)
	}
	files, err := p.list(tree, folder)
	if err != nil {
		return "", err
	}
	for _, at := range files {
		if stem(at) == name {
			return at, nil
		}
	}
	var names []string
	for _, at := range files {
		names = append(names, stem(at))
	}
	what := strings.TrimSuffix(folder, "s")
	found := problem.Newf("there is no %s %q in %s", what, name, path.Join(p.Base, folder))
	found.Err = fs.ErrNotExist
	if len(names) == 0 {
		return "", found.Wanted("a file %s", path.Join(p.Base, folder, name+".yaml")).
			Remedy("assay init writes a project to begin with; --project DIR names the folder of another one")
	}
	return "", found.Remedy("%s", problem.DidYouMean(name, names))
}

func stem(at string) string { return strings.TrimSuffix(path.Base(at), path.Ext(at)) }

// list are the YAML files of a folder of the project.
func (p *Project) list(tree source.Tree, folder string) ([]string, error) {
	all, err := tree.Glob(path.Join(p.Base, folder, "*"))
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", folder, err)
	}
	return slices.DeleteFunc(all, func(at string) bool { return !isYAML(at) }), nil
}

// EvalOf is the name of the eval file that has the given config under test; none
// and several are Problems.
func (p *Project) EvalOf(config string) (string, error) {
	names, err := p.Evals()
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range names {
		f, err := p.Eval(name)
		if err != nil {
			return "", err
		}
		if stem(f.Config) == stem(config) {
			found = append(found, name)
		}
	}
	if len(found) == 1 || len(found) == 0 && len(names) == 1 {
		return append(found, names...)[0], nil
	}
	return "", problem.Newf("%d eval files ask %s", len(found), config).Remedy("name one with --eval: %s", strings.Join(names, ", "))
}

// Dataset is where the dataset called name lies, and its map: that of an eval
// file, or a file of cases in Assay's own shape.
func (p *Project) Dataset(name string) (at string, m dataset.Mapping, err error) {
	ext := path.Ext(name)
	if isPath(name) || ext == ".jsonl" || ext == ".ndjson" || ext == ".csv" {
		at, err = source.Resolve(path.Join(p.Base, "x"), name)
		return at, m, err
	}
	f, err := p.Eval(name)
	if err != nil {
		return "", m, err
	}
	return f.Dataset, f.Map, nil
}

// SettingsPath is where assay.yaml lies in the tree, whether it is there or not.
func (p *Project) SettingsPath() string { return path.Join(p.Base, File) }

// ReadBeside reads a file that assay.yaml names.
func (p *Project) ReadBeside(written string) ([]byte, error) {
	at, err := source.Resolve(p.SettingsPath(), written)
	if err != nil {
		return nil, err
	}
	return p.tree.Read(at)
}

// Configs are the names of all configs.
func (p *Project) Configs() ([]string, error) { return p.names("configs") }

// Evals are the names of all eval files; none is a Problem.
func (p *Project) Evals() ([]string, error) {
	names, err := p.names("evals")
	if err == nil && len(names) == 0 {
		return nil, problem.Newf("there is no eval file in %s", path.Join(p.Base, "evals")).
			Remedy("assay init writes a project to begin with; --project DIR names the folder of another one")
	}
	return names, err
}

// Gated are the names of the eval files that have a gate; none is a Problem.
func (p *Project) Gated() ([]string, error) {
	names, err := p.Evals()
	if err != nil {
		return nil, err
	}
	var gated []string
	for _, name := range names {
		f, err := p.Eval(name)
		if err != nil {
			return nil, err
		}
		if f.Gate != nil {
			gated = append(gated, name)
		}
	}
	if len(gated) == 0 {
		return nil, problem.Newf("no eval file has a gate").Wanted("gate: with rules in an eval file")
	}
	return gated, nil
}

func (p *Project) names(folder string) ([]string, error) {
	files, err := p.list(p.tree, folder)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	for i, at := range files {
		names[i] = stem(at)
	}
	return names, nil
}
