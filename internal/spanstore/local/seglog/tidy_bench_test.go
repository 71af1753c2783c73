package seglog_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/assay-llmops/assay/bench/spangen"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// batch gathers a request.
type batch struct{ spanstore.Batch }

func (b *batch) Resource(r otlp.Resource) error {
	b.Resources = append(b.Resources, spanstore.Resource{Bytes: r.Bytes, SchemaURL: r.SchemaURL})
	return nil
}

func (b *batch) Scope(s otlp.Scope) error {
	b.Scopes = append(b.Scopes, spanstore.Scope{Resource: len(b.Resources) - 1, Bytes: s.Bytes, SchemaURL: s.SchemaURL})
	return nil
}

func (b *batch) Item(span []byte) error {
	b.Spans = append(b.Spans, spanstore.Item{Scope: len(b.Scopes) - 1, Bytes: span})
	return nil
}

// runs visits the runs of ASCII letters and digits of a span's bytes: about as
// much work as cutting its texts.
func runs(it *block.Item, visit func([]byte)) {
	from := -1
	for i, c := range it.Bytes {
		if c|0x20-'a' < 26 || c-'0' < 10 {
			if from < 0 {
				from = i
			}
		} else if from >= 0 {
			visit(it.Bytes[from:i])
			from = -1
		}
	}
}

func processorSeconds() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// BenchmarkTidy says what a span takes on disk as it came and tidied, and what
// that costs, by the mix of spans and how many are sent together.
func BenchmarkTidy(b *testing.B) {
	for _, c := range []struct {
		mix   spangen.Mix
		batch int
	}{{spangen.Docs, 250}, {spangen.Docs, 5}, {spangen.Conversations, 250}, {spangen.Conversations, 4}} {
		b.Run(fmt.Sprintf("%s-%d", c.mix, c.batch), func(b *testing.B) {
			pool, err := spangen.NewPool(spangen.Options{Seed: 1, Mix: c.mix, Spans: 20_000, Batch: c.batch})
			if err != nil {
				b.Fatal(err)
			}
			var figures [7]float64
			for b.Loop() {
				tidyOnce(b, pool, &figures)
			}
			for i, unit := range []string{"B/span-came", "B/span-packed", "B/span-sidecar", "raw-MB/cpu-s-packing", "raw-MB/cpu-s-sidecar", "raw-B/span", "B/span-each-alone"} {
				b.ReportMetric(figures[i], unit)
			}
		})
	}
}

func tidyOnce(b *testing.B, pool []*spangen.Payload, figures *[7]float64) {
	log, err := seglog.Open(b.TempDir(), seglog.Options{SegmentBytes: 1 << 40, Tokens: runs})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	alone, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		b.Fatal(err)
	}
	spans, raw, each := 0, 0, 0
	for _, p := range pool {
		p.Stamp(uint64(spans), func(n uint64) time.Time { return time.Unix(int64(n), 0) })
		r := &batch{}
		if err := otlp.Walk(p.Body, r); err != nil {
			b.Fatal(err)
		}
		body, err := block.Encode(&r.Batch)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := log.Append(context.Background(), seglog.Record{Type: seglog.Spans, Count: p.Spans, Body: body}); err != nil {
			b.Fatal(err)
		}
		spans += p.Spans
		raw += len(body)
		each += len(alone.EncodeAll(body, nil))
	}
	if _, err := log.Rewrite(context.Background(), seglog.Drop{}); err != nil { // begins a new segment
		b.Fatal(err)
	}
	figures[0] = float64(log.Stats().Bytes) / float64(spans)
	for i := range 2 { // packing, then the sidecar
		from := processorSeconds()
		if more, err := log.Tidy(context.Background()); err != nil || !more {
			b.Fatal(more, err)
		}
		figures[3+i] = float64(raw) / 1e6 / (processorSeconds() - from)
	}
	figures[1] = float64(log.Stats().Bytes) / float64(spans)
	figures[2] = float64(log.SideBytes()) / float64(spans)
	figures[5], figures[6] = float64(raw)/float64(spans), float64(each)/float64(spans)
}

// BenchmarkOpen opens a log of 200 segments of 1,000 small records each, and the
// same as it came in.
func BenchmarkOpen(b *testing.B) {
	for _, tidied := range []bool{false, true} {
		b.Run(fmt.Sprintf("tidied=%v", tidied), func(b *testing.B) {
			folder := b.TempDir()
			log, err := seglog.Open(folder, seglog.Options{QueueBytes: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			r := record(b, "scope", spanTexts(1)...)
			for range 200 {
				done := make(chan error)
				for range 100 {
					go func() {
						var err error
						for i := 0; i < 10 && err == nil; i++ {
							_, err = log.Append(context.Background(), r)
						}
						done <- err
					}()
				}
				for range 100 {
					if err := <-done; err != nil {
						b.Fatal(err)
					}
				}
				if err := log.Begin(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			for more := tidied; more; {
				if more, err = log.Tidy(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			if err := log.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				log, err := seglog.Open(folder, seglog.Options{})
				if err != nil {
					b.Fatal(err)
				}
				log.Close()
			}
		})
	}
}
