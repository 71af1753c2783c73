package eval

import (
	"fmt"
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/evaluator"
)

// TestAlikeChangesNothing: what comes back is equal to what went in, whatever
// came before it, and equal scores are one map.
func TestAlikeChangesNothing(t *testing.T) {
	t.Parallel()
	texts := rapid.SampledFrom([]string{"", "a", "\"", "a\"1", "1"})
	rapid.Check(t, func(t *rapid.T) {
		a := alike{}
		for range rapid.IntRange(1, 30).Draw(t, "records") {
			scores := map[string]evaluator.Score{}
			for range rapid.IntRange(0, 3).Draw(t, "evaluators") {
				s := evaluator.Score{
					Outcome: rapid.SampledFrom([]evaluator.Outcome{evaluator.Pass, evaluator.Fail}).Draw(t, "outcome"),
					Label:   texts.Draw(t, "label"), Reason: texts.Draw(t, "reason"),
				}
				if rapid.Bool().Draw(t, "graded") {
					v := rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "value")
					s.Value = &v
				}
				scores[texts.Draw(t, "name")] = s
			}
			got := a.one(maps.Clone(scores))
			if !reflect.DeepEqual(got, scores) {
				t.Fatalf("%v became %v", scores, got)
			}
			if again := a.one(scores); reflect.ValueOf(again).Pointer() != reflect.ValueOf(got).Pointer() {
				t.Fatalf("%v is kept twice", scores)
			}
		}
	})
}

func TestAlikeIsBounded(t *testing.T) {
	t.Parallel()
	a := alike{}
	for i := range maxAlike + 10 {
		scores := map[string]evaluator.Score{"x": {Reason: fmt.Sprint(i)}}
		if got := a.one(scores); !reflect.DeepEqual(got, scores) {
			t.Fatalf("%v became %v", scores, got)
		}
	}
	if len(a) != maxAlike {
		t.Errorf("%d are kept", len(a))
	}
}
