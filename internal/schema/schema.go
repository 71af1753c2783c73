// Package schema holds the JSON Schema of every kind of file that Assay reads
// and of what it prints with --json, and checks files against them.
//
// The schemas are written by hand, with descriptions that teach, and serve
// three readers alike: editors (assay schema KIND), the reference pages, and
// Assay's own validation, whose messages name file, line, what was expected
// and the remedy.
package schema

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

//go:embed kinds/*.schema.json
var files embed.FS

// Kinds names all schemas, sorted.
func Kinds() []string {
	entries, err := files.ReadDir("kinds")
	if err != nil {
		return nil // the folder is part of the binary
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".schema.json"))
	}
	slices.Sort(names)
	return names
}

// JSON is the text of a schema: of a kind, or of one format of the outputs, such
// as stats for assay.stats/1.
func JSON(name string) ([]byte, error) {
	text, err := files.ReadFile("kinds/" + name + ".schema.json")
	if err == nil {
		return text, nil
	}
	outputs, failed := outputs()
	if failed != nil {
		return nil, failed
	}
	if one, ok := outputs[strings.TrimSuffix(strings.TrimPrefix(name, "assay."), "/1")]; ok {
		return one, nil
	}
	known := slices.Concat(Kinds(), slices.Sorted(maps.Keys(outputs)))
	return nil, problem.Newf("there is no schema %q", name).Wanted("one of %s; or of one output: %s", strings.Join(Kinds(), ", "), strings.Join(slices.Sorted(maps.Keys(outputs)), ", ")).
		Remedy("%s", problem.DidYouMean(name, known))
}

// Check finds what is wrong with a file of a kind. The list is empty for a
// good one.
func Check(name string, doc *yamldoc.Doc) (problem.List, error) {
	text, err := JSON(name)
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the schema %s: %w", name, err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, root); err != nil {
		return nil, fmt.Errorf("reading the schema %s: %w", name, err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the schema %s: %w", name, err)
	}
	var invalid *jsonschema.ValidationError
	if err := compiled.Validate(doc.Value()); !errors.As(err, &invalid) {
		return nil, err
	}
	c := checker{doc: doc, root: root}
	c.collect(invalid)
	slices.SortStableFunc(c.found, func(a, b *problem.Problem) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.What, b.What)) // the library's order is that of a map
	})
	return c.found, nil
}

// Read parses a file of a kind and checks it. Errors are problems with file and
// line.
func Read(name, file string, data []byte) (*yamldoc.Doc, error) {
	doc, err := yamldoc.Parse(file, data)
	if err != nil {
		return nil, err
	}
	wrong, err := Check(name, doc)
	if err != nil {
		return nil, err
	}
	return doc, wrong.OrNil()
}

type checker struct {
	doc   *yamldoc.Doc
	root  any
	found problem.List
}

