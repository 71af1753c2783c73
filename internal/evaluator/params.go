package evaluator

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// valueProblem checks that a value is what a parameter holds. A text with an
// expression is accepted where the value is resolved for each case.
func valueProblem(p Param, value any) *problem.Problem {
	if p.PerCase && isTemplate(value) {
		return nil
	}
	wrong := problem.Newf("%s is %s", p.Name, describe(value))
	text, isText := value.(string)
	number, isNumber := toFloat(value)
	switch p.Type {
	case ValueType:
		return nil
	case TextType:
		if _, ok := scalarText(value); ok && p.PerCase {
			return nil
		}
		if isText && (len(p.OneOf) == 0 || slices.Contains(p.OneOf, text)) {
			return nil
		}
		if len(p.OneOf) > 0 {
			return wrong.Wanted("one of %s", strings.Join(p.OneOf, ", ")).Remedy("%s", nearestOnly(text, p.OneOf))
		}
	case TextsType:
		if _, ok := textsOf(value); ok {
			return nil
		}
	case NumberType:
		if isNumber && !math.IsNaN(number) && !math.IsInf(number, 0) {
			return nil
		}
	case IntegerType:
		if isNumber && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			return nil
		}
	case BooleanType:
		if _, ok := value.(bool); ok {
			return nil
		}
	case DurationType:
		if d, err := time.ParseDuration(text); isText && err == nil && d > 0 {
			return nil
		}
		return wrong.Wanted("a duration with a unit, such as 800ms, 2s or 1m30s")
	case ObjectType:
		if _, ok := value.(map[string]any); ok {
			return nil
		}
	case MembersType:
		if _, ok := value.([]any); ok {
			return nil
		}
	}
	return wrong.Wanted("%s", article(p.Type))
}

func article(t ParamType) string {
	if t == BooleanType || t == ValueType {
		return string(t)
	}
	if t == ObjectType {
		return "an " + string(t)
	}
	return "a " + string(t)
}

// params are the checked parameters of a spec on their way to becoming code.
type params struct {
	spec    *Spec
	env     *Env
	content map[string]any // what enters the digest beside the spec: content of files, versions of judges
	uses    []string       // parts of a subject that these parameters use, beside the type's
	rng     *Range         // set by a type whose range depends on its parameters
}

func (p *params) text(name, otherwise string) string {
	if s, ok := p.spec.Params[name].(string); ok {
		return s
	}
	return otherwise
}

func (p *params) texts(name string) []string {
	list, _ := textsOf(p.spec.Params[name])
	return list
}

func (p *params) number(name string) *float64 { return numberOf(p.spec.Params[name]) }

func (p *params) integer(name string) (n int, given bool) {
	f, ok := toFloat(p.spec.Params[name])
	return int(f), ok
}

func (p *params) boolean(name string) bool {
	b, _ := p.spec.Params[name].(bool)
	return b
}

// duration reads a duration; 0 when it is not given.
func (p *params) duration(name string) time.Duration {
	d, err := time.ParseDuration(p.text(name, ""))
	if err != nil {
		return 0
	}
	return d
}

// wrong is a problem at a parameter.
func (p *params) wrong(name string, format string, args ...any) *problem.Problem {
	return p.spec.Place.at(name).put(problem.Newf(format, args...))
}

// textsOf reads a list of texts; numbers and booleans count as their texts.
func textsOf(v any) ([]string, bool) {
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	list := make([]string, len(items))
	for i, item := range items {
		if list[i], ok = scalarText(item); !ok {
			return nil, false
		}
	}
	return list, true
}

// scalarText is the text of a text, number or boolean.
func scalarText(v any) (string, bool) {
	switch v.(type) {
	case string, int64, int, float64, bool:
		return extract.Text(v), true
	}
	return "", false
}
