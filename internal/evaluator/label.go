package evaluator

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// labelMatchers reads labels: a list, where the trimmed output must equal a
// label, or an object of a regular expression for each label.
func labelMatchers(p *params) (matchers []func(string) bool, names []string, err error) {
	fold := folding(p)
	if object, ok := p.spec.Params["labels"].(map[string]any); ok {
		return patternMatchers(p, object)
	}
	names, ok := textsOf(p.spec.Params["labels"])
	if !ok || len(names) == 0 {
		return nil, nil, p.wrong("labels", "labels is %s", describe(p.spec.Params["labels"])).
			Wanted("a list of texts, or an object of a regular expression for each label")
	}
	for i, name := range names {
		if slices.ContainsFunc(names[:i], func(other string) bool { return fold(other) == fold(name) }) {
			return nil, nil, p.wrong("labels", "the label %q occurs twice", name)
		}
		matchers = append(matchers, func(text string) bool { return fold(strings.TrimSpace(text)) == fold(name) })
	}
	return matchers, names, nil
}

func patternMatchers(p *params, object map[string]any) (matchers []func(string) bool, names []string, err error) {
	flags := ""
	if p.boolean("ignore_case") {
		flags = "(?i)"
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		pattern, ok := object[name].(string)
		if !ok {
			return nil, nil, p.wrong("labels", "the label %s has %s", name, describe(object[name])).Wanted("a regular expression")
		}
		re, err := regexp.Compile(flags + pattern)
		if err != nil {
			return nil, nil, p.wrong("labels", "the label %s: %v", name, err).Wanted("a regular expression in RE2 syntax")
		}
		names, matchers = append(names, name), append(matchers, re.MatchString)
	}
	if len(names) == 0 {
		return nil, nil, p.wrong("labels", "there are no labels").Wanted("at least one")
	}
	return matchers, names, nil
}

// knownLabel refuses an expectation that no output can meet.
func knownLabel(expected any, names []string) error {
	name, ok := expected.(string)
	if ok && slices.Contains(names, name) {
		return nil
	}
	return problem.Newf("expected is %s, which is none of the labels", describe(expected)).
		Wanted("one of %s", strings.Join(names, ", ")).Remedy("%s", nearestOnly(name, names))
}
