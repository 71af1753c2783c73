//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
	"github.com/assay-llmops/assay/bench/spangen"
)

// filled says what lies in the folder. It is kept beside the data, so that a folder
// can be asked again.
type filled struct {
	Spans, Traces int64
	Since, Until  time.Time
}

// fill sends the spans of thirty days, the oldest first.
func (m *measurement) fill(ctx context.Context) error {
	note := filepath.Join(m.keep, "filled.json")
	data, err := os.ReadFile(note)
	if err == nil {
		return json.Unmarshal(data, &m.filled)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	payloads, err := spangen.NewPool(spangen.Options{Seed: seed, Mix: spangen.Short, Batch: 500})
	if err != nil {
		return err
	}
	until := time.Now().UTC().Truncate(time.Hour)
	since := until.AddDate(0, 0, -days)
	const spansOfTrace = 5
	step := until.Sub(since) / time.Duration(m.spans/spansOfTrace+1)
	started, told := time.Now(), atomic.Int64{}
	r, err := load.Run(ctx, payloads, load.Options{
		URL: m.server.Traces(), Connections: 8, Spans: m.spans,
		Watch: func(n int64) {
			if million := n / 1_000_000; told.CompareAndSwap(million-1, million) {
				progress("%d of %d million spans, %.0f s", million, m.spans/1_000_000, time.Since(started).Seconds())
			}
		},
		Begin: func(n uint64) time.Time { return since.Add(time.Duration(n) * step) },
	})
	if err != nil {
		return err
	}
	m.figure("filled, durable before the answer, spans a second", r.PerSecond(), 0, "")
	m.figure("OTLP bytes a span", float64(r.Bytes)/float64(r.Spans), 0, "bytes")
	begin := time.Now()
	count, err := m.server.Count(ctx)
	if err != nil {
		return err
	}
	if count != r.Spans {
		return fmt.Errorf("%d spans were acknowledged, the API counts %d", r.Spans, count)
	}
	m.figure("a count right after it", milliseconds(time.Since(begin)), 0, "ms")
	use, err := m.server.Use()
	if err != nil {
		return err
	}
	m.figure("peak resident memory of the server", float64(use.Peak)/1e6, 1000, "MB")
	size, err := process.Size(m.data)
	if err != nil {
		return err
	}
	m.figure("on disk, a span", float64(size)/float64(r.Spans), 0, "bytes")
	m.fresh = true
	m.filled = filled{r.Spans, r.Traces, since, until}
	if data, err = json.Marshal(m.filled); err != nil {
		return err
	}
	return os.WriteFile(note, data, 0o666)
}

// rest waits until the server has done what it does while nothing comes: making
// segments smaller, rolling up hours that are over and quiet.
func (m *measurement) rest(ctx context.Context) error {
	const (
		step     = 12 * time.Second // upkeep looks every ten seconds
		most     = step / 20        // of processor time in a step, at rest
		patience = 20 * time.Minute
	)
	begin, least := time.Now(), step
	if m.fresh {
		least = 80 * time.Second // an hour is rolled up after a minute
	}
	for {
		before, err := m.server.Use()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(step):
		}
		after, err := m.server.Use()
		if err != nil {
			return err
		}
		took := time.Since(begin)
		if atRest := after.Processor-before.Processor < most; atRest && took >= least || took > patience {
			m.figure("until it rests", took.Seconds(), 0, "s")
			break
		}
		progress("waiting until the server rests, %.0f s", took.Seconds())
	}
	size, err := process.Size(m.data)
	if err != nil {
		return err
	}
	m.figure("on disk, a span, at rest", float64(size)/float64(m.filled.Spans), 0, "bytes")
	return nil
}

// progress says what goes on, beside the figures.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
