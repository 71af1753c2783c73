package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The verdicts that package report keeps as examples fit their schema.
func TestVerdictsFitTheirSchema(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Glob("../report/testdata/*.json")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples, %v", err)
	}
	compiler := jsonschema.NewCompiler()
	for _, kind := range []string{"output", "verdict"} {
		text, err := JSON(kind)
		if err != nil {
			t.Fatal(err)
		}
		root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(kind, root); err != nil {
			t.Fatal(err)
		}
	}
	for _, example := range examples {
		text, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		kinds := []string{"output"}
		if object, ok := value.(map[string]any); ok && object["format"] == "assay.verdict/1" {
			kinds = append(kinds, "verdict")
		}
		for _, kind := range kinds {
			compiled, err := compiler.Compile(kind)
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(value); err != nil {
				t.Errorf("%s as %s: %v", example, kind, err)
			}
		}
	}
}
