package ingest

import (
	"container/list"
	"io"
	"net/http"
	"sync"
	"time"
)

// budget counts the bytes of all requests in hand. Two rules keep a few senders
// from using it up. Large requests leave an eighth of it to the others, and few of
// them are let in at once, so that they need not all fail each other. And when
// there is not enough, those whose senders have stalled for longest are given up.
type budget struct {
	limit int64
	most  int // large requests at once

	mu      sync.Mutex
	used    int64
	large   int
	waiting *list.List // of *share: what is being read from senders, the longest first
	now     func() time.Time
}

const (
	large   = 4 << 20                // a request beyond it is a large one
	stalled = 500 * time.Millisecond // a sender who has sent nothing for so long may be given up
)

func newBudget(limit, maxBody int64) *budget {
	return &budget{limit: limit, most: max(1, int(limit/maxBody)), waiting: list.New(), now: time.Now}
}

// inHand is how much is used.
func (b *budget) inHand() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// share is what one request holds of the budget. Its fields belong to the lock of
// the budget.
type share struct {
	of     *budget
	giveUp func() // ends what is being read from the sender
	held   int64
	large  bool
	place  *list.Element // in waiting; nil while nothing is read
	since  time.Time
	lost   bool // given up
}

// share makes the share of a request.
func (b *budget) share(w http.ResponseWriter) *share {
	return &share{of: b, giveUp: func() {
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) // a sender who left has no deadline
	}}
}

// grow takes n bytes more, or nothing when they are not there. A request is
// always let in when nothing else is in hand, so that a budget below the size
// of one request does not refuse it for ever.
func (s *share) grow(n int64) error {
	b := s.of
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := s.enlarge(s.held + n); err != nil {
		return err
	}
	limit := b.limit
	if s.large {
		limit -= b.limit / 8
	}
	if b.used+n > limit && b.used > s.held {
		return b.refuse(n, func(other *share) int64 { return other.held })
	}
	b.used += n
	s.held += n
	return nil
}

// expect refuses a large request before it is read, where there are enough of them.
func (s *share) expect(size int64) error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return s.enlarge(size)
}

// enlarge makes a share that is to hold so much a large one, if it may be.
func (s *share) enlarge(size int64) error {
	b := s.of
	if s.large || size <= large {
		return nil
	}
	if b.large >= b.most {
		return b.refuse(1, func(other *share) int64 {
			if other.large {
				return 1
			}
			return 0
		})
	}
	s.large = true
	b.large++
	return nil
}

// refuse gives stalled senders up, until enough of what they hold will be free, and
// says that there is no room before.
func (b *budget) refuse(enough int64, holds func(*share) int64) error {
	for at := b.waiting.Front(); at != nil && enough > 0; {
		s, _ := at.Value.(*share)
		at = at.Next()
		if b.now().Sub(s.since) < stalled {
			break
		}
		n := holds(s)
		if n == 0 {
			continue
		}
		enough -= n
		b.waiting.Remove(s.place)
		s.place, s.lost = nil, true
		s.giveUp()
	}
	return &failure{Overload, retryBusy, "too much is in hand at the moment; send it again later", nil}
}

// shrink gives n bytes back.
func (s *share) shrink(n int64) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.used -= n
	s.held -= n
}

// release gives everything back.
func (s *share) release() {
	s.shrink(s.held)
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.large {
		s.large = false
		s.of.large--
	}
}

// sender reads what is sent, and tells the budget while it waits for it.
type sender struct {
	io.Reader
	share *share
}

// Read reads what is sent.
func (r sender) Read(p []byte) (int, error) {
	r.share.wait()
	defer r.share.went()
	return r.Reader.Read(p)
}

func (s *share) wait() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.lost {
		s.since, s.place = s.of.now(), s.of.waiting.PushBack(s)
	}
}

func (s *share) went() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.place != nil {
		s.of.waiting.Remove(s.place)
		s.place = nil
	}
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
		next := next(size, expect, limit)
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

// next is the size that a full buffer grows to. Room for one byte more than
// announced lets the end be seen without growing again.
func next(size, expect, limit int64) int64 {
	next := 4 * size
	if size >= 256<<10 {
		next = 2 * size
	}
	next = min(next, limit+1)
	if expect >= size && (expect < next || size >= 1<<20) {
		next = min(expect, limit) + 1
	}
	return max(next, size+1)
}
