package otlp

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Log is a view of a message LogRecord.
type Log struct {
	Bytes     []byte
	Time      uint64 // Unix nanoseconds, when it happened; 0 when unknown
	Observed  uint64
	EventName string // field 12; older SDKs send the attribute event.name instead
	TraceID   []byte
	SpanID    []byte
	Body      Value
}

// ReadLog finds the fields of a message LogRecord.
func ReadLog(msg []byte) (l Log, err error) {
	l.Bytes = msg
	for len(msg) > 0 {
		var f field
		if f, msg, err = next(msg); err != nil {
			return l, fmt.Errorf("reading a log record: %w", err)
		}
		switch {
		case f.num == 1 && f.typ == protowire.Fixed64Type:
			l.Time = f.bits
		case f.num == 11 && f.typ == protowire.Fixed64Type:
			l.Observed = f.bits
		case f.num == 5 && f.typ == protowire.BytesType:
			l.Body = Value{f.bytes}
		case f.num == 9 && f.typ == protowire.BytesType:
			l.TraceID = f.bytes
		case f.num == 10 && f.typ == protowire.BytesType:
			l.SpanID = f.bytes
		case f.num == 12 && f.typ == protowire.BytesType:
			l.EventName = text(f.bytes)
		}
	}
	return l, nil
}

// Attributes calls visit for every attribute of the record, in order.
func (l *Log) Attributes(visit func(key string, v Value) error) error {
	return each(l.Bytes, 6, func(kv []byte) error { return keyValue(kv, visit) })
}

// Attributes calls visit for every attribute of the resource, in order.
func (r Resource) Attributes(visit func(key string, v Value) error) error {
	return each(r.Bytes, 1, func(kv []byte) error { return keyValue(kv, visit) })
}

// Name gives the scope's name and version.
func (s Scope) Name() (name, version string, err error) {
	err = fields(s.Bytes, func(f field) {
		switch {
		case f.num == 1 && f.typ == protowire.BytesType:
			name = text(f.bytes)
		case f.num == 2 && f.typ == protowire.BytesType:
			version = text(f.bytes)
		}
	})
	if err != nil {
		return "", "", fmt.Errorf("reading a scope: %w", err)
	}
	return name, version, nil
}

// Attributes calls visit for every attribute of the scope, in order.
func (s Scope) Attributes(visit func(key string, v Value) error) error {
	return each(s.Bytes, 3, func(kv []byte) error { return keyValue(kv, visit) })
}
