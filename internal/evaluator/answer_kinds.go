package evaluator

import "github.com/assay-llmops/assay/internal/llm"

// answerKinds are the types that look at more than the text of an answer.
func answerKinds() []kind {
	ranking := []Param{
		expects(TextsType, "The sources, or ids, of the documents that are relevant."),
		{Name: "k", Type: IntegerType, Default: "all documents", Doc: "How many documents from the top count."},
		{Name: "by", Type: TextType, OneOf: []string{"source", "id"}, Default: "source", Doc: "What a label names."},
	}
	bound := func(t ParamType, what string) []Param {
		return []Param{
			{Name: "min", Type: t, Doc: "The least that passes, in " + what + "."},
			{Name: "max", Type: t, Doc: "The most that passes, in " + what + "."},
		}
	}
	lower := &Range{LowerBetter: true}
	ttft := func(t llm.Timing) int64 { return t.TTFT }
	total := func(t llm.Timing) int64 { return t.Total }
	return []kind{
		{engine: 1, make: makeToolCalls, TypeDoc: TypeDoc{
			Name: "tool_calls", Uses: []string{"tool_calls"}, Range: &unit,
			Summary: "The model called these tools.",
			Params: []Param{
				expects(ValueType, "A list of names, or of objects with name and arguments. Without arguments, any will do."),
				{Name: "arguments", Type: TextType, OneOf: []string{"subset", "strict"}, Default: "subset", Doc: "With `subset`, a call may have fields that the expectation lacks, at any depth; with `strict`, arguments are equal."},
				{Name: "order", Type: TextType, OneOf: []string{"any", "strict"}, Default: "any", Doc: "With `strict`, the calls occur in the order of the expectation."},
				{Name: "extra", Type: BooleanType, Default: "false", Doc: "Whether there may be calls that are not expected."},
			},
			Meaning: "Each expected call is matched with a call of its own, so that as many as possible are. Passes when all are and, unless `extra` is set, no call is left over. The value is matched ÷ expected; unless `extra` is set, calls left over when all are matched make it matched ÷ called.",
			Edges:   []string{"An empty list passes when the model called nothing.", "Lists inside arguments are compared whole, in order.", "Arguments that are not JSON match an expectation without arguments only."},
			Example: "type: tool_calls\nexpected: [{name: lookup_order, arguments: {id: \"{{ input.order }}\"}}]\n",
		}},
		{engine: 1, make: ranked(true), TypeDoc: TypeDoc{
			Name: "recall_at_k", Uses: []string{"documents"}, Range: &unit,
			Summary: "The relevant documents are among the first k.",
			Params:  ranking,
			Meaning: "The value is the number of labels found among the first k documents ÷ the number of labels, each label counted once. Passes when it is 1, or at least `threshold`. A label matches a document of that source; a label without # matches every heading of that file (`billing.md` matches `billing.md#refunds`).",
			Edges:   []string{"Several chunks of one source are one source, but each takes a place among the first k.", "No documents: the value is 0.", "An empty list of labels is a problem; leave such cases out with `when`.", "With fewer than k places for labels, 1 cannot be reached: choose k or `threshold` accordingly."},
			Example: "type: recall_at_k\nk: 4\nexpected: \"{{ expected.sources }}\"\nwhen: \"{{ expected.sources }}\"\n",
		}},
		{engine: 1, make: ranked(false), TypeDoc: TypeDoc{
			Name: "precision_at_k", Uses: []string{"documents"}, Range: &unit,
			Summary: "The first k documents are relevant.",
			Params:  ranking,
			Meaning: "The value is the number of distinct sources (or ids) among the first k documents that a label matches ÷ the number of distinct sources among them. Passes when it is 1, or at least `threshold`. Labels match as in recall_at_k.",
			Edges:   []string{"The divisor is what was found, not k: two chunks of one source count once, and fewer than k documents are no fault.", "No documents: the value is 0 and the outcome fail.", "An empty list of labels is a problem."},
			Example: "type: precision_at_k\nk: 4\nexpected: \"{{ expected.sources }}\"\nwhen: \"{{ expected.sources }}\"\nthreshold: 0.25\n",
		}},
		{engine: 1, anyCall: true, make: makeCost, TypeDoc: TypeDoc{
			Name: "cost", Uses: []string{"cost"}, Range: lower,
			Summary: "The answer costs no more than this.",
			Params:  bound(NumberType, "USD"),
			Meaning: "The value is the price of the call in USD. Passes when min ≤ value ≤ max.",
			Edges:   []string{"An unknown cost (no price for the model, no usage in the reply) is an error, not 0.", "A call that the candidate made fail is scored by its cost where that is known, else unscored."},
			Example: "type: cost\nmax: 0.002\n",
		}},
		{engine: 1, anyCall: true, make: timed(total, "no time was measured"), TypeDoc: TypeDoc{
			Name: "latency", Uses: []string{"timing"}, Range: lower,
			Summary: "The answer takes no longer than this.",
			Params:  bound(DurationType, "time with a unit, such as 800ms or 2s"),
			Meaning: "The value is the time of the successful attempt in milliseconds. Passes when min ≤ value ≤ max.",
			Edges:   []string{"An answer from the cache is unscored (cached): its time is of another day.", "Retries and waiting for them do not count."},
			Example: "type: latency\nmax: 2s\n",
		}},
		{engine: 1, anyCall: true, make: timed(ttft, "the answer was not streamed"), TypeDoc: TypeDoc{
			Name: "ttft", Uses: []string{"timing"}, Range: lower,
			Summary: "The first token comes no later than this.",
			Params:  bound(DurationType, "time with a unit, such as 300ms"),
			Meaning: "The value is the time to the first token of the successful attempt in milliseconds. Passes when min ≤ value ≤ max.",
			Edges:   []string{"An answer from the cache, or one that was not streamed, is unscored."},
			Example: "type: ttft\nmax: 300ms\n",
		}},
		{engine: 1, anyCall: true, make: makeTokens, TypeDoc: TypeDoc{
			Name: "tokens", Uses: []string{"usage"}, Range: lower,
			Summary: "The call uses no more tokens than this.",
			Params: append([]Param{
				{Name: "count", Type: TextType, OneOf: []string{"total", "input", "output", "reasoning", "cached"}, Default: "total", Doc: "Which tokens: total is input and output; cached is part of input, reasoning part of output."},
			}, bound(IntegerType, "tokens")...),
			Meaning: "The value is the number of tokens, as the provider counts them. Passes when min ≤ value ≤ max.",
			Edges:   []string{"A reply that does not tell its usage is an error; a call that the candidate made fail without telling it is unscored."},
			Example: "type: tokens\ncount: output\nmax: 400\n",
		}},
		{engine: 1, anyCall: true, make: makeError, TypeDoc: TypeDoc{
			Name:    "error",
			Summary: "The call went well, or failed as expected.",
			Params: []Param{
				{Name: "expected", Type: ValueType, PerCase: true, Doc: "One of bad_request, context_length, content_filter, invalid_output, or a list of them."},
			},
			Meaning: "Passes when the candidate's call did not fail. With `expected`, passes when it failed in that way.",
			Edges:   []string{"Only what the candidate does counts here. Errors of the world (network, timeouts, rate limits) are not judged by any evaluator.", "An answer in which the model declines in words is no failure of the call: test its text."},
			Example: "type: error\n",
		}},
	}
}
