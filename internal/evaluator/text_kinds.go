package evaluator

import "strings"

// textKinds are the types that compare the output as a text.
func textKinds() []kind {
	output := []string{"output"}
	text := func(doc string) []Param { return append([]Param{expects(TextType, doc)}, textOptions()...) }
	texts := func(doc string) []Param { return append([]Param{expects(TextsType, doc)}, textOptions()...) }
	return []kind{
		{engine: 1, make: makeEquals, TypeDoc: TypeDoc{
			Name: "equals", Uses: output,
			Summary: "The output is exactly this.",
			Params:  append([]Param{expects(ValueType, "A text, or a value of another type.")}, textOptions()...),
			Meaning: "An expected text equals the output character by character. Any other expectation (a number, a boolean, null, a list, an object) equals the output read as JSON, by value: 1 equals 1.0, the order of an object's fields does not matter, the order of a list does.",
			Edges: []string{
				"A line break or blank at the end of the output counts, unless `normalize` is set.",
				"An output that is not JSON, where the expectation is no text, is a fail that `negate` does not turn.",
				"`ignore_case` and `normalize` act on texts only, not on texts inside lists and objects.",
			},
			Example: "type: equals\nexpected: \"{{ expected.answer }}\"\nignore_case: true\n",
		}},
		{engine: 1, make: oneText(strings.Contains, "contain"), TypeDoc: TypeDoc{
			Name: "contains", Uses: output,
			Summary: "The output contains this text.",
			Params:  text("The text to find."),
			Meaning: "Passes when the output contains the expected text.",
			Edges:   []string{"An empty expected text is a problem, for every output contains it.", "A number or boolean counts as its text."},
			Example: "type: contains\nexpected: \"14 days\"\n",
		}},
		{engine: 1, make: someTexts(true), TypeDoc: TypeDoc{
			Name: "contains_all", Uses: output, Range: &unit,
			Summary: "The output contains every one of these texts.",
			Params:  texts("The texts to find."),
			Meaning: "The value is the share of the expected texts that the output contains. Passes when it is 1, or at least `threshold` where one is given.",
			Edges:   []string{"An empty list is a problem with the line of the case; leave such cases out with `when`.", "A text that is listed twice counts twice."},
			Example: "type: contains_all\nexpected: \"{{ expected.facts }}\"\nwhen: \"{{ expected.facts }}\"\n",
		}},
		{engine: 1, make: someTexts(false), TypeDoc: TypeDoc{
			Name: "contains_any", Uses: output,
			Summary: "The output contains at least one of these texts.",
			Params:  texts("The texts to find."),
			Meaning: "Passes when the output contains at least one of the expected texts.",
			Edges:   []string{"An empty list is a problem."},
			Example: "type: contains_any\nexpected: [I don't know, I do not know]\nnormalize: true\nnegate: true\n",
		}},
		{engine: 1, make: oneText(strings.HasPrefix, "start with"), TypeDoc: TypeDoc{
			Name: "starts_with", Uses: output,
			Summary: "The output starts with this text.",
			Params:  text("The text to start with."),
			Meaning: "Passes when the expected text is the beginning of the output.",
			Edges:   []string{"A blank before it counts, unless `normalize` is set.", "An empty expected text is a problem."},
			Example: "type: starts_with\nexpected: \"Dear {{ input.name }}\"\n",
		}},
		{engine: 1, make: oneText(strings.HasSuffix, "end with"), TypeDoc: TypeDoc{
			Name: "ends_with", Uses: output,
			Summary: "The output ends with this text.",
			Params:  text("The text to end with."),
			Meaning: "Passes when the expected text is the end of the output.",
			Edges:   []string{"A line break at the end of the output counts, unless `normalize` is set.", "An empty expected text is a problem."},
			Example: "type: ends_with\nexpected: \"?\"\nnormalize: true\n",
		}},
		{engine: 1, make: makeRegex, TypeDoc: TypeDoc{
			Name: "regex", Uses: output,
			Summary: "The output matches this regular expression.",
			Params: []Param{
				expects(TextType, "A regular expression in RE2 syntax."),
				{Name: "ignore_case", Type: BooleanType, Default: "false", Doc: "The same as (?i) at the start of the expression."},
			},
			Meaning: "Passes when the expression matches somewhere in the output. `^` and `$` mean the ends of the output; with `(?m)`, of a line. `.` matches a line break with `(?s)` only.",
			Edges:   []string{"RE2 has no look-around and no back-references, and takes linear time.", "An expression that does not compile is a problem with its line."},
			Example: "type: regex\nexpected: \"(?m)^Order [0-9]{6}$\"\n",
		}},
		{engine: 1, make: makeOneOf, TypeDoc: TypeDoc{
			Name: "one_of", Uses: output,
			Summary: "The output is exactly one of these texts.",
			Params:  texts("The texts that are right."),
			Meaning: "Passes when the output equals one of the expected texts character by character.",
			Edges:   []string{"An empty list is a problem.", "A line break at the end of the output counts, unless `normalize` is set."},
			Example: "type: one_of\nexpected: [\"yes\", \"no\"]\nignore_case: true\nnormalize: true\n",
		}},
		{engine: 1, make: makeLength, TypeDoc: TypeDoc{
			Name: "length", Uses: output, Range: &Range{},
			Summary: "The output is neither too long nor too short.",
			Params: []Param{
				{Name: "unit", Type: TextType, OneOf: []string{"chars", "words", "lines"}, Default: "chars", Doc: "What is counted."},
				{Name: "min", Type: IntegerType, Doc: "The least that passes."},
				{Name: "max", Type: IntegerType, Doc: "The most that passes."},
			},
			Meaning: "The value is the count: Unicode code points, runs of characters between blanks, or lines. Passes when min ≤ count ≤ max.",
			Edges:   []string{"At least one of min and max is needed.", "A line break at the end starts no further line; an empty output has 0 lines.", "Where the call failed there is a fail and no value."},
			Example: "type: length\nunit: words\nmax: 120\n",
		}},
	}
}
