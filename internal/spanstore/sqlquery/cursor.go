package sqlquery

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// Cursor is where a page ended: the place in the order, and the newest item
// that counted when the first page was read, so that what arrives between two
// pages moves nothing.
type Cursor struct {
	Start  int64
	Trace  trace.ID
	Span   trace.SpanID // of a list of spans
	Newest Ref
}

const cursorSize = 8 + 16 + 8 + 4 + 4 + 4

// String writes the cursor for a client, who cannot read it.
func (c Cursor) String() string {
	b := make([]byte, 0, cursorSize)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Start))
	b = append(b, c.Trace[:]...)
	b = append(b, c.Span[:]...)
	b = binary.BigEndian.AppendUint32(b, c.Newest.Segment)
	b = binary.BigEndian.AppendUint32(b, c.Newest.Ordinal)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what String wrote; else the error is spanstore.ErrCursor.
func ParseCursor(s string) (c Cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != cursorSize || crc32.ChecksumIEEE(b[:cursorSize-4]) != binary.BigEndian.Uint32(b[cursorSize-4:]) {
		return c, spanstore.ErrCursor
	}
	c.Start = int64(binary.BigEndian.Uint64(b))
	copy(c.Trace[:], b[8:])
	copy(c.Span[:], b[24:])
	c.Newest = Ref{binary.BigEndian.Uint32(b[32:]), binary.BigEndian.Uint32(b[36:])}
	return c, nil
}
