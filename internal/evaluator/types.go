package evaluator

import (
	"context"
	"slices"
)

// TypeDoc describes a type of evaluator. The reference page, the JSON Schema
// and the checks of Build are made from it, so that they cannot differ.
type TypeDoc struct {
	Name    string   `json:"name"`
	Summary string   `json:"summary"` // one line
	Params  []Param  `json:"params"`  // beside Common
	Meaning string   `json:"meaning"` // exactly when it passes and what its value is
	Edges   []string `json:"edges"`   // what happens at the edges
	Example string   `json:"example"` // an item of evaluators: in YAML
	Range   *Range   `json:"range"`   // of its value; nil when it has none
	Uses    []string `json:"uses"`    // what of an answer it is given: output, documents, tool_calls, usage, cost, timing, input
}

// Param is a field that a type takes.
type Param struct {
	Name     string    `json:"name"`
	Type     ParamType `json:"type"`
	OneOf    []string  `json:"one_of,omitempty"`   // the only values of a text
	Default  string    `json:"default,omitempty"`  // as a person would write it
	Required bool      `json:"required,omitempty"` //
	PerCase  bool      `json:"per_case,omitempty"` // may be {{ expr }}, resolved for each case
	Doc      string    `json:"doc"`
}

// ParamType is what a Param holds.
type ParamType string

// The types of parameters.
const (
	TextType     ParamType = "text"
	TextsType    ParamType = "list of texts"
	NumberType   ParamType = "number"
	IntegerType  ParamType = "whole number"
	BooleanType  ParamType = "true or false"
	DurationType ParamType = "duration"
	ValueType    ParamType = "any value"
	ObjectType   ParamType = "object"
	MembersType  ParamType = "list of evaluators"
)

// kind is a type of evaluator with its code.
type kind struct {
	TypeDoc
	engine int  // goes up when the same spec and subject may get another score
	costly bool // worth a cache on disk

	// anyCall: scores calls that failed too. Otherwise the candidate's failure
	// is a fail before the type is asked.
	anyCall bool

	// make reads the parameters, which were checked against Params.
	make func(p *params) (prepare, error)
}

// prepare checks an expectation, literal or resolved for a case, and gives the
// code that scores. Types without expectation get nil.
type prepare func(expected any) (scoreFunc, error)

// scoreFunc scores one answer.
type scoreFunc func(ctx context.Context, in *input) result

// input is what a scoreFunc sees.
type input struct {
	*Subject
	answer any // the output, or the part of it that extract takes
	vars   map[string]any
}

// result is a Score before negate and threshold.
type result struct {
	Score
	standing bool // a fail for want of anything to judge, which negate does not turn
}

// kinds are all types in the order of the reference page.
func kinds() []kind {
	return slices.Concat(textKinds(), valueKinds(), answerKinds(), externalKinds(), groupKinds())
}

// Types describes every type of evaluator.
func Types() []TypeDoc {
	all := kinds()
	docs := make([]TypeDoc, len(all))
	for i := range all {
		docs[i] = all[i].TypeDoc
	}
	return docs
}

// Common are the fields that evaluators of every type take.
func Common() []Param {
	return []Param{
		{Name: "name", Type: TextType, Default: "the type", Doc: "The name of the metric in rules and reports: letters, digits, - and _. Names differ within an eval file."},
		{Name: "type", Type: TextType, Required: true, Doc: "One of the types of this page."},
		{Name: "when", Type: ValueType, PerCase: true, Doc: "An expression; a case for which it is false is unscored and not counted. A field that is missing counts as false."},
		{Name: "negate", Type: BooleanType, Default: "false", Doc: "Turns pass into fail and fail into pass. A value v between 0 and 1 becomes 1 − v; other values stay. Errors stay errors, unscored stays unscored, and a fail for want of anything to judge (the call failed, extract found nothing) stays a fail."},
		{Name: "threshold", Type: NumberType, Doc: "For types whose value lies between 0 and 1: pass means value ≥ threshold, before negate."},
		{Name: "extract", Type: ValueType, Doc: "For types that read the output: judge only this part of it. What is not found is a fail."},
		{Name: "weight", Type: NumberType, Default: "1", Doc: "For members of mean only: how much the member counts."},
	}
}

func passed(reason string) result { return result{Score: Score{Outcome: Pass, Reason: reason}} }
func failed(reason string) result { return result{Score: Score{Outcome: Fail, Reason: reason}} }

// nothing is a fail because there is nothing to judge.
func nothing(reason string) result {
	return result{Score: Score{Outcome: Fail, Reason: reason}, standing: true}
}

// broken is an error of the evaluator.
func broken(reason string) result { return result{Score: Score{Outcome: Error, Reason: reason}} }

// decided is a pass or a fail with the reason for a fail.
func decided(ok bool, reason string) result {
	if ok {
		return passed("")
	}
	return failed(reason)
}

// withValue adds a value to a result.
func (r result) withValue(v float64) result {
	r.Value = &v
	return r
}
