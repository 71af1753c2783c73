// Package llmconfig loads, checks, renders, digests and compares the whole
// configuration of an LLM function.
//
// # Words
//
//   - A Config is one function: messages, model pin, parameters, tools, output
//     schema, retrieval, guardrails; or a target, or recorded answers.
//   - A version is a Config with everything that it refers to, named by
//     content: support-answer@3f9c2a71b0d4. Two configs with equal digests
//     behave alike, as far as their files can tell (see Unfixed).
//
// # Invariants
//
// A Config is loaded whole from one source.Tree, so that a baseline is read
// from its commit exactly as the candidate is from the working tree. Loading
// has no effect but reading. Everything that changes behaviour is in the
// digest and nothing else is: docs/reference/digest.md specifies it.
package llmconfig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/secret"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// Options are what loading needs to know of the project.
type Options struct {
	// Pins are the models whose name is declared not to move: a provider's name
	// or provider/model, to "exact" or "local".
	Pins map[string]string
	// OwnNames are the providers at which users name models themselves (a
	// deployment, a tag), so that a date in a name says nothing.
	OwnNames map[string]bool
	// LookupEnv reads the variables that version.env names; nil: none is set.
	LookupEnv func(name string) (string, bool)
	// Engines are the numbers of Assay's own parts; nil: those of Engines.
	Engines map[string]int
}

// Config is a loaded configuration. It does not change and may be used from
// many goroutines.
type Config struct {
	Name        string
	Description string
	Path        string // in its tree
	From        string // what the tree is called

	Model     llm.Ref // zero with a target
	Params    map[string]any
	Messages  []Message
	Input     map[string]any // JSON Schema; nil when absent
	Output    map[string]any // JSON Schema of the answer; nil when absent
	Tools     []Tool
	Choice    string // tool_choice
	Retrieval *Retrieval
	Policies  []Policy
	Fallbacks []llm.Ref
	Target    *Target
	Answers   *Answers
	Script    *Script
	Declared  *Declared // version:

	Warnings []*problem.Problem // legal but suspect

	tree      source.Tree
	doc       *yamldoc.Doc
	raw       map[string]any // the file, as written
	engines   map[string]int
	templates *jinja.Engine
	pins      pins
	pinned    bool
	files     []string // every file of the tree that was read
	patterns  []string // of the tree, by which some of them were found
	checker   inputChecker
	digest    canonical.Digest
}

// File is a file of the tree with its normalised text.
type File struct {
	Path string
	Text string
}

// Tool is a function that the model may call, and the file it came from.
type Tool struct {
	llm.Tool
	Path  string // "" when inline
	value map[string]any
}

// Script is the file of replies of builtin/script.
type Script struct {
	File
	value any
}

// Policy is a guardrail file: carried and digested, not yet enforced.
type Policy struct {
	Path  string
	Value any
}

// Retrieval is what is looked up before the prompt is rendered.
type Retrieval struct {
	Spec  retrieve.Spec
	Globs []string // as written
	Root  string   // folder of the tree that the documents' paths are relative to
	Files []retrieve.File
	Query string // the template

	query   *jinja.Template
	written bool // the query stands in the file
}

// Target is an application that answers in place of a model.
type Target struct {
	Command []string
	URL     string
	Lines   bool // protocol: jsonl
	Prepare []string
	Timeout time.Duration
	Dir     string // folder of the tree in which commands run
}

// Answers are recorded answers.
type Answers struct {
	Spec *recorded.Spec
	File File
}

// Declared is what behaviour depends on that the config cannot show.
type Declared struct {
	Root  string // folder of the tree that the files' names are relative to
	Files []File
	Env   map[string]string // name -> digest of the value, "" where it is not set
}

