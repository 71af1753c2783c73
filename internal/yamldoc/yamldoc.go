// Package yamldoc reads a YAML or JSON file strictly and remembers where every
// value stands, so that whoever finds fault with a value can name its line.
//
// A file holds one document, JSON where its name ends in .json and YAML
// otherwise. Keys are text and stand once. Whole numbers are int64 and at most
// 2^53 in magnitude, so that a digest of them is exact; other numbers are
// float64. What YAML 1.1 and 1.2 read differently is either text or refused:
// yes, no, on, off, dates and times are text; true and false are booleans; a
// number with a leading zero (0123) or underscores (1_000) has to be put in
// quotes. Tags such as !include are refused. Aliases are expanded, up to
// 100,000 values, all of which stand on the line of the alias.
package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
)

// Doc is a file that was read.
type Doc struct {
	File  string // as the user would type it
	value any
	lines map[string]int // JSON pointer -> line
	texts map[string]int // JSON pointer -> line of a text's first character, where it is another
}

// What a document may hold: values that aliases expand to, and levels.
const (
	maxExpanded = 100_000
	maxDepth    = 200
)

// Parse reads a document. Errors are *problem.Problem with file and line.
func Parse(file string, data []byte) (*Doc, error) {
	text := []byte(canonical.Text(data))
	if !utf8.Valid(text) {
		return nil, notUTF8(file, string(text))
	}
	if strings.HasSuffix(file, ".json") {
		return parseJSON(file, text)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	if err := dec.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, (&problem.Problem{File: file, What: "the file is empty"}).Wanted("a YAML document")
		}
		return nil, syntax(file, string(text), err)
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntax(file, string(text), err)
		}
		return nil, (&problem.Problem{File: file, Line: second.Line, What: "a second document begins here"}).
			Wanted("one document in the file").Remedy("remove the line ---, or put the second document in a file of its own")
	}
	d := newDoc(file)
	r := reader{doc: d}
	if len(root.Content) == 0 {
		return nil, (&problem.Problem{File: file, What: "the file is empty"}).Wanted("a YAML document")
	}
	value, err := r.read(root.Content[0], "", 0)
	if err != nil {
		return nil, err
	}
	d.value = value
	return d, nil
}

func newDoc(file string) *Doc {
	return &Doc{File: file, lines: map[string]int{}, texts: map[string]int{}}
}

// Value is the document as map[string]any, []any, string, int64, float64, bool
// and nil. It is not to be changed.
func (d *Doc) Value() any { return d.value }

// Line is the line of the value at a JSON pointer ("" is the whole), or of its
// nearest ancestor that exists.
func (d *Doc) Line(pointer string) int {
	for {
		if line, ok := d.lines[pointer]; ok {
			return line
		}
		if pointer == "" {
			return 1
		}
		pointer = pointer[:max(0, strings.LastIndexByte(pointer, '/'))]
	}
}

// TextLine is the line of the first character of the text at a pointer: of a
// block text (|), the line after its key.
func (d *Doc) TextLine(pointer string) int {
	if line, ok := d.texts[pointer]; ok {
		return line
	}
	return d.Line(pointer)
}

// Problem is a fault with the value at a pointer.
func (d *Doc) Problem(pointer, format string, args ...any) *problem.Problem {
	return &problem.Problem{File: d.File, Line: d.Line(pointer), What: fmt.Sprintf(format, args...)}
}

