package jinja

import (
	"math"
	"strconv"
	"strings"
)

func numberFilters() map[string]filter {
	return map[string]filter{
		"abs":   {apply: abs},
		"int":   {params: []string{"default", "base"}, apply: toInt},
		"float": {params: []string{"default"}, apply: toFloat},
		"round": {params: []string{"precision", "method"}, apply: round},
		"sum":   {params: []string{"attribute", "start"}, apply: sum},
	}
}

func abs(_ *render, v any, _ *bound) (any, error) {
	if i, ok := asInt(v); ok {
		if i >= 0 {
			return i, nil
		}
		return negate(i)
	}
	if f, ok := v.(float64); ok {
		return math.Abs(f), nil
	}
	return nil, faultf("the filter abs is given %s", describe(v)).wanted("a number")
}

// toInt is Python's int(), with the default (0) for what is no number.
func toInt(r *render, v any, b *bound) (any, error) {
	var fallback any = int64(0)
	if b.given[0] {
		fallback = b.values[0]
	}
	base, err := b.integer(1, 10)
	if err != nil {
		return nil, err
	}
	f, isFloat := v.(float64)
	if s, ok := asText(v); ok {
		if err := r.read(len(s)); err != nil {
			return nil, err
		}
		if i, ok, err := parseInt(s, base); ok || err != nil {
			return i, err
		}
		if f, isFloat = parseFloat(s); !isFloat || math.IsInf(f, 0) {
			return fallback, nil
		}
	} else if i, ok := asInt(v); ok {
		return i, nil
	}
	if !isFloat || math.IsNaN(f) {
		return fallback, nil
	}
	if math.Abs(f) >= 1<<63 {
		return nil, tooBig("the filter int")
	}
	return int64(f), nil
}

// parseInt reads an integer as Python's int(s, base) does.
func parseInt(s string, base int64) (int64, bool, error) {
	s = strings.TrimFunc(s, isSpace)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base < 0 || base == 1 || base > 36 {
		return 0, false, faultf("the filter int is given the base %d", base).wanted("0 or 2 to 36")
	}
	prefixes := map[string]int64{"0x": 16, "0o": 8, "0b": 2}
	if len(s) > 2 {
		if of := prefixes[strings.ToLower(s[:2])]; of != 0 && (base == of || base == 0) {
			s, base = strings.TrimPrefix(s[2:], "_"), of
		}
	}
	if base == 0 {
		if strings.Trim(s, "0_") != "" && strings.HasPrefix(s, "0") {
			return 0, false, nil
		}
		base = 10
	}
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") || s[0] == '+' || s[0] == '-' {
		return 0, false, nil
	}
	digits := strings.ReplaceAll(s, "_", "")
	if negative {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, int(base), 64)
	if err == nil {
		return i, true, nil
	}
	if strings.HasSuffix(err.Error(), strconv.ErrRange.Error()) {
		return 0, false, tooBig("the filter int")
	}
	return 0, false, nil
}

// parseFloat reads a float as Python's float() does.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimFunc(s, isSpace)
	if strings.Contains(s, "_") {
		for i := range len(s) {
			if s[i] == '_' && (i == 0 || i+1 == len(s) || !isDecimal(s[i-1]) || !isDecimal(s[i+1])) {
				return 0, false
			}
		}
		s = strings.ReplaceAll(s, "_", "")
	}
	if strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// toFloat is Python's float(), with the default (0.0) for what is no number.
func toFloat(r *render, v any, b *bound) (any, error) {
	if f, ok := asFloat(v); ok {
		return f, nil
	}
	if s, ok := asText(v); ok {
		if err := r.read(len(s)); err != nil {
			return nil, err
		}
		if f, ok := parseFloat(s); ok {
			return f, nil
		}
	}
	if b.given[0] {
		return b.values[0], nil
	}
	return 0.0, nil
}

func round(_ *render, v any, b *bound) (any, error) {
	precision, err := b.integer(0, 0)
	if err != nil {
		return nil, err
	}
	method, err := b.text(1, "common")
	if err != nil {
		return nil, err
	}
	f, ok := asFloat(v)
	if !ok {
		return nil, faultf("the filter round is given %s", describe(v)).wanted("a number").remedy("add |float before it")
	}
	if precision > 400 || precision < -400 {
		return nil, faultf("the filter round is given the precision %d", precision).wanted("-400 to 400")
	}
	switch method {
	case "common":
		if i, ok := asInt(v); ok {
			return roundInt(i, precision)
		}
		return roundFloat(f, int(precision)), nil
	case "ceil", "floor":
		scale := math.Pow(10, math.Abs(float64(precision)))
		if precision < 0 {
			scale = 1 / scale
		}
		change := math.Floor
		if method == "ceil" {
			change = math.Ceil
		}
		return change(f*scale) / scale, nil
	}
	return nil, faultf("the filter round is given the method %s", quoteName(method)).wanted("common, ceil or floor")
}

// roundInt rounds to a power of ten, halves to the even one.
func roundInt(i, precision int64) (any, error) {
	if precision >= 0 {
		return i, nil
	}
	unit, err := power(10, -precision)
	if err != nil {
		return int64(0), nil // the unit is larger than any integer here
	}
	u, _ := asInt(unit)
	rest := i % u
	down := i - rest
	if rest < 0 {
		rest += u
		down -= u
	}
	if twice := rest - (u - rest); twice > 0 || twice == 0 && down/u%2 != 0 {
		return integers("+", down, u)
	}
	return down, nil
}

// roundFloat rounds the exact value of f to a number of decimals, halves to
// the even digit, as Python's round does.
func roundFloat(f float64, decimals int) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) || f == 0 {
		return f
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, err := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	if err != nil {
		return f
	}
	if decimals >= 0 {
		text = strconv.FormatFloat(f, 'f', decimals, 64)
	} else if digits := exponent + decimals; digits >= 0 {
		text = strconv.FormatFloat(f, 'e', digits, 64)
	} else { // less than one unit of what is rounded to
		unit := math.Pow(10, float64(-decimals))
		if digits == -1 && math.Abs(f) > unit/2 {
			return math.Copysign(unit, f)
		}
		return math.Copysign(0, f)
	}
	rounded, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return f
	}
	return rounded
}

func sum(r *render, v any, b *bound) (any, error) {
	var total any = int64(0)
	if b.given[1] {
		total = b.values[1]
	}
	if _, ok := asText(total); ok {
		return nil, faultf("the filter sum is given a string to start with").remedy("use the filter join")
	}
	read, err := r.getter(b, 0, -1)
	if err != nil {
		return nil, err
	}
	items, err := r.collect(v)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item, err = read(item); err != nil {
			return nil, err
		}
		if u, err := r.missing(item); u != nil || err != nil {
			return u, err
		}
		if total, err = r.binary("+", total, item); err != nil {
			return nil, err
		}
	}
	return total, nil
}
