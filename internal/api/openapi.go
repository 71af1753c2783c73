package api

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// OpenAPI is the document of the API, OpenAPI 3.1 in JSON, made of the table of
// endpoints and of the Go types that they answer with.
func OpenAPI() ([]byte, error) {
	known := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Assay", Version: "1",
			Description: "Traces of LLM applications: read, ask, sum, score, erase. Ids are hex, times RFC 3339 with nanoseconds, durations milliseconds, money decimal strings of US dollars. What is unknown is absent.",
		},
		Components: &huma.Components{
			Schemas: known,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "An API key: assay key create."},
				"basic":  {Type: "http", Scheme: "basic", Description: "An API key as the password; any user."},
			},
		},
		Paths:    map[string]*huma.PathItem{},
		Security: []map[string][]string{{"bearer": {}}, {"basic": {}}},
	}
	failure := &huma.Response{Description: "What is wrong and what to do about it.", Content: jsonOf(known, Failure{})}
	for _, rt := range routes() {
		op := &huma.Operation{
			OperationID: rt.id(), Method: rt.method, Path: Prefix + rt.path, Summary: rt.summary,
			Description: "Scope: " + rt.scope + ".",
			Responses:   map[string]*huma.Response{"default": failure},
		}
		for _, p := range rt.paths() {
			op.Parameters = append(op.Parameters, parameter(known, p, "path"))
		}
		for _, p := range append(rt.params, forProject()) {
			op.Parameters = append(op.Parameters, parameter(known, p, "query"))
		}
		if rt.body != nil {
			op.RequestBody = &huma.RequestBody{Required: true, Content: jsonOf(known, rt.body)}
		}
		ok := &huma.Response{Description: "The answer.", Content: map[string]*huma.MediaType{"application/x-ndjson": {}}}
		if rt.answer != nil {
			ok.Content = jsonOf(known, rt.answer)
		}
		op.Responses["200"] = ok
		doc.AddOperation(op)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return append(text, '\n'), nil
}

func jsonOf(known huma.Registry, v any) map[string]*huma.MediaType {
	t := reflect.TypeOf(v)
	return map[string]*huma.MediaType{"application/json": {Schema: known.Schema(t, true, t.Name())}}
}

func parameter(known huma.Registry, p param, in string) *huma.Param {
	out := &huma.Param{
		Name: p.name, In: in, Description: p.doc, Required: in == "path",
		Schema: known.Schema(reflect.TypeOf(p.kind), false, ""),
	}
	if p.example != "" {
		out.Example = p.example
	}
	if len(p.only) > 0 && p.kind == "" {
		one := &huma.Schema{Type: huma.TypeString}
		for _, v := range p.only {
			one.Enum = append(one.Enum, v)
		}
		out.Schema = one
		if p.list {
			commas := false
			out.Schema, out.Style, out.Explode = &huma.Schema{Type: huma.TypeArray, Items: one}, "form", &commas
			out.Example = nil
		}
	}
	return out
}
