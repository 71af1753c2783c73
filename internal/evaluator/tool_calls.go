package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// wantedCall is an expected call of a tool.
type wantedCall struct {
	name      string
	arguments any // nil when any will do
	given     bool
}

// makeToolCalls compares the calls that the model asked for with those that
// are expected.
func makeToolCalls(p *params) (prepare, error) {
	ordered := p.text("order", "any") == "strict"
	extra := p.boolean("extra")
	compare := contains
	if p.text("arguments", "subset") == "strict" {
		compare = same
	}
	return func(expected any) (scoreFunc, error) {
		wanted, err := wantedCalls(expected)
		if err != nil {
			return nil, err
		}
		if len(wanted) == 0 && extra {
			return nil, problem.Newf("expected is an empty list, and with extra: true nothing could fail").Wanted("at least one call")
		}
		return func(_ context.Context, in *input) result {
			fits := fitting(wanted, in.ToolCalls, compare)
			matched := matchAny(fits, len(in.ToolCalls))
			if ordered {
				matched = matchInOrder(fits, len(in.ToolCalls))
			}
			value := 1.0
			if len(wanted) > 0 {
				value = float64(matched) / float64(len(wanted))
			}
			switch {
			case matched < len(wanted):
				return failed(missingCalls(wanted, in.ToolCalls, matched)).withValue(value)
			case !extra && len(in.ToolCalls) > len(wanted):
				return failed(fmt.Sprintf("%d calls, of which %d are not expected; called %s", len(in.ToolCalls),
					len(in.ToolCalls)-len(wanted), calledNames(in.ToolCalls))).withValue(value * float64(len(wanted)) / float64(len(in.ToolCalls)))
			}
			return passed("").withValue(value)
		}, nil
	}, nil
}

// wantedCalls reads the expectation: names, or objects with name and arguments.
func wantedCalls(expected any) ([]wantedCall, error) {
	items, ok := expected.([]any)
	if !ok {
		return nil, problem.Newf("expected is %s", describe(expected)).Wanted("a list of calls, such as [{name: lookup_order, arguments: {id: 7}}]")
	}
	calls := make([]wantedCall, len(items))
	for i, item := range items {
		object, isObject := item.(map[string]any)
		if !isObject {
			object = map[string]any{"name": item}
		}
		name, ok := object["name"].(string)
		if !ok || name == "" {
			return nil, problem.Newf("an expected call is %s", describe(item)).Wanted("a name, or an object with name and arguments")
		}
		for field := range object {
			if field != "name" && field != "arguments" {
				return nil, problem.Newf("an expected call has the unknown field %q", field).Wanted("name and arguments")
			}
		}
		calls[i].name = name
		calls[i].arguments, calls[i].given = object["arguments"], object["arguments"] != nil
	}
	return calls, nil
}

// fitting tells for each expected call which actual ones it accepts.
func fitting(wanted []wantedCall, calls []llm.ToolCall, compare func(actual, expected any) bool) [][]bool {
	parsed := make([]any, len(calls))
	valid := make([]bool, len(calls))
	for i, c := range calls {
		v, err := arguments(c.Arguments)
		parsed[i], valid[i] = v, err == nil
	}
	fits := make([][]bool, len(wanted))
	for w, want := range wanted {
		fits[w] = make([]bool, len(calls))
		for i, c := range calls {
			fits[w][i] = c.Name == want.name && (!want.given || valid[i] && compare(parsed[i], want.arguments))
		}
	}
	return fits
}

// arguments reads the arguments of a call: absent ones are an empty object, and
// a text is read as JSON.
func arguments(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	v, err := extract.ParseJSON(raw)
	if err != nil {
		return nil, err
	}
	text, isText := v.(string)
	if !isText {
		return v, nil
	}
	if v, err = extract.ParseJSON([]byte(text)); err != nil {
		return nil, errors.New("the arguments are not JSON")
	}
	return v, nil
}

// matchInOrder is the greatest number of expected calls that occur in their
// order, others in between allowed: a longest common subsequence.
func matchInOrder(fits [][]bool, calls int) int {
	best := make([]int, calls+1)
	for _, row := range fits {
		diagonal := 0
		for i := range calls {
			above := best[i+1]
			if row[i] {
				best[i+1] = max(above, diagonal+1)
			}
			best[i+1] = max(best[i+1], best[i])
			diagonal = above
		}
	}
	return best[calls]
}

// matchAny is the greatest number of expected calls that can each have an
// actual one of its own: a maximum bipartite matching by augmenting paths.
func matchAny(fits [][]bool, calls int) int {
	owner := make([]int, calls)
	for i := range owner {
		owner[i] = -1
	}
	var seat func(w int, seen []bool) bool
	seat = func(w int, seen []bool) bool {
		for i := range calls {
			if !fits[w][i] || seen[i] {
				continue
			}
			seen[i] = true
			if owner[i] < 0 || seat(owner[i], seen) {
				owner[i] = w
				return true
			}
		}
		return false
	}
	matched := 0
	for w := range fits {
		if seat(w, make([]bool, calls)) {
			matched++
		}
	}
	return matched
}

func missingCalls(wanted []wantedCall, calls []llm.ToolCall, matched int) string {
	names := make([]string, len(wanted))
	for i, w := range wanted {
		names[i] = w.name
	}
	return fmt.Sprintf("%d of %d expected calls (%s); called %s", matched, len(wanted), firstFew(names), calledNames(calls))
}

func calledNames(calls []llm.ToolCall) string {
	if len(calls) == 0 {
		return "nothing"
	}
	names := make([]string, len(calls))
	for i, c := range calls {
		names[i] = c.Name
	}
	return strings.TrimSpace(firstFew(names))
}
