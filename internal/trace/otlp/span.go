package otlp

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/assay-llmops/assay/internal/trace"
)

// Span is a view of a message Span.
type Span struct {
	Bytes         []byte // all of it
	TraceID       []byte // as sent: 16 bytes when valid
	SpanID        []byte // 8 bytes when valid
	ParentID      []byte // empty for a root
	TraceState    string
	Name          string
	Kind          int32 // SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer
	Flags         uint32
	Start         uint64 // Unix nanoseconds
	End           uint64
	StatusCode    int32 // 0 unset, 1 ok, 2 error
	StatusMessage string
	Dropped       uint32 // attributes that the SDK says it dropped
}

// ReadSpan finds the fields of a message Span. It does not judge them; see
// Identity for ids. Attributes, Events and Links walk the rest.
func ReadSpan(msg []byte) (s Span, err error) {
	s.Bytes = msg
	for len(msg) > 0 {
		var f field
		if f, msg, err = next(msg); err != nil {
			return s, fmt.Errorf("reading a span: %w", err)
		}
		if err := s.take(&f); err != nil {
			return s, fmt.Errorf("reading a span: %w", err)
		}
	}
	return s, nil
}

func (s *Span) take(f *field) error {
	want := protowire.BytesType
	switch f.num {
	case 6, 10:
		want = protowire.VarintType
	case 7, 8:
		want = protowire.Fixed64Type
	case 16:
		want = protowire.Fixed32Type
	case 1, 2, 3, 4, 5, 15:
	default:
		return nil
	}
	if err := f.want(want); err != nil {
		return err
	}
	switch f.num {
	case 1:
		s.TraceID = f.bytes
	case 2:
		s.SpanID = f.bytes
	case 3:
		s.TraceState = text(f.bytes)
	case 4:
		s.ParentID = f.bytes
	case 5:
		s.Name = text(f.bytes)
	case 6:
		s.Kind = int32(f.bits)
	case 7:
		s.Start = f.bits
	case 8:
		s.End = f.bits
	case 10:
		s.Dropped = uint32(f.bits)
	case 15:
		return s.status(f.bytes)
	case 16:
		s.Flags = uint32(f.bits)
	}
	return nil
}

func (s *Span) status(msg []byte) error {
	return fields(msg, func(f field) {
		switch {
		case f.num == 2 && f.typ == protowire.BytesType:
			s.StatusMessage = text(f.bytes)
		case f.num == 3 && f.typ == protowire.VarintType:
			s.StatusCode = int32(f.bits)
		}
	})
}

// Identity gives the span's ids as values. ok is false when the trace or span
// id is missing, of a wrong length or all zero; a parent of a wrong length
// counts as none.
func (s *Span) Identity() (id trace.ID, span, parent trace.SpanID, ok bool) {
	if len(s.TraceID) != len(id) || len(s.SpanID) != len(span) {
		return id, span, parent, false
	}
	copy(id[:], s.TraceID)
	copy(span[:], s.SpanID)
	if len(s.ParentID) == len(parent) {
		copy(parent[:], s.ParentID)
	}
	return id, span, parent, !id.IsZero() && !span.IsZero()
}

// Attributes calls visit for every attribute of the span, in order.
func (s *Span) Attributes(visit func(key string, v Value) error) error {
	return each(s.Bytes, 9, func(kv []byte) error { return keyValue(kv, visit) })
}

// Event is a view of a message Span.Event.
type Event struct {
	Time  uint64
	Name  string
	bytes []byte
}

// Events calls visit for every event of the span, in order.
func (s *Span) Events(visit func(Event) error) error {
	return each(s.Bytes, 11, func(msg []byte) error {
		e := Event{bytes: msg}
		err := fields(msg, func(f field) {
			switch {
			case f.num == 1 && f.typ == protowire.Fixed64Type:
				e.Time = f.bits
			case f.num == 2 && f.typ == protowire.BytesType:
				e.Name = text(f.bytes)
			}
		})
		if err != nil {
			return err
		}
		return visit(e)
	})
}

// Attributes calls visit for every attribute of the event, in order.
func (e Event) Attributes(visit func(key string, v Value) error) error {
	return each(e.bytes, 3, func(kv []byte) error { return keyValue(kv, visit) })
}

// Link is a view of a message Span.Link.
type Link struct {
	TraceID []byte
	SpanID  []byte
	bytes   []byte
}

// Links calls visit for every link of the span, in order.
func (s *Span) Links(visit func(Link) error) error {
	return each(s.Bytes, 13, func(msg []byte) error {
		l := Link{bytes: msg}
		err := fields(msg, func(f field) {
			switch {
			case f.num == 1 && f.typ == protowire.BytesType:
				l.TraceID = f.bytes
			case f.num == 2 && f.typ == protowire.BytesType:
				l.SpanID = f.bytes
			}
		})
		if err != nil {
			return err
		}
		return visit(l)
	})
}

// Attributes calls visit for every attribute of the link, in order.
func (l Link) Attributes(visit func(key string, v Value) error) error {
	return each(l.bytes, 4, func(kv []byte) error { return keyValue(kv, visit) })
}
