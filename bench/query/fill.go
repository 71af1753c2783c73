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
	r, err := load.Run(ctx, payloads, load.Options{
		URL: m.server.Traces(), Connections: 8, Spans: m.spans,
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
	m.filled = filled{r.Spans, r.Traces, since, until}
	if data, err = json.Marshal(m.filled); err != nil {
		return err
	}
	return os.WriteFile(note, data, 0o666)
}
