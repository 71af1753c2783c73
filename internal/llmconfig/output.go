package llmconfig

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// OutputChecker says how an answer's text breaks the output schema; the checker
// is nil for a config without one. An answer is to be one JSON value and
// nothing else.
func (c *Config) OutputChecker() (check func(text string) error, err error) {
	if c.Output == nil {
		return nil, nil
	}
	compiled, err := compile(c.Output)
	if err != nil {
		return nil, fmt.Errorf("the output schema of %s: %w", c.Name, err)
	}
	return func(text string) error {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("the answer is not JSON: %w", err)
		}
		var fault *jsonschema.ValidationError
		if err := compiled.Validate(value); !errors.As(err, &fault) {
			return err
		}
		return fmt.Errorf("the answer does not fit the output schema: %s", misfit("answer", fault))
	}, nil
}
