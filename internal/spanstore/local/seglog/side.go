package seglog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// A sidecar is a file beside a segment that is no longer written to. It has the
// headers of the segment's records, so that they need not be looked for, and
// filters that say what the segment does not hold. All of it is derived: where it
// is missing, damaged or of another segment, the segment is read instead, and
// Tidy makes the sidecar anew. Its form is written down in docs/format/side.md.

const (
	sideMagic    = "ASSAYSID"
	sideFormat   = 1 // to be raised too when tokens are cut otherwise
	sideHeadSize = 44
	sideSuffix   = ".side"
)

// sidecar is what is in memory of a sidecar.
type sidecar struct {
	traces filter
	tokens []uint32 // where each record's filter of tokens ends, from at; nil: there are none
	at     int64    // in the file
}

// size is how many bytes the file has.
func (s *sidecar) size() int64 {
	if n := len(s.tokens); n > 0 {
		return s.at + int64(s.tokens[n-1])
	}
	return s.at
}

func (l *Log) sideName(segment uint32) string {
	return strings.TrimSuffix(l.name(segment), suffix) + sideSuffix
}

// sideHead is the beginning of a sidecar.
type sideHead struct {
	segment uint32
	mark    mark
	records uint32
	bytes   uint64 // of the segment
	traces  uint32 // bytes of the filter of traces
	tokens  bool
}

// front is how many bytes there are before the filters of tokens.
func (h *sideHead) front() int64 {
	n := sideHeadSize + int64(h.records)*headSize + int64(h.traces) + 4
	if h.tokens {
		n += 4 * int64(h.records)
	}
	return n
}

func (h *sideHead) encode() []byte {
	le := binary.LittleEndian
	b := append([]byte(sideMagic), make([]byte, 0, sideHeadSize)...)
	b = le.AppendUint32(b, sideFormat)
	b = le.AppendUint32(b, h.segment)
	b = append(b, h.mark[4:]...)
	b = le.AppendUint32(b, h.records)
	b = le.AppendUint64(b, h.bytes)
	b = le.AppendUint32(b, h.traces)
	tokens := uint32(0)
	if h.tokens {
		tokens = 1
	}
	b = le.AppendUint32(b, tokens)
	return le.AppendUint32(b, castagnoli(b))
}

func readSideHead(b []byte) (h sideHead, ok bool) {
	le := binary.LittleEndian
	if len(b) < sideHeadSize || string(b[:8]) != sideMagic || le.Uint32(b[40:]) != castagnoli(b[:40]) || le.Uint32(b[8:]) != sideFormat {
		return h, false
	}
	copy(h.mark[:], recordMagic)
	copy(h.mark[4:], b[16:20])
	h.segment, h.records, h.bytes, h.traces = le.Uint32(b[12:]), le.Uint32(b[20:]), le.Uint64(b[24:]), le.Uint32(b[32:])
	h.tokens = le.Uint32(b[36:]) == 1
	return h, true
}

var errSide = errors.New("damaged, of a later version or of another segment; nothing is lost, it is made anew")

// readSide reads the sidecar of a segment as far as it is kept in memory, and
// gives the segment as it describes it.
func (l *Log) readSide(number uint32) (*segment, error) {
	size, err := l.fs.Size(l.sideName(number))
	if err != nil {
		return nil, err
	}
	file, err := l.fs.Open(l.sideName(number))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := readAt(file, 0, min(size, sideHeadSize))
	if err != nil {
		return nil, err
	}
	h, ok := readSideHead(b)
	if !ok || h.segment != number || h.front() > size || h.bytes > math.MaxInt64 {
		return nil, errSide
	}
	if b, err = readAt(file, 0, h.front()); err != nil {
		return nil, err
	}
	s, ok := h.decode(b)
	if !ok || s.side.size() != size {
		return nil, errSide
	}
	return s, nil
}

// decode reads what stands before the filters of tokens.
func (h *sideHead) decode(b []byte) (*segment, bool) {
	le := binary.LittleEndian
	s := &segment{number: h.segment, mark: h.mark, size: int64(h.bytes), side: &sidecar{at: int64(len(b))}}
	rest, sum := b[sideHeadSize:len(b)-4], le.Uint32(b[len(b)-4:])
	if castagnoli(rest) != sum {
		return s, false
	}
	offset, next := int64(fileSize), uint64(0)
	s.entries = make([]entry, 0, h.records)
	for range h.records {
		r, ok := readHead(rest, h.mark)
		if !ok || uint64(r.first) < next || r.end() > maxOrdinal {
			return s, false
		}
		s.entries = append(s.entries, entry{offset, r})
		offset, next, rest = offset+r.size(), r.end(), rest[headSize:]
	}
	s.side.traces, rest = filter(rest[:h.traces:h.traces]), rest[h.traces:]
	if h.tokens {
		s.side.tokens = make([]uint32, 0, h.records)
	}
	last := uint32(0)
	for ; len(rest) > 0; rest = rest[4:] {
		end := le.Uint32(rest)
		if uint64(end) < uint64(last)+4 { // each has its checksum
			return s, false
		}
		last = end
		s.side.tokens = append(s.side.tokens, end)
	}
	return s, offset == s.size
}

