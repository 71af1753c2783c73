package schema

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/yamldoc"
)

// Reference is the schema of a kind as a Markdown table: a row for each field
// that a person may write, with its type and what it means.
func Reference(kind string) (string, error) {
	text, err := JSON(kind)
	if err != nil {
		return "", err
	}
	doc, err := yamldoc.Parse(kind+".json", text)
	if err != nil {
		return "", fmt.Errorf("reading the schema %s: %w", kind, err)
	}
	top, _ := doc.Value().(map[string]any)
	var b strings.Builder
	title, _ := top["title"].(string)
	description, _ := top["description"].(string)
	fmt.Fprintf(&b, "## %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", title, description)
	r := reference{top: top, doc: doc, out: &b}
	r.fields("", "", top)
	return b.String(), nil
}

type reference struct {
	top map[string]any
	doc *yamldoc.Doc
	out *strings.Builder
}

// fields writes the rows of an object that stands at a pointer of the schema, in
// the schema's order.
func (r *reference) fields(prefix, at string, object map[string]any) {
	properties, _ := object["properties"].(map[string]any)
	required := map[string]bool{}
	list, _ := object["required"].([]any)
	for _, name := range list {
		if s, ok := name.(string); ok {
			required[s] = true
		}
	}
	at += "/properties"
	line := func(name string) int { return r.doc.Line(at + yamldoc.Pointer(name)) }
	names := slices.SortedFunc(maps.Keys(properties), func(a, b string) int {
		return cmp.Or(line(a)-line(b), strings.Compare(a, b))
	})
	for _, name := range names {
		if property, ok := properties[name].(map[string]any); ok {
			property, where := r.resolve(property, at+yamldoc.Pointer(name))
			r.field(prefix+name, where, property, required[name])
		}
	}
}

// resolve follows a reference into $defs.
func (r *reference) resolve(s map[string]any, at string) (target map[string]any, where string) {
	ref, _ := s["$ref"].(string)
	name, ok := strings.CutPrefix(ref, "#/$defs/")
	if !ok {
		return s, at
	}
	defs, _ := r.top["$defs"].(map[string]any)
	if target, ok = defs[name].(map[string]any); !ok {
		return s, at
	}
	merged := maps.Clone(target)
	if text, ok := s["description"]; ok {
		merged["description"] = text
	}
	return merged, "/$defs" + yamldoc.Pointer(name)
}

func (r *reference) field(name, at string, s map[string]any, required bool) {
	text, _ := s["description"].(string)
	text = strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
	if strings.Contains(text, "{{") {
		text = strings.NewReplacer("{{", "`{{", "}}", "}}`").Replace(text)
	}
	if required {
		text = "Required. " + text
	}
	fmt.Fprintf(r.out, "| `%s` | %s | %s |\n", name, typeOf(s), text)
	r.fields(name+".", at, s)
	r.items(name+"[].", at, s)
	if values, ok := s["additionalProperties"].(map[string]any); ok {
		values, at = r.resolve(values, at+"/additionalProperties")
		r.fields(name+".NAME.", at, values)
		r.items(name+".NAME[].", at, values)
	}
}

func (r *reference) items(prefix, at string, s map[string]any) {
	if items, ok := s["items"].(map[string]any); ok {
		items, at = r.resolve(items, at+"/items")
		r.fields(prefix, at, items)
	}
}

// typeOf says what a value may be, in plain words.
func typeOf(s map[string]any) string {
	if values, ok := s["enum"].([]any); ok {
		names := make([]string, len(values))
		for i, v := range values {
			names[i] = fmt.Sprintf("`%v`", v)
		}
		return strings.Join(names, ", ")
	}
	if value, ok := s["const"]; ok {
		return fmt.Sprintf("`%v`", value)
	}
	plain := map[string]string{
		"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list",
		"object": "mapping", "null": "nothing",
	}
	var kinds []string
	switch t := s["type"].(type) {
	case string:
		kinds = append(kinds, plain[t])
	case []any:
		for _, one := range t {
			if name, _ := one.(string); name != "null" { // nothing is as good as leaving the field out
				kinds = append(kinds, plain[name])
			}
		}
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		list, _ := s[key].([]any)
		for _, one := range list {
			if object, ok := one.(map[string]any); ok {
				if kind := typeOf(object); kind != "any" && !slices.Contains(kinds, kind) {
					kinds = append(kinds, kind)
				}
			}
		}
	}
	if len(kinds) == 0 {
		return "any"
	}
	return strings.Join(kinds, " or ")
}
