package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// outputs are the schemas of what commands print with --json, each alone, by the
// name in its format: stats for assay.stats/1.
func outputs() (map[string][]byte, error) {
	text, err := JSON("output")
	if err != nil {
		return nil, err
	}
	var whole struct {
		Schema string                     `json:"$schema"`
		Forms  []map[string]any           `json:"anyOf"`
		Defs   map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("reading the schema output: %w", err)
	}
	all := map[string][]byte{}
	for _, form := range whole.Forms {
		for _, format := range formatsOf(form) {
			form["$schema"], form["title"] = whole.Schema, "Output "+format
			delete(form, "$defs")
			if form["$defs"], err = used(form, whole.Defs); err != nil {
				return nil, err
			}
			one, err := json.MarshalIndent(form, "", "  ")
			if err != nil {
				return nil, fmt.Errorf("writing the schema of %s: %w", format, err)
			}
			all[strings.TrimSuffix(strings.TrimPrefix(format, "assay."), "/1")] = append(one, '\n')
		}
	}
	return all, nil
}

// formatsOf are the formats that a schema is of.
func formatsOf(form map[string]any) []string {
	properties, _ := form["properties"].(map[string]any)
	format, _ := properties["format"].(map[string]any)
	list, _ := format["enum"].([]any)
	if one, ok := format["const"]; ok {
		list = append(slices.Clone(list), one)
	}
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// used are the definitions that a schema names, and those that these name.
func used(form any, defs map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("writing a schema: %w", err)
	}
	out := map[string]json.RawMessage{}
	for todo := []string{string(text)}; len(todo) > 0; todo = todo[1:] {
		for name, def := range defs {
			if _, known := out[name]; !known && strings.Contains(todo[0], `"#/$defs/`+name+`"`) {
				out[name] = def
				todo = append(todo, string(def))
			}
		}
	}
	return out, nil
}
