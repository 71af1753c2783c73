package seglog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/vfs"
)

// Type is what a record holds.
type Type uint8

// The types of records. Only the bodies of the first two are known here.
const (
	Spans    Type = 1 // a block of package block
	Scores   Type = 2 // block.EncodeScores
	Erase    Type = 3
	Settings Type = 4

	pack Type = 5 // several of the others as one
)

// Record is what one Append writes.
type Record struct {
	Type     Type
	Count    int    // things in it, each with an ordinal; at least 1
	Body     []byte // must not change after the call
	Received int64  // UTC nanoseconds, when it came; what retention goes by
	Latest   int64  // the latest start of a span in it; what search is ordered by
}

// Ref names a thing in the log for good.
type Ref struct{ Segment, Ordinal uint32 }

// Compare orders Refs as the log has them.
func (r Ref) Compare(o Ref) int {
	if r.Segment != o.Segment {
		return int(int64(r.Segment) - int64(o.Segment))
	}
	return int(int64(r.Ordinal) - int64(o.Ordinal))
}

// Options are how a log is kept. The zero value is good for use.
type Options struct {
	FS           vfs.FS       // nil: the operating system's
	SegmentBytes int64        // a segment is full at this size; 0: 64 MiB
	QueueBytes   int64        // waiting to be written, then ErrBusy; 0: 64 MiB
	Cache        *Cache       // nil: one of its own with 16 MiB
	Tokens       Tokens       // nil: sidecars have no filters of tokens
	Damage       func(Damage) // told of each damage that is found; may be called from any goroutine
}

// Tokens calls visit with every token of the texts of an item. A token that it
// visits today it must visit for ever; the bytes are only lent.
type Tokens func(it *block.Item, visit func(token []byte))

const maxOrdinal = math.MaxUint32

// ErrClosed is the answer of a log that was closed.
var ErrClosed = errors.New("the log is closed")

var errRecord = errors.New("a record needs a type, at least one thing and a body that is not too large")

// Log is the log of a project. It is safe for concurrent use.
type Log struct {
	fs    vfs.FS
	dir   string
	o     Options
	cache *Cache

	decoder *zstd.Decoder
	upkeep  sync.Mutex // one of Rewrite, Tidy, Retain at a time

	mu       sync.Mutex // guards what follows
	segments []*segment // by number; the last is written to
	queue    []*waiting
	queued   int64 // bytes
	closed   bool
	stats    Stats

	wake    chan struct{}
	stopped chan struct{}
	writer  writer // the committer's own
}

// segment is a file of the log.
type segment struct {
	number     uint32
	mark       mark
	size       int64
	entries    []entry
	generation int             // counts rewritings
	told       map[uint32]bool // by first ordinal: records that were found damaged
	side       *sidecar        // nil: none that is of use
	damaged    bool            // some of it is; guarded by upkeep once it is no longer written to
}

func (s *segment) next() uint64 {
	if len(s.entries) == 0 {
		return 0
	}
	return s.entries[len(s.entries)-1].head.end()
}

// onDisk is the size of its file and of its sidecar.
func (s *segment) onDisk() int64 {
	if s.side == nil {
		return s.size
	}
	return s.size + s.side.size()
}

// Stats are figures of a log.
type Stats struct {
	Bytes       int64 // of its files
	Segments    int
	Commits     int64 // groups of records that were synced together, since Open
	Records     int64 // since Open
	Written     int64 // bytes of them, as they came in
	CommitNanos int64 // spent writing and syncing, since Open
	Full        bool  // the last write found no room
	Damaged     int64 // found since Open, and at it
}

