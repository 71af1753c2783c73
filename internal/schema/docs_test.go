package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every piece of YAML in the guide is one that Assay accepts.
func TestGuideOfConfigs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/configs.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 6 {
		t.Fatalf("%d blocks of YAML", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		kind := "config"
		if strings.HasPrefix(block, "# assay.yaml") {
			kind = "project"
		}
		if found := check(t, kind, block); len(found) > 0 {
			t.Errorf("%v\nin\n%s", found, block)
		}
	}
}

// Files that are part of Assay fit the schema of their kind.
func TestOwnFilesFitTheirSchema(t *testing.T) {
	t.Parallel()
	for pattern, kind := range map[string]string{
		"../price/prices.yaml":              "prices",
		"../../examples/*/assay.yaml":       "project",
		"../../examples/*/configs/*.yaml":   "config",
		"../../examples/*/evals/*.yaml":     "eval",
		"../starter/templates/*/assay.yaml": "project",
		"../starter/templates/*/*/*.yaml":   "",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			of := kind
			if of == "" {
				of = strings.TrimSuffix(filepath.Base(filepath.Dir(file)), "s") // configs, evals
			}
			if found := check(t, of, string(text)); len(found) > 0 {
				t.Errorf("%s as %s: %v", file, of, found)
			}
		}
	}
}

func TestGuideOfScripts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/reference/script.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```yaml\n# script.yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if found := check(t, "script", block); len(found) > 0 {
			t.Errorf("%v\nin\n%s", found, block)
		}
	}
}