// collect turns the leaves of a validation error into problems.
func (c *checker) collect(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		c.forms(e, "anyOf", nil)
		return
	case *kind.OneOf:
		c.forms(e, "oneOf", k.Subschemas)
		return
	}
	for _, cause := range e.Causes {
		c.collect(cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := pointer(e)
	name := words(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, field := range k.Properties {
			c.unknown(e.InstanceLocation, field)
		}
	case *kind.Required:
		for _, field := range k.Missing {
			c.add(at, "%s has no %s", name, field).Want = field + ": " + c.describe(append(slices.Clone(e.InstanceLocation), field))
		}
	case *kind.Type:
		got := article(k.Got)
		if k.Got == "boolean" {
			got = "a truth value"
		}
		c.add(at, "%s is %s", name, got).Want = strings.Join(articles(k.Want), " or ") + c.teach(e.InstanceLocation)
	case *kind.Enum:
		c.choice(at, name, k.Got, k.Want)
	case *kind.Const:
		c.choice(at, name, k.Got, []any{k.Want})
	case *kind.Pattern:
		c.add(at, "%s is %q", name, short(k.Got)).Want = cmp.Or(c.describe(e.InstanceLocation), "text that matches "+k.Want)
	case *kind.MinItems:
		c.add(at, "%s is an empty list", name).Want = "at least one item" + c.teach(e.InstanceLocation)
	case *kind.Minimum:
		c.bound(at, name, k.Got, "at least", k.Want, e)
	case *kind.Maximum:
		c.bound(at, name, k.Got, "at most", k.Want, e)
	case *kind.ExclusiveMinimum:
		c.bound(at, name, k.Got, "more than", k.Want, e)
	case *kind.ExclusiveMaximum:
		c.bound(at, name, k.Got, "less than", k.Want, e)
	case *kind.MinLength:
		c.add(at, "%s is an empty text", name).Want = cmp.Or(c.describe(e.InstanceLocation), "a text that is not empty")
	case *kind.MultipleOf:
		c.add(at, "%s is %s", name, decimal(k.Got)).Want = "a multiple of " + decimal(k.Want) + c.teach(e.InstanceLocation)
	default:
		text := e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		c.add(at, "%s: %s", name, text).Want = c.describe(e.InstanceLocation)
	}
}

func pointer(e *jsonschema.ValidationError) string { return yamldoc.Pointer(e.InstanceLocation...) }

func (c *checker) add(pointer, format string, args ...any) *problem.Problem {
	p := c.doc.Problem(pointer, format, args...)
	c.found = append(c.found, p)
	return p
}

// choice tells of a value that is none of a list.
func (c *checker) choice(at, name string, got any, want []any) {
	names := make([]string, len(want))
	for i, v := range want {
		names[i] = fmt.Sprint(v)
	}
	p := c.add(at, "%s is %s", name, quoted(got))
	p.Want = "one of " + strings.Join(names, ", ")
	if len(names) == 1 {
		p.Want = names[0]
	}
	if near := problem.Nearest(fmt.Sprint(got), names); near != "" {
		p.Fix = "did you mean " + near + "?"
	}
}

// bound tells of a number that is too small or too large.
func (c *checker) bound(at, name string, got *big.Rat, relation string, want *big.Rat, e *jsonschema.ValidationError) {
	c.add(at, "%s is %s", name, decimal(got)).Want = relation + " " + decimal(want) + c.teach(e.InstanceLocation)
}

func decimal(r *big.Rat) string {
	f, _ := r.Float64()
	if text := strconv.FormatFloat(f, 'f', -1, 64); len(text) <= 20 {
		return text
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// short cuts a value that a message quotes.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// quoted is how a message quotes a value of any type.
func quoted(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(short(v))
	case map[string]any:
		return article("object")
	case []any:
		return article("array")
	}
	return short(fmt.Sprint(v))
}

// words names a place in a file as people write it: messages[2].role.
func words(location []string) string {
	if len(location) == 0 {
		return "the file"
	}
	var b strings.Builder
	for i, part := range location {
		if _, err := strconv.Atoi(part); err == nil && i > 0 {
			b.WriteString("[" + part + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

// unknown tells of a field that the schema does not have.
func (c *checker) unknown(parent []string, field string) {
	p := c.add(yamldoc.Pointer(append(slices.Clone(parent), field)...), "unknown field %q", short(field))
	if len(parent) > 0 {
		p.What += " in " + words(parent)
	}
	known := c.properties(parent)
	p.Want = "one of " + strings.Join(known, ", ")
	if near := problem.Nearest(field, known); near != "" {
		p.Want, p.Fix = "", "did you mean "+near+"?"
	}
}

// find walks the schema along an instance's location.
func (c *checker) find(location []string) map[string]any {
	at, _ := c.root.(map[string]any)
	for _, part := range location {
		at = c.step(at, part)
	}
	return at
}

// step is the schema of a member of what a schema describes, in whichever of its
// forms there is one.
func (c *checker) step(at map[string]any, part string) map[string]any {
	var next map[string]any
	for _, form := range c.everyForm(at) {
		if props, ok := form["properties"].(map[string]any); ok && props[part] != nil {
			next, _ = props[part].(map[string]any)
			return next
		}
		if next != nil {
			continue
		}
		var ok bool
		if next, ok = form["items"].(map[string]any); !ok {
			next, _ = form["additionalProperties"].(map[string]any)
		}
	}
	return next
}

func (c *checker) describe(location []string) string {
	text, _ := c.find(location)["description"].(string)
	return text
}

func (c *checker) teach(location []string) string {
	if text := c.describe(location); text != "" {
		return ": " + text
	}
	return ""
}

// properties are the names that an object at a location may have.
func (c *checker) properties(location []string) []string {
	var names []string
	for _, form := range c.everyForm(c.find(location)) {
		props, _ := form["properties"].(map[string]any)
		for name := range props {
			if name != "$schema" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func article(typeName string) string {
	switch typeName {
	case "object":
		return "an object (fields with values)"
	case "array":
		return "a list"
	case "integer":
		return "a whole number"
	case "null":
		return "empty"
	case "string":
		return "text"
	case "boolean":
		return "true or false"
	}
	return "a " + typeName
}

func articles(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = article(n)
	}
	return out
}
