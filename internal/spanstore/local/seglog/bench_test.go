package seglog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

// spanTexts are n texts of about 3.4 KB, the size of a model call's span.
func spanTexts(n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4000)
	for i := range words {
		words[i] = fmt.Sprintf("%x", rng.Uint32())[:2+rng.IntN(6)]
	}
	texts := make([]string, n)
	for i := range texts {
		var b strings.Builder
		for b.Len() < 3400 {
			b.WriteString(words[min(rng.IntN(len(words)), rng.IntN(len(words)))])
			b.WriteByte(' ')
		}
		texts[i] = b.String()
	}
	return texts
}

const spansInRecord = 50

// BenchmarkAppend appends records of 50 spans from 32 senders to a real disk.
func BenchmarkAppend(b *testing.B) {
	log, err := seglog.Open(b.TempDir(), seglog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	r := record(b, "scope", spanTexts(spansInRecord)...)
	b.SetBytes(int64(len(r.Body)))
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := log.Append(context.Background(), r); err != nil {
				b.Error(err)
			}
		}
	})
	s := log.Stats()
	b.ReportMetric(float64(b.N*spansInRecord)/b.Elapsed().Seconds(), "spans/s")
	b.ReportMetric(float64(s.Records)/float64(s.Commits), "records/commit")
	b.ReportMetric(float64(s.Bytes)/float64(s.Records*spansInRecord), "B/span")
}

// BenchmarkReplay reads a log of 500 records from a real disk.
func BenchmarkReplay(b *testing.B) {
	log, err := seglog.Open(b.TempDir(), seglog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	r := record(b, "scope", spanTexts(spansInRecord)...)
	const records = 500
	for range records {
		if _, err := log.Append(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(r.Body)) * records)
	for b.Loop() {
		var n atomic.Int64
		err := log.Replay(b.Context(), seglog.Ref{}, func(seglog.Ref, seglog.Record) error { n.Add(1); return nil })
		if err != nil || n.Load() != records {
			b.Fatal(n.Load(), err)
		}
	}
}

// BenchmarkCodec compares what a record could be stored with on its way in.
func BenchmarkCodec(b *testing.B) {
	body := record(b, "scope", spanTexts(spansInRecord)...).Body
	fastest, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		b.Fatal(err)
	}
	better, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		b.Fatal(err)
	}
	for name, encode := range map[string]func() []byte{
		"s2":           func() []byte { return s2.Encode(nil, body) },
		"zstd-fastest": func() []byte { return fastest.EncodeAll(body, nil) },
		"zstd-default": func() []byte { return better.EncodeAll(body, nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			size := 0
			for b.Loop() {
				size = len(encode())
			}
			b.ReportMetric(float64(size)/spansInRecord, "B/span")
		})
	}
}
