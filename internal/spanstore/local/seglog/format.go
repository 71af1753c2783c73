package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Format is the newest number of the form of segment files. A file with a greater
// number is refused. Files begin with number 1 and get 2 when they are written
// anew: only then can they have packs, which readers of 1 do not know.
const (
	Format      = 2
	beginFormat = 1
)

const (
	fileMagic   = "ASSAYLOG"
	recordMagic = "ARec"
	fileSize    = 24 // magic, format, segment, salt, CRC-32C
	headSize    = 52
	// MaxBody is the most bytes that the body of a record may have.
	MaxBody = 256 << 20
)

// codec is how a body is stored.
type codec uint8

const (
	plain codec = 0
	s2Raw codec = 1 // a block of S2, light on the way in
	zStd  codec = 2 // a frame of zstd, for segments that are no longer written
)

var (
	// ErrFormat says that a file was written by a later version.
	ErrFormat = errors.New("written by a later version of Assay")
	// ErrDamaged says that bytes are not what was written.
	ErrDamaged = errors.New("damaged on disk")
)

// mark is what every record of a segment begins with: the magic and the
// segment's own random bytes, so that no content looks like a record.
type mark [8]byte

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// fileHead is the beginning of a segment file.
type fileHead struct {
	format  uint32
	segment uint32
	mark    mark
}

func (h *fileHead) encode() []byte {
	b := make([]byte, fileSize)
	le := binary.LittleEndian
	copy(b, fileMagic)
	le.PutUint32(b[8:], h.format)
	le.PutUint32(b[12:], h.segment)
	copy(b[16:20], h.mark[4:])
	le.PutUint32(b[20:], castagnoli(b[:20]))
	return b
}

// readFileHead says ok when the bytes are a whole file header.
func readFileHead(b []byte) (h fileHead, ok bool) {
	le := binary.LittleEndian
	if len(b) < fileSize || string(b[:8]) != fileMagic || le.Uint32(b[20:]) != castagnoli(b[:20]) {
		return h, false
	}
	h.format, h.segment = le.Uint32(b[8:]), le.Uint32(b[12:])
	copy(h.mark[:], recordMagic)
	copy(h.mark[4:], b[16:20])
	return h, true
}

// head is the header of a record.
type head struct {
	mark     mark
	typ      Type
	codec    codec
	stored   uint32 // bytes that follow the header
	raw      uint32 // bytes of the body
	count    uint32 // ordinals it takes, at least 1
	first    uint32 // ordinal
	sum      uint32 // CRC-32C of the stored bytes
	received int64
	latest   int64
}

func (h *head) size() int64 { return headSize + int64(h.stored) }
func (h *head) end() uint64 { return uint64(h.first) + uint64(h.count) }

func (h *head) append(b []byte) []byte {
	le := binary.LittleEndian
	from := len(b)
	b = append(b, h.mark[:]...)
	b = append(b, byte(h.typ), byte(h.codec), 0, 0)
	b = le.AppendUint32(b, h.stored)
	b = le.AppendUint32(b, h.raw)
	b = le.AppendUint32(b, h.count)
	b = le.AppendUint32(b, h.first)
	b = le.AppendUint32(b, h.sum)
	b = le.AppendUint64(b, uint64(h.received))
	b = le.AppendUint64(b, uint64(h.latest))
	return le.AppendUint32(b, castagnoli(b[from:]))
}

// readHead says ok when the bytes are a whole header with the mark; a zero mark
// stands for any.
func readHead(b []byte, want mark) (h head, ok bool) {
	if len(b) < headSize || string(b[:4]) != recordMagic {
		return h, false
	}
	le := binary.LittleEndian
	copy(h.mark[:], b)
	if want != (mark{}) && h.mark != want || le.Uint32(b[48:]) != castagnoli(b[:48]) {
		return h, false
	}
	h.typ, h.codec = Type(b[8]), codec(b[9])
	h.stored, h.raw = le.Uint32(b[12:]), le.Uint32(b[16:])
	h.count, h.first, h.sum = le.Uint32(b[20:]), le.Uint32(b[24:]), le.Uint32(b[28:])
	h.received, h.latest = int64(le.Uint64(b[32:])), int64(le.Uint64(b[40:]))
	return h, h.count > 0 && h.raw <= MaxBody && h.stored <= h.raw
}

// squeeze stores a body lightly: S2, or as it is where that is no larger. On spans
// of 3.4 KB of words, zstd's fastest level takes 2.2 times the CPU and makes
// them a tenth smaller (BenchmarkCodec); Tidy makes up for that later.
func squeeze(h *head, body []byte) []byte { return h.store(s2Raw, s2.Encode(nil, body), body) }

// press stores a body small. The level after this one takes four times the CPU to
// make text 6 % smaller.
func press(e *zstd.Encoder, h *head, body []byte) []byte {
	return h.store(zStd, e.EncodeAll(body, nil), body)
}

// store notes how a body is stored: as it is, where that is no larger.
func (h *head) store(c codec, small, body []byte) []byte {
	if len(small) >= len(body) {
		small, c = body, plain
	}
	h.codec, h.raw, h.stored, h.sum = c, uint32(len(body)), uint32(len(small)), castagnoli(small)
	return small
}

// newEncoder is for press. It starts no goroutine, and need not be closed.
func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithWindowSize(packBytes), zstd.WithLowerEncoderMem(true))
}

// newDecoder reads zstd for unpack, no further than the size that is announced.
// It starts no goroutine.
func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxBody), zstd.WithDecodeAllCapLimit(true))
}

// unpack gives the body of stored bytes whose checksum was checked.
func unpack(d *zstd.Decoder, h *head, stored []byte) ([]byte, error) {
	var body []byte
	var err error
	switch h.codec {
	case plain:
		body = stored
	case s2Raw:
		n, lenErr := s2.DecodedLen(stored)
		if lenErr != nil || n != int(h.raw) {
			return nil, ErrDamaged
		}
		body, err = s2.Decode(nil, stored)
	case zStd:
		body, err = d.DecodeAll(stored, make([]byte, 0, h.raw))
	default:
		return nil, fmt.Errorf("%w: stored in an unknown way", ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(body) != int(h.raw) {
		return nil, ErrDamaged
	}
	return body, nil
}
