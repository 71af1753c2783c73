package evaluator

// valueKinds are the types that read the output as a value.
func valueKinds() []kind {
	output := []string{"output"}
	return []kind{
		{engine: 1, make: makeNumber, TypeDoc: TypeDoc{
			Name: "number", Uses: output,
			Summary: "The number in the output is this one, within a tolerance.",
			Params: []Param{
				expects(ValueType, "A number, or a text with exactly one number."),
				{Name: "abs", Type: NumberType, Default: "0", Doc: "Absolute tolerance."},
				{Name: "rel", Type: NumberType, Default: "0", Doc: "Relative tolerance: 0.01 is 1 % of the expected number."},
				{Name: "match", Type: TextType, OneOf: []string{"only", "first", "last"}, Default: "only", Doc: "Which number of the output is meant where there are several; with `only`, several are a fail."},
				{Name: "decimal", Type: TextType, OneOf: []string{".", ","}, Default: ".", Doc: "The decimal sign."},
				{Name: "percent", Type: TextType, OneOf: []string{"as_is", "fraction"}, Default: "as_is", Doc: "Whether 12% is 12 or 0.12, on both sides."},
				{Name: "unit", Type: TextsType, Doc: "Count only numbers with one of these units or currency signs. Without it units are ignored, and nothing is converted: 3 kg equals 3 g."},
			},
			Meaning: "Passes when |number − expected| ≤ max(abs, rel × |expected|), in exact decimal arithmetic: 1.01 is within 0.01 of 1. A number is a run of ASCII digits with an optional fraction and exponent. Before it may stand a minus (- or −) and a currency sign or a code of three capital letters; after it, with at most one blank between, a percent sign or a unit. Between groups of exactly three digits may stand one same separator: comma (point, where the decimal sign is a comma), apostrophe, underscore, no-break or thin space.",
			Edges: []string{
				"Digits that belong to a word are no number: GPT-4, v2, x_1. Nor is a run with a second decimal sign, such as the version 3.4.5.",
				"A hyphen after a letter or digit is no minus: 10-20 holds 10 and 20.",
				"\"1,200\" is twelve hundred, \"1, 200\" and \"1,20\" are two numbers each.",
				"Words for numbers (three, 3k, 3 million) are not understood: 3k is 3. Use `unit` or `extract` where this may happen.",
				"No number, or several with `match: only`, is a fail that `negate` does not turn.",
			},
			Example: "type: number\nexpected: \"{{ expected.total }}\"\nrel: 0.01\nmatch: last\n",
		}},
		{engine: 1, make: makeJSONValid, TypeDoc: TypeDoc{
			Name: "json_valid", Uses: output,
			Summary: "The output is JSON.",
			Meaning: "Passes when the whole output is one JSON text (RFC 8259), blanks around it allowed.",
			Edges:   []string{"JSON inside a fenced block is not JSON: take it out with `extract: fenced_block`.", "Two fields of the same name are valid JSON."},
			Example: "type: json_valid\nextract: {fenced_block: json}\n",
		}},
		{engine: 1, make: makeJSONSchema, TypeDoc: TypeDoc{
			Name: "json_schema", Uses: output,
			Summary: "The output is JSON of this shape.",
			Params: []Param{
				{Name: "schema", Type: ValueType, Required: true, Doc: "A JSON Schema, or the path of a JSON file that holds one. Its content is part of the evaluator's version."},
				{Name: "formats", Type: BooleanType, Default: "false", Doc: "Check `format` (date, email, uri, ...) too."},
			},
			Meaning: "Passes when the output is JSON that the schema accepts: draft 2020-12, or the draft that `$schema` names (4, 6, 7, 2019-09, 2020-12).",
			Edges:   []string{"An output that is not JSON is a fail that `negate` does not turn.", "References must stay inside the schema; nothing is fetched.", "The reason names the first violation only."},
			Example: "type: json_schema\nschema: {type: object, required: [answer], properties: {answer: {type: string}}}\n",
		}},
		{engine: 1, make: makeJSONField, TypeDoc: TypeDoc{
			Name: "json_field", Uses: output,
			Summary: "A field of the JSON output is there, and is this.",
			Params: []Param{
				{Name: "path", Type: TextType, Required: true, Doc: "A JSONPath (RFC 9535)."},
				{Name: "expected", Type: ValueType, PerCase: true, Doc: "The value, compared by type and content. Without it, the field must only be there."},
			},
			Meaning: "Passes when the path leads to a value that equals the expected one: 3 equals 3.0 but not the text \"3\". A path that can lead to several places (with *, .. or a filter) gives the list of what it finds.",
			Edges:   []string{"An output that is not JSON, and a field that is not there where a value is expected, are fails that `negate` does not turn. Without `expected`, `negate` means that the field must not be there.", "null is a value: a field that is null is there."},
			Example: "type: json_field\npath: $.category\nexpected: \"{{ expected.category }}\"\n",
		}},
		{engine: 1, make: makeLabel, TypeDoc: TypeDoc{
			Name: "label", Uses: output,
			Summary: "The output is one of these labels, and the right one.",
			Params: append([]Param{
				{Name: "labels", Type: ValueType, Required: true, Doc: "A list of texts, or an object that gives each label a regular expression (RE2)."},
				{Name: "expected", Type: TextType, PerCase: true, Doc: "The right label. Without it, any label passes."},
			}, textOptions()...),
			Meaning: "The score carries the label. With a list, the output without blanks at its ends must equal a label; with regular expressions, exactly one must match. Passes when the label is the expected one.",
			Edges:   []string{"No label, or several, is a fail without a label that `negate` does not turn.", "An expected label that is not listed is a problem with the line of the case.", "`normalize` acts on a list only."},
			Example: "type: label\nlabels: [refund, invoice, other]\nexpected: \"{{ expected.intent }}\"\nignore_case: true\n",
		}},
	}
}
