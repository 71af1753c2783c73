package evaluator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
)

// makeEquals compares texts as texts and everything else by value.
func makeEquals(p *params) (prepare, error) {
	asText, err := oneText(func(output, expected string) bool { return output == expected }, "equal")(p)
	if err != nil {
		return nil, err
	}
	return func(expected any) (scoreFunc, error) {
		if _, isText := expected.(string); isText {
			return asText(expected)
		}
		return func(_ context.Context, in *input) result {
			got, why := in.value()
			if why != "" {
				return nothing(why)
			}
			return decided(same(got, expected), fmt.Sprintf("%s is not %s", show(got), show(expected)))
		}, nil
	}, nil
}

// value is the answer as a value: a text is read as JSON. The reason says why
// it is none.
func (in *input) value() (v any, why string) {
	text, isText := in.answer.(string)
	if !isText {
		return in.answer, ""
	}
	v, err := extract.ParseJSON([]byte(text))
	if err != nil {
		return nil, "not JSON: " + err.Error()
	}
	return v, ""
}

// same compares values by content: numbers by value, objects in any order.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	if x, ok := toFloat(a); ok {
		y, ok := toFloat(b)
		i, isInt := a.(int64)
		j, isInt2 := b.(int64)
		if isInt && isInt2 {
			return i == j
		}
		return ok && x == y && !math.IsInf(x, 0)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// contains compares like same, but an expected object may lack fields of the
// actual one, at any depth.
func contains(actual, expected any) bool {
	want, ok := expected.(map[string]any)
	if !ok {
		if list, ok := expected.([]any); ok {
			got, ok := actual.([]any)
			return ok && slices.EqualFunc(got, list, contains)
		}
		return same(actual, expected)
	}
	got, ok := actual.(map[string]any)
	if !ok {
		return false
	}
	for name, w := range want {
		if g, there := got[name]; !there || !contains(g, w) {
			return false
		}
	}
	return true
}

func makeJSONValid(*params) (prepare, error) {
	return always(func(_ context.Context, in *input) result {
		text, isText := in.answer.(string)
		if !isText || json.Valid([]byte(text)) {
			return passed("")
		}
		_, err := extract.ParseJSON([]byte(text))
		if err == nil {
			return passed("")
		}
		return failed("not JSON: " + err.Error())
	}), nil
}

func makeJSONField(p *params) (prepare, error) {
	path, err := extract.ParsePath(p.text("path", ""))
	if err != nil {
		return nil, placed(p, "path", err)
	}
	_, compares := p.spec.Params["expected"]
	return func(expected any) (scoreFunc, error) {
		return func(_ context.Context, in *input) result {
			v, why := in.value()
			if why != "" {
				return nothing(why)
			}
			got, found := path.Select(v)
			if !found && !compares {
				return failed("nothing at " + path.String())
			}
			if !found {
				return nothing("nothing at " + path.String())
			}
			if !compares || same(got, expected) {
				return passed("")
			}
			reason := fmt.Sprintf("%s is %s, not %s", path, show(got), show(expected))
			if extract.Text(got) == extract.Text(expected) {
				reason = fmt.Sprintf("%s is %s, not %s", path, describe(got), describe(expected))
			}
			return failed(reason)
		}, nil
	}, nil
}

// makeLabel maps the output to one of the labels: by equality, or by a regular
// expression for each.
func makeLabel(p *params) (prepare, error) {
	matchers, names, err := labelMatchers(p)
	if err != nil {
		return nil, err
	}
	_, compares := p.spec.Params["expected"]
	return func(expected any) (scoreFunc, error) {
		if compares {
			if err := knownLabel(expected, names); err != nil {
				return nil, err
			}
		}
		return func(_ context.Context, in *input) result {
			text := extract.Text(in.answer)
			var labels []string
			for i, matches := range matchers {
				if matches(text) {
					labels = append(labels, names[i])
				}
			}
			switch {
			case len(labels) == 0:
				return nothing(quote(text) + " is none of the labels")
			case len(labels) > 1:
				return nothing("the output has several labels: " + strings.Join(labels, ", "))
			}
			r := passed("")
			if compares && labels[0] != expected {
				r = failed(fmt.Sprintf("%s, not %s", labels[0], expected))
			}
			r.Label = labels[0]
			return r
		}, nil
	}, nil
}
