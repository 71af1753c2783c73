package jinja

import (
	"math"
	"math/big"
	"strings"
)

// tooBig is the error of an integer that does not fit.
func tooBig(op string) *fault {
	return faultf("the result of %s does not fit 64 bits", op).
		wanted("an integer between -2^63 and 2^63-1").remedy("use floats, for example 2.0")
}

// binary carries out an arithmetic operator.
func (m *meter) binary(op string, a, b any) (any, error) {
	if i, ok := asInt(a); ok {
		if j, ok := asInt(b); ok {
			return integers(op, i, j)
		}
	}
	if x, ok := asFloat(a); ok {
		if y, ok := asFloat(b); ok {
			return floats(op, x, y)
		}
	}
	switch op {
	case "+":
		return m.add(a, b)
	case "*":
		if n, ok := asInt(b); ok {
			return m.repeat(a, n)
		}
		if n, ok := asInt(a); ok {
			return m.repeat(b, n)
		}
	case "%":
		if s, ok := asText(a); ok {
			text, err := m.percent(s, b)
			return like(a, text), err
		}
	}
	return nil, mismatch(op, a, b)
}

func mismatch(op string, a, b any) *fault {
	f := faultf("%s cannot combine %s and %s", op, describe(a), describe(b)).wanted("two numbers")
	if op == "+" {
		f = f.wanted("two numbers, two strings or two lists").remedy("use ~ to join text: it takes any values")
	}
	return f
}

func integers(op string, a, b int64) (any, error) {
	switch op {
	case "+":
		sum := a + b
		if (sum > a) != (b > 0) && b != 0 {
			return nil, tooBig(op)
		}
		return sum, nil
	case "-":
		difference := a - b
		if (difference < a) != (b > 0) && b != 0 {
			return nil, tooBig(op)
		}
		return difference, nil
	case "*":
		return multiply(a, b)
	case "**":
		return power(a, b)
	}
	if b == 0 {
		return nil, divisionByZero(op)
	}
	switch op {
	case "/":
		return float64(a) / float64(b), nil
	case "//":
		if a == math.MinInt64 && b == -1 {
			return nil, tooBig(op)
		}
		quotient := a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			quotient--
		}
		return quotient, nil
	}
	remainder := a % b
	if remainder != 0 && (remainder < 0) != (b < 0) {
		remainder += b
	}
	return remainder, nil
}

func divisionByZero(op string) *fault {
	return faultf("%s divides by zero", op).remedy("guard it: {%% if x %%}")
}

func multiply(a, b int64) (any, error) {
	if a == 0 || b == 0 {
		return int64(0), nil
	}
	product := a * b
	if product/b != a || a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64 {
		return nil, tooBig("*")
	}
	return product, nil
}

func power(base, exponent int64) (any, error) {
	if exponent < 0 {
		return floats("**", float64(base), float64(exponent))
	}
	switch base {
	case 0, 1:
		if exponent == 0 {
			return int64(1), nil
		}
		return base, nil
	case -1:
		return 1 - 2*(exponent%2), nil
	}
	if exponent > 63 {
		return nil, tooBig("**")
	}
	result := int64(1)
	for range exponent {
		product, err := multiply(result, base)
		if err != nil {
			return nil, tooBig("**")
		}
		result, _ = asInt(product)
	}
	return result, nil
}

func floats(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		if a == 0 && b < 0 {
			return nil, divisionByZero(op)
		}
		result := floatPower(a, b)
		if math.IsNaN(result) && !math.IsNaN(a) && !math.IsNaN(b) {
			return nil, faultf("the result of ** is no real number")
		}
		if math.IsInf(result, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			return nil, faultf("the result of ** is too large for a float")
		}
		return result, nil
	}
	if b == 0 {
		return nil, divisionByZero(op)
	}
	if op == "/" {
		return a / b, nil
	}
	remainder := math.Mod(a, b)
	quotient := (a - remainder) / b
	if remainder != 0 && (b < 0) != (remainder < 0) {
		remainder += b
		quotient--
	}
	if op == "%" {
		if remainder == 0 {
			return math.Copysign(0, b), nil
		}
		return remainder, nil
	}
	if quotient == 0 {
		return math.Copysign(0, a/b), nil
	}
	floor := math.Floor(quotient)
	if quotient-floor > 0.5 {
		floor++
	}
	return floor, nil
}

