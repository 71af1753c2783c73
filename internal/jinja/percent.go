package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// verb is one conversion of a format string: %(key)-08.3f.
type verb struct {
	key       string
	keyed     bool
	flags     string
	width     int64
	precision int64 // -1 when there is none
	kind      byte
}

// percenter formats by Python's % operator.
type percenter struct {
	m      *meter
	w      *writer
	format string
	values []any // still to be used
	dict   *dict // for keys
	spare  bool  // values may be left over: Python checks only tuples and single values
}

// percent is Python's format % value.
func (m *meter) percent(format string, value any) (string, error) {
	p := &percenter{m: m, w: &writer{m: m}, format: format, values: []any{value}}
	switch v := value.(type) {
	case *tuple:
		p.values = v.items
	case *dict:
		p.dict, p.spare = v, true
	case *list, *span:
		p.spare = true
	}
	for {
		i := strings.IndexByte(p.format, '%')
		if i < 0 {
			break
		}
		if err := p.w.write(p.format[:i]); err != nil {
			return "", err
		}
		p.format = p.format[i+1:]
		if err := p.convert(); err != nil {
			return "", err
		}
	}
	if err := p.w.write(p.format); err != nil {
		return "", err
	}
	if len(p.values) > 0 && !p.spare {
		return "", faultf("a format string uses fewer values than it is given").wanted("one %%s for each value")
	}
	return p.w.b.String(), nil
}

// convert reads one conversion and writes its value.
func (p *percenter) convert() error {
	if err := p.m.step(1); err != nil {
		return err
	}
	v, err := p.verb()
	if err != nil {
		return err
	}
	if v.kind == '%' {
		return p.w.write("%")
	}
	value, err := p.value(v)
	if err != nil {
		return err
	}
	if err := p.m.growTimes(max(v.precision, 0), 1); err != nil {
		return err
	}
	text, numeric, err := p.text(v, value)
	if err != nil {
		return err
	}
	return p.padded(v, text, numeric)
}

// next reads one byte of the format.
func (p *percenter) next() (byte, error) {
	if p.format == "" {
		return 0, faultf("a format string ends in the middle of a conversion").remedy("write %%%% for a percent sign")
	}
	c := p.format[0]
	p.format = p.format[1:]
	return c, nil
}

func (p *percenter) verb() (*verb, error) {
	v := &verb{precision: -1}
	if strings.HasPrefix(p.format, "(") {
		end := strings.IndexByte(p.format, ')')
		if end < 0 {
			return nil, faultf("a format string has %%( without )")
		}
		v.key, v.keyed, p.format = p.format[1:end], true, p.format[end+1:]
	}
	n := 0
	for n < len(p.format) && strings.IndexByte("#0- +", p.format[n]) >= 0 {
		n++
	}
	v.flags, p.format = p.format[:n], p.format[n:]
	var err error
	if v.width, err = p.number(); err != nil {
		return nil, err
	}
	if v.width < 0 {
		v.flags += "-"
		v.width = -v.width
	}
	if strings.HasPrefix(p.format, ".") {
		p.format = p.format[1:]
		if v.precision, err = p.number(); err != nil {
			return nil, err
		}
		v.precision = max(v.precision, 0)
	}
	c, err := p.next()
	for err == nil && (c == 'l' || c == 'h' || c == 'L') {
		c, err = p.next()
	}
	v.kind = c
	return v, err
}

// number reads a width or precision: digits, or * for the next value, or
// nothing, which is 0.
func (p *percenter) number() (int64, error) {
	if strings.HasPrefix(p.format, "*") {
		p.format = p.format[1:]
		value, err := p.value(&verb{})
		if err != nil {
			return 0, err
		}
		n, ok := asInt(value)
		if !ok || n == math.MinInt64 {
			return 0, faultf("a format string takes a width from %s", describe(value)).wanted("an integer")
		}
		return n, nil
	}
	n := 0
	for n < len(p.format) && isDecimal(p.format[n]) {
		n++
	}
	if n == 0 {
		return 0, nil
	}
	digits := p.format[:n]
	p.format = p.format[n:]
	width, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, faultf("a format string has a width that does not fit 64 bits")
	}
	return width, nil
}

func (p *percenter) value(v *verb) (any, error) {
	var value any
	if v.keyed {
		if p.dict == nil {
			return nil, faultf("a format string names the value %s", quoteName(v.key)).wanted("a mapping after %%")
		}
		found, ok := p.dict.text(v.key)
		if !ok {
			return nil, faultf("a format string names the value %s, which is not there", quoteName(v.key)).
				remedy("%s", didYouMean(v.key, p.dict.names()))
		}
		value = found
	} else {
		if len(p.values) == 0 {
			return nil, faultf("a format string needs more values than it is given").wanted("one value for each %%s")
		}
		value, p.values = p.values[0], p.values[1:]
	}
	return value, p.m.defined(value)
}

func (v *verb) has(flag byte) bool { return strings.IndexByte(v.flags, flag) >= 0 }

// text is the value without padding; numeric says that zeros may pad it.
func (p *percenter) text(v *verb, value any) (text string, numeric bool, err error) {
	switch v.kind {
	case 's', 'r', 'a':
		text, err := p.string(v, value)
		return text, false, err
	case 'c':
		text, err := character(value)
		return text, false, err
	case 'd', 'i', 'u', 'x', 'X', 'o':
		text, err := v.integer(value)
		return text, true, err
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return v.float(value)
	}
	return "", false, faultf("a format string has the conversion %%%c", v.kind).
		wanted("one of s r a d i u x X o e E f F g G c, or %%%% for a percent sign")
}

