package evaluator

import "slices"

// Schema is the JSON Schema of evaluators: in an eval file, made from Types. It
// has an $id of its own, so that it works alone and inside another schema.
func Schema() map[string]any {
	var names []any
	var branches []any
	for _, doc := range Types() {
		names = append(names, doc.Name)
		properties := map[string]any{}
		required := []any{"type"}
		for _, p := range slices.Concat(Common(), doc.Params) {
			properties[p.Name] = p.schema()
			if p.Required && p.Name != "type" {
				required = append(required, p.Name)
			}
		}
		properties["type"] = map[string]any{"const": doc.Name, "description": doc.Summary}
		branches = append(branches, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"type": map[string]any{"const": doc.Name}}},
			"then": map[string]any{"properties": properties, "required": required, "additionalProperties": false},
		})
	}
	return map[string]any{
		"$id":      "assay:evaluators",
		"type":     "array",
		"minItems": 1,
		"items":    map[string]any{"$ref": "#/$defs/evaluator"},
		"$defs": map[string]any{
			"evaluator": map[string]any{
				"type":       "object",
				"required":   []any{"type"},
				"properties": map[string]any{"type": map[string]any{"enum": names}},
				"allOf":      branches,
			},
		},
	}
}

// schema is the JSON Schema of a parameter.
func (p Param) schema() map[string]any {
	form := map[string]any{}
	switch p.Type {
	case TextType:
		form["type"] = "string"
		if p.PerCase {
			form["type"] = []any{"string", "number", "boolean"}
		}
		if len(p.OneOf) > 0 {
			form["enum"] = p.OneOf
		}
	case TextsType:
		form["type"] = "array"
		form["items"] = map[string]any{"type": []any{"string", "number", "boolean"}}
	case NumberType:
		form["type"] = "number"
	case IntegerType:
		form["type"] = "integer"
	case BooleanType:
		form["type"] = "boolean"
	case DurationType:
		form["type"], form["pattern"] = "string", `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`
	case ObjectType:
		form["type"] = "object"
	case MembersType:
		form["type"], form["minItems"] = "array", 1
		form["items"] = map[string]any{"$ref": "#/$defs/evaluator"}
	}
	if p.PerCase && p.Type != ValueType && p.Type != TextType {
		form = map[string]any{"anyOf": []any{form, map[string]any{"type": "string", "pattern": `\{[{%]`}}}
	}
	form["description"] = p.Doc
	return form
}
