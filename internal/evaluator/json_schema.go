package evaluator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// makeJSONSchema checks the output with a JSON Schema that is written in the
// eval file or in a file beside it.
func makeJSONSchema(p *params) (prepare, error) {
	schema, err := compileSchema(p)
	if err != nil {
		return nil, err
	}
	return always(func(_ context.Context, in *input) result {
		text, isText := in.answer.(string)
		if !isText {
			text = extract.Text(in.answer)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			if _, why := in.value(); why != "" {
				return nothing(why)
			}
			return nothing("not JSON")
		}
		if err := schema.Validate(v); err != nil {
			return failed(firstCause(err))
		}
		return passed("")
	}), nil
}

func compileSchema(p *params) (*jsonschema.Schema, error) {
	document := p.spec.Params["schema"]
	if path, ok := document.(string); ok {
		data, err := p.env.read(path)
		if err != nil {
			return nil, placed(p, "schema", err)
		}
		if document, err = extract.ParseJSON([]byte(canonical.Text(data))); err != nil {
			return nil, &problem.Problem{File: path, What: "the schema is not JSON: " + err.Error()}
		}
		p.content["schema"] = document
	}
	switch document.(type) {
	case map[string]any, bool:
	default:
		return nil, p.wrong("schema", "the schema is %s", describe(document)).Wanted("an object, or the path of a JSON file that holds one")
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if p.boolean("formats") {
		compiler.AssertFormat()
	}
	plain, err := jsonschema.UnmarshalJSON(strings.NewReader(extract.Text(document)))
	if err != nil {
		return nil, placed(p, "schema", fmt.Errorf("reading the schema: %w", err))
	}
	if err := compiler.AddResource(schemaURL, plain); err != nil {
		return nil, placed(p, "schema", err)
	}
	schema, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, placed(p, "schema", schemaFault(err))
	}
	return schema, nil
}

// schemaURL names the schema to its compiler, and appears in no message.
const schemaURL = "schema:///evaluator"

// noLoader refuses references that lead out of the schema.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("the reference to %s leads out of the schema", url)
}

// schemaFault says what is wrong with a schema without naming it by URL.
func schemaFault(err error) error {
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		err = invalid.Err
		var cause *jsonschema.ValidationError
		if errors.As(err, &cause) {
			return problem.Newf("the schema is no JSON Schema: %s", firstCause(err)).Wanted("JSON Schema, draft 2020-12 unless $schema says another")
		}
	}
	text := strings.ReplaceAll(strings.ReplaceAll(err.Error(), schemaURL, ""), "jsonschema: ", "")
	return problem.Newf("the schema does not compile: %s", strings.SplitN(text, "\n", 2)[0]).
		Wanted("a JSON Schema whose references stay inside it")
}

// firstCause is the first thing that is wrong with a value, with its place.
func firstCause(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	where := "/" + strings.Join(invalid.InstanceLocation, "/")
	return bounded(where) + ": " + bounded(invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}

// bounded bounds a text that may hold parts of an answer.
func bounded(s string) string {
	if r := []rune(s); len(r) > 2*maxQuote {
		return string(r[:2*maxQuote]) + "…"
	}
	return s
}
