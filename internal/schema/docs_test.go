package schema

import (
	"os"
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
