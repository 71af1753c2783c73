package evaluator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// afterwards are the names of expressions that have no value before a call, and
// beforehand those that have, beside the fields of the input.
var (
	afterwards = []string{"output", "documents", "tool_calls", "finish_reason", "config"}
	beforehand = []string{"input", "expected", "tags", "metadata"}
)

// vars are the names that expressions may use: every field of the input by its
// name, then the fixed names, which win over a field of the same name.
func (s *Subject) vars() map[string]any {
	vars := caseVars(s.Input, s.Expected, s.Tags, s.Metadata)
	vars["output"] = s.Output
	vars["documents"] = documentValues(s.Documents)
	vars["tool_calls"] = toolCallValues(s.ToolCalls)
	vars["finish_reason"] = s.FinishReason
	vars["config"] = map[string]any{"name": s.ConfigName, "version": s.Version}
	return vars
}

// caseVars are the names that have a value before a call.
func caseVars(input map[string]any, expected any, tags []string, metadata map[string]any) map[string]any {
	vars := make(map[string]any, len(input)+8)
	for name, v := range input {
		vars[name] = v
	}
	for _, name := range afterwards {
		delete(vars, name)
	}
	vars["input"], vars["tags"], vars["metadata"] = input, tags, metadata
	if delete(vars, "expected"); expected != nil {
		vars["expected"] = expected
	}
	return vars
}

func documentValues(documents []llm.Document) []any {
	list := make([]any, len(documents))
	for i, d := range documents {
		list[i] = map[string]any{"id": d.ID, "source": d.Source, "content": d.Content, "score": d.Score}
	}
	return list
}

func toolCallValues(calls []llm.ToolCall) []any {
	list := make([]any, len(calls))
	for i, c := range calls {
		call := map[string]any{"name": c.Name}
		if args, err := arguments(c.Arguments); err == nil {
			call["arguments"] = args
		}
		if result, err := arguments(c.Result); err == nil {
			call["result"] = result
		}
		list[i] = call
	}
	return list
}

// isTemplate reports whether a value holds something to resolve for each case.
func isTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{") || strings.Contains(v, "{%")
	case []any:
		return slices.ContainsFunc(v, isTemplate)
	case map[string]any:
		for _, item := range v {
			if isTemplate(item) {
				return true
			}
		}
	}
	return false
}

// dynamic is a value of an eval file that is resolved for each case: a text
// that is one {{ expr }} gives the typed value of the expression, any other
// text with {{ or {% is rendered, and lists and objects are gone through.
type dynamic struct {
	resolve func(ctx context.Context, vars map[string]any) (any, error)
	names   []string // that it uses
}

// afterCall reports whether it uses a name that has no value before a call.
func (d *dynamic) afterCall() bool {
	return slices.ContainsFunc(d.names, func(name string) bool { return slices.Contains(afterwards, name) })
}

// compileDynamic reads a value; problems are placed.
func compileDynamic(v any, env *Env, at Place) (*dynamic, error) {
	switch v := v.(type) {
	case []any:
		return compileList(v, env, at)
	case map[string]any:
		return compileObject(v, env, at)
	case string:
		if isTemplate(v) {
			return compileText(v, env, at)
		}
	}
	return &dynamic{resolve: func(context.Context, map[string]any) (any, error) { return v, nil }}, nil
}

func compileText(text string, env *Env, at Place) (*dynamic, error) {
	if source, single := jinja.SingleExpr(text); single {
		expr, err := env.Engine.ParseExpr(at.File, source, at.line())
		if err != nil {
			return nil, fmt.Errorf("reading an expression: %w", err)
		}
		return &dynamic{expr.Eval, namesOf(expr.Variables())}, nil
	}
	t, err := env.Engine.Parse(at.File, text, at.line())
	if err != nil {
		return nil, fmt.Errorf("reading a template: %w", err)
	}
	render := func(ctx context.Context, vars map[string]any) (any, error) { return t.Render(ctx, vars) }
	return &dynamic{render, namesOf(t.Variables())}, nil
}

