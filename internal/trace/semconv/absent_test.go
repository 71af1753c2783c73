package semconv_test

import (
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

// An absence that excuses nothing any more is a lie about an SDK, and would
// excuse a defect one day.
func TestEveryAbsenceExcusesSomething(t *testing.T) {
	all, absent, err := captured.Load(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]captured.Difference{}
	for i := range all {
		found[all[i].String()] = captured.Compare(derive(t, &all[i]), &all[i].Wire)
	}
	for name, list := range absent {
		for n, a := range list {
			rest := slices.Delete(slices.Clone(list), n, n+1)
			if !slices.ContainsFunc(all, func(f captured.Fixture) bool {
				if f.Instrumentation != name {
					return false
				}
				defects, _ := captured.Split(found[f.String()], rest, f.Scenario)
				return len(defects) > 0
			}) {
				t.Errorf("absent.json: %s: %s excuses nothing", name, a.Field)
			}
		}
	}
}
