package otlp

import (
	"errors"
	"fmt"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// MaxDepth is how deeply lists and maps of an attribute may be nested.
const MaxDepth = 32

var errWireType = errors.New("a field has another wire type than the protocol says")

// field is one field of a message: a number and, by wire type, its value.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bytes []byte // of BytesType
	bits  uint64 // of VarintType, Fixed32Type, Fixed64Type
}

// next cuts the first field off msg.
func next(msg []byte) (f field, rest []byte, err error) {
	num, typ, n := protowire.ConsumeTag(msg)
	if n < 0 {
		return f, nil, fmt.Errorf("reading a field's tag: %w", protowire.ParseError(n))
	}
	msg = msg[n:]
	f.num, f.typ = num, typ
	switch typ {
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(msg)
	case protowire.VarintType:
		f.bits, n = protowire.ConsumeVarint(msg)
	case protowire.Fixed64Type:
		f.bits, n = protowire.ConsumeFixed64(msg)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(msg)
		f.bits = uint64(v)
	default: // groups are not used by the protocol, but may be passed over
		n = protowire.ConsumeFieldValue(num, typ, msg)
	}
	if n < 0 {
		return f, nil, fmt.Errorf("reading field %d: %w", num, protowire.ParseError(n))
	}
	return f, msg[n:], nil
}

// want says that the field has another wire type than expected, if it has.
func (f *field) want(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("field %d: %w", f.num, errWireType)
	}
	return nil
}

// text is a string that aliases b. The bytes of a request do not change once
// they are read, which is what makes this safe.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// fields calls visit with every field of msg, in order.
func fields(msg []byte, visit func(field)) error {
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return err
		}
		msg = rest
		visit(f)
	}
	return nil
}
