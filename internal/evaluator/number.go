package evaluator

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// makeNumber compares exact decimals, so that 1.01 is within 0.01 of 1, which
// in doubles it is not.
func makeNumber(p *params) (prepare, error) {
	style := numberStyle{decimal: '.', fraction: p.text("percent", "as_is") == "fraction", units: p.texts("unit")}
	if p.text("decimal", ".") == "," {
		style.decimal = ','
	}
	abs, rel := new(big.Rat), new(big.Rat)
	for name, to := range map[string]*big.Rat{"abs": abs, "rel": rel} {
		if f := p.number(name); f != nil {
			if *f < 0 {
				return nil, p.wrong(name, "%s is negative", name).Wanted("a number from 0 up")
			}
			to.SetString(strconv.FormatFloat(*f, 'g', -1, 64))
		}
	}
	match := p.text("match", "only")
	return func(expected any) (scoreFunc, error) {
		wanted, err := style.expectation(expected)
		if err != nil {
			return nil, err
		}
		tolerance := new(big.Rat).Mul(rel, new(big.Rat).Abs(wanted))
		if tolerance.Cmp(abs) < 0 {
			tolerance = abs
		}
		return func(_ context.Context, in *input) result {
			got, why := style.pick(in.answer, match)
			if got == nil {
				return nothing(why)
			}
			off := new(big.Rat).Sub(got, wanted)
			within := off.Abs(off).Cmp(tolerance) <= 0
			return decided(within, fmt.Sprintf("%s is not within %s of %s", decimal(got), decimal(tolerance), decimal(wanted)))
		}, nil
	}, nil
}

// decimal shows an exact number.
func decimal(r *big.Rat) string {
	f, _ := r.Float64()
	if size := math.Abs(f); size == 0 || size >= 1e-6 && size < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// numberStyle says how numbers are written in texts.
type numberStyle struct {
	decimal  rune     // '.' or ','
	fraction bool     // a percent sign divides by 100
	units    []string // one of which must follow; any or none when empty
}

// expectation reads the expected number: a number, or a text with one.
func (s numberStyle) expectation(v any) (*big.Rat, error) {
	if r := exact(v); r != nil {
		return r, nil
	}
	if text, ok := v.(string); ok {
		plain := s
		plain.units = nil
		if found := plain.find(text); len(found) == 1 {
			return found[0], nil
		}
	}
	return nil, problem.Newf("expected is %s", describe(v)).Wanted("a number, or a text with exactly one number")
}

// exact is a number of JSON or YAML as the decimal that it was written as.
func exact(v any) *big.Rat {
	f, ok := toFloat(v)
	if !ok {
		return nil
	}
	if i, whole := v.(int64); whole {
		return new(big.Rat).SetInt64(i)
	}
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return nil
	}
	return r
}

// pick reads the number of an answer; nil with the reason where there is none
// or it is not clear which.
func (s numberStyle) pick(answer any, match string) (*big.Rat, string) {
	if r := exact(answer); r != nil {
		return r, ""
	}
	found := s.find(extract.Text(answer))
	switch {
	case len(found) == 0 && len(s.units) > 0:
		return nil, "no number followed by " + strings.Join(s.units, " or ")
	case len(found) == 0:
		return nil, "no number"
	case match == "last":
		return found[len(found)-1], ""
	case match == "first" || len(found) == 1:
		return found[0], ""
	}
	return nil, fmt.Sprintf("%d numbers where one was expected", len(found))
}

// maxNumbers bounds how many numbers of a text are looked at.
const maxNumbers = 10_000

// find reads the numbers of a text from left to right.
func (s numberStyle) find(text string) []*big.Rat {
	var found []*big.Rat
	r := []rune(text)
	for i := 0; i < len(r) && len(found) < maxNumbers; {
		n, next := s.scan(r, i)
		if n != nil {
			found = append(found, n)
		}
		i = next
	}
	return found
}

// scan reads a number that starts at i; next is where to go on in any case.
func (s numberStyle) scan(r []rune, i int) (n *big.Rat, next int) {
	if !digit(r, i) && !(at(r, i) == s.decimal && digit(r, i+1)) {
		return nil, i + 1
	}
	literal, end, dotted := s.literal(r, i)
	end, percent, unit := tail(r, end)
	if dotted || partOfWord(r, i) {
		return nil, end
	}
	if len(s.units) > 0 && !slices.Contains(s.units, unit) && !slices.Contains(s.units, currencyBefore(r, i)) {
		return nil, end
	}
	if len(literal) > maxLiteral {
		return nil, end
	}
	n, ok := new(big.Rat).SetString(literal)
	if !ok {
		return nil, end
	}
	if negative(r, i) {
		n.Neg(n)
	}
	if percent && s.fraction {
		n.Mul(n, big.NewRat(1, 100))
	}
	return n, end
}

// maxLiteral bounds the digits of a number, so that exact arithmetic stays
// cheap.
const maxLiteral = 400

// maxExponent bounds powers of ten: beyond it a number has no double anyway.
const maxExponent = 308

// literal reads digits, separators of thousands, a fraction and an exponent,
// and gives them as Go writes numbers. A run with a second point, such as a
// date or a version, is no number: dotted.
func (s numberStyle) literal(r []rune, i int) (literal string, end int, dotted bool) {
	var b strings.Builder
	end = s.whole(r, i, &b)
	if at(r, end) == s.decimal && digit(r, end+1) {
		b.WriteByte('.')
		end = digits(r, end+1, &b)
	}
	for at(r, end) == s.decimal && digit(r, end+1) {
		dotted = true
		end = digits(r, end+1, new(strings.Builder))
	}
	if e := at(r, end); e == 'e' || e == 'E' {
		sign := end + 1
		if c := at(r, sign); c == '+' || c == '-' {
			sign++
		}
		if digit(r, sign) {
			var power strings.Builder
			stop := digits(r, sign, &power)
			if n, err := strconv.Atoi(power.String()); err != nil || n > maxExponent {
				return "", stop, true
			}
			b.WriteString("e" + string(r[end+1:stop]))
			end = stop
		}
	}
	return b.String(), end, dotted
}

// whole reads the digits before the decimal sign. Groups of three digits may be
// separated by one same sign.
func (s numberStyle) whole(r []rune, i int, b *strings.Builder) (end int) {
	end = digits(r, i, b)
	if end-i > 3 || end == i {
		return end
	}
	separator := at(r, end)
	if separator == s.decimal || !strings.ContainsRune(".,'’_\u00a0\u202f\u2009", separator) || separator == 0 {
		return end
	}
	for at(r, end) == separator && digit(r, end+1) && digit(r, end+2) && digit(r, end+3) && !digit(r, end+4) {
		end = digits(r, end+1, b)
	}
	return end
}
