// Package evalfile reads eval files: what to ask, how to score it, and the
// gate's policy.
//
// # Words
//
//   - A File names a config, a dataset with its map, and evaluators. It is read
//     and checked on its own; what it names is loaded by others.
//   - A Policy is the file's gate: with what to compare, how sure to be, and
//     rules. A Rule bounds one metric, overall or on a slice of the cases.
//
// # Invariants
//
// A File that loads has at least one evaluator, every rule has exactly one
// bound, and every rule's metric is one that a run will have. All problems
// name file and line, and are reported together where that is possible.
package evalfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/secret"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// File is an eval file that was read and checked, but for what it names.
type File struct {
	Name        string
	Description string
	Path        string // in the tree
	Config      string // name, or path relative to the file
	ConfigLine  int
	Dataset     string // path in the tree
	DatasetLine int
	Map         dataset.Mapping
	Repeats     int // at least 1
	Evaluators  []evaluator.Spec
	Gate        *Policy // nil when absent
}

type file struct {
	Schema      string          `json:"$schema"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Config      string          `json:"config"`
	Dataset     json.RawMessage `json:"dataset"`
	Repeats     int             `json:"repeats"`
	Evaluators  []any           `json:"evaluators"`
	Gate        *policyFile     `json:"gate"`
}

// Load reads the eval file at a path of the tree. Problems carry file and line.
func Load(tree source.Tree, name string) (*File, error) {
	text, err := tree.Read(name)
	if err != nil {
		return nil, fmt.Errorf("loading an eval file: %w", err)
	}
	doc, err := yamldoc.Parse(name, text)
	if err != nil {
		return nil, err
	}
	if err := secret.Document(doc); err != nil {
		return nil, err
	}
	wrong, err := schema.Check("eval", doc)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	var raw file
	if err := doc.Decode(&raw); err != nil {
		return nil, err
	}
	f := &File{
		Name: raw.Name, Description: raw.Description, Path: name, Config: raw.Config, ConfigLine: doc.Line("/config"), DatasetLine: doc.Line("/dataset"),
		Repeats: max(1, raw.Repeats),
	}
	if f.Name == "" {
		f.Name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	top, _ := doc.Value().(map[string]any) // the schema has checked it
	if err := f.dataset(doc, top["dataset"]); err != nil {
		return nil, err
	}
	place := evaluator.Place{File: name, Pointer: "/evaluators", Line: doc.Line}
	if f.Evaluators, err = evaluator.ParseSpecs(top["evaluators"], place); err != nil {
		return nil, err
	}
	if raw.Gate != nil {
		if f.Gate, err = f.policy(doc, raw.Gate); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// dataset reads where the cases are.
func (f *File) dataset(doc *yamldoc.Doc, value any) error {
	written, _ := value.(string)
	if object, ok := value.(map[string]any); ok {
		written, _ = object["file"].(string)
		m, err := dataset.ParseMapping(object["map"])
		if err != nil {
			return at(doc, "/dataset/map", err)
		}
		f.Map = m
	}
	resolved, err := source.Resolve(f.Path, written)
	if err != nil {
		return at(doc, "/dataset", err)
	}
	f.Dataset = resolved
	return nil
}

// at places an error of another room in the file.
func at(doc *yamldoc.Doc, pointer string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p.At(doc.File, doc.Line(pointer))
	}
	return err
}
