package trace

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID names a trace: 16 bytes, all zero when invalid.
type ID [16]byte

// SpanID names a span within its trace: 8 bytes, all zero when there is none.
type SpanID [8]byte

// Hi is the first half of the id as a big-endian number.
func (id ID) Hi() uint64 { return binary.BigEndian.Uint64(id[:8]) }

// Lo is the second half.
func (id ID) Lo() uint64 { return binary.BigEndian.Uint64(id[8:]) }

// IDOf joins two halves.
func IDOf(hi, lo uint64) (id ID) {
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id
}

// IsZero reports whether the id is the invalid one.
func (id ID) IsZero() bool { return id == ID{} }

// String is the id in 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes the id as String does.
func (id ID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads 32 hex digits.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != 32 {
		return fmt.Errorf("a trace id has 32 hex digits, not %d characters", len(text))
	}
	if _, err := hex.Decode(id[:], text); err != nil {
		return fmt.Errorf("reading a trace id: %w", err)
	}
	return nil
}

// ParseID reads a trace id of 32 hex digits.
func ParseID(s string) (id ID, err error) {
	err = id.UnmarshalText([]byte(s))
	return id, err
}

// Num is the id as a big-endian number.
func (id SpanID) Num() uint64 { return binary.BigEndian.Uint64(id[:]) }

// SpanIDOf is the id with this number.
func SpanIDOf(n uint64) (id SpanID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// IsZero reports whether there is no id.
func (id SpanID) IsZero() bool { return id == SpanID{} }

// String is the id in 16 lower-case hex digits, or nothing when there is none.
func (id SpanID) String() string {
	if id.IsZero() {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// MarshalText writes the id as String does.
func (id SpanID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 16 hex digits, or nothing for no id.
func (id *SpanID) UnmarshalText(text []byte) error {
	*id = SpanID{}
	if len(text) == 0 {
		return nil
	}
	if len(text) != 16 {
		return fmt.Errorf("a span id has 16 hex digits, not %d characters", len(text))
	}
	if _, err := hex.Decode(id[:], text); err != nil {
		return fmt.Errorf("reading a span id: %w", err)
	}
	return nil
}

// ParseSpanID reads a span id of 16 hex digits.
func ParseSpanID(s string) (id SpanID, err error) {
	if s == "" {
		return id, fmt.Errorf("a span id has 16 hex digits, not none")
	}
	err = id.UnmarshalText([]byte(s))
	return id, err
}
