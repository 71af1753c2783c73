package seglog

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/assay-llmops/assay/internal/trace"
)

// SegmentsOf gives the numbers of the segments, in order, that may hold a span, a
// log record or a score of a trace. Those without a sidecar may hold any.
func (l *Log) SegmentsOf(id trace.ID) []uint32 {
	hash := hashed(id[:])
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []uint32
	for _, s := range l.segments {
		if s.side == nil || s.side.traces.may(hash) {
			list = append(list, s.number)
		}
	}
	return list
}

// MayHold gives a function that says whether the record at a Ref may have an item
// with all of the tokens, as Options.Tokens cuts them. It says no only of what has
// none, and yes wherever that is not known: of segments that are still written to
// or have no sidecar yet. It reads the filters of a segment when it is first asked
// about it, keeps a bit for each record of it, and may be called by several
// goroutines.
func (l *Log) MayHold(tokens [][]byte) func(Ref) bool {
	return newSifter(l, tokens).may
}

func newSifter(l *Log, tokens [][]byte) *sifter {
	s := &sifter{log: l, segments: map[uint32]*sifted{}}
	for _, t := range tokens {
		s.hashes = append(s.hashes, hashed(t))
	}
	return s
}

// Stretch is a run of neighbouring items of a segment.
type Stretch struct {
	First Ref
	Count uint32
}

// Holding gives all stretches of the log that MayHold's function says yes of, in
// order, and how many items there are in all.
func (l *Log) Holding(ctx context.Context, tokens [][]byte) (list []Stretch, of int64, err error) {
	q := newSifter(l, tokens)
	for _, number := range l.numbers() {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		_, side, entries := l.sideOf(number)
		s := &sifted{}
		if side != nil {
			s = q.sift(number)
		}
		if len(s.entries) > 0 {
			entries = s.entries
		}
		for i := range entries {
			h := &entries[i].head
			of += int64(h.count)
			if len(s.entries) == 0 || s.may[i] {
				list = append(list, Stretch{Ref{number, h.first}, h.count})
			}
		}
	}
	return list, of, nil
}

// numbers are those of all segments, in order.
func (l *Log) numbers() []uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]uint32, len(l.segments))
	for i, s := range l.segments {
		list[i] = s.number
	}
	return list
}

// sifter is what MayHold's function knows.
type sifter struct {
	log    *Log
	hashes []uint64

	mu       sync.Mutex
	segments map[uint32]*sifted
	buffer   []byte
}

// sifted is a segment that was asked about. It may be written anew meanwhile:
// nothing is ever added to it.
type sifted struct {
	entries []entry // none: nothing is known
	may     []bool
}

func (q *sifter) may(r Ref) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.segments[r.Segment]
	if s == nil {
		s = q.sift(r.Segment)
		q.segments[r.Segment] = s
	}
	k, ok := slices.BinarySearchFunc(s.entries, r.Ordinal, func(e entry, o uint32) int { return cmp.Compare(e.head.first, o) })
	if !ok {
		k--
	}
	return k < 0 || s.may[k]
}

// sift asks all filters of a segment.
func (q *sifter) sift(number uint32) *sifted {
	s, side, entries := q.log.sideOf(number)
	if side == nil || len(side.tokens) == 0 {
		return &sifted{}
	}
	n := int64(side.tokens[len(side.tokens)-1])
	if int64(cap(q.buffer)) < n {
		q.buffer = make([]byte, n)
	}
	b := q.buffer[:n]
	if !q.log.readFilters(s, side, b) {
		return &sifted{}
	}
	out := &sifted{entries: entries, may: make([]bool, len(entries))}
	for i, f := range side.filters(b) {
		out.may[i] = !slices.ContainsFunc(q.hashes, func(h uint64) bool { return !f.may(h) })
	}
	return out
}

// sideOf gives the sidecar of a segment and the records that it is of.
func (l *Log) sideOf(number uint32) (*segment, *sidecar, []entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := slices.BinarySearchFunc(l.segments, number, func(s *segment, n uint32) int { return cmp.Compare(s.number, n) })
	if !ok {
		return nil, nil, nil
	}
	s := l.segments[i]
	return s, s.side, s.entries
}

// readFilters reads all filters of tokens. A sidecar whose filters cannot be read
// is made anew by the next Tidy.
func (l *Log) readFilters(s *segment, side *sidecar, to []byte) bool {
	if file, err := l.fs.Open(l.sideName(s.number)); err == nil {
		defer file.Close()
		if n, _ := file.ReadAt(to, side.at); n == len(to) && side.whole(to) {
			return true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.side == side {
		s.side = nil
	}
	return false
}

// whole says that the checksums of all filters are right.
func (s *sidecar) whole(b []byte) bool {
	from := uint32(0)
	for _, end := range s.tokens {
		if castagnoli(b[from:end-4]) != binary.LittleEndian.Uint32(b[end-4:]) {
			return false
		}
		from = end
	}
	return true
}

// filters cuts the bytes into the filters of the records.
func (s *sidecar) filters(b []byte) []filter {
	list := make([]filter, len(s.tokens))
	from := uint32(0)
	for i, end := range s.tokens {
		list[i], from = filter(b[from:end-4]), end
	}
	return list
}
