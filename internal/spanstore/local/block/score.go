package block

import (
	"encoding/json"
	"fmt"

	"github.com/assay-llmops/assay/internal/trace"
)

// EncodeScores gives the body of a record of scores; a nil one, which was
// erased, keeps its place.
func EncodeScores(scores []*trace.Score) ([]byte, error) {
	body, err := json.Marshal(scores)
	if err != nil {
		return nil, fmt.Errorf("encoding scores: %w", err)
	}
	return body, nil
}

// DecodeScores reads a body that EncodeScores made.
func DecodeScores(body []byte) ([]*trace.Score, error) {
	var scores []*trace.Score
	if err := json.Unmarshal(body, &scores); err != nil {
		return nil, fmt.Errorf("decoding scores: %w", err)
	}
	return scores, nil
}