func (p *percenter) string(v *verb, value any) (string, error) {
	text, isText := asText(value)
	if v.kind != 's' || !isText {
		w := &writer{m: p.m}
		if err := w.repr(value, 0); err != nil {
			return "", err
		}
		text = w.b.String()
	}
	if v.kind == 'a' && !isASCII(text) {
		if err := p.m.growTimes(int64(len(text)), 4); err != nil {
			return "", err
		}
		var b strings.Builder
		for _, r := range text {
			if r < utf8.RuneSelf {
				b.WriteRune(r)
			} else {
				b.WriteString(codeEscape(r))
			}
		}
		text = b.String()
	}
	if v.precision >= 0 {
		if n := int64(utf8.RuneCountInString(text)); v.precision < n {
			text = text[:runeOffset(text, n, v.precision)]
		}
	}
	return text, nil
}

func character(value any) (string, error) {
	if s, ok := asText(value); ok && utf8.RuneCountInString(s) == 1 {
		return s, nil
	}
	if i, ok := asInt(value); ok && i >= 0 && i <= utf8.MaxRune {
		return string(rune(i)), nil
	}
	return "", faultf("%%c is given %s", describe(value)).wanted("one character or its code")
}

func (v *verb) integer(value any) (string, error) {
	i, ok := asInt(value)
	if f, isFloat := value.(float64); isFloat && v.kind != 'x' && v.kind != 'X' && v.kind != 'o' {
		if math.IsNaN(f) || math.Abs(f) >= 1<<63 {
			return "", tooBig("%" + string(v.kind))
		}
		i, ok = int64(f), true
	}
	if !ok {
		return "", faultf("%%%c is given %s", v.kind, describe(value)).wanted("a number").remedy("use %%s, or |int")
	}
	base, prefix := 10, ""
	switch v.kind {
	case 'x', 'X':
		base, prefix = 16, "0"+string(v.kind)
	case 'o':
		base, prefix = 8, "0o"
	}
	digits := strconv.FormatInt(i, base)
	digits, negative := strings.CutPrefix(digits, "-")
	if v.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if n := int(v.precision) - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if v.has('#') && prefix != "" {
		digits = prefix + digits
	}
	return v.signed(digits, negative), nil
}

func (v *verb) signed(digits string, negative bool) string {
	switch {
	case negative:
		return "-" + digits
	case v.has('+'):
		return "+" + digits
	case v.has(' '):
		return " " + digits
	}
	return digits
}

func (v *verb) float(value any) (string, bool, error) {
	f, ok := asFloat(value)
	if !ok {
		return "", false, faultf("%%%c is given %s", v.kind, describe(value)).wanted("a number").remedy("use %%s, or |float")
	}
	negative := math.Signbit(f) && !math.IsNaN(f)
	f = math.Abs(f)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		text := map[bool]string{true: "nan", false: "inf"}[math.IsNaN(f)]
		if v.kind < 'a' {
			text = strings.ToUpper(text)
		}
		return v.signed(text, negative), false, nil
	}
	precision := int(v.precision)
	if precision < 0 {
		precision = 6
	}
	var digits string
	switch v.kind | 0x20 {
	case 'g':
		digits = general(f, max(precision, 1), v.has('#'))
	default:
		digits = strconv.FormatFloat(f, v.kind|0x20, precision, 64)
		if precision == 0 && v.has('#') {
			mantissa, exponent, scientific := strings.Cut(digits, "e")
			digits = mantissa + "."
			if scientific {
				digits += "e" + exponent
			}
		}
	}
	if v.kind < 'a' {
		digits = strings.ToUpper(digits)
	}
	return v.signed(digits, negative), true, nil
}

// general is C's %g: the shorter of %e and %f, without trailing zeros unless
// they are kept.
func general(f float64, precision int, keep bool) string {
	scientific := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, suffix, _ := strings.Cut(scientific, "e")
	exponent, err := strconv.Atoi(suffix)
	if err != nil {
		return scientific
	}
	if exponent >= -4 && exponent < precision {
		mantissa, suffix = strconv.FormatFloat(f, 'f', precision-1-exponent, 64), ""
	} else {
		suffix = "e" + suffix
	}
	if keep {
		if !strings.Contains(mantissa, ".") {
			mantissa += "."
		}
	} else if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + suffix
}

// padded writes text at the width of the conversion.
func (p *percenter) padded(v *verb, text string, numeric bool) error {
	missing := v.width - int64(utf8.RuneCountInString(text))
	if missing <= 0 {
		return p.w.write(text)
	}
	if err := p.m.growTimes(missing, 1); err != nil {
		return err
	}
	switch {
	case v.has('-'):
		text += strings.Repeat(" ", int(missing))
	case v.has('0') && numeric:
		start := 0
		if strings.IndexByte("+- ", text[0]) >= 0 {
			start = 1
		}
		if v.has('#') && strings.IndexByte("xXo", v.kind) >= 0 {
			start += 2
		}
		text = text[:start] + strings.Repeat("0", int(missing)) + text[start:]
	default:
		text = strings.Repeat(" ", int(missing)) + text
	}
	return p.w.write(text)
}
