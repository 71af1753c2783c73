package evaluator

import (
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/dataset"
)

func TestSuspects(t *testing.T) {
	t.Parallel()
	cases := []dataset.Case{{Expected: map[string]any{"facts": []any{"a"}}}, {Expected: map[string]any{"refusal": "no"}}, {Expected: "text"}}
	for when, want := range map[string]string{
		"{{ expected.fact }}":                         "asks for expected.fact, which no case has\n  fix: did you mean expected.facts?",
		"{{ expected.facts and expected.refsual }}":   "did you mean expected.refusal?",
		"{{ expected.facts or expected.refusal }}":    "",
		"{{ expected.something_else }}":               "",
		"{{ 'fact' in tags or metadata.fact == '' }}": "",
	} {
		e := &Evaluator{spec: Spec{Name: "right", When: when}}
		group := &Set{[]*Evaluator{{spec: Spec{Name: "group"}, members: []*Evaluator{e}}}}
		for _, set := range []*Set{{[]*Evaluator{e}}, group} {
			found := set.Suspects(cases)
			if (want == "") != (len(found) == 0) || !strings.Contains(found.Error(), want) {
				t.Errorf("%s: %v, want %q", when, found, want)
			}
		}
	}
}
