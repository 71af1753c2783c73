package jinja

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// tojson is Python's json.dumps with sorted keys, with < > & ' escaped as
// Jinja2 does.
func tojson(r *render, v any, b *bound) (any, error) {
	j := &jsonWriter{writer: writer{m: &r.meter}, comma: ", "}
	if _, ok := b.present(0); ok {
		indention, isText := asText(b.values[0])
		if !isText {
			width, err := b.integer(0, 0)
			if err != nil {
				return nil, b.wrong(0, "an integer or a string")
			}
			width = max(width, 0)
			if err := r.growTimes(width, 1); err != nil {
				return nil, err
			}
			indention = strings.Repeat(" ", int(width))
		}
		j.indention, j.indented, j.comma = indention, true, ","
	}
	if err := j.value(v, 0); err != nil {
		return nil, err
	}
	return markup(j.b.String()), nil
}

// jsonWriter writes JSON.
type jsonWriter struct {
	writer
	indented  bool
	indention string
	comma     string
}

func (j *jsonWriter) value(v any, depth int) error {
	if err := j.m.step(1); err != nil {
		return err
	}
	if err := j.m.checkDepth(depth); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		return j.write("null")
	case bool:
		return j.write(strconv.FormatBool(v))
	case int64:
		return j.write(strconv.FormatInt(v, 10))
	case float64:
		return j.write(jsonFloat(v))
	case string:
		return j.text(v)
	case markup:
		return j.text(string(v))
	case *list:
		return j.array(v.items, depth)
	case *tuple:
		return j.array(v.items, depth)
	case *dict:
		return j.object(v, depth)
	case *undefined:
		if j.m.lenient {
			return j.write("null")
		}
		return v.fault()
	case *generator, *view, *span:
		return faultf("%s is no JSON", describe(v)).remedy("add |list before |tojson")
	}
	return faultf("%s is no JSON", describe(v)).wanted("none, a boolean, number, string, list or mapping")
}

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return floatRepr(f)
}

// brackets writes n elements between brackets.
func (j *jsonWriter) brackets(open, closing string, n, depth int, element func(i int) error) error {
	if n == 0 {
		return j.write(open + closing)
	}
	if err := j.write(open); err != nil {
		return err
	}
	for i := range n {
		if i > 0 {
			if err := j.write(j.comma); err != nil {
				return err
			}
		}
		if err := j.newline(depth + 1); err != nil {
			return err
		}
		if err := element(i); err != nil {
			return err
		}
	}
	if err := j.newline(depth); err != nil {
		return err
	}
	return j.write(closing)
}

func (j *jsonWriter) newline(depth int) error {
	if !j.indented {
		return nil
	}
	if err := j.write("\n"); err != nil {
		return err
	}
	for range depth {
		if err := j.write(j.indention); err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonWriter) array(items []any, depth int) error {
	return j.brackets("[", "]", len(items), depth, func(i int) error { return j.value(items[i], depth+1) })
}

func (j *jsonWriter) object(d *dict, depth int) error {
	order, err := j.m.sortedKeys(d)
	if err != nil {
		return err
	}
	return j.brackets("{", "}", len(order), depth, func(i int) error {
		name, err := jsonKey(d.keys[order[i]])
		if err != nil {
			return err
		}
		if err := j.text(name); err != nil {
			return err
		}
		if err := j.write(": "); err != nil {
			return err
		}
		return j.value(d.values[order[i]], depth+1)
	})
}

// sortedKeys are the places of a mapping's keys in rising order.
func (m *meter) sortedKeys(d *dict) ([]int, error) {
	if err := m.growItems(len(d.keys)); err != nil {
		return nil, err
	}
	order := make([]int, len(d.keys))
	for i := range order {
		order[i] = i
	}
	var failed error
	slices.SortStableFunc(order, func(i, k int) int {
		if failed != nil {
			return 0
		}
		result, _, err := m.order(d.keys[i], d.keys[k], 0)
		failed = err
		return result
	})
	return order, failed
}

// jsonKey is the name that json.dumps makes of a mapping's key.
func jsonKey(key any) (string, error) {
	switch key := key.(type) {
	case string:
		return key, nil
	case markup:
		return string(key), nil
	case bool:
		return strconv.FormatBool(key), nil
	case int64:
		return strconv.FormatInt(key, 10), nil
	case float64:
		return jsonFloat(key), nil
	case nil:
		return "null", nil
	}
	return "", faultf("a mapping has %s as a key", describe(key)).wanted("a string")
}

// text writes a string in ASCII, with what is special to HTML escaped.
func (j *jsonWriter) text(s string) error {
	if err := j.write(`"`); err != nil {
		return err
	}
	plain := 0
	for i, r := range s {
		var escaped string
		switch {
		case r == '"' || r == '\\':
			escaped = `\` + string(r)
		case r == '\n':
			escaped = `\n`
		case r == '\r':
			escaped = `\r`
		case r == '\t':
			escaped = `\t`
		case r == '\b':
			escaped = `\b`
		case r == '\f':
			escaped = `\f`
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Sprintf(`\u%04x\u%04x`, high, low)
		case r < ' ' || r > '~' || r == '<' || r == '>' || r == '&' || r == '\'':
			escaped = fmt.Sprintf(`\u%04x`, r)
		default:
			continue
		}
		if err := j.write(s[plain:i]); err != nil {
			return err
		}
		if err := j.write(escaped); err != nil {
			return err
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		plain = i + size
	}
	if err := j.write(s[plain:]); err != nil {
		return err
	}
	return j.write(`"`)
}
