package problemtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// constraints are the keywords of JSON Schema that refuse something.
var constraints = []string{
	"additionalProperties", "anyOf", "const", "enum", "exclusiveMaximum", "exclusiveMinimum", "maximum", "minItems",
	"minLength", "minimum", "multipleOf", "oneOf", "pattern", "required", "type",
}

// EveryConstraint fails for each constraint of a schema that can be taken out
// without any of the values, those of the bad fixtures, having a fault less.
func EveryConstraint(t testing.TB, schemaText []byte, values []any) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(schemaText, &root); err != nil {
		t.Fatal(err)
	}
	whole := faults(t, root, values)
	eachConstraint(root, "", func(at string, object map[string]any, name string) {
		kept := object[name]
		for what, weaker := range weakened(name, kept) {
			if weaker == nil {
				delete(object, name)
			} else {
				object[name] = weaker
			}
			if slices.Equal(faults(t, root, values), whole) {
				t.Errorf("no .bad fixture needs %s%s of the schema", at, what)
			}
			object[name] = kept
		}
	})
}

// weakened are the forms of a constraint with a part of it taken out; nil is
// without the whole of it.
func weakened(name string, value any) map[string]any {
	list, ok := value.([]any)
	if !ok || name != "required" || len(list) < 2 {
		return map[string]any{"/" + name: nil}
	}
	forms := map[string]any{}
	for i, field := range list {
		forms[fmt.Sprintf("/%s %v", name, field)] = slices.Delete(slices.Clone(list), i, i+1)
	}
	return forms
}

// eachConstraint visits the schema's objects, but not what stands under the
// names of its properties as such.
func eachConstraint(v any, at string, visit func(at string, object map[string]any, name string)) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			eachConstraint(item, fmt.Sprintf("%s/%d", at, i), visit)
		}
	case map[string]any:
		names := strings.HasSuffix(at, "/properties") || strings.HasSuffix(at, "/$defs")
		for _, name := range slices.Sorted(maps.Keys(v)) {
			_, isSchema := v[name].(map[string]any)
			if !names && slices.Contains(constraints, name) && !isSchema && at+"/"+name != "/properties/$schema/type" {
				visit(at, v, name)
			}
			eachConstraint(v[name], at+"/"+name, visit)
		}
	}
}

// faults is what a schema finds in each value.
func faults(t testing.TB, root map[string]any, values []any) []string {
	t.Helper()
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema", resource); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema")
	if err != nil {
		t.Fatal(err)
	}
	found := make([]string, len(values))
	for i, value := range values {
		var invalid *jsonschema.ValidationError
		if errors.As(compiled.Validate(value), &invalid) {
			found[i] = strings.Join(leaves(invalid), "\n")
		}
	}
	return found
}

// leaves name the faults without regard of how they hang together.
func leaves(e *jsonschema.ValidationError) []string {
	list := []string{fmt.Sprintf("%v %T", e.InstanceLocation, e.ErrorKind)}
	for _, cause := range e.Causes {
		list = append(list, leaves(cause)...)
	}
	slices.Sort(list)
	return list
}
