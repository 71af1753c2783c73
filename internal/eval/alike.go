package eval

import (
	"maps"
	"slices"
	"strconv"

	"github.com/assay-llmops/assay/internal/evaluator"
)

// alike keeps the scores that many records have once: most answers pass, and
// the scores of a record that say just that are two thirds of what is held of it.
type alike map[string]map[string]evaluator.Score

// maxAlike bounds what is kept, where most scores are numbers of their own.
const maxAlike = 1000

// one is the map that is kept for scores that are equal; nobody may change it.
func (a alike) one(scores map[string]evaluator.Score) map[string]evaluator.Score {
	var key []byte
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		s := scores[name]
		for _, text := range []string{name, string(s.Outcome), s.Label, s.Reason} {
			key = strconv.AppendQuote(key, text)
		}
		if s.Value != nil {
			key = strconv.AppendFloat(key, *s.Value, 'g', -1, 64)
		}
	}
	if kept, ok := a[string(key)]; ok {
		return kept
	}
	if len(a) < maxAlike {
		a[string(key)] = scores
	}
	return scores
}
