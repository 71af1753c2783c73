package seglog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/vfs"
)

// groupBytes is how much is written at once at most.
const groupBytes = 16 << 20

// waiting is a record that waits to be written, or, without a type, the wish
// for a new segment.
type waiting struct {
	head   head
	stored []byte
	done   chan answer
}

type answer struct {
	ref Ref
	err error
}

// writer is what the committer keeps from one group to the next.
type writer struct {
	active  *segment // the last one; only the committer changes it
	file    vfs.File // of it
	buffer  []byte
	dirty   bool // bytes of a failed write may stand behind the last whole record
	suspect bool // a sync failed: the file is not written to any more
}

// run is the committer: the only goroutine that writes to the active segment.
func (l *Log) run() {
	defer close(l.stopped)
	for range l.wake {
		l.drain()
	}
	l.drain()
}

func (l *Log) drain() {
	for {
		group := l.take()
		if len(group) == 0 {
			return
		}
		if group[0].head.typ == 0 {
			group[0].done <- answer{err: room(l.rotate())}
			continue
		}
		if err := l.commit(group); err != nil {
			for _, w := range group {
				w.done <- answer{err: err}
			}
		}
	}
}

// take cuts the next group off the queue.
func (l *Log) take() []*waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, size := 0, int64(0)
	for n < len(l.queue) {
		w := l.queue[n]
		if n > 0 && (w.head.typ == 0 || size+w.head.size() > groupBytes) {
			break
		}
		size += w.head.size()
		n++
		if w.head.typ == 0 {
			break
		}
	}
	group := l.queue[:n:n]
	if l.queue = l.queue[n:]; len(l.queue) == 0 {
		l.queue = nil
	}
	l.queued -= size
	return group
}

// commit writes a group, syncs it and answers. An error has answered nobody.
func (l *Log) commit(group []*waiting) error {
	start := time.Now()
	err := l.write(group)
	err = room(err)
	l.mu.Lock()
	l.stats.Full = errors.Is(err, spanstore.ErrFull)
	l.stats.CommitNanos += int64(time.Since(start))
	if err == nil {
		l.stats.Commits++
		l.stats.Records += int64(len(group))
		for _, w := range group {
			l.stats.Written += w.head.size()
		}
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	number := l.writer.active.number
	for _, w := range group {
		w.done <- answer{ref: Ref{number, w.head.first}}
	}
	return nil
}

func (l *Log) write(group []*waiting) error {
	things := uint64(0)
	for _, w := range group {
		things += uint64(w.head.count)
	}
	s := l.writer.active
	if s.size >= l.o.SegmentBytes || l.writer.suspect || s.next()+things > maxOrdinal {
		if err := l.rotate(); err != nil {
			return err
		}
		s = l.writer.active
	}
	if err := l.repair(s); err != nil {
		return err
	}
	entries := make([]entry, 0, len(group))
	next, offset := s.next(), s.size
	buffer := l.writer.buffer[:0]
	for _, w := range group {
		w.head.mark, w.head.first = s.mark, uint32(next)
		buffer = append(w.head.append(buffer), w.stored...)
		entries = append(entries, entry{offset: offset, head: w.head})
		next, offset = w.head.end(), offset+w.head.size()
	}
	if cap(buffer) <= groupBytes { // one very large record does not stay in memory
		l.writer.buffer = buffer
	}
	l.writer.dirty = true
	if _, err := l.writer.file.Write(buffer); err != nil {
		return errors.Join(fmt.Errorf("writing to segment %d: %w", s.number, err), l.repair(s))
	}
	if err := l.writer.file.Sync(); err != nil {
		// What the disk has of these bytes is unknown, and another sync would
		// not tell: a new segment is begun.
		l.writer.suspect = true
		return errors.Join(fmt.Errorf("syncing segment %d: %w", s.number, err), l.repair(s))
	}
	l.writer.dirty = false
	l.mu.Lock()
	defer l.mu.Unlock()
	s.entries = append(s.entries, entries...)
	s.size = offset
	return nil
}

// repair cuts off what a failed write left.
func (l *Log) repair(s *segment) error {
	if !l.writer.dirty {
		return nil
	}
	if err := l.writer.file.Truncate(s.size); err != nil {
		return fmt.Errorf("cutting a failed write off segment %d: %w", s.number, err)
	}
	l.writer.dirty = false
	return nil
}

// rotate begins a new segment, unless the active one is new.
func (l *Log) rotate() error {
	s := l.writer.active
	if len(s.entries) == 0 && !l.writer.suspect {
		return nil
	}
	if err := l.repair(s); err != nil {
		return err
	}
	old := l.writer.file
	if err := l.begin(); err != nil {
		return err
	}
	l.writer.suspect = false
	return old.Close()
}

// begin makes a new segment the active one. Its header and its name are on disk
// before anything is written to it.
func (l *Log) begin() error {
	number := uint32(1)
	if l.writer.active != nil {
		number = l.writer.active.number + 1
	}
	s := &segment{number: number, size: fileSize}
	copy(s.mark[:], recordMagic)
	rand.Read(s.mark[4:])
	file, err := l.createSegment(s)
	if err != nil {
		return fmt.Errorf("beginning segment %d: %w", number, err)
	}
	l.writer.active, l.writer.file = s, file
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, s)
	return nil
}

func (l *Log) createSegment(s *segment) (vfs.File, error) {
	name := l.name(s.number)
	file, err := l.fs.Create(name + temporary)
	if err != nil {
		return nil, err
	}
	h := fileHead{beginFormat, s.number, s.mark}
	if _, err = file.Write(h.encode()); err == nil {
		err = l.publish(file, name)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// publish brings a temporary file to disk and gives it its name for good.
func (l *Log) publish(file vfs.File, name string) error {
	if err := file.Sync(); err != nil {
		return err
	}
	if err := l.fs.Rename(name+temporary, name); err != nil {
		return err
	}
	return l.fs.SyncDir(filepath.Dir(name))
}

// seal begins a new segment, so that all that was written before the call is in
// segments that nobody writes to.
func (l *Log) seal(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &waiting{done: make(chan answer, 1)}
	if err := l.enqueue(w); err != nil {
		return err
	}
	return (<-w.done).err
}
