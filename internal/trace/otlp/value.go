package otlp

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Type is which of the forms of AnyValue a value has.
type Type uint8

// The forms, by the field numbers of AnyValue.
const (
	Empty  Type = 0
	String Type = 1
	Bool   Type = 2
	Int    Type = 3
	Double Type = 4
	Array  Type = 5
	Map    Type = 6
	Bytes  Type = 7
)

var errDepth = errors.New("an attribute is nested too deeply")

// Value is a view of a message AnyValue. The zero Value is Empty.
type Value struct{ msg []byte }

// read finds the form and its field; as protobuf says, the last one wins.
func (v Value) read() (t Type, f field, err error) {
	for msg := v.msg; len(msg) > 0; {
		g, rest, err := next(msg)
		if err != nil {
			return Empty, field{}, fmt.Errorf("reading a value: %w", err)
		}
		msg = rest
		want := protowire.BytesType
		switch g.num {
		case 2, 3:
			want = protowire.VarintType
		case 4:
			want = protowire.Fixed64Type
		case 1, 5, 6, 7:
		default:
			continue
		}
		if g.typ == want {
			t, f = Type(g.num), g
		}
	}
	return t, f, nil
}

// Type is the form of the value; bytes that are no AnyValue are Empty.
func (v Value) Type() Type {
	t, _, _ := v.read()
	return t
}

// Str is the text of a String, else nothing.
func (v Value) Str() string {
	if t, f, _ := v.read(); t == String {
		return text(f.bytes)
	}
	return ""
}

// Raw is the content of a String or Bytes, else nil.
func (v Value) Raw() []byte {
	if t, f, _ := v.read(); t == String || t == Bytes {
		return f.bytes
	}
	return nil
}

// Int is the number of an Int; ok is false for other forms.
func (v Value) Int() (n int64, ok bool) {
	t, f, _ := v.read()
	return int64(f.bits), t == Int
}

// Double is the number of a Double; ok is false for other forms.
func (v Value) Double() (x float64, ok bool) {
	t, f, _ := v.read()
	return math.Float64frombits(f.bits), t == Double
}

// Bool is the truth of a Bool; ok is false for other forms.
func (v Value) Bool() (b, ok bool) {
	t, f, _ := v.read()
	return f.bits != 0, t == Bool
}

// Elements calls visit for every element of an Array, in order.
func (v Value) Elements(visit func(Value) error) error {
	t, f, err := v.read()
	if t != Array {
		return err
	}
	return each(f.bytes, 1, func(msg []byte) error { return visit(Value{msg}) })
}

// Entries calls visit for every entry of a Map, in order.
func (v Value) Entries(visit func(key string, v Value) error) error {
	t, f, err := v.read()
	if t != Map {
		return err
	}
	return each(f.bytes, 1, func(kv []byte) error { return keyValue(kv, visit) })
}

// Any decodes the value: string, bool, int64, float64, []byte, []any,
// map[string]any, or nil. Texts alias the bytes. Of keys that a map has twice,
// the last one counts.
func (v Value) Any() (any, error) { return v.any(0) }

func (v Value) any(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	t, f, err := v.read()
	switch t {
	case String:
		return text(f.bytes), nil
	case Bool:
		return f.bits != 0, nil
	case Int:
		return int64(f.bits), nil
	case Double:
		return math.Float64frombits(f.bits), nil
	case Bytes:
		return f.bytes, nil
	case Array:
		list := []any{}
		err := v.Elements(func(e Value) error {
			x, err := e.any(depth + 1)
			list = append(list, x)
			return err
		})
		return list, err
	case Map:
		m := map[string]any{}
		err := v.Entries(func(key string, e Value) error {
			x, err := e.any(depth + 1)
			m[key] = x
			return err
		})
		return m, err
	default:
		return nil, err
	}
}

// Texts calls visit with every text of the value: its own, or those in its
// elements and entries, in order. Keys of a map are no texts.
func (v Value) Texts(visit func([]byte) error) error { return v.texts(0, visit) }

func (v Value) texts(depth int, visit func([]byte) error) error {
	if depth > MaxDepth {
		return errDepth
	}
	t, f, err := v.read()
	switch t {
	case String:
		return visit(f.bytes)
	case Array:
		return v.Elements(func(e Value) error { return e.texts(depth+1, visit) })
	case Map:
		return v.Entries(func(_ string, e Value) error { return e.texts(depth+1, visit) })
	default:
		return err
	}
}

// keyValue reads a message KeyValue.
func keyValue(kv []byte, visit func(key string, v Value) error) error {
	var key string
	var v Value
	for len(kv) > 0 {
		f, rest, err := next(kv)
		if err != nil {
			return fmt.Errorf("reading an attribute: %w", err)
		}
		kv = rest
		if f.num != 1 && f.num != 2 {
			continue
		}
		if err := f.want(protowire.BytesType); err != nil {
			return fmt.Errorf("reading an attribute: %w", err)
		}
		if f.num == 1 {
			key = text(f.bytes)
		} else {
			v = Value{f.bytes}
		}
	}
	return visit(key, v)
}
