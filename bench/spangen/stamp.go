package spangen

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// What stands in a payload before it is stamped. Each has the width of what will
// be written over it, and says what that is: which trace of the payload, which
// span of the trace, how long after the trace began, which session of the pool.
const (
	sessionPrefix = "sess-"
	markResponse  = "resp_0000000000000000"
	timeZero      = 1 << 40 // so that no time is 0, which would not be encoded
)

func markTrace(index int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 8), uint64(index))
}

func markSpan(number int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(number)) }

func markTime(milliseconds int) uint64 {
	return timeZero + uint64(milliseconds)*uint64(time.Millisecond)
}

func markSession(number uint64) string { return fmt.Sprintf("%s%016x", sessionPrefix, number) }

// TraceID is the id of trace number n of a load with this seed.
func TraceID(seed, n uint64) [16]byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], mix(seed))
	binary.BigEndian.PutUint64(id[8:], mix(seed+n))
	return id
}

// spanID is the id of a span: number counts from 1 within its trace.
func spanID(seed, n, number uint64) uint64 { return mix(mix(seed+n) + number) }

// mix is the finalizer of SplitMix64. It is a bijection: different numbers give
// different ids.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// places are where the span's changing parts lie in the bytes of a payload.
type places struct {
	trace          uint64 // index of the trace in the payload
	number, parent uint64
	begins, ends   uint64 // nanoseconds after the trace began
	session        uint64

	traceAt, spanAt, parentAt, beginsAt, endsAt, sessionAt, responseAt int // 0: none
}

// A Payload is an encoded request. It belongs to one sender at a time.
type Payload struct {
	Body   []byte
	Spans  int
	Traces int

	seed    uint64
	stamped uint64 // how often
	places  []places
}

// Stamp makes the payload the one that holds the traces numbered from first on.
// begin says when a trace began, by its number.
func (p *Payload) Stamp(first uint64, begin func(n uint64) time.Time) {
	b := p.Body
	hexed := func(at int, x uint64) {
		if at != 0 {
			hex.Encode(b[at:at+16], binary.BigEndian.AppendUint64(make([]byte, 0, 8), x))
		}
	}
	known := ^uint64(0)
	var id [16]byte
	var began uint64
	for i := range p.places {
		s := &p.places[i]
		n := first + s.trace
		if s.trace != known {
			known, id, began = s.trace, TraceID(p.seed, n), uint64(begin(n).UnixNano())
		}
		span := spanID(p.seed, n, s.number)
		copy(b[s.traceAt:], id[:])
		binary.BigEndian.PutUint64(b[s.spanAt:], span)
		if s.parentAt != 0 {
			binary.BigEndian.PutUint64(b[s.parentAt:], spanID(p.seed, n, s.parent))
		}
		binary.LittleEndian.PutUint64(b[s.beginsAt:], began+s.begins)
		binary.LittleEndian.PutUint64(b[s.endsAt:], began+s.ends)
		hexed(s.sessionAt, mix(mix(p.seed^p.stamped)+s.session))
		hexed(s.responseAt, mix(span))
	}
	p.stamped++
}

// locate finds the places of a payload that was just encoded.
func (p *Payload) locate() error {
	return walk(p.Body, 0, func(f field) error {
		if f.number != 1 { // resource_spans
			return nil
		}
		return walk(f.value, f.at, func(f field) error {
			if f.number != 2 { // scope_spans
				return nil
			}
			return walk(f.value, f.at, func(f field) error {
				if f.number != 2 { // spans
					return nil
				}
				return p.locateSpan(f)
			})
		})
	})
}

func (p *Payload) locateSpan(span field) error {
	var s places
	err := walk(span.value, span.at, func(f field) error {
		switch f.number {
		case 1: // trace_id
			s.traceAt, s.trace = f.at, binary.BigEndian.Uint64(f.value[8:])
		case 2: // span_id
			s.spanAt, s.number = f.at, binary.BigEndian.Uint64(f.value)
		case 4: // parent_span_id
			s.parentAt, s.parent = f.at, binary.BigEndian.Uint64(f.value)
		case 7: // start_time_unix_nano
			s.beginsAt, s.begins = f.at, binary.LittleEndian.Uint64(f.value)-timeZero
		case 8: // end_time_unix_nano
			s.endsAt, s.ends = f.at, binary.LittleEndian.Uint64(f.value)-timeZero
		case 9: // attributes
			return s.locateAttribute(f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.traceAt == 0 || s.spanAt == 0 || s.beginsAt == 0 || s.endsAt == 0 {
		return errors.New("a span without ids or times")
	}
	p.places = append(p.places, s)
	p.Traces = max(p.Traces, int(s.trace)+1)
	return nil
}

func (s *places) locateAttribute(attribute field) error {
	key := ""
	return walk(attribute.value, attribute.at, func(f field) error {
		if f.number == 1 { // key
			key = string(f.value)
			return nil
		}
		switch key {
		case "gen_ai.conversation.id":
			return walk(f.value, f.at, func(f field) error { // value.string_value
				s.sessionAt = f.at + len(sessionPrefix)
				_, err := fmt.Sscanf(strings.TrimPrefix(string(f.value), sessionPrefix), "%x", &s.session)
				return err
			})
		case "gen_ai.response.id":
			return walk(f.value, f.at, func(f field) error {
				s.responseAt = f.at + len(f.value) - 16
				return nil
			})
		}
		return nil
	})
}

// field is one field of a message: its value, without tag and length, and where
// that lies in the payload.
type field struct {
	number protowire.Number
	value  []byte
	at     int
}

// walk visits the fields of a message that lies at a place of the payload.
func walk(message []byte, at int, visit func(field) error) error {
	for pos := 0; pos < len(message); {
		number, kind, n := protowire.ConsumeTag(message[pos:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		pos += n
		size := protowire.ConsumeFieldValue(number, kind, message[pos:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		f := field{number, message[pos : pos+size], at + pos}
		if kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(f.value)
			f = field{number, value, f.at + n - len(value)}
		}
		if err := visit(f); err != nil {
			return err
		}
		pos += size
	}
	return nil
}
