package evaluator

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
)

func nanos(n int64) *int64 { return &n }

func docs(sources ...string) []llm.Document {
	list := make([]llm.Document, len(sources))
	for i, s := range sources {
		list[i] = llm.Document{ID: s + "!", Source: s}
	}
	return list
}

func calls(pairs ...string) []llm.ToolCall {
	var list []llm.ToolCall
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, llm.ToolCall{Name: pairs[i], Arguments: json.RawMessage(pairs[i+1])})
	}
	return list
}

const none = -1 // no value

// TestTypes holds the exact meaning of every type, its edges above all.
func TestTypes(t *testing.T) {
	t.Parallel()
	filtered := &llm.Error{Kind: llm.ContentFilter}
	for _, test := range []struct {
		name, item string
		subject    Subject
		want       Outcome
		value      float64
		reason     string
	}{
		{"equals", "type: equals\nexpected: Paris", Subject{Output: "Paris"}, Pass, none, ""},
		{"equals counts line breaks", "type: equals\nexpected: Paris", Subject{Output: "Paris\n"}, Fail, none, "does not equal"},
		{"equals normalised", "type: equals\nexpected: It's “so” – ok\nnormalize: true\nignore_case: true", Subject{Output: " IT’S  \"so\"\n- ok "}, Pass, none, ""},
		{"equals empty", "type: equals\nexpected: ''", Subject{}, Pass, none, ""},
		{"equals a number by value", "type: equals\nexpected: 1", Subject{Output: " 1.0 "}, Pass, none, ""},
		{"equals a list in order", "type: equals\nexpected: [1, 2]", Subject{Output: "[2, 1]"}, Fail, none, "[2,1] is not [1,2]"},
		{"equals an object in any order", "type: equals\nexpected: {a: 1, b: [true, null]}", Subject{Output: `{"b":[true,null],"a":1}`}, Pass, none, ""},
		{"equals null", "type: equals\nexpected: null", Subject{Output: "null"}, Pass, none, ""},
		{"equals an object, text given", "type: equals\nexpected: {a: 1}", Subject{Output: "hello"}, Fail, none, "not JSON"},
		{"equals a text that looks like a number", "type: equals\nexpected: '1'", Subject{Output: "1.0"}, Fail, none, ""},

		{"contains", "type: contains\nexpected: b", Subject{Output: "abc"}, Pass, none, ""},
		{"contains a number", "type: contains\nexpected: 14", Subject{Output: "within 14 days"}, Pass, none, ""},
		{"contains case", "type: contains\nexpected: B", Subject{Output: "abc"}, Fail, none, `"abc" does not contain "B"`},
		{"contains any case", "type: contains\nexpected: B\nignore_case: true", Subject{Output: "abc"}, Pass, none, ""},
		{"contains umlauts in any case", "type: contains\nexpected: ÄPFEL\nignore_case: true", Subject{Output: "zwei äpfel"}, Pass, none, ""},
		{"contains composed and decomposed", "type: contains\nexpected: caf\u00e9\nnormalize: true", Subject{Output: "cafe\u0301"}, Pass, none, ""},
		{"contains_all", "type: contains_all\nexpected: [a, c]", Subject{Output: "abc"}, Pass, 1, ""},
		{"contains_all misses", "type: contains_all\nexpected: [a, x, y, c]", Subject{Output: "abc"}, Fail, 0.5, `missing "x", "y"`},
		{"contains_all by threshold", "type: contains_all\nexpected: [a, x]\nthreshold: 0.5", Subject{Output: "abc"}, Pass, 0.5, "0.5 against a threshold of 0.5"},
		{"contains_any", "type: contains_any\nexpected: [x, c]", Subject{Output: "abc"}, Pass, none, ""},
		{"contains_any of none", "type: contains_any\nexpected: [x, y]", Subject{Output: "abc"}, Fail, none, "none of"},
		{"starts_with", "type: starts_with\nexpected: ab", Subject{Output: "abc"}, Pass, none, ""},
		{"starts_with a blank before", "type: starts_with\nexpected: ab", Subject{Output: " abc"}, Fail, none, ""},
		{"ends_with", "type: ends_with\nexpected: bc", Subject{Output: "abc"}, Pass, none, ""},
		{"ends_with a line break after", "type: ends_with\nexpected: bc", Subject{Output: "abc\n"}, Fail, none, ""},
		{"regex anywhere", "type: regex\nexpected: '[0-9]{3}'", Subject{Output: "ab123"}, Pass, none, ""},
		{"regex whole", "type: regex\nexpected: '^[0-9]{3}$'", Subject{Output: "ab123"}, Fail, none, "nothing matches"},
		{"regex by line", "type: regex\nexpected: '(?m)^b$'", Subject{Output: "a\nb\nc"}, Pass, none, ""},
		{"regex in any case", "type: regex\nexpected: ABC\nignore_case: true", Subject{Output: "abc"}, Pass, none, ""},
		{"one_of", "type: one_of\nexpected: ['yes', 'no']", Subject{Output: "no"}, Pass, none, ""},
		{"one_of others", "type: one_of\nexpected: ['yes', 'no']", Subject{Output: "maybe"}, Fail, none, `is none of "yes", "no"`},
		{"one_of booleans are texts", "type: one_of\nexpected: [true, 3]", Subject{Output: "true"}, Pass, none, ""},

		{"length in characters", "type: length\nmax: 3", Subject{Output: "äöü"}, Pass, 3, ""},
		{"length in words", "type: length\nunit: words\nmin: 4", Subject{Output: " one  two\nthree "}, Fail, 3, "3 words, fewer than 4"},
		{"length in lines", "type: length\nunit: lines\nmax: 2", Subject{Output: "a\nb\n"}, Pass, 2, ""},
		{"length of nothing in lines", "type: length\nunit: lines\nmax: 2", Subject{}, Pass, 0, ""},
		{"length of a failed call has no value", "type: length\nmax: 2", Subject{Failure: filtered}, Fail, none, "no answer: content_filter"},

		{"number", "type: number\nexpected: 42", Subject{Output: "It is 42."}, Pass, none, ""},
		{"number of several", "type: number\nexpected: 42", Subject{Output: "6 times 7 is 42"}, Fail, none, "3 numbers"},
		{"number, last", "type: number\nexpected: 42\nmatch: last", Subject{Output: "6 times 7 is 42"}, Pass, none, ""},
		{"number, first", "type: number\nexpected: 6\nmatch: first", Subject{Output: "6 times 7 is 42"}, Pass, none, ""},
		{"number, none", "type: number\nexpected: 6", Subject{Output: "six"}, Fail, none, "no number"},
		{"number, exact decimals", "type: number\nexpected: 1\nabs: 0.01", Subject{Output: "1.01"}, Pass, none, ""},
		{"number, just outside", "type: number\nexpected: 1\nabs: 0.01", Subject{Output: "1.0101"}, Fail, none, "1.0101 is not within 0.01 of 1"},
		{"number, relative", "type: number\nexpected: -200\nrel: 0.05", Subject{Output: "-190"}, Pass, none, ""},
		{"number, the larger tolerance", "type: number\nexpected: 0\nrel: 0.5\nabs: 0.1", Subject{Output: "0.1"}, Pass, none, ""},
		{"number from JSON", "type: number\nexpected: 3\nextract: {jsonpath: $.n}", Subject{Output: `{"n": 3.0}`}, Pass, none, ""},
		{"number from JSON text", "type: number\nexpected: 3\nextract: {jsonpath: $.n}", Subject{Output: `{"n": "$3.00"}`}, Pass, none, ""},
		{"number, percent as it is", "type: number\nexpected: 12", Subject{Output: "12 %"}, Pass, none, ""},
		{"number, percent as a fraction", "type: number\nexpected: 0.12\npercent: fraction", Subject{Output: "12%"}, Pass, none, ""},
		{"number, decimal comma", "type: number\nexpected: 1234.5\ndecimal: ','", Subject{Output: "1.234,50 €"}, Pass, none, ""},
		{"number with a unit", "type: number\nexpected: 5\nunit: [kg, kilograms]", Subject{Output: "In 2024 it weighed 5 kg"}, Pass, none, ""},
		{"number with a currency", "type: number\nexpected: 5\nunit: [$]", Subject{Output: "2 seats for $5"}, Pass, none, ""},
		{"number without the unit", "type: number\nexpected: 5\nunit: [kg]", Subject{Output: "5 g"}, Fail, none, "no number followed by kg"},
		{"number, expected as text", "type: number\nexpected: $1,200", Subject{Output: "1200 USD"}, Pass, none, ""},

		{"json_valid", "type: json_valid", Subject{Output: " {\"a\": 1}\n"}, Pass, none, ""},
		{"json_valid, a name twice", "type: json_valid", Subject{Output: `{"a": 1, "a": 2}`}, Pass, none, ""},
		{"json_valid, trailing comma", "type: json_valid", Subject{Output: `{"a": 1,}`}, Fail, none, "not JSON"},
		{"json_valid, fenced", "type: json_valid", Subject{Output: "```json\n{}\n```"}, Fail, none, "not JSON"},
		{"json_valid, fence taken off", "type: json_valid\nextract: fenced_block", Subject{Output: "```json\n{}\n```"}, Pass, none, ""},
		{"json_valid, empty", "type: json_valid", Subject{}, Fail, none, "empty"},
		{"json_schema", "type: json_schema\nschema: {type: object, required: [a]}", Subject{Output: `{"a": 1}`}, Pass, none, ""},
		{"json_schema violated", "type: json_schema\nschema: {properties: {a: {type: string}}}", Subject{Output: `{"a": 1}`}, Fail, none, "/a: got number, want string"},
		{"json_schema, no JSON", "type: json_schema\nschema: true", Subject{Output: "hello"}, Fail, none, "not JSON"},
		{"json_schema, formats off", "type: json_schema\nschema: {format: date}", Subject{Output: `"x"`}, Pass, none, ""},
		{"json_schema, formats on", "type: json_schema\nformats: true\nschema: {format: date}", Subject{Output: `"x"`}, Fail, none, "date"},
		{"json_schema from a file", "type: json_schema\nschema: ../schemas/a.json", Subject{Output: "[1]"}, Pass, none, ""},
		{"json_schema with references inside", "type: json_schema\nschema: {$ref: '#/$defs/n', $defs: {n: {type: number}}}", Subject{Output: "1"}, Pass, none, ""},
		{"json_field", "type: json_field\npath: $.a[0]\nexpected: 3", Subject{Output: `{"a": [3.0]}`}, Pass, none, ""},
		{"json_field of another type", "type: json_field\npath: $.a\nexpected: 3", Subject{Output: `{"a": "3"}`}, Fail, none, `$.a is the text "3", not the number 3`},
		{"json_field not there", "type: json_field\npath: $.b\nexpected: 3", Subject{Output: `{"a": "3"}`}, Fail, none, "nothing at $.b"},
		{"json_field is there", "type: json_field\npath: $.a", Subject{Output: `{"a": null}`}, Pass, none, ""},
		{"json_field must not be there", "type: json_field\npath: $.b\nnegate: true", Subject{Output: `{"a": 1}`}, Pass, none, ""},
		{"json_field of many", "type: json_field\npath: $[*].n\nexpected: [1, 2]", Subject{Output: `[{"n": 1}, {"n": 2}]`}, Pass, none, ""},
		{"json_field in a list", "type: json_field\npath: $.a\nexpected: [1]", Subject{Output: `{"a": [1, 2]}`}, Fail, none, ""},

		{"label", "type: label\nlabels: [refund, other]\nexpected: refund", Subject{Output: " refund\n"}, Pass, none, ""},
		{"label, another", "type: label\nlabels: [refund, other]\nexpected: refund", Subject{Output: "other"}, Fail, none, "other, not refund"},
		{"label, none", "type: label\nlabels: [refund, other]", Subject{Output: "hello"}, Fail, none, "is none of the labels"},
		{"label, any", "type: label\nlabels: [refund, other]", Subject{Output: "other"}, Pass, none, ""},
		{"label by expression", "type: label\nlabels: {good: '(?i)\\bgood', bad: '\\bbad'}\nexpected: good", Subject{Output: "Good!"}, Pass, none, ""},
		{"label by expression, both", "type: label\nlabels: {good: good, bad: bad}", Subject{Output: "good or bad"}, Fail, none, "several labels: bad, good"},

		{"cost", "type: cost\nmax: 0.002", Subject{CostNanos: nanos(2_000_000)}, Pass, 0.002, ""},
		{"cost, more", "type: cost\nmax: 0.002", Subject{CostNanos: nanos(2_000_001)}, Fail, 0.002000001, "more than"},
		{"cost unknown", "type: cost\nmax: 0.002", Subject{}, Error, none, "not known"},
		{"cost of a failed call", "type: cost\nmax: 1", Subject{Failure: filtered, CostNanos: nanos(1e9)}, Pass, 1, ""},
		{"cost of a failed call unknown", "type: cost\nmax: 1", Subject{Failure: filtered}, Unscored, none, ""},
		{"latency", "type: latency\nmax: 2s", Subject{Timing: llm.Timing{Total: 1.5e9}}, Pass, 1500, ""},
		{"latency, slow", "type: latency\nmax: 2s", Subject{Timing: llm.Timing{Total: 2.5e9}}, Fail, 2500, "2500 ms, more than 2000"},
		{"latency from the cache", "type: latency\nmax: 2s", Subject{Cached: true, Timing: llm.Timing{Total: 1}}, Unscored, none, "cached"},
		{"latency not measured", "type: latency\nmax: 2s", Subject{}, Unscored, none, ""},
		{"ttft", "type: ttft\nmax: 300ms", Subject{Timing: llm.Timing{TTFT: 3e8, Total: 9e9}}, Pass, 300, ""},
		{"ttft, not streamed", "type: ttft\nmax: 300ms", Subject{Timing: llm.Timing{Total: 9e9}}, Unscored, none, "not streamed"},
		{"tokens", "type: tokens\nmax: 30", Subject{Usage: llm.Usage{Known: true, InputTokens: 10, OutputTokens: 20}}, Pass, 30, ""},
		{"tokens of output", "type: tokens\ncount: output\nmax: 10", Subject{Usage: llm.Usage{Known: true, InputTokens: 10, OutputTokens: 20}}, Fail, 20, ""},
		{"tokens unknown", "type: tokens\nmax: 30", Subject{}, Error, none, "usage"},
		{"error, went well", "type: error", Subject{Output: "x"}, Pass, none, ""},
		{"error, failed", "type: error", Subject{Failure: filtered}, Fail, none, "content_filter"},
		{"error, as expected", "type: error\nexpected: content_filter", Subject{Failure: filtered}, Pass, none, ""},
		{"error, not as expected", "type: error\nexpected: [context_length]", Subject{Failure: filtered}, Fail, none, ""},
		{"error expected, went well", "type: error\nexpected: content_filter", Subject{Output: "x"}, Fail, none, "did not fail"},

		{"recall", "type: recall_at_k\nexpected: [a#x, b]", Subject{Documents: docs("a#x", "c", "b#z")}, Pass, 1, ""},
		{"recall at k", "type: recall_at_k\nk: 2\nexpected: [a#x, b]", Subject{Documents: docs("a#x", "c", "b#z")}, Fail, 0.5, "not found: b"},
		{"recall, chunks of one source take places", "type: recall_at_k\nk: 2\nexpected: [a, b]", Subject{Documents: docs("a", "a", "b")}, Fail, 0.5, ""},
		{"recall, a label twice", "type: recall_at_k\nexpected: [a, a]", Subject{Documents: docs("a")}, Pass, 1, ""},
		{"recall, a heading is not its file", "type: recall_at_k\nexpected: [a#x]", Subject{Documents: docs("a", "a#y")}, Fail, 0, ""},
		{"recall of nothing", "type: recall_at_k\nexpected: [a]", Subject{}, Fail, 0, ""},
		{"recall by id", "type: recall_at_k\nby: id\nexpected: [a!]", Subject{Documents: docs("a")}, Pass, 1, ""},
		{"recall by threshold", "type: recall_at_k\nexpected: [a, b]\nthreshold: 0.5", Subject{Documents: docs("a")}, Pass, 0.5, ""},
		{"precision", "type: precision_at_k\nexpected: [a, b]", Subject{Documents: docs("a", "c", "a", "d#1", "d#1")}, Fail, 1.0 / 3, "not labelled: c, d#1"},
		{"precision at k", "type: precision_at_k\nk: 1\nexpected: [a]", Subject{Documents: docs("a", "c")}, Pass, 1, ""},
		{"precision of nothing", "type: precision_at_k\nexpected: [a]", Subject{}, Fail, 0, "no documents"},

		{"tool_calls by name", "type: tool_calls\nexpected: [f]", Subject{ToolCalls: calls("f", `{"x":1}`)}, Pass, 1, ""},
		{"tool_calls subset", "type: tool_calls\nexpected: [{name: f, arguments: {o: {x: 1}}}]", Subject{ToolCalls: calls("f", `{"o":{"x":1,"y":2},"z":3}`)}, Pass, 1, ""},
		{"tool_calls strict arguments", "type: tool_calls\narguments: strict\nexpected: [{name: f, arguments: {x: 1}}]", Subject{ToolCalls: calls("f", `{"x":1,"y":2}`)}, Fail, 0, "0 of 1"},
		{"tool_calls, lists are whole", "type: tool_calls\nexpected: [{name: f, arguments: {l: [1]}}]", Subject{ToolCalls: calls("f", `{"l":[1,2]}`)}, Fail, 0, ""},
		{"tool_calls, arguments in a text", "type: tool_calls\nexpected: [{name: f, arguments: {x: 1}}]", Subject{ToolCalls: calls("f", `"{\"x\":1}"`)}, Pass, 1, ""},
		{"tool_calls, arguments not JSON", "type: tool_calls\nexpected: [{name: f, arguments: {}}]", Subject{ToolCalls: calls("f", `"{x"`)}, Fail, 0, ""},
		{"tool_calls, any order", "type: tool_calls\nexpected: [f, g]", Subject{ToolCalls: calls("g", "", "f", "")}, Pass, 1, ""},
		{"tool_calls, strict order", "type: tool_calls\norder: strict\nexpected: [f, g]", Subject{ToolCalls: calls("g", "", "f", "")}, Fail, 0.5, "1 of 2"},
		{"tool_calls, extra", "type: tool_calls\nexpected: [f]", Subject{ToolCalls: calls("f", "", "g", "")}, Fail, 0.5, "not expected"},
		{"tool_calls, extra allowed", "type: tool_calls\nextra: true\norder: strict\nexpected: [f, h]", Subject{ToolCalls: calls("f", "", "g", "", "h", "")}, Pass, 1, ""},
		{"tool_calls, greedy would miss", "type: tool_calls\nexpected: [{name: f}, {name: f, arguments: {x: 1}}]", Subject{ToolCalls: calls("f", `{"x":1}`, "f", `{}`)}, Pass, 1, ""},
		{"tool_calls, none", "type: tool_calls\nexpected: []", Subject{}, Pass, 1, ""},
		{"tool_calls, none but one", "type: tool_calls\nexpected: []", Subject{ToolCalls: calls("f", "")}, Fail, 0, "1 calls"},

		{"failed call", "type: contains\nexpected: x", Subject{Failure: filtered}, Fail, none, "no answer: content_filter"},
		{"failed call under negate", "type: contains\nexpected: x\nnegate: true", Subject{Failure: filtered}, Fail, none, "no answer"},
		{"failed call with a bounded value", "type: contains_all\nexpected: [x]\nnegate: true", Subject{Failure: filtered}, Fail, 0, ""},
		{"extract", "type: equals\nexpected: x\nextract: {regex: 'A: (.)'}", Subject{Output: "A: x."}, Pass, none, ""},
		{"extract finds nothing", "type: equals\nexpected: x\nextract: {regex: 'A: (.)'}\nnegate: true", Subject{Output: "B"}, Fail, none, "extract: nothing matches"},
		{"negate", "type: contains\nexpected: x\nnegate: true", Subject{Output: "y"}, Pass, none, "negated"},
		{"negate turns a value", "type: contains_all\nexpected: [a, x, y, z]\nnegate: true", Subject{Output: "a"}, Pass, 0.75, ""},
		{"negate keeps an unbounded value", "type: length\nmax: 2\nnegate: true", Subject{Output: "abc"}, Pass, 3, ""},
		{"negate keeps an error", "type: cost\nmax: 1\nnegate: true", Subject{}, Error, none, ""},
		{"negate keeps unscored", "type: ttft\nmax: 1s\nnegate: true", Subject{}, Unscored, none, ""},
		{"threshold before negate", "type: contains_all\nexpected: [a, x]\nthreshold: 0.5\nnegate: true", Subject{Output: "a"}, Fail, 0.5, ""},

		{"expression, typed", "type: contains_all\nexpected: '{{ expected.facts }}'", Subject{Output: "a b", Expected: map[string]any{"facts": []any{"a", "b"}}}, Pass, 1, ""},
		{"expression inside a list", "type: one_of\nexpected: ['{{ city }}', x]", Subject{Output: "Rome", Input: map[string]any{"city": "Rome"}}, Pass, none, ""},
		{"expression in a text", "type: contains\nexpected: 'Dear {{ input.name }},'", Subject{Output: "Dear Ann, hi", Input: map[string]any{"name": "Ann"}}, Pass, none, ""},
		{"expression over documents", "type: contains\nexpected: '{{ documents[0].source }}'", Subject{Output: "see a.md", Documents: docs("a.md")}, Pass, none, ""},
		{"expression over tags and config", "type: contains\nexpected: '{{ tags[0] }}-{{ config.name }}'", Subject{Output: "t-c", Tags: []string{"t"}, ConfigName: "c"}, Pass, none, ""},
		{"a fixed name wins over a field", "type: contains\nexpected: '{{ output }}'", Subject{Output: "o", Input: map[string]any{"output": "other"}}, Pass, none, ""},
		{"expression without a value", "type: contains\nexpected: '{{ expected.x }}'", Subject{Output: "o", Expected: map[string]any{}}, Error, none, "expected: "},
		{"expression of the wrong type", "type: contains_all\nexpected: '{{ expected.x }}'", Subject{Output: "o", Expected: map[string]any{"x": []any{}}}, Error, none, "empty list"},
		{"expression over the reason to stop", "type: contains\nexpected: o\nwhen: \"{{ finish_reason == 'stop' }}\"", Subject{Output: "o", FinishReason: "length"}, Unscored, none, ""},
		{"when holds", "type: contains\nexpected: o\nwhen: \"{{ 'a' in tags }}\"", Subject{Output: "o", Tags: []string{"a"}}, Pass, none, ""},
		{"when does not", "type: contains\nexpected: o\nwhen: \"{{ 'a' in tags }}\"", Subject{Output: "o"}, Unscored, none, "when is false"},
		{"when a field is missing", "type: contains\nexpected: '{{ expected.x }}'\nwhen: '{{ expected.x }}'", Subject{Output: "o"}, Unscored, none, ""},
		{"when false", "type: contains\nexpected: o\nwhen: false", Subject{Output: "o"}, Unscored, none, ""},

		{"all", "type: all\nof: [{type: contains, expected: a}, {type: contains, expected: b}]", Subject{Output: "ab"}, Pass, none, ""},
		{"all with a fail", "type: all\nof: [{type: contains, expected: a}, {type: contains, expected: x}]", Subject{Output: "ab"}, Fail, none, "contains: "},
		{"all with an error", "type: all\nof: [{type: cost, max: 1}, {type: contains, expected: a}]", Subject{Output: "ab"}, Error, none, "cost: "},
		{"all with an error and a fail", "type: all\nof: [{type: cost, max: 1}, {type: contains, expected: x}]", Subject{Output: "ab"}, Fail, none, ""},
		{"all of unscored", "type: all\nof: [{type: ttft, max: 1s}]", Subject{Output: "ab"}, Unscored, none, ""},
		{"all ignores unscored", "type: all\nof: [{type: ttft, max: 1s}, {type: contains, expected: a}]", Subject{Output: "ab"}, Pass, none, ""},
		{"all negated, call failed", "type: all\nnegate: true\nof: [{type: contains, expected: a}]", Subject{Failure: filtered}, Fail, none, ""},
		{"any", "type: any\nof: [{type: contains, expected: x}, {type: contains, expected: b}]", Subject{Output: "ab"}, Pass, none, "contains"},
		{"any of none", "type: any\nof: [{type: contains, expected: x}, {type: contains, expected: y, name: why}]", Subject{Output: "ab"}, Fail, none, "why: "},
		{"any with an error and a pass", "type: any\nof: [{type: cost, max: 1}, {type: contains, expected: a}]", Subject{Output: "ab"}, Pass, none, ""},
		{"any with an error and a fail", "type: any\nof: [{type: cost, max: 1}, {type: contains, expected: x}]", Subject{Output: "ab"}, Error, none, ""},
		{"any for a refusal", "type: any\nof: [{type: contains, expected: cannot}, {type: error, expected: content_filter}]", Subject{Failure: filtered}, Pass, none, ""},
		{"mean", "type: mean\nthreshold: 0.7\nof: [{type: contains_all, expected: [a, x], weight: 1}, {type: contains, expected: a, weight: 3}]", Subject{Output: "ab"}, Pass, 0.875, ""},
		{"mean too low", "type: mean\nthreshold: 0.9\nof: [{type: contains_all, expected: [a, x]}, {type: contains, expected: a}]", Subject{Output: "ab"}, Fail, 0.75, "contains_all 0.5"},
		{"mean leaves unscored out", "type: mean\nthreshold: 0.9\nof: [{type: ttft, max: 1s, weight: 100}, {type: contains, expected: a}]", Subject{Output: "ab"}, Pass, 1, ""},
		{"mean with an error", "type: mean\nthreshold: 0\nof: [{type: cost, max: 1}, {type: contains, expected: a}]", Subject{Output: "ab"}, Error, none, ""},
		{"mean with an unbounded member", "type: mean\nthreshold: 0.5\nof: [{type: length, max: 1}, {type: contains, expected: a}]", Subject{Output: "ab"}, Pass, 0.5, ""},
		{"mean negated", "type: mean\nthreshold: 0.5\nnegate: true\nof: [{type: contains, expected: a}]", Subject{Output: "ab"}, Fail, 0, ""},
		{"groups in groups", "type: all\nof: [{type: any, of: [{type: contains, expected: x}, {type: contains, expected: a}]}]", Subject{Output: "ab"}, Pass, none, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := project(t, map[string]string{"schemas/a.json": `{"type": "array"}`})
			e := one(t, env, test.item)
			got := e.Score(context.Background(), &test.subject)
			if got.Outcome != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %s, %q", got.Outcome, got.Reason)
			}
			if (got.Value == nil) != (test.value == none) || got.Value != nil && math.Abs(*got.Value-test.value) > 1e-12 {
				t.Errorf("the value is %v, want %v", got.Value, test.value)
			}
			if r, bounded := e.Range(); got.Value != nil && (!bounded || r.Bounded && (*got.Value < r.Lo || *got.Value > r.Hi)) {
				t.Errorf("the value %v is outside %+v", *got.Value, r)
			}
		})
	}
}

func TestLabelIsCarried(t *testing.T) {
	t.Parallel()
	e := one(t, project(t, nil), "type: label\nlabels: [a, b]\nexpected: a\nignore_case: true")
	if got := e.Score(context.Background(), &Subject{Output: "B"}); got.Label != "b" || got.Outcome != Fail {
		t.Errorf("%+v", got)
	}
	if got := e.Score(context.Background(), &Subject{Output: "c"}); got.Label != "" {
		t.Errorf("%+v", got)
	}
}