// Load reads the config at a path of the tree with all that it refers to, and
// checks it. Errors that the user can mend are problems with file and line,
// reported together where that is possible.
func Load(tree source.Tree, name string, opt Options) (*Config, error) {
	text, err := tree.Read(name)
	if err != nil {
		return nil, fmt.Errorf("loading a config: %w", err)
	}
	doc, err := yamldoc.Parse(name, text)
	if err != nil {
		return nil, err
	}
	if err := secret.Document(doc); err != nil {
		return nil, err
	}
	wrong, err := schema.Check("config", doc)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		if top, _ := doc.Value().(map[string]any); wrong[0].Fix == "" && top["model"] == nil && top["messages"] == nil && top["target"] == nil {
			wrong[0].Fix = "if this is no config, but a script, policy or tool that one names, put it into a folder inside this one: each file here is read as a config"
		}
		return nil, wrong
	}
	l := &loader{opt: opt, Config: &Config{Path: name, From: tree.Describe(), tree: tree, doc: doc, files: []string{name}}}
	l.raw, _ = doc.Value().(map[string]any) // the schema has checked it
	if err := doc.Decode(&l.file); err != nil {
		return nil, err
	}
	return l.load()
}

// Version is the config's name with the first 12 digits of its digest.
func (c *Config) Version() string { return c.Name + "@" + c.digest.Short() }

// Digest names the version: 64 hex digits.
func (c *Config) Digest() canonical.Digest { return c.digest }

// Files are the paths, in the tree, of everything that the config is made of,
// sorted.
func (c *Config) Files() []string { return c.files }

// Watched are those files and the patterns by which some were found: what has
// to be looked at for changes, files that appear or vanish among them.
func (c *Config) Watched() []string { return slices.Concat(c.files, c.patterns) }

// Pinned reports whether the names of the model and of its fallbacks are ones
// that nobody moves.
func (c *Config) Pinned() bool { return c.pinned }

// Unfixed says why the digest does not fix the config's behaviour, so that it
// never counts as unchanged: an unpinned model or a target whose version is not
// declared. It is "" when the digest does.
func (c *Config) Unfixed() string {
	for _, name := range slices.Sorted(maps.Keys(c.declaredEnv())) {
		if c.Declared.Env[name] == "" {
			return "its version depends on the environment variable " + name + ", which is not set"
		}
	}
	switch {
	case c.Declared != nil:
		return ""
	case c.Target != nil:
		return "its target declares no version: {files: [...]}, so a change of the program cannot be seen"
	case !c.pinned:
		return "its model " + c.unpinned().String() + " is not pinned, so it may be moved to another"
	}
	return ""
}

func (c *Config) declaredEnv() map[string]string {
	if c.Declared == nil {
		return nil
	}
	return c.Declared.Env
}

func (c *Config) problem(pointer, format string, args ...any) *problem.Problem {
	return c.doc.Problem(pointer, format, args...)
}

// WithModel is the config with another model, as --model asks: a version of
// its own. declared are the Pins of Options. A model that is not pinned is among the
// warnings.
func (c *Config) WithModel(ref llm.Ref, declared map[string]string) (*Config, error) {
	if c.Target != nil || c.Answers != nil || c.Script != nil {
		return nil, problem.Newf("--model cannot change %s: it calls no model of a provider", c.Name).
			Remedy("leave --model away, or name an eval whose config has a model")
	}
	if ref.Provider == "builtin" && ref.Name != "extractive" {
		return nil, problem.Newf("--model cannot be %s: a config that uses it says more than its name", ref).
			Remedy("write a config with model: %s", ref)
	}
	changed := *c
	changed.Model, changed.Warnings, changed.pins.declared = ref, nil, declared
	changed.pin()
	return &changed, changed.redigest()
}

// WithOutput is the config with an output schema, given as JSON: for a judge
// that has none of its own.
func (c *Config) WithOutput(schema string) (*Config, error) {
	changed := *c
	doc, err := yamldoc.Parse("output.json", []byte(schema))
	if err != nil {
		return nil, fmt.Errorf("reading an output schema: %w", err)
	}
	object, ok := doc.Value().(map[string]any)
	if !ok {
		return nil, errors.New("an output schema is not an object")
	}
	changed.Output = object
	return &changed, changed.redigest()
}
