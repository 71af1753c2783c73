package dataset

import (
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
)

// Reader is where files come from; a source.Tree is one.
type Reader interface {
	Read(path string) ([]byte, error)
}

// Load reads the dataset at path. See Read.
func Load(files Reader, path string, m Mapping) (*Dataset, error) {
	data, err := files.Read(path)
	if err != nil {
		return nil, err
	}
	return Read(path, data, m)
}

// row is one entry of a file before it is a case.
type row struct {
	value any
	line  int
}

// rows are the entries of a file. An error at one entry lets the rest be read
// where the format can go on after it.
type rows = iter.Seq2[row, error]

// Read makes a dataset of the content of a file, whose format is that of the
// name's extension: .jsonl (or .ndjson), .csv, .yaml (or .yml) or .json. The
// zero Mapping means that the file has cases in Assay's own shape. All problems
// of the file are reported together, up to ten.
func Read(name string, data []byte, m Mapping) (*Dataset, error) {
	text := canonical.Text(data)
	if !utf8.ValidString(text) {
		return nil, notUTF8(name, text)
	}
	var entries rows
	var err error
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".jsonl", ".ndjson":
		entries = jsonlRows(name, text)
	case ".csv":
		entries, m, err = csvRows(name, text, m)
	case ".json":
		entries, err = jsonRows(name, text, m)
	case ".yaml", ".yml":
		entries, err = yamlRows(name, text, m)
	default:
		err = (&problem.Problem{File: name, What: fmt.Sprintf("%q is not the extension of a dataset", ext)}).
			Wanted(".jsonl, .csv, .yaml or .json")
	}
	if err != nil {
		return nil, err
	}
	cases, problems := readCases(name, entries, m)
	if len(problems) > 0 {
		return nil, cut(problems)
	}
	return newDataset(name, cases)
}

func notUTF8(name, text string) error {
	good, _, _ := strings.Cut(strings.ToValidUTF8(text, "\x00"), "\x00")
	return &problem.Problem{
		File: name, Line: 1 + strings.Count(good, "\n"), What: "the file is not UTF-8", Want: "text in UTF-8", Fix: "save the file as UTF-8",
	}
}

// readCases turns entries into cases, and stops when a file is wrong all over.
func readCases(name string, entries rows, m Mapping) (cases []Case, problems problem.List) {
	tags := make(map[string]string)
	for entry, err := range entries {
		var c Case
		if err == nil {
			c, err = readCase(entry, m)
		}
		if err != nil {
			problems = append(problems, asProblem(err).At(name, entry.line))
			if len(problems) > 2*maxProblems {
				break
			}
			continue
		}
		for i, tag := range c.Tags { // one copy of each tag, however many cases have it
			if kept, ok := tags[tag]; ok {
				c.Tags[i] = kept
			} else {
				tags[tag] = tag
			}
		}
		cases = append(cases, c)
	}
	return cases, problems
}

// readCase turns one entry into a case with its digest and id.
func readCase(entry row, m Mapping) (Case, error) {
	native, err := m.apply(entry.value)
	if err != nil {
		return Case{}, err
	}
	c, err := caseOf(native)
	if err != nil {
		return Case{}, err
	}
	c.Line = entry.line
	if c.digest, err = c.computeDigest(); err != nil {
		return Case{}, (&problem.Problem{What: err.Error(), Err: err}).
			Wanted("values that JSON can hold exactly: whole numbers up to 2^53, texts in UTF-8")
	}
	if c.ID == "" {
		c.ID = derivedID(&c)
	}
	return c, nil
}

// asProblem keeps a problem as it is and makes one of any other error, which
// here can only be about the file's content.
func asProblem(err error) *problem.Problem {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p
	}
	return &problem.Problem{What: err.Error(), Err: err}
}