// Decode puts the document into a struct with json tags. Fields that the
// struct does not have are an error: check against a schema first for a better
// one.
func (d *Doc) Decode(v any) error {
	text, err := json.Marshal(d.value)
	if err != nil {
		return fmt.Errorf("reading %s: %w", d.File, err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return &problem.Problem{File: d.File, What: strings.TrimPrefix(err.Error(), "json: "), Err: err}
	}
	return nil
}

// Pointer joins parts to a JSON pointer (RFC 6901).
func Pointer(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

type reader struct {
	doc      *Doc
	aliased  int // aliases that are being expanded
	expanded int // values that came from aliases
}

func (r *reader) read(n *yaml.Node, at string, depth int) (any, error) {
	if r.aliased > 0 {
		r.expanded++
	} else if _, ok := r.doc.lines[at]; !ok {
		r.doc.lines[at] = n.Line
	}
	if r.expanded > maxExpanded || depth > maxDepth {
		return nil, r.fault(n, "the document is too large once its aliases are expanded, or nested too deep").
			Wanted("at most %d values from aliases, and %d levels", maxExpanded, maxDepth)
	}
	if n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode && n.Tag != "!!map" && n.Tag != "!!seq" {
		return nil, r.fault(n, "the tag %s is not supported", n.Tag).Wanted("a plain value").Remedy("remove the tag")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, at, depth)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := r.read(item, at+"/"+strconv.Itoa(i), depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.AliasNode:
		r.aliased++
		defer func() { r.aliased-- }()
		return r.read(n.Alias, at, depth+1)
	}
	line := n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++
	}
	if r.aliased == 0 && line != r.doc.lines[at] {
		r.doc.texts[at] = line
	}
	return r.scalar(n)
}

func (r *reader) mapping(n *yaml.Node, at string, depth int) (any, error) {
	values := make(map[string]any, len(n.Content)/2)
	own := make(map[string]int, len(n.Content)/2) // line of each key that is not merged
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			if err := r.merge(values, value, at, depth); err != nil {
				return nil, err
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return nil, r.fault(key, "a key is not text").Wanted("a name followed by a colon").
				Remedy(`put a value that begins with { or [ in quotes, such as "{{ question }}"`)
		}
		if first, have := own[key.Value]; have {
			return nil, r.fault(key, "%q stands twice; the first is on line %d", key.Value, first).Remedy("remove one of them")
		}
		own[key.Value] = key.Line
		pointer := at + Pointer(key.Value)
		if r.aliased == 0 {
			r.doc.lines[pointer] = key.Line
		}
		v, err := r.read(value, pointer, depth+1)
		if err != nil {
			return nil, err
		}
		values[key.Value] = v
	}
	return values, nil
}

// merge adds the fields of << that a mapping does not have itself.
func (r *reader) merge(values map[string]any, value *yaml.Node, at string, depth int) error {
	merged, err := r.read(value, at+"/<<", depth+1)
	if err != nil {
		return err
	}
	list, ok := merged.([]any)
	if !ok {
		list = []any{merged}
	}
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return r.fault(value, "<< merges something that is not a mapping").Wanted("<<: *NAME, where &NAME is a mapping")
		}
		for k, v := range m {
			if _, have := values[k]; !have {
				values[k] = v
			}
		}
	}
	return nil
}

// Spellings of numbers that every version of YAML reads alike.
var (
	plainInteger = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+|0o[0-7]+)$`)
	wholeNumber  = regexp.MustCompile(`^[-+]?[0-9]+$`)
	plainFloat   = regexp.MustCompile(`^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
)

func (r *reader) scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int":
		if !plainInteger.MatchString(n.Value) {
			return nil, r.fault(n, "the number %s is read differently by YAML 1.1 and 1.2", n.Value).
				Remedy("write it without leading zeros and underscores, or as text, in quotes")
		}
		var i int64
		if err := n.Decode(&i); err != nil || i > maxExact || i < -maxExact {
			return nil, r.inexact(n)
		}
		return i, nil
	case "!!float":
		if wholeNumber.MatchString(n.Value) {
			return nil, r.inexact(n)
		}
		var f float64
		if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, r.fault(n, "%s is not a finite number", n.Value).Wanted("a number, or text in quotes")
		}
		if !plainFloat.MatchString(n.Value) {
			return nil, r.fault(n, "the number %s is read differently by YAML 1.1 and 1.2", n.Value).
				Remedy("write it without leading zeros and underscores, or as text, in quotes")
		}
		return f, nil
	case "!!str", "!!timestamp", "!!merge":
		if n.Style == 0 && plainFloat.MatchString(n.Value) { // too large for a float64
			return nil, r.fault(n, "%s is not a finite number", n.Value).Wanted("a number, or text in quotes")
		}
		return n.Value, nil
	}
	return nil, r.fault(n, "the tag %s is not supported", n.Tag).Wanted("a plain value").Remedy("remove the tag, or put a value that begins with ! in quotes")
}

const maxExact = 1 << 53

func (r *reader) inexact(n *yaml.Node) *problem.Problem {
	return r.fault(n, "the integer %s is beyond 2^53 and cannot be kept exactly", n.Value).Remedy("write it as text, in quotes")
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) *problem.Problem {
	return &problem.Problem{File: r.doc.File, Line: n.Line, Col: n.Column, What: fmt.Sprintf(format, args...)}
}
