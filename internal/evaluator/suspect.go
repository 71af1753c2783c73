package evaluator

import (
	"maps"
	"regexp"
	"slices"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/problem"
)

// expectedField is a field of the expectation as a condition names it.
var expectedField = regexp.MustCompile(`\bexpected\.([A-Za-z_]\w*)`)

// Suspects finds conditions that name a field of expected which no case has
// while cases have one called nearly so: the evaluator would leave every case
// unscored, and no error would tell.
func (s *Set) Suspects(cases []dataset.Case) problem.List {
	fields := make(map[string]bool)
	for i := range cases {
		if expected, ok := cases[i].Expected.(map[string]any); ok {
			for name := range expected {
				fields[name] = true
			}
		}
	}
	known := slices.Sorted(maps.Keys(fields))
	var problems problem.List
	for _, e := range s.evaluators {
		problems = append(problems, e.suspects(known)...)
	}
	return problems
}

func (e *Evaluator) suspects(known []string) (problems problem.List) {
	when, _ := e.spec.When.(string)
	for _, found := range expectedField.FindAllStringSubmatch(when, -1) {
		near := problem.Nearest(found[1], known)
		if slices.Contains(known, found[1]) || near == "" {
			continue
		}
		problems = append(problems, e.spec.Place.at("when").put(
			problem.Newf("the when of %s asks for expected.%s, which no case has", e.spec.Name, found[1]).
				Remedy("did you mean expected.%s?", near)))
	}
	for _, m := range e.members {
		problems = append(problems, m.suspects(known)...)
	}
	return problems
}
