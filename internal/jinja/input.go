package jinja

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"
)

// maxInputDepth bounds how deep the variables of a render may nest, so that a
// map that holds itself ends in an error.
const maxInputDepth = 10_000

// fromGo turns a value from JSON, YAML or Go into a value of a template.
// Mappings are put in order of their keys; whole numbers become integers.
func fromGo(v any, depth int) (any, error) {
	if depth > maxInputDepth {
		return nil, faultf("a variable nests more than %d levels deep", maxInputDepth)
	}
	switch v := v.(type) {
	case nil, bool, string, int64:
		return v, nil
	case float64:
		return fromFloat(v), nil
	case float32:
		return fromFloat(float64(v)), nil
	case json.Number:
		return fromNumber(v)
	case int:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint:
		return fromUnsigned(uint64(v))
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return fromUnsigned(v)
	case time.Time:
		return fromTime(v), nil
	case []any:
		return fromSlice(v, depth)
	case []string:
		return fromSlice(v, depth)
	case []map[string]any:
		return fromSlice(v, depth)
	case map[string]any:
		return fromMap(v, depth)
	case map[string]string:
		return fromMap(v, depth)
	case map[any]any:
		return fromAnyMap(v, depth)
	}
	return nil, faultf("a variable holds the Go type %T", v).
		wanted("a string, number, boolean, nil, []any or map[string]any")
}

func fromSlice[T any](items []T, depth int) (any, error) {
	l := &list{items: make([]any, len(items))}
	for i, item := range items {
		value, err := fromGo(item, depth+1)
		if err != nil {
			return nil, err
		}
		l.items[i] = value
	}
	return l, nil
}

func fromMap[T any](m map[string]T, depth int) (any, error) {
	d := newDict(len(m))
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		value, err := fromGo(m[key], depth+1)
		if err != nil {
			return nil, err
		}
		d.put(key, key, value)
	}
	return d, nil
}

// fromAnyMap sorts keys by their text, those that are no strings included.
func fromAnyMap(m map[any]any, depth int) (any, error) {
	type entry struct {
		text             string
		hash, key, value any
	}
	entries := make([]entry, 0, len(m))
	for k, v := range m {
		key, err := fromGo(k, depth+1)
		if err != nil {
			return nil, err
		}
		value, err := fromGo(v, depth+1)
		if err != nil {
			return nil, err
		}
		hash, err := (*meter)(nil).hashKey(key, 0)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{fmt.Sprint(key), hash, key, value})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].text < entries[j].text })
	d := newDict(len(entries))
	for _, e := range entries {
		d.put(e.hash, e.key, e.value)
	}
	return d, nil
}

func fromFloat(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return f
}

func fromUnsigned(u uint64) (any, error) {
	if u > math.MaxInt64 {
		return nil, faultf("a variable holds an integer that does not fit 64 bits").remedy("pass it as a string")
	}
	return int64(u), nil
}

func fromNumber(n json.Number) (any, error) {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return nil, faultf("a variable holds a number that is out of range").remedy("pass it as a string")
	}
	return fromFloat(f), nil
}

// fromTime writes a YAML timestamp as text: a date alone where it has no time
// of day, else RFC 3339.
func fromTime(t time.Time) string {
	if t.Equal(t.Truncate(24*time.Hour)) && t.Location() == time.UTC {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

// toGo turns a value of a template into plain Go: nil, bool, int64, float64,
// string, []any and map[string]any.
func (m *meter) toGo(v any, depth int) (any, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	if err := m.checkDepth(depth); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case markup:
		return string(v), nil
	case *dict:
		return m.mapToGo(v, depth)
	case *namespace:
		return m.mapToGo(v.fields, depth)
	case *undefined:
		if v.soft {
			return nil, nil
		}
		return nil, v.fault()
	case *list, *tuple, *view, *span, *generator:
		items, err := m.collect(v)
		if err != nil {
			return nil, err
		}
		result := make([]any, len(items))
		for i, item := range items {
			if result[i], err = m.toGo(item, depth+1); err != nil {
				return nil, err
			}
		}
		return result, nil
	}
	text, err := m.str(v)
	return text, err
}

func (m *meter) mapToGo(d *dict, depth int) (any, error) {
	if err := m.growTimes(int64(len(d.keys)), bytesPerEntry); err != nil {
		return nil, err
	}
	result := make(map[string]any, len(d.keys))
	for i, key := range d.keys {
		name, err := jsonKey(key)
		if err != nil {
			return nil, err
		}
		if result[name], err = m.toGo(d.values[i], depth+1); err != nil {
			return nil, err
		}
	}
	return result, nil
}