// Open opens the log in a folder, which is made if need be. No other process
// may have it open.
func Open(dir string, o Options) (*Log, error) {
	if o.FS == nil {
		o.FS = vfs.OS{}
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
	if o.Cache == nil {
		o.Cache = NewCache(16 << 20)
	}
	l := &Log{
		fs: o.FS, dir: dir, o: o, cache: o.Cache,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	var err error
	if l.decoder, err = newDecoder(); err != nil {
		return nil, fmt.Errorf("opening the log in %s: %w", dir, err)
	}
	if err := l.recover(); err != nil {
		return nil, fmt.Errorf("opening the log in %s: %w", dir, err)
	}
	go l.run()
	return l, nil
}

func (l *Log) name(segment uint32) string {
	return filepath.Join(l.dir, segmentName(segment))
}

const (
	suffix    = ".seg"
	temporary = ".tmp"
)

// FileName is the name of the file of a segment.
func FileName(number uint32) string { return segmentName(number) }

func segmentName(number uint32) string { return fmt.Sprintf("%08d%s", number, suffix) }

// segmentNumbers lists the segments in a folder, and files of no use: those that
// were begun and never finished, and sidecars of segments that are gone.
func segmentNumbers(fsys vfs.FS, dir string) (numbers []uint32, useless []string, err error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("listing segments: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, temporary) {
			useless = append(useless, name)
		}
		digits, ok := strings.CutSuffix(name, suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && n > 0 {
			numbers = append(numbers, uint32(n))
		}
	}
	slices.Sort(numbers)
	for _, name := range names {
		if n, ok := sideNumber(name); ok && !slices.Contains(numbers, n) {
			useless = append(useless, name)
		}
	}
	return numbers, useless, nil
}

// recover finds out what there is and makes the last segment fit to write to.
func (l *Log) recover() error {
	if err := l.fs.MkdirAll(l.dir); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	numbers, useless, err := segmentNumbers(l.fs, l.dir)
	if err != nil {
		return err
	}
	for _, name := range useless {
		if err := l.fs.Remove(filepath.Join(l.dir, name)); err != nil {
			return fmt.Errorf("removing a file of no use: %w", err)
		}
	}
	sound := false
	for i, number := range numbers {
		if i > 0 && number != numbers[i-1]+1 {
			l.tell(missing(numbers[i-1]+1, number-1))
		}
		last := i == len(numbers)-1
		if !last {
			if s := l.recall(number); s != nil {
				l.segments = append(l.segments, s)
				continue
			}
		}
		found, err := scan(l.fs, l.name(number), number, last)
		if err != nil {
			return err
		}
		sound = len(found.damage) == 0
		s := &segment{number: number, mark: found.mark, size: found.end, entries: found.entries, damaged: !sound}
		if last && !sound {
			if err := l.cutTail(s, found); err != nil {
				return err
			}
		} else if !sound {
			if s.size, err = l.fs.Size(l.name(number)); err != nil {
				return fmt.Errorf("opening segment %d: %w", number, err)
			}
		}
		for _, d := range found.damage {
			l.tell(d)
		}
		l.segments = append(l.segments, s)
		l.writer.active = s
	}
	return l.openWriter(sound)
}

// cutTail removes what stands behind the last whole record of the last segment.
func (l *Log) cutTail(s *segment, found *scanned) error {
	if !found.markTail() {
		return nil
	}
	file, err := l.fs.OpenAppend(l.name(s.number))
	if err != nil {
		return fmt.Errorf("cutting the tail of segment %d: %w", s.number, err)
	}
	defer file.Close()
	if err := file.Truncate(found.end); err != nil {
		return fmt.Errorf("cutting the tail of segment %d: %w", s.number, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("cutting the tail of segment %d: %w", s.number, err)
	}
	return nil
}

// openWriter makes the last segment the one that is written to, or begins a new
// one where there is none or its end is in doubt.
func (l *Log) openWriter(sound bool) error {
	if !sound {
		return l.begin()
	}
	s := l.writer.active
	file, err := l.fs.OpenAppend(l.name(s.number))
	if err != nil {
		return fmt.Errorf("opening segment %d: %w", s.number, err)
	}
	// The last records may be in memory only, of a process that was killed
	// between writing and syncing; they are about to be told as kept.
	if err := file.Sync(); err != nil {
		file.Close()
		return fmt.Errorf("opening segment %d: %w", s.number, err)
	}
	l.writer.file = file
	return l.fs.SyncDir(l.dir)
}

// tell passes a damage on.
func (l *Log) tell(d Damage) {
	l.mu.Lock()
	l.stats.Damaged++
	l.mu.Unlock()
	if l.o.Damage != nil {
		l.o.Damage(d)
	}
}

// Append writes a record and returns when it is on disk: the Ref is of its
// first thing. Once the record waits to be written, ctx no longer matters, so
// that whoever indexes the log knows of all that is in it. ErrBusy and ErrFull
// of spanstore keep nothing of it.
func (l *Log) Append(ctx context.Context, r Record) (Ref, error) {
	if r.Type == 0 || r.Type == pack || r.Count < 1 || r.Count > math.MaxInt32 || len(r.Body) > MaxBody {
		return Ref{}, fmt.Errorf("appending %d things in %d bytes: %w", r.Count, len(r.Body), errRecord)
	}
	if err := ctx.Err(); err != nil {
		return Ref{}, err
	}
	w := &waiting{done: make(chan answer, 1)}
	w.head = head{typ: r.Type, count: uint32(r.Count), received: r.Received, latest: r.Latest}
	w.stored = squeeze(&w.head, r.Body)
	if err := l.enqueue(w); err != nil {
		return Ref{}, err
	}
	a := <-w.done
	return a.ref, a.err
}

func (l *Log) enqueue(w *waiting) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	size := w.head.size()
	if l.queued > 0 && l.queued+size > l.o.QueueBytes {
		return fmt.Errorf("%d bytes wait to be written: %w", l.queued, spanstore.ErrBusy)
	}
	l.queue = append(l.queue, w)
	l.queued += size
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// End is the Ref that the next thing will have, unless a new segment is begun.
func (l *Log) End() Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.segments[len(l.segments)-1]
	return Ref{s.number, uint32(s.next())}
}

// Reaches says that the log has, or had before retention, all that comes before
// r, but for damage in its midst.
func (l *Log) Reaches(r Ref) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.number == r.Segment {
			return uint64(r.Ordinal) <= s.next()
		}
	}
	return r.Segment < l.segments[0].number
}

// First is the number of the oldest segment that there is.
func (l *Log) First() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[0].number
}

// Stats are the log's figures.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Segments = len(l.segments)
	for _, seg := range l.segments {
		s.Bytes += seg.onDisk()
	}
	return s
}

// Close writes what waits, answers everybody and releases the log.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	close(l.wake)
	l.mu.Unlock()
	<-l.stopped
	l.upkeep.Lock() // what is under way ends first
	defer l.upkeep.Unlock()
	l.cache.forget(l, 0)
	if err := l.writer.file.Close(); err != nil {
		return fmt.Errorf("closing the log in %s: %w", l.dir, err)
	}
	return nil
}
