package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// writer builds text that is charged to a render before it is kept.
type writer struct {
	b strings.Builder
	m *meter
}

func (w *writer) write(s string) error {
	if err := w.m.grow(len(s)); err != nil {
		return err
	}
	w.b.WriteString(s)
	return nil
}

// str is Python's str(): the text of a value as {{ }} shows it.
func (m *meter) str(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case markup:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	if u, ok := v.(*undefined); ok && u.soft {
		return "", nil
	}
	w := &writer{m: m}
	err := w.repr(v, 0)
	return w.b.String(), err
}

// repr writes Python's repr() of a value.
func (w *writer) repr(v any, depth int) error {
	if err := w.m.step(1); err != nil {
		return err
	}
	if err := w.m.checkDepth(depth); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		return w.write("None")
	case bool:
		if v {
			return w.write("True")
		}
		return w.write("False")
	case int64:
		return w.write(strconv.FormatInt(v, 10))
	case float64:
		return w.write(floatRepr(v))
	case string:
		return w.quoted(v)
	case markup:
		return w.wrapped("Markup(", ")", func() error { return w.quoted(string(v)) })
	case *list:
		return w.wrapped("[", "]", func() error { return w.items(v.items, depth) })
	case *tuple:
		end := ")"
		if len(v.items) == 1 {
			end = ",)"
		}
		return w.wrapped("(", end, func() error { return w.items(v.items, depth) })
	case *view:
		return w.wrapped(v.name+"([", "])", func() error { return w.items(v.items, depth) })
	case *dict:
		return w.wrapped("{", "}", func() error { return w.entries(v, depth) })
	case *namespace:
		return w.wrapped("<Namespace {", "}>", func() error { return w.entries(v.fields, depth) })
	case *span:
		text := "range(" + strconv.FormatInt(v.start, 10) + ", " + strconv.FormatInt(v.stop, 10)
		if v.step != 1 {
			text += ", " + strconv.FormatInt(v.step, 10)
		}
		return w.write(text + ")")
	case *module:
		return w.write(v.text)
	case *undefined:
		if w.m.lenient {
			return w.write("Undefined")
		}
		return v.fault()
	case *generator:
		return faultf("the result of the filter %s is shown as it is", v.filter).
			remedy("add |list or |join(', ')")
	case *method:
		return v.notCalled()
	}
	return faultf("%s cannot be shown as text", describe(v)).remedy("call it, or show one of its fields")
}

func (w *writer) wrapped(start, end string, inside func() error) error {
	if err := w.write(start); err != nil {
		return err
	}
	if err := inside(); err != nil {
		return err
	}
	return w.write(end)
}

func (w *writer) items(items []any, depth int) error {
	for i, item := range items {
		if i > 0 {
			if err := w.write(", "); err != nil {
				return err
			}
		}
		if err := w.repr(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) entries(d *dict, depth int) error {
	for i, key := range d.keys {
		if i > 0 {
			if err := w.write(", "); err != nil {
				return err
			}
		}
		if err := w.repr(key, depth+1); err != nil {
			return err
		}
		if err := w.write(": "); err != nil {
			return err
		}
		if err := w.repr(d.values[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// quoted writes a string as Python's repr does: in single quotes, unless it
// holds those and no double ones.
func (w *writer) quoted(s string) error {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	if err := w.write(string(quote)); err != nil {
		return err
	}
	plain := 0 // start of the part that needs no escape
	for i, r := range s {
		var escaped string
		switch {
		case r == quote || r == '\\':
			escaped = `\` + string(r)
		case r == '\n':
			escaped = `\n`
		case r == '\r':
			escaped = `\r`
		case r == '\t':
			escaped = `\t`
		case unicode.IsPrint(r):
			continue
		default:
			escaped = codeEscape(r)
		}
		if err := w.write(s[plain:i]); err != nil {
			return err
		}
		if err := w.write(escaped); err != nil {
			return err
		}
		plain = i + len(string(r))
	}
	if err := w.write(s[plain:]); err != nil {
		return err
	}
	return w.write(string(quote))
}

func codeEscape(r rune) string {
	hex := strconv.FormatInt(int64(r), 16)
	switch {
	case r <= 0xff:
		return `\x` + strings.Repeat("0", 2-len(hex)) + hex
	case r <= 0xffff:
		return `\u` + strings.Repeat("0", 4-len(hex)) + hex
	}
	return `\U` + strings.Repeat("0", 8-len(hex)) + hex
}

// floatRepr is Python's repr of a float: the shortest digits that read back as
// the same number, with an exponent below 1e-4 and from 1e16 on.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if a := math.Abs(f); a < 1e-4 || a >= 1e16 {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