func namesOf(uses []jinja.Name) []string {
	names := make([]string, len(uses))
	for i, use := range uses {
		names[i] = use.Name
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func compileList(items []any, env *Env, at Place) (*dynamic, error) {
	parts := make([]*dynamic, len(items))
	whole := &dynamic{}
	for i, item := range items {
		part, err := compileDynamic(item, env, at.at(i))
		if err != nil {
			return nil, err
		}
		parts[i], whole.names = part, append(whole.names, part.names...)
	}
	whole.resolve = func(ctx context.Context, vars map[string]any) (any, error) {
		list := make([]any, len(parts))
		for i, part := range parts {
			var err error
			if list[i], err = part.resolve(ctx, vars); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return whole, nil
}

func compileObject(object map[string]any, env *Env, at Place) (*dynamic, error) {
	parts := make(map[string]*dynamic, len(object))
	whole := &dynamic{}
	for name, item := range object {
		part, err := compileDynamic(item, env, at.at(name))
		if err != nil {
			return nil, err
		}
		parts[name], whole.names = part, append(whole.names, part.names...)
	}
	whole.resolve = func(ctx context.Context, vars map[string]any) (any, error) {
		resolved := make(map[string]any, len(parts))
		for name, part := range parts {
			var err error
			if resolved[name], err = part.resolve(ctx, vars); err != nil {
				return nil, err
			}
		}
		return resolved, nil
	}
	return whole, nil
}

// condition is a when: nil holds always.
type condition struct {
	holds func(ctx context.Context, vars map[string]any) (bool, error)
	dynamic
}

func compileCondition(v any, env *Env, at Place) (*condition, error) {
	switch v := v.(type) {
	case nil:
		return &condition{holds: func(context.Context, map[string]any) (bool, error) { return true, nil }}, nil
	case bool:
		return &condition{holds: func(context.Context, map[string]any) (bool, error) { return v, nil }}, nil
	case string:
		source, single := jinja.SingleExpr(v)
		if !single {
			break
		}
		expr, err := env.Engine.ParseExpr(at.File, source, at.line())
		if err != nil {
			return nil, fmt.Errorf("reading when: %w", err)
		}
		return &condition{expr.Truthy, dynamic{names: namesOf(expr.Variables())}}, nil
	}
	return nil, at.put(problem.Newf("when is %s", describe(v)).
		Wanted(`one expression, such as "{{ expected.facts }}" or "{{ 'billing' in tags }}"`))
}

// checkNames finds names in the evaluator's expressions that no case has and
// that look like a slip of the pen: in a when, such a name would count as false
// everywhere.
func (e *Evaluator) checkNames(known []string) (problems problem.List) {
	check := func(field string, names []string) {
		for _, name := range names {
			near := problem.Nearest(name, known)
			if slices.Contains(known, name) || near == "" {
				continue
			}
			problems = append(problems, e.spec.Place.at(field).put(problem.Newf("the %s of %s uses %q, which no case has", field, e.spec.Name, name).
				Wanted("a field of the input, or one of %s", strings.Join(slices.Concat(beforehand, afterwards), ", ")).
				Remedy("did you mean %s?", near)))
		}
	}
	check("when", e.when.names)
	if e.expected != nil {
		check("expected", e.expected.names)
	}
	for _, m := range e.members {
		problems = append(problems, m.checkNames(known)...)
	}
	return problems
}

// caseProblem says that a case cannot be scored.
func caseProblem(c *dataset.Case, e *Evaluator, err error) *problem.Problem {
	p := problem.Newf("case %s cannot be scored by %s: %s", c.ID, e.spec.Name, causeOf(err))
	p.Err = err
	return p.Wanted("what %s asks for: %s", e.spec.Place.where(), show(e.spec.Params["expected"])).
		Remedy(`add it to the case, or leave such cases out with a line in the evaluator such as when: "{{ expected.NAME }}"`)
}
