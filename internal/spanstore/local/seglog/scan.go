package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/assay-llmops/assay/internal/vfs"
)

// Damage is a run of bytes that are not what was written.
type Damage struct {
	Segment uint32
	Offset  int64
	Bytes   int64
	First   uint32 // ordinals that are lost, where that is known
	Count   uint32
	Tail    bool // at the end of the last segment: what a power cut left of records that were not acknowledged
	Reason  string
}

// String is a sentence about the damage.
func (d Damage) String() string {
	s := fmt.Sprintf("segment %d, bytes %d to %d: %s", d.Segment, d.Offset, d.Offset+d.Bytes, d.Reason)
	if d.Tail {
		s += ", at the end of what was written last"
	}
	if d.Count > 0 {
		s += fmt.Sprintf("; items %d to %d are lost", d.First, uint64(d.First)+uint64(d.Count)-1)
	}
	return s
}

// entry is a record of a segment file.
type entry struct {
	offset int64
	head   head
}

// scanned is what a segment file holds.
type scanned struct {
	mark    mark
	entries []entry
	damage  []Damage
	end     int64 // where the last whole record ends
}

// markTail marks the damage that stands behind the last whole record.
func (s *scanned) markTail() (any bool) {
	for i := range s.damage {
		if d := &s.damage[i]; d.Offset >= s.end {
			d.Tail, any = true, true
		}
	}
	return any
}

// scanner goes through a segment file.
type scanner struct {
	file    vfs.File
	size    int64
	segment uint32
	bodies  bool // check the bodies too, not only the headers
	out     scanned
	at      int64
	next    uint64 // ordinal
}

// scan finds the records of a segment. Bytes that are none are damage, not an
// error; an error is a disk that cannot be read, or a later format.
func scan(fsys vfs.FS, name string, segment uint32, bodies bool) (*scanned, error) {
	size, err := fsys.Size(name)
	if err != nil {
		return nil, fmt.Errorf("opening segment %d: %w", segment, err)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening segment %d: %w", segment, err)
	}
	defer file.Close()
	s := &scanner{file: file, size: size, segment: segment, bodies: bodies}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("reading segment %d (%s): %w", segment, name, err)
	}
	for s.at < s.size {
		if err := s.record(); err != nil {
			return nil, fmt.Errorf("reading segment %d (%s) at %d: %w", segment, name, s.at, err)
		}
	}
	return &s.out, nil
}

func (s *scanner) read(at, n int64) ([]byte, error) {
	b := make([]byte, max(0, min(n, s.size-at)))
	if _, err := s.file.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// start reads the file's header. Where it is damaged, the mark is taken from the
// first record that is found.
func (s *scanner) start() error {
	b, err := s.read(0, fileSize)
	if err != nil {
		return err
	}
	h, ok := readFileHead(b)
	if ok && h.format > Format {
		return fmt.Errorf("it has format %d, this version reads up to %d: %w", h.format, Format, ErrFormat)
	}
	s.out.mark = h.mark
	s.at = min(fileSize, s.size)
	s.out.end = s.at
	switch {
	case !ok:
		s.damaged(0, s.at, "the header of the file")
	case h.segment != s.segment:
		s.damaged(0, s.at, fmt.Sprintf("the header says segment %d", h.segment))
	}
	return nil
}

func (s *scanner) damaged(from, to int64, reason string) *Damage {
	s.out.damage = append(s.out.damage, Damage{Segment: s.segment, Offset: from, Bytes: to - from, Reason: reason})
	return &s.out.damage[len(s.out.damage)-1]
}

// record takes the record at s.at, or looks for the next one behind it.
func (s *scanner) record() error {
	h, ok, err := s.headAt(s.at)
	if err != nil {
		return err
	}
	if !ok {
		return s.resync()
	}
	if s.bodies {
		whole, err := s.bodyAt(s.at, &h)
		if err != nil {
			return err
		}
		if !whole {
			d := s.damaged(s.at, s.at+h.size(), "the body of a record")
			d.First, d.Count = h.first, h.count
			s.at += h.size()
			s.next = h.end()
			return nil
		}
	}
	s.out.mark = h.mark
	s.out.entries = append(s.out.entries, entry{offset: s.at, head: h})
	s.at += h.size()
	s.out.end = s.at
	s.next = h.end()
	return nil
}

func (s *scanner) headAt(at int64) (h head, ok bool, err error) {
	b, err := s.read(at, headSize)
	if err != nil {
		return h, false, err
	}
	h, ok = readHead(b, s.out.mark)
	return h, ok && at+h.size() <= s.size && uint64(h.first) >= s.next && h.end() <= maxOrdinal, nil
}

func (s *scanner) bodyAt(at int64, h *head) (bool, error) {
	b, err := s.read(at+headSize, int64(h.stored))
	return err == nil && castagnoli(b) == h.sum, err
}

// resync looks for the next whole record; what lies before it is damage.
func (s *scanner) resync() error {
	const window = 1 << 20
	from := s.at
	for at := from + 1; at < s.size; {
		b, err := s.read(at, window)
		if err != nil {
			return err
		}
		i := bytes.Index(b, []byte(recordMagic))
		if i < 0 {
			at += max(1, int64(len(b)-len(recordMagic)+1))
			continue
		}
		at += int64(i)
		h, ok, err := s.headAt(at)
		if err != nil {
			return err
		}
		if ok {
			if ok, err = s.bodyAt(at, &h); err != nil {
				return err
			}
		}
		if ok {
			d := s.damaged(from, at, "no record where one should be")
			d.First, d.Count = uint32(s.next), uint32(uint64(h.first)-s.next)
			s.at = at
			return nil
		}
		at++
	}
	s.damaged(from, s.size, "no record where one should be")
	s.at = s.size
	return nil
}
