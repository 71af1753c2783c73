package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Event is one server-sent event.
type Event struct {
	Type string // of the event: line, "" when there was none
	ID   string // of the id: line
	Data []byte // the data: lines, joined by LF; valid until the next call of Next
	Cut  bool   // the stream ended before the blank line that ends an event
}

// Events reads server-sent events (HTML standard, section 9.2) as they come.
// Lines may end in LF, CRLF or CR; comments and a byte order mark are passed
// over; a line may be of any length up to the limit of an event.
type Events struct {
	from    *bufio.Reader
	limit   int
	data    []byte
	started bool
	skipLF  bool // the line before ended in CR
}

// ErrEventTooLarge is wrapped by the error for an event beyond the limit.
var ErrEventTooLarge = errors.New("the event is too large")

// NewEvents reads from r; no event may be larger than limit bytes.
func NewEvents(r io.Reader, limit int) *Events {
	return &Events{from: bufio.NewReaderSize(r, 16<<10), limit: limit}
}

// Next returns the next event that has data. io.EOF means that the stream ended
// between events; an event that the stream ended in is returned first, marked
// Cut. Other errors are those of the reader.
func (e *Events) Next() (Event, error) {
	var ev Event
	hasData := false
	e.data = e.data[:0]
	for {
		line, err := e.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return Event{}, err
		}
		ended := err != nil
		if len(line) == 0 && !ended {
			if hasData {
				ev.Data = e.data
				return ev, nil
			}
			ev = Event{}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "data":
			if len(e.data)+len(value) > e.limit {
				return Event{}, fmt.Errorf("%w: more than %d bytes", ErrEventTooLarge, e.limit)
			}
			if hasData {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
			hasData = true
		case "event":
			ev.Type = string(value)
		case "id":
			ev.ID = string(value)
		}
		if ended {
			if hasData {
				ev.Data, ev.Cut = e.data, true
				return ev, nil
			}
			return Event{}, io.EOF
		}
	}
}

// line reads up to the end of a line, which it drops. At the end of the stream
// it returns what is left and io.EOF.
func (e *Events) line() ([]byte, error) {
	var long []byte
	for {
		chunk, err := e.peek()
		if err != nil {
			return long, err
		}
		if e.skipLF {
			e.skipLF = false
			if chunk[0] == '\n' {
				_, _ = e.from.Discard(1) // it is buffered
				continue
			}
		}
		if !e.started {
			e.started = true
			if bytes.HasPrefix(chunk, []byte("\xef\xbb\xbf")) {
				_, _ = e.from.Discard(3)
				continue
			}
		}
		end := bytes.IndexAny(chunk, "\r\n")
		length := end
		if end < 0 {
			length = len(chunk)
		}
		if len(long)+length > e.limit+len("data: ") {
			return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrEventTooLarge, e.limit)
		}
		if end < 0 {
			long = append(long, chunk...)
			_, _ = e.from.Discard(len(chunk))
			continue
		}
		e.skipLF = chunk[end] == '\r'
		_, _ = e.from.Discard(end + 1)
		if long == nil {
			return chunk[:end], nil // valid until the next read
		}
		return append(long, chunk[:end]...), nil
	}
}

// peek returns what is buffered, reading when nothing is.
func (e *Events) peek() ([]byte, error) {
	if e.from.Buffered() == 0 {
		if _, err := e.from.Peek(1); err != nil {
			return nil, err
		}
	}
	if !e.started && e.from.Buffered() < 3 {
		// A byte order mark may arrive in pieces. What the stream holds is
		// shorter only when it ends here.
		if first, _ := e.from.Peek(1); first[0] == '\xef' {
			_, _ = e.from.Peek(3)
		}
	}
	return e.from.Peek(e.from.Buffered())
}
