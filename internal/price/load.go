package price

import (
	"bytes"
	_ "embed" // the built-in prices
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-llmops/assay/internal/problem"
)

//go:embed prices.yaml
var builtin []byte

// File is a price file: its path as the user would type it, and its content.
type File struct {
	Name string
	Data []byte
}

// sheet is the form of a price file.
type sheet struct {
	Schema    string            `yaml:"$schema"` // for editors
	AsOf      string            `yaml:"as_of"`
	Providers map[string][]line `yaml:"providers"`
}

// line is one price as written, in US dollars per million tokens.
type line struct {
	Model       string    `yaml:"model"`
	From        string    `yaml:"from"`
	AboveInput  int64     `yaml:"above_input_tokens"`
	Input       yaml.Node `yaml:"input"`
	CachedInput yaml.Node `yaml:"cached_input"`
	CacheWrite  yaml.Node `yaml:"cache_write"`
	Output      yaml.Node `yaml:"output"`
	row         int
}

// UnmarshalYAML keeps the row, for messages, and refuses names it does not know.
func (l *line) UnmarshalYAML(node *yaml.Node) error {
	type plain line
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch name := node.Content[i]; name.Value {
		case "model", "from", "above_input_tokens", "input", "cached_input", "cache_write", "output":
		default:
			return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: field %s not found in a price", name.Line, name.Value)}}
		}
	}
	if err := node.Decode((*plain)(l)); err != nil {
		return err
	}
	l.row = node.Line
	return nil
}

// Load reads the built-in prices and then the given files. A price of a later
// file wins over every price of an earlier one, and of the built-in ones, that
// fits the same call. Errors are Problems with file and line.
func Load(files ...File) (*Book, error) {
	b := &Book{entries: map[string][]entry{}}
	all := append([]File{{Name: "built-in prices", Data: builtin}}, files...)
	for layer, f := range all {
		if err := b.add(layer, f); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Book) add(layer int, f File) error {
	var s sheet
	dec := yaml.NewDecoder(bytes.NewReader(f.Data))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return badYAML(f.Name, err)
	}
	if layer == 0 {
		b.asOf = s.AsOf
	}
	var bad problem.List
	for provider, lines := range s.Providers {
		for _, l := range lines {
			e, p := l.entry()
			if p != nil {
				bad = append(bad, p.At(f.Name, l.row))
				continue
			}
			e.layer = layer
			b.entries[provider] = append(b.entries[provider], e)
		}
	}
	return bad.OrNil()
}

func (l *line) entry() (entry, *problem.Problem) {
	e := entry{pattern: pattern(l.Model), above: l.AboveInput}
	if l.Model == "" {
		return e, problem.Newf("a price without a model").Remedy("add model: NAME; * stands for any text")
	}
	if l.AboveInput < 0 {
		return e, problem.Newf("above_input_tokens is %d", l.AboveInput).Wanted("0 or more")
	}
	if l.From != "" {
		day, err := time.Parse(time.DateOnly, l.From)
		if err != nil {
			return e, problem.Newf("from: %q is not a date", l.From).Wanted("YYYY-MM-DD, the first day of the price in UTC")
		}
		e.from = day
	}
	if l.Input.IsZero() || l.Output.IsZero() {
		return e, problem.Newf("the price of %s is not whole", l.Model).Wanted("input and output, in US dollars per million tokens")
	}
	var p *problem.Problem
	read := func(name string, node *yaml.Node, absent int64) int64 {
		if node.IsZero() || p != nil {
			return absent
		}
		v, err := perToken(node.Value)
		if err != nil {
			p = problem.Newf("%s: %s", name, err).Wanted(`a decimal with at most six places, such as "0.25"`)
		}
		return v
	}
	e.input = read("input", &l.Input, 0)
	e.cached = read("cached_input", &l.CachedInput, e.input)
	e.cacheWrite = read("cache_write", &l.CacheWrite, e.input)
	e.output = read("output", &l.Output, 0)
	return e, p
}

// badYAML places what the YAML library says: "yaml: line 3: ...".
func badYAML(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		text = types.Errors[0]
	}
	var row int
	if _, scanErr := fmt.Sscanf(text, "line %d:", &row); scanErr == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	return problem.Newf("%s", text).At(file, row).
		Wanted("providers: NAME: [{model, from, input, cached_input, cache_write, output, above_input_tokens}]")
}
