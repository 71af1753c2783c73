package ingest

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// shape says which fields of a message hold texts, and which hold messages
// that do. Other fields are passed on as they are.
type shape struct {
	text    []protowire.Number
	inner   map[protowire.Number]*shape
	isEntry bool // a KeyValue, which may be dropped by its key
}

// The shapes of OTLP. An AnyValue holds lists and maps of AnyValues.
var (
	spanShape = shape{
		text:  []protowire.Number{5},
		inner: map[protowire.Number]*shape{9: entry, 11: &eventShape, 13: &linkShape, 15: &statusShape},
	}
	logShape      = shape{text: []protowire.Number{3, 12}, inner: map[protowire.Number]*shape{5: anyValue, 6: entry}}
	resourceShape = shape{inner: map[protowire.Number]*shape{1: entry}}
	scopeShape    = shape{text: []protowire.Number{1, 2}, inner: map[protowire.Number]*shape{3: entry}}
	eventShape    = shape{text: []protowire.Number{2}, inner: map[protowire.Number]*shape{3: entry}}
	linkShape     = shape{inner: map[protowire.Number]*shape{4: entry}}
	statusShape   = shape{text: []protowire.Number{2}}

	entry, anyValue = valueShapes()
)

// valueShapes makes the two shapes that contain each other.
func valueShapes() (entry, value *shape) {
	value = &shape{text: []protowire.Number{1, 7}}
	entry = &shape{inner: map[protowire.Number]*shape{2: value}, isEntry: true}
	list := &shape{inner: map[protowire.Number]*shape{1: value}}
	entries := &shape{inner: map[protowire.Number]*shape{1: entry}}
	value.inner = map[protowire.Number]*shape{5: list, 6: entries}
	return entry, value
}

// apply redacts a message, and counts what was replaced or dropped. The bytes
// that come back are msg itself when nothing was. msg has been walked before,
// so that it can be read and its depth is bounded.
func (r *Redaction) apply(msg []byte, s *shape) (out []byte, n int64) {
	if r == nil {
		return msg, 0
	}
	done := 0 // msg[:done] is in out
	for at := 0; at < len(msg); {
		num, typ, size := protowire.ConsumeField(msg[at:])
		if size < 0 {
			break // what cannot be read was not read by the check either
		}
		end := at + size
		if typ == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(msg[at:])
			content, _ := protowire.ConsumeBytes(msg[at+tag:])
			changed, k, drop := r.field(content, num, s)
			if k > 0 {
				n += k
				out = append(out, msg[done:at]...)
				if !drop {
					out = protowire.AppendTag(out, num, typ)
					out = protowire.AppendBytes(out, changed)
				}
				done = end
			}
		}
		at = end
	}
	if n == 0 {
		return msg, 0
	}
	return append(out, msg[done:]...), n
}

// field redacts the content of one field.
func (r *Redaction) field(content []byte, num protowire.Number, s *shape) (out []byte, n int64, drop bool) {
	for _, t := range s.text {
		if t == num {
			out, n = r.text(content)
			return out, n, false
		}
	}
	inner := s.inner[num]
	if inner == nil {
		return content, 0, false
	}
	if inner.isEntry && r.drops(keyOf(content)) {
		return nil, 1, true
	}
	out, n = r.apply(content, inner)
	return out, n, false
}

// keyOf is the key of a KeyValue.
func keyOf(msg []byte) (key []byte) {
	for len(msg) > 0 {
		num, typ, size := protowire.ConsumeField(msg)
		if size < 0 {
			return key
		}
		if num == 1 && typ == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(msg)
			key, _ = protowire.ConsumeBytes(msg[tag:])
		}
		msg = msg[size:]
	}
	return key
}