// floatPower is a to the power b, rounded as C's pow does where math.Pow is off
// in the last digit: whole exponents are multiplied out with room to spare.
func floatPower(a, b float64) float64 {
	const largest, room = 1100, 256
	if b != math.Trunc(b) || math.Abs(b) > largest || math.IsInf(a, 0) || math.IsNaN(a) || a == 0 {
		return math.Pow(a, b)
	}
	result, square := big.NewFloat(1).SetPrec(room), new(big.Float).SetPrec(room).SetFloat64(a)
	for n := int(math.Abs(b)); n > 0; n /= 2 {
		if n%2 == 1 {
			result.Mul(result, square)
		}
		square.Mul(square, square)
	}
	if b < 0 {
		result.Quo(big.NewFloat(1).SetPrec(room), result)
	}
	f, _ := result.Float64()
	return f
}

// add joins strings, lists and tuples.
func (m *meter) add(a, b any) (any, error) {
	if s, ok := asText(a); ok {
		t, ok := asText(b)
		if !ok {
			return nil, mismatch("+", a, b)
		}
		_, safeA := a.(markup)
		_, safeB := b.(markup)
		if safeA != safeB { // what is added to escaped text is escaped too
			var err error
			if safeA {
				t, err = m.escape(t)
			} else {
				s, err = m.escape(s)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := m.grow(len(s) + len(t)); err != nil {
			return nil, err
		}
		if safeA || safeB {
			return markup(s + t), nil
		}
		return s + t, nil
	}
	switch x := a.(type) {
	case *list:
		if y, ok := b.(*list); ok {
			items, err := m.concatItems(x.items, y.items)
			return &list{items: items}, err
		}
	case *tuple:
		if y, ok := b.(*tuple); ok {
			items, err := m.concatItems(x.items, y.items)
			return &tuple{items: items}, err
		}
	}
	return nil, mismatch("+", a, b)
}

func (m *meter) concatItems(a, b []any) ([]any, error) {
	if err := m.growItems(len(a) + len(b)); err != nil {
		return nil, err
	}
	return append(append(make([]any, 0, len(a)+len(b)), a...), b...), nil
}

// repeat is a string or list n times over.
func (m *meter) repeat(v any, n int64) (any, error) {
	n = max(n, 0)
	if s, ok := asText(v); ok {
		if err := m.growTimes(n, int64(len(s))); err != nil {
			return nil, err
		}
		if s == "" {
			return v, nil
		}
		return like(v, strings.Repeat(s, int(n))), nil
	}
	var items []any
	switch v := v.(type) {
	case *list:
		items = v.items
	case *tuple:
		items = v.items
	default:
		return nil, mismatch("*", v, n)
	}
	if len(items) == 0 {
		return v, nil
	}
	if err := m.growTimes(n, int64(len(items))*bytesPerItem); err != nil {
		return nil, err
	}
	if err := m.step(int(n) * len(items)); err != nil {
		return nil, err
	}
	repeated := make([]any, 0, int(n)*len(items))
	for range n {
		repeated = append(repeated, items...)
	}
	if _, ok := v.(*tuple); ok {
		return &tuple{items: repeated}, nil
	}
	return &list{items: repeated}, nil
}

// negate is the unary minus.
func negate(v any) (any, error) {
	if i, ok := asInt(v); ok {
		if i == math.MinInt64 {
			return nil, tooBig("-")
		}
		return -i, nil
	}
	if f, ok := v.(float64); ok {
		return -f, nil
	}
	return nil, faultf("- cannot negate %s", describe(v)).wanted("a number")
}
