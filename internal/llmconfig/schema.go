package llmconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// inputChecker checks a case's input; the zero value accepts anything.
type inputChecker struct{ schema *jsonschema.Schema }

// noFetch keeps a schema from reading files or addresses.
type noFetch struct{}

func (noFetch) Load(at string) (any, error) {
	return nil, fmt.Errorf("it refers to another document, %s: put its content under $defs", at)
}

const schemaURL = "schema:///it"

func compile(object map[string]any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(noFetch{})
	if err := c.AddResource(schemaURL, object); err != nil {
		return nil, err
	}
	return c.Compile(schemaURL)
}

// checkSchema refuses an object at a pointer of a document that is not a JSON
// Schema.
func checkSchema(doc *yamldoc.Doc, at string, object map[string]any) error {
	_, err := compile(object)
	if err == nil {
		return nil
	}
	pointer, reason := schemaFault(err)
	p := doc.Problem(at+pointer, "the JSON Schema is not valid: %s", reason)
	p.Want, p.Err = "a JSON Schema (draft 2020-12)", err
	return p
}

// schemaFault says in which place a schema is wrong, and how.
func schemaFault(err error) (pointer, reason string) {
	var invalid *jsonschema.SchemaValidationError
	var fault *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &fault) {
		for len(fault.Causes) > 0 {
			// The deepest cause is the one to show.
			fault = slices.MaxFunc(fault.Causes, func(a, b *jsonschema.ValidationError) int {
				return len(a.InstanceLocation) - len(b.InstanceLocation)
			})
		}
		pointer = yamldoc.Pointer(fault.InstanceLocation...)
		return pointer, strings.TrimPrefix(pointer+": ", ": ") + explain(fault)
	}
	text := strings.ReplaceAll(err.Error(), schemaURL, "")
	if _, fragment, ok := strings.Cut(text, "#"); ok {
		fragment, _, _ = strings.Cut(strings.Fields(fragment + " ")[0], `"`)
		if plain, err := url.PathUnescape(fragment); err == nil && strings.HasPrefix(plain, "/") {
			pointer = strings.TrimRight(plain, ":'")
		}
	}
	return pointer, text
}

// explain is a validation error's own reason in words.
func explain(e *jsonschema.ValidationError) string {
	text := e.Error()
	if i := strings.LastIndex(text, "': "); i >= 0 {
		return text[i+3:]
	}
	return text
}

// input checks and compiles the input schema.
func (l *loader) input() {
	if len(l.Input) == 0 {
		return
	}
	if l.bad("/input", checkSchema(l.doc, "/input", l.Input)) {
		return
	}
	compiled, err := compile(l.Input)
	if l.bad("/input", err) {
		return
	}
	l.checker.schema = compiled
	names, _ := l.inputNames()
	for _, name := range reserved {
		if slices.Contains(names, name) {
			p := l.wrong("/input/properties/"+name, "the input has a field called %s, which is a name of Assay's own in templates", name)
			p.Want, p.Fix = "another name than "+strings.Join(reserved, ", "), "rename the field, or leave it out of the schema and use input."+name
		}
	}
}

// output reads the schema of the answer.
func (l *loader) output() {
	if l.file.Output == nil {
		return
	}
	const at = "/output/schema"
	doc, inside := l.doc, at
	outer, _ := l.raw["output"].(map[string]any)
	value := outer["schema"]
	var written string
	if json.Unmarshal(l.file.Output.Schema, &written) == nil {
		_, parsed, ok := l.parse(at, written)
		if !ok {
			return
		}
		doc, inside, value = parsed, "", parsed.Value()
	}
	object, ok := value.(map[string]any)
	if !ok {
		p := doc.Problem(inside, "the schema of the output is not a mapping")
		p.Want = "a JSON Schema"
		l.problems = append(l.problems, p)
		return
	}
	l.Output = object
	l.bad(at, checkSchema(doc, inside, object))
}

// CheckInput says how a case's input does not fit the config's input schema.
func (c *Config) CheckInput(input map[string]any) error {
	if c.checker.schema == nil {
		return nil
	}
	var fault *jsonschema.ValidationError
	if err := c.checker.schema.Validate(input); !errors.As(err, &fault) {
		return err
	}
	return problem.Newf("%s", misfit("input", fault))
}

// misfit says everything in which a value breaks a schema; name is the value's.
func misfit(name string, fault *jsonschema.ValidationError) string {
	var reasons []string
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			walk(cause)
		}
		if len(e.Causes) == 0 {
			where := "the " + name
			if len(e.InstanceLocation) > 0 {
				where = name + "." + strings.Join(e.InstanceLocation, ".")
			}
			reasons = append(reasons, where+": "+explain(e))
		}
	}
	walk(fault)
	slices.Sort(reasons)
	return strings.Join(slices.Compact(reasons), "; ")
}

// inputNames are the fields that the input schema declares; closed says that
// there are no others. Without a schema anything may come, and with one that
// describes fields in another way than under properties.
func (c *Config) inputNames() (names []string, closed bool) {
	properties, _ := c.Input["properties"].(map[string]any)
	for name := range properties {
		names = append(names, name)
	}
	closed = len(properties) > 0
	for _, other := range []string{"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"} {
		closed = closed && c.Input[other] == nil
	}
	switch c.Input["additionalProperties"].(type) {
	case nil:
	case bool:
		closed = closed && c.Input["additionalProperties"] == false
	default:
		closed = false
	}
	return names, closed
}
