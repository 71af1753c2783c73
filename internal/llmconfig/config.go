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
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// Options are what loading needs to know of the project.
type Options struct {
	// Pins are the models whose name is declared not to move: a provider's name
	// or provider/model, to "exact" or "local".
	Pins map[string]string
	// LookupEnv reads the variables that version.env names.
	LookupEnv func(name string) (string, bool)
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
	Script    *File
	Declared  *Declared // version:

	Warnings []*problem.Problem // legal but suspect

	tree    source.Tree
	doc     *yamldoc.Doc
	engine  *jinja.Engine
	pinned  bool
	files   []string // every file of the tree that was read
	checker inputChecker
	digest  canonical.Digest
}

// File is a file of the tree with its normalised text.
type File struct {
	Path string
	Text string
}

// Tool is a function that the model may call, and the file it came from.
type Tool struct {
	llm.Tool
	Path string // "" when inline
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
	query *jinja.Template
	Query string // the template
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
	raw  any
}

// Declared is what behaviour depends on that the config cannot show.
type Declared struct {
	Globs []string
	Files []File
	Env   map[string]string // name -> digest of the value
}

// defaultTimeout is how long a target may take for an answer.
const defaultTimeout = time.Minute

// file is the YAML form.
type file struct {
	Schema      string            `json:"$schema"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Model       string            `json:"model"`
	Params      map[string]any    `json:"params"`
	Messages    []messageFile     `json:"messages"`
	Input       map[string]any    `json:"input"`
	Output      *outputFile       `json:"output"`
	Tools       []json.RawMessage `json:"tools"`
	ToolChoice  string            `json:"tool_choice"`
	Retrieval   *retrievalFile    `json:"retrieval"`
	Guardrails  []string          `json:"guardrails"`
	Fallbacks   []string          `json:"fallbacks"`
	Target      *targetFile       `json:"target"`
	Answers     map[string]any    `json:"answers"`
	Script      string            `json:"script"`
	Version     *declaredFile     `json:"version"`
}

type outputFile struct {
	Schema json.RawMessage `json:"schema"`
}

type declaredFile struct {
	Files []string `json:"files"`
	Env   []string `json:"env"`
}

type targetFile struct {
	Command  []string `json:"command"`
	URL      string   `json:"url"`
	Protocol string   `json:"protocol"`
	Prepare  []string `json:"prepare"`
	Timeout  string   `json:"timeout"`
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
	if err := noSecrets(doc); err != nil {
		return nil, err
	}
	wrong, err := schema.Check("config", doc)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	var f file
	if err := doc.Decode(&f); err != nil {
		return nil, err
	}
	l := &loader{opt: opt, file: &f, Config: &Config{
		Name: f.Name, Description: f.Description, Path: name, From: tree.Describe(), tree: tree, doc: doc, files: []string{name},
	}}
	if l.Name == "" {
		l.Name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	return l.load()
}

// Version is the config's name with the first 12 digits of its digest.
func (c *Config) Version() string { return c.Name + "@" + c.digest.Short() }

// Digest names the version: 64 hex digits.
func (c *Config) Digest() canonical.Digest { return c.digest }

// Files are the paths, in the tree, of everything that the config is made of.
func (c *Config) Files() []string { return c.files }

// Pinned reports whether the model's name is one that the vendor does not move.
func (c *Config) Pinned() bool { return c.pinned }

// Unfixed says why the digest does not fix the config's behaviour: an unpinned
// model, or a target that declares no version. It is "" when the digest does.
func (c *Config) Unfixed() string {
	switch {
	case c.Declared != nil:
		return ""
	case c.Target != nil:
		return "its target declares no version: {files: [...]}, so a change of the program cannot be seen"
	case !c.pinned:
		return "its model " + c.Model.String() + " is not pinned, and the vendor may move it"
	}
	return ""
}

func (c *Config) problem(pointer, format string, args ...any) *problem.Problem {
	return c.doc.Problem(pointer, format, args...)
}

// WithModel is the config with another model, as --model asks: a version of
// its own.
func (c *Config) WithModel(ref llm.Ref, pins map[string]string) (*Config, error) {
	if c.Target != nil || c.Answers != nil {
		return nil, problem.Newf("--model cannot change %s: it calls no model", c.Name)
	}
	changed := *c
	changed.Model, changed.Warnings = ref, nil
	l := &loader{Config: &changed, opt: Options{Pins: pins}}
	l.pin()
	return &changed, changed.redigest()
}

// WithOutput is the config with an output schema, given as JSON: for a judge
// that has none of its own.
func (c *Config) WithOutput(schema string) (*Config, error) {
	changed := *c
	if err := json.Unmarshal([]byte(schema), &changed.Output); err != nil {
		return nil, fmt.Errorf("reading an output schema: %w", err)
	}
	return &changed, changed.redigest()
}

func (c *Config) redigest() error {
	digest, err := canonical.Of(c.Canonical())
	if err != nil {
		return &problem.Problem{File: c.Path, What: err.Error(), Err: err}
	}
	c.digest = digest
	return nil
}