func readAt(file io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := file.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// recall opens a segment by its sidecar; it is nil where there is none that fits.
func (l *Log) recall(number uint32) *segment {
	s, err := l.readSide(number)
	if err != nil {
		return nil
	}
	if ok, err := l.fits(s); err != nil || !ok {
		return nil
	}
	return s
}

// fits says that the file of a segment is the one that its sidecar describes: it
// has the salt, the size and the last record.
func (l *Log) fits(s *segment) (bool, error) {
	size, err := l.fs.Size(l.name(s.number))
	if err != nil || size != s.size {
		return false, err
	}
	file, err := l.fs.Open(l.name(s.number))
	if err != nil {
		return false, err
	}
	defer file.Close()
	b, err := readAt(file, 0, fileSize)
	if err != nil {
		return false, err
	}
	h, ok := readFileHead(b)
	if !ok || h.format > Format || h.segment != s.number || h.mark != s.mark {
		return false, nil
	}
	if len(s.entries) == 0 {
		return true, nil
	}
	last := &s.entries[len(s.entries)-1]
	if b, err = readAt(file, last.offset, headSize); err != nil {
		return false, err
	}
	r, ok := readHead(b, s.mark)
	return ok && r == last.head, nil
}

// unsided says that a segment's sidecar is to be made.
func (l *Log) unsided(s *segment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.side == nil || s.side.tokens == nil && l.o.Tokens != nil
}

// makeSide reads all of a segment and writes its sidecar.
func (l *Log) makeSide(ctx context.Context, s *segment) error {
	traces := keys{}
	var tokens []filter
	words := keys{}
	for i := range s.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := place{s, s.generation, s.entries[i]}
		list, err := l.members(&p)
		if err != nil {
			return err
		}
		clear(words)
		for k := range list {
			if err := list[k].keys(traces, words, l.o.Tokens); err != nil {
				l.spoiled(&p, err)
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
		}
		if l.o.Tokens != nil {
			tokens = append(tokens, words.filter())
		}
	}
	h := sideHead{segment: s.number, mark: s.mark, records: uint32(len(s.entries)), bytes: uint64(s.size), tokens: l.o.Tokens != nil}
	side, b := h.sidecar(s.entries, traces.filter(), tokens)
	if err := l.writeSide(s.number, b); err != nil {
		return fmt.Errorf("writing a sidecar: %w", room(err))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.side = side
	return nil
}

// keys adds the traces and the words that a record has.
func (m *member) keys(traces, words keys, cut func(*block.Item, func([]byte))) error {
	switch m.typ {
	case Spans:
		v, err := block.Decode(m.body)
		if err != nil {
			return err
		}
		for k := range v.Len() {
			if v.Type(k) == block.Empty {
				continue
			}
			it := v.Item(k)
			if id := traceOf(&it); len(id) > 0 {
				traces.add(id)
			}
			if cut != nil {
				cut(&it, words.add)
			}
		}
	case Scores:
		scores, err := block.DecodeScores(m.body)
		if err != nil {
			return err
		}
		for _, s := range scores {
			if s != nil && !s.Target.Trace.IsZero() {
				traces.add(s.Target.Trace[:])
			}
		}
	}
	return nil
}

// traceOf is the id of the trace that an item says it is of.
func traceOf(it *block.Item) []byte {
	if it.Type == block.Log {
		l, err := otlp.ReadLog(it.Bytes)
		if err != nil {
			return nil
		}
		return l.TraceID
	}
	s, err := otlp.ReadSpan(it.Bytes)
	if err != nil {
		return nil
	}
	return s.TraceID
}

// sidecar gives the bytes of a sidecar, and what is kept of it in memory.
func (h *sideHead) sidecar(entries []entry, traces filter, tokens []filter) (*sidecar, []byte) {
	h.traces = uint32(len(traces))
	side := &sidecar{traces: traces, at: h.front()}
	if h.tokens {
		side.tokens = make([]uint32, 0, len(tokens))
	}
	le := binary.LittleEndian
	b := h.encode()
	for i := range entries {
		b = entries[i].head.append(b)
	}
	b = append(b, traces...)
	end := uint32(0)
	for _, f := range tokens {
		end += uint32(len(f)) + 4
		side.tokens = append(side.tokens, end)
		b = le.AppendUint32(b, end)
	}
	b = le.AppendUint32(b, castagnoli(b[sideHeadSize:]))
	for _, f := range tokens {
		b = le.AppendUint32(append(b, f...), castagnoli(f))
	}
	return side, b
}

func (l *Log) writeSide(number uint32, b []byte) error {
	name := l.sideName(number)
	file, err := l.fs.Create(name + temporary)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err = file.Write(b); err == nil {
		err = l.publish(file, name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(l.fs.Remove(name+temporary)))
	}
	return nil
}

// removeSide removes the sidecar of a segment that is about to change. When it
// returns nil no power cut brings it back.
func (l *Log) removeSide(s *segment) error {
	err := l.fs.Remove(l.sideName(s.number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing the sidecar of segment %d: %w", s.number, err)
	}
	l.mu.Lock()
	s.side = nil
	l.mu.Unlock()
	return l.fs.SyncDir(l.dir)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sideNumber is the segment of a sidecar by its name.
func sideNumber(name string) (uint32, bool) {
	digits, ok := strings.CutSuffix(name, sideSuffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil
}
