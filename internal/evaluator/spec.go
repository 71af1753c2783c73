package evaluator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// Spec is an evaluator as an eval file has it.
type Spec struct {
	Name      string // the type when the file gives none
	Type      string
	When      any // a text with an expression, or a boolean; nil when absent
	Negate    bool
	Threshold *float64
	Weight    *float64
	Extract   any            // see package extract; nil when absent
	Members   []Spec         // of a group
	Params    map[string]any // what the type takes
	Place     Place
}

// Place is where something stands in an eval file.
type Place struct {
	File    string
	Pointer string                   // JSON pointer to it
	Line    func(pointer string) int // the line of a pointer; nil when unknown
}

// at is a place inside p.
func (p Place) at(name any) Place {
	p.Pointer = fmt.Sprintf("%s/%v", p.Pointer, name)
	return p
}

// line is the line of the place; 0 when unknown.
func (p Place) line() int {
	if p.Line == nil {
		return 0
	}
	return p.Line(p.Pointer)
}

// put places a problem.
func (p Place) put(err *problem.Problem) *problem.Problem { return err.At(p.File, p.line()) }

// where is "file:line".
func (p Place) where() string { return (&problem.Problem{File: p.File, Line: p.line()}).Where() }

// ParseSpecs reads the value of evaluators: from an eval file. All problems are
// reported together.
func ParseSpecs(v any, at Place) ([]Spec, error) {
	specs, problems := parseList(v, at)
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	return specs, nil
}

func parseList(v any, at Place) (specs []Spec, problems problem.List) {
	items, ok := v.([]any)
	if !ok || len(items) == 0 {
		return nil, problem.List{at.put(problem.Newf("evaluators are %s", describe(v)).
			Wanted("a list such as [{type: contains, expected: \"{{ expected.answer }}\"}]"))}
	}
	for i, item := range items {
		spec, wrong := parseSpec(item, at.at(i))
		specs = append(specs, spec)
		problems = append(problems, wrong...)
	}
	return specs, problems
}

func parseSpec(v any, at Place) (s Spec, problems problem.List) {
	s.Place = at
	object, ok := v.(map[string]any)
	if !ok {
		return s, problem.List{at.put(problem.Newf("an evaluator is %s", describe(v)).
			Wanted("an object such as {type: contains, expected: \"{{ expected.answer }}\"}"))}
	}
	doc, wrong := typeOf(object["type"], at)
	if wrong != nil {
		return s, problem.List{wrong}
	}
	s.Type, s.Name = doc.Name, doc.Name
	s.Params = make(map[string]any)
	add := func(name string, p *problem.Problem) { problems = append(problems, at.at(name).put(p)) }
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value := object[name]
		if p := fieldProblem(doc, name, value); p != nil {
			add(name, p)
			continue
		}
		switch name {
		case "type":
		case "name":
			s.Name = value.(string)
			if p := nameProblem(s.Name); p != nil {
				add(name, p)
			}
		case "when":
			s.When = value
		case "negate":
			s.Negate = value.(bool)
		case "threshold":
			s.Threshold = numberOf(value)
		case "weight":
			s.Weight = numberOf(value)
		case "extract":
			s.Extract = value
		case "of":
			var wrong problem.List
			s.Members, wrong = parseList(value, at.at(name))
			problems = append(problems, wrong...)
		default:
			s.Params[name] = value
		}
	}
	for _, p := range doc.Params {
		if _, given := object[p.Name]; p.Required && !given {
			problems = append(problems, at.put(problem.Newf("the evaluator %s has no %s", s.Name, p.Name).
				Wanted("%s: %s", p.Name, p.Doc).Remedy("for example:\n%s", strings.TrimRight(doc.Example, "\n"))))
		}
	}
	return s, problems
}

// typeOf finds the description of a type by name.
func typeOf(v any, at Place) (TypeDoc, *problem.Problem) {
	types := Types()
	names := make([]string, len(types))
	for i, t := range types {
		if names[i] = t.Name; t.Name == v {
			return t, nil
		}
	}
	if v == nil {
		return TypeDoc{}, at.put(problem.Newf("an evaluator has no type").Wanted("one of %s", strings.Join(names, ", ")))
	}
	name, _ := v.(string)
	p := problem.Newf("the type of an evaluator is %s", describe(v)).Wanted("one of %s", strings.Join(names, ", "))
	if near := problem.Nearest(name, names); near != "" {
		p = p.Remedy("did you mean %s?", near)
	}
	return TypeDoc{}, at.at("type").put(p)
}

// reserved are the metrics that every run has.
var reserved = []string{"cost_usd", "latency_ms", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms",
	"ttft_ms", "tokens_in", "tokens_out", "error_share"}

func nameProblem(name string) *problem.Problem {
	odd := strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	switch {
	case slices.Contains(reserved, name):
		return problem.Newf("the name %s is that of a metric which every run has", name).Wanted("a name of its own")
	case name == "" || odd >= 0:
		return problem.Newf("the name %q cannot be that of a metric", name).Wanted("letters, digits, - and _")
	}
	return nil
}

// fieldProblem checks the name and the type of a field.
func fieldProblem(doc TypeDoc, name string, value any) *problem.Problem {
	var names []string
	for _, p := range slices.Concat(Common(), doc.Params) {
		if p.Name == name {
			return valueProblem(p, value)
		}
		names = append(names, p.Name)
	}
	return problem.Newf("unknown field %q in an evaluator of type %s", name, doc.Name).
		Wanted("%s", strings.Join(names, ", ")).Remedy("%s", nearestOnly(name, names))
}

func nearestOnly(name string, names []string) string {
	if near := problem.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

func numberOf(v any) *float64 {
	f, ok := toFloat(v)
	if !ok {
		return nil
	}
	return &f
}

// toFloat reads a number of YAML or JSON.
func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
