package ingest

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// inflaters are decompressors that can be used again. Each takes the memory that
// it needs beside its output from the budget.
type inflaters struct {
	gzips sync.Pool // *gzip.Reader
	zstds [3]sync.Pool
}

// tables is what gzip needs: its window with its tables.
const tables = 64 << 10

// windows are the memories of what came before that a zstd decompressor may
// have: a sender chooses, up to the last of them, and most need the first only.
func windows() [3]int64 { return [3]int64{128 << 10, 1 << 20, 8 << 20} }

func (f *inflaters) fill(maxBody int64) {
	f.gzips.New = func() any { return new(gzip.Reader) }
	for i, window := range windows() {
		f.zstds[i].New = func() any {
			d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(uint64(window)), zstd.WithDecoderMaxMemory(uint64(maxBody)))
			if err != nil {
				return err
			}
			return d
		}
	}
}

// decompressed reads all that was sent, of which announced bytes are expected.
func (in *Ingest) decompressed(encoding string, sent io.Reader, s *share, announced int64) ([]byte, error) {
	if err := s.expect(announced); err != nil {
		return nil, err
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return readAll(sent, s, announced, in.MaxBody)
	case "gzip":
		return in.gunzip(sent, s)
	case "zstd":
		return in.unzstd(sent, s)
	default:
		return nil, &failure{Unsupported, 0, "the compression is none of gzip, zstd and identity", nil}
	}
}

func (in *Ingest) gunzip(sent io.Reader, s *share) ([]byte, error) {
	if err := s.grow(tables); err != nil {
		return nil, err
	}
	z, ok := in.gzips.Get().(*gzip.Reader)
	if !ok {
		return nil, errors.New("no gzip reader")
	}
	defer in.gzips.Put(z)
	if err := z.Reset(sent); err != nil {
		return nil, err
	}
	return readAll(z, s, 0, in.MaxBody)
}

func (in *Ingest) unzstd(sent io.Reader, s *share) ([]byte, error) {
	peeked := bufio.NewReaderSize(sent, 4<<10)
	start, _ := peeked.Peek(zstd.HeaderMaxSize) // of a shorter body, what there is
	var head zstd.Header
	if err := head.Decode(start); err != nil {
		return nil, err
	}
	needs := head.WindowSize
	if head.SingleSegment {
		needs = head.FrameContentSize
	}
	sizes := windows()
	size := len(sizes) - 1
	for size > 0 && !head.Skippable && needs <= uint64(sizes[size-1]) {
		size--
	}
	if err := s.grow(sizes[size] + tables); err != nil {
		return nil, err
	}
	pool := &in.zstds[size]
	z, ok := pool.Get().(*zstd.Decoder)
	if !ok {
		return nil, errors.New("no zstd reader")
	}
	defer func() {
		if z.Reset(nil) == nil {
			pool.Put(z)
		}
	}()
	if err := z.Reset(peeked); err != nil {
		return nil, err
	}
	return readAll(z, s, 0, in.MaxBody)
}
