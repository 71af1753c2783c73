package evaluator

// externalKinds are the types that ask something outside Assay.
func externalKinds() []kind {
	given := []string{"input", "expected", "output", "documents", "tool_calls"}
	return []kind{
		{engine: 1, costly: true, make: makeCommand, TypeDoc: TypeDoc{
			Name: "command", Uses: given, Range: &unit,
			Summary: "A program of your own judges.",
			Params: []Param{
				{Name: "run", Type: TextsType, Required: true, Doc: "The program and its arguments, run in the folder of the eval file, without a shell."},
				{Name: "files", Type: TextsType, Doc: "Files that the score depends on, as paths or patterns (checks/**/*.py). Their content is part of the evaluator's version, as is that of arguments of `run` that are files."},
				{Name: "timeout", Type: DurationType, Default: "30s", Doc: "After which the program and all that it started are killed."},
				{Name: "range", Type: ValueType, Default: "[0, 1]", Doc: "The lowest and the highest score, higher being better."},
				{Name: "expected", Type: ValueType, PerCase: true, Doc: "Given to the program as expected. Without it, that is the whole expected of the case."},
			},
			Meaning: "The program is started once for each answer. It reads one JSON object from stdin, `{\"assay\": 1, \"input\", \"expected\", \"output\", \"documents\", \"tool_calls\", \"deadline_ms\"}`, and writes one to stdout, `{\"pass\": true, \"score\": 0.8, \"label\": \"...\", \"reason\": \"...\"}`. With `pass` that is the outcome; with a score and `threshold`, the threshold decides; with a label and `expected`, the label must equal it. A reply needs one of these.",
			Edges: []string{
				"A crash, another exit code than 0, no answer in time, a reply with other fields or a score out of range are errors of that case, with the end of stderr in the reason. They are never a fail.",
				"The request names neither case, repeat nor version, so that equal answers are judged once: scores are kept in the cache.",
				"The program gets the environment of Assay. It runs without a sandbox.",
			},
			Example: "type: command\nname: polite\nrun: [python3, checks/polite.py]\nfiles: [checks/words.txt]\ntimeout: 10s\n",
		}},
		{engine: 1, costly: true, make: makeJudge, TypeDoc: TypeDoc{
			Name: "judge", Uses: given,
			Summary: "Another model judges by a rubric.",
			Params: []Param{
				{Name: "config", Type: TextType, Required: true, Doc: "The config of the judge: a file with a model and messages, as any other. Its version is part of the evaluator's."},
				{Name: "rubric", Type: TextType, Doc: "Given to the judge's templates as rubric, so that judges can share a config."},
				{Name: "with", Type: ObjectType, PerCase: true, Doc: "More fields for the judge's input, by name; values may be expressions."},
				{Name: "expected", Type: ValueType, PerCase: true, Doc: "Given to the judge's templates as expected. Without it, that is the whole expected of the case."},
			},
			Meaning: "The judge's templates see the input of the case with `output` and `tool_calls` of the answer, `expected` and `documents`. The judge replies `{\"reason\": \"...\", \"pass\": true}`, the reason first, so that it thinks before it decides. Passes when pass is true.",
			Edges: []string{
				"A reply that is not of this form, and a call that fails, are errors, never a fail.",
				"A field of the case called output, tool_calls or rubric is hidden by the judge's.",
				"A judge is a measuring instrument: measure how well it agrees with people before you believe it.",
			},
			Example: "type: judge\nname: grounded\nconfig: judges/grounded.yaml\nrubric: Every claim of the answer is in the documents.\n",
		}},
	}
}

// groupKinds are the types that combine others.
func groupKinds() []kind {
	members := []Param{{Name: "of", Type: MembersType, Required: true, Doc: "The members: evaluators of any type, groups too."}}
	return []kind{
		{engine: 1, TypeDoc: TypeDoc{
			Name:    "all",
			Summary: "Every member passes.",
			Params:  members,
			Meaning: "Members are asked in order up to the first fail. Fails when a member fails; else it is an error when a member is; else it passes. Unscored members do not count.",
			Edges:   []string{"All members unscored: unscored.", "Put cheap members first: a judge after a failed member is not asked."},
			Example: "type: all\nname: good_json\nof:\n  - type: json_valid\n  - {type: json_field, path: $.answer}\n",
		}},
		{engine: 1, TypeDoc: TypeDoc{
			Name:    "any",
			Summary: "At least one member passes.",
			Params:  members,
			Meaning: "Members are asked in order up to the first pass. Passes when a member passes; else it is an error when a member is; else it fails. Unscored members do not count.",
			Edges:   []string{"All members unscored: unscored.", "An error of one member does not hide the pass of another."},
			Example: "type: any\nname: declines\nof:\n  - {type: contains, expected: I cannot}\n  - {type: error, expected: content_filter}\n",
		}},
		{engine: 1, TypeDoc: TypeDoc{
			Name: "mean", Range: &unit,
			Summary: "The members' weighted mean is high enough.",
			Params:  members,
			Meaning: "The value is Σ weight × value ÷ Σ weight over the members that are not unscored. A member's value is its own where its range is bounded, brought to 0 to 1; else 1 for a pass and 0 for a fail. Passes when it is at least `threshold`, which is required.",
			Edges:   []string{"An error of one member is an error of the whole.", "All members unscored, or those left having a weight of 0: unscored.", "Costs, times, tokens and lengths enter by their outcome."},
			Example: "type: mean\nname: quality\nthreshold: 0.8\nof:\n  - {type: contains_all, expected: \"{{ expected.facts }}\", weight: 3}\n  - {type: length, unit: words, max: 120}\n",
		}},
	}
}
