package evalfile

import (
	"encoding/json"
	"fmt"

	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/schema"
)

// Schema is the JSON Schema of an eval file with the evaluators' own schema in
// its place.
func Schema() (map[string]any, error) {
	text, err := schema.JSON("eval")
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("reading the schema of eval files: %w", err)
	}
	properties, ok := whole["properties"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the schema of eval files has no properties")
	}
	properties["evaluators"] = evaluator.Schema()
	return whole, nil
}
