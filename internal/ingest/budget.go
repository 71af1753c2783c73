package ingest

import (
	"io"
	"sync/atomic"
)

// budget counts the bytes of all requests in hand.
type budget struct {
	limit int64
	used  atomic.Int64
}

// share is what one request holds of the budget. It is used by one goroutine.
type share struct {
	of   *budget
	held int64
}

// grow takes n bytes more, or nothing when they are not there. A request is
// always let in when nothing else is in hand, so that a budget below the size
// of one request does not refuse it for ever.
func (s *share) grow(n int64) error {
	if used := s.of.used.Add(n); used > s.of.limit && used > s.held+n {
		s.of.used.Add(-n)
		return &failure{Overload, retryBusy, "too much is in hand at the moment; send it again later", nil}
	}
	s.held += n
	return nil
}

// shrink gives n bytes back.
func (s *share) shrink(n int64) {
	s.of.used.Add(-n)
	s.held -= n
}

// release gives everything back.
func (s *share) release() {
	s.of.used.Add(-s.held)
	s.held = 0
}

// firstRead is small, since a sender may announce much and send nothing.
const firstRead = 4 << 10

// readAll reads r to its end, at most limit bytes, and takes what it needs from
// the budget before it needs it: while it grows, for the old and the new buffer.
// expect is what the sender announced, or 0.
func readAll(r io.Reader, s *share, expect, limit int64) ([]byte, error) {
	size := int64(firstRead)
	if err := s.grow(size); err != nil {
		return nil, err
	}
	buf := make([]byte, 0, size)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, tooLarge(limit)
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) < cap(buf) {
			continue
		}
		// Room for one byte more than announced lets the end be seen without
		// growing again.
		next := 4 * size
		if size >= 256<<10 {
			next = 2 * size
		}
		next = min(next, limit+1)
		if expect >= size && expect < next {
			next = expect + 1
		}
		next = max(next, size+1)
		if err := s.grow(next); err != nil {
			return nil, err
		}
		grown := make([]byte, len(buf), next)
		copy(grown, buf)
		buf = grown
		s.shrink(size)
		size = next
	}
}
