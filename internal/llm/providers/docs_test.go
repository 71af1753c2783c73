package providers_test

import (
	"os"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// TestEverySnippetOfTheManualIsValid reads each YAML block of the pages about
// models by the file that its first line names.
func TestEverySnippetOfTheManualIsValid(t *testing.T) {
	t.Parallel()
	blocks := 0
	for _, page := range []string{"../../../docs/models.md", "../../../docs/reference/script.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```yaml\n") {
			if i == 0 {
				continue
			}
			block, _, _ := strings.Cut(part, "```")
			name, _, _ := strings.Cut(strings.TrimPrefix(block, "# "), "\n")
			if err := read(name, block); err != nil {
				t.Errorf("%s, block %d: %v", page, i, err)
			}
			blocks++
		}
	}
	if blocks < 10 {
		t.Errorf("only %d blocks were found", blocks)
	}
}

func read(name, block string) error {
	doc, err := yamldoc.Parse(name, []byte(block))
	if err != nil {
		return err
	}
	object, _ := doc.Value().(map[string]any)
	switch name {
	case "assay.yaml":
		_, err = providers.ParseSettings(object["providers"], name, doc.Line)
	case "prices.yaml":
		_, err = price.Load(price.File{Name: name, Data: []byte(block)})
	case "script.yaml":
		_, err = script.Parse(name, []byte(block))
	default:
		if answers, ok := object["answers"]; ok {
			_, err = recorded.ParseSpec(answers)
		}
	}
	return err
}
