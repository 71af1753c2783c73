package llmconfig

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-llmops/assay/internal/problem"
)

// inputChecker checks a case's input; the zero value accepts anything.
type inputChecker struct{ schema *jsonschema.Schema }

// noFetch keeps a schema from reading files or addresses.
type noFetch struct{}

func (noFetch) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is another document: put its content into this schema", url)
}

func compile(name string, object map[string]any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(noFetch{})
	if err := c.AddResource("schema:///"+name, object); err != nil {
		return nil, err
	}
	return c.Compile("schema:///" + name)
}

// checkSchema refuses an object that is not a JSON Schema.
func checkSchema(file string, object map[string]any, line func(pointer string) int) error {
	_, err := compile("it", object)
	if err == nil {
		return nil
	}
	p := &problem.Problem{File: file, Line: line(""), What: "it is not a valid JSON Schema", Err: err, Want: "a JSON Schema (draft 2020-12)"}
	text := err.Error()
	if i := strings.Index(text, "\n"); i >= 0 {
		text = strings.TrimSpace(text[i:])
	}
	p.What += ": " + strings.ReplaceAll(text, "schema:///it", file)
	if i := strings.Index(text, "at '"); i >= 0 {
		if pointer, _, ok := strings.Cut(text[i+4:], "'"); ok {
			p.Line = line(pointer)
		}
	}
	return p
}

// input compiles the input schema.
func (l *loader) input() {
	if l.Input == nil {
		return
	}
	if l.bad("/input", checkSchema(l.Path, l.Input, func(p string) int { return l.doc.Line("/input" + p) })) {
		return
	}
	compiled, err := compile("input", l.Input)
	if !l.bad("/input", err) {
		l.checker.schema = compiled
	}
}

// CheckInput says how a case's input does not fit the config's input schema.
func (c *Config) CheckInput(input map[string]any) error {
	if c.checker.schema == nil {
		return nil
	}
	err := c.checker.schema.Validate(input)
	if err == nil {
		return nil
	}
	text := err.Error()
	if i := strings.Index(text, "\n"); i >= 0 {
		text = strings.TrimSpace(text[i:])
	}
	return fmt.Errorf("%s", strings.ReplaceAll(strings.TrimPrefix(text, "- "), "at ''", "the input"))
}

// inputNames are the fields that the input schema declares; closed says that
// there are no others. Without a schema anything may come.
func (c *Config) inputNames() (names []string, closed bool) {
	if c.Input == nil {
		return nil, false
	}
	properties, _ := c.Input["properties"].(map[string]any)
	for name := range properties {
		names = append(names, name)
	}
	return names, c.Input["additionalProperties"] != true && len(properties) > 0
}
