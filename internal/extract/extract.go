// Package extract takes the part of an output or of a file's row that matters:
// the letter after "Answer:", the field of a JSON reply, the last line, the
// content of a fenced block.
//
// An Extract is written in YAML in one of these forms:
//
//	extract: last_line
//	extract: fenced_block
//	extract: {fenced_block: json}
//	extract: {regex: "Answer: (.*)", group: 1, match: last}
//	extract: {jsonpath: "$.answer"}
//
// What is not found is a result, not an error: Apply says so, and an evaluator
// counts it as a fail with a reason. Errors are for an extract that is itself
// written wrongly, and only Parse gives them.
//
// Values in this package and in those above it are what ParseJSON returns: nil,
// bool, int64, float64, string, []any and map[string]any.
package extract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// Extract takes a part of a text or value. It has no state and may be shared.
type Extract struct {
	spec any // as written, for the digest
	take func(v any) (part any, missing string)
}

// forms are the ways to write an extract, for messages.
const forms = "last_line, fenced_block, {fenced_block: json}, {regex: \"Answer: (.*)\", group: 1} or {jsonpath: \"$.answer\"}"

// Parse reads an extract from its YAML value. The error is a *problem.Problem
// without a place.
func Parse(spec any) (*Extract, error) {
	switch spec := spec.(type) {
	case string:
		switch spec {
		case "last_line":
			return &Extract{spec, lastLine}, nil
		case "fenced_block":
			return &Extract{spec, fencedBlock("")}, nil
		}
		return nil, problem.Newf("%q is not an extract", spec).Wanted("%s", forms).
			Remedy("%s", problem.DidYouMean(spec, []string{"last_line", "fenced_block"}))
	case map[string]any:
		return parseForm(spec)
	}
	return nil, problem.Newf("an extract is %s", Describe(spec)).Wanted("%s", forms)
}

// parseForm reads an extract that is written as an object.
func parseForm(spec map[string]any) (*Extract, error) {
	options := map[string][]string{"regex": {"group", "match"}, "jsonpath": nil, "fenced_block": {"match"}}
	form := ""
	for _, name := range slices.Sorted(maps.Keys(spec)) {
		if _, known := options[name]; known {
			if form != "" {
				return nil, problem.Newf("an extract has both %s and %s", form, name).Wanted("one of them")
			}
			form = name
		}
	}
	if form == "" {
		return nil, problem.Newf("an extract has none of regex, jsonpath and fenced_block").Wanted("%s", forms)
	}
	for _, name := range slices.Sorted(maps.Keys(spec)) {
		if allowed := append([]string{form}, options[form]...); !slices.Contains(allowed, name) {
			return nil, problem.Newf("unknown field %q in an extract by %s", name, form).
				Remedy("%s", problem.DidYouMean(name, allowed))
		}
	}
	text, ok := spec[form].(string)
	if !ok {
		return nil, problem.Newf("%s is %s", form, Describe(spec[form])).Wanted("a text")
	}
	last, err := matchOption(spec)
	if err != nil {
		return nil, err
	}
	take, err := makeTake(form, text, spec["group"], last)
	if err != nil {
		return nil, err
	}
	return &Extract{spec, take}, nil
}

func makeTake(form, text string, group any, last bool) (func(any) (any, string), error) {
	switch form {
	case "regex":
		return byRegex(text, group, last)
	case "jsonpath":
		path, err := ParsePath(text)
		if err != nil {
			return nil, err
		}
		return byPath(path), nil
	}
	if last {
		return lastFencedBlock(text), nil
	}
	return fencedBlock(text), nil
}

// matchOption reads match: first (the default) or last.
func matchOption(spec map[string]any) (last bool, err error) {
	switch m := spec["match"]; m {
	case nil, "first":
		return false, nil
	case "last":
		return true, nil
	default:
		return false, problem.Newf("match is %s", Describe(m)).Wanted("first or last")
	}
}

// Apply takes the part of v. Where there is none, found is false and reason
// says what was looked for. A form that reads text gets a value that is not
// text as compact JSON; jsonpath gets a text parsed as JSON.
func (e *Extract) Apply(v any) (part any, found bool, reason string) {
	part, reason = e.take(v)
	return part, reason == "", reason
}

// Spec is the extract as it was written, for digests and for show.
func (e *Extract) Spec() any { return e.spec }

// Describe names a value for a message: its kind, and the value itself where
// it is short.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if len(v) > 60 || strings.ContainsAny(v, "\r\n") {
			return "a text of " + fmt.Sprint(len([]rune(v))) + " characters"
		}
		return fmt.Sprintf("the text %q", v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case int64, float64, int:
		return "the number " + Text(v)
	case []any:
		if len(v) == 0 {
			return "an empty list"
		}
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}
