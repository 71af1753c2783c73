//go:build linux

// Command ingest measures how fast `assay serve` takes in spans that it has on disk
// before it answers, with the generator on the same processors.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./bench/ingest --assay bin/assay
//	go run ./bench/ingest --assay bin/assay --mix conversations --duration 1m
//	go run ./bench/ingest --only limit,phoenix --phoenix VENV/bin/phoenix
//
// It prints a figure a line with its aim: first the raw limit, which is the same
// bytes written and synced to a file of the same disk; then Assay; then, where
// --phoenix names its program, Arize Phoenix with the same requests. bench/README.md
// says on what machine the figures there were made.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
	"github.com/assay-llmops/assay/bench/spangen"
)

// options are the flags.
type options struct {
	assay, phoenix, dir string
	parts               []string
	mix                 spangen.Mix
	duration            time.Duration
	quiet               time.Duration // how long a folder that has not changed is idle
	patience            time.Duration // how long it is waited for that
	batch, pool         int
	connections         int
	gzip                bool
}

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to measure")
	phoenix := flag.String("phoenix", "", "Arize Phoenix's program, to measure it beside (pip install arize-phoenix==20.26.*)")
	dir := flag.String("dir", "", "where the data lies while it is measured; a temporary folder by default")
	only := flag.String("only", "limit,assay,phoenix", "what to measure")
	mix := flag.String("mix", string(spangen.Docs), "kind of application: docs, short or conversations")
	duration := flag.Duration("duration", 5*time.Minute, "how long Assay is loaded")
	patience := flag.Duration("patience", 20*time.Minute, "how long it is waited at most until the folder no longer gets smaller")
	scale := flag.Float64("scale", 1, "share of all durations and of the pool; less than 1 only shows that the measurement works")
	batch := flag.Int("batch", 250, "spans a request")
	connections := flag.Int("connections", 8, "requests at a time")
	gzip := flag.Bool("gzip", false, "compress requests")
	check := flag.Bool("check", false, "exit with 1 when an aim is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := &measurement{options: options{
		assay: *assay, phoenix: *phoenix, dir: *dir, parts: strings.Split(*only, ","), mix: spangen.Mix(*mix),
		duration: time.Duration(float64(*duration) * *scale), quiet: time.Duration(float64(40*time.Second) * min(1, *scale)), patience: *patience,
		batch: *batch, connections: *connections, gzip: *gzip,
		pool: int(spangen.DefaultSpans * min(1, max(0.02, *scale))),
	}}
	if err := m.all(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench/ingest:", err)
		os.Exit(1)
	}
	if *check && m.missed > 0 {
		fmt.Fprintf(os.Stderr, "bench/ingest: %d aims were missed\n", m.missed)
		os.Exit(1)
	}
}

// measurement keeps what later figures are compared with, and counts the aims that
// were missed.
type measurement struct {
	options
	payloads []*spangen.Payload
	limit    float64 // spans a second written and synced, a sync for each request
	durable  float64 // spans a second that Assay acknowledged
	traces   uint64  // number of the next trace
	missed   int
}

// figure prints a line without an aim.
func figure(name string, got float64, unit string) {
	fmt.Printf("%-58s %10s %s\n", name, short(got), unit)
}

// short writes a figure with three digits or more.
func short(x float64) string {
	switch {
	case x >= 100 || x == math.Trunc(x):
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

// atMost and atLeast print a line with an aim.
func (m *measurement) atMost(name string, got float64, unit string, aim float64) {
	m.judged(name, got, unit, "at most", aim, got <= aim)
}

func (m *measurement) atLeast(name string, got float64, unit string, aim float64) {
	m.judged(name, got, unit, "at least", aim, got >= aim)
}

func (m *measurement) judged(name string, got float64, unit, side string, aim float64, ok bool) {
	word := "ok"
	if !ok {
		word = "MISSED"
		m.missed++
	}
	fmt.Printf("%-58s %10s %-10s aim %s %s: %s\n", name, short(got), unit, side, short(aim), word)
}

func (m *measurement) all(ctx context.Context) (err error) {
	if m.dir, err = os.MkdirTemp(m.dir, "assay-ingest-"); err != nil {
		return err
	}
	defer os.RemoveAll(m.dir) //nolint:errcheck // a temporary folder
	if m.assay, err = filepath.Abs(m.assay); err != nil {
		return err
	}
	m.payloads, err = spangen.NewPool(spangen.Options{Seed: 1, Mix: m.mix, Spans: m.pool, Batch: m.batch})
	if err != nil {
		return err
	}
	spans, bytes := 0, 0
	for _, p := range m.payloads {
		spans += p.Spans
		bytes += len(p.Body)
	}
	fmt.Printf("mix %s, %d connections, %d spans a request, gzip %t, %d processors, load of the machine before: %s\n",
		m.mix, m.connections, m.batch, m.gzip, runtime.NumCPU(), busy())
	figure("OTLP bytes a span", float64(bytes)/float64(spans), "bytes")
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"limit", m.raw}, {"assay", m.measureAssay}, {"phoenix", m.measurePhoenix}} {
		if !slices.Contains(m.parts, part.name) {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", part.name, err)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	return nil
}

// busy is the load average of the last minute.
func busy() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// raw writes the requests to a file: with a sync after each, and with one after as
// many as come at a time, which is what a group commit can reach.
func (m *measurement) raw(ctx context.Context) error {
	for _, group := range []int{1, m.connections} {
		file, err := os.Create(filepath.Join(m.dir, "raw"))
		if err != nil {
			return err
		}
		spans, begin := 0, time.Now()
		for i := 0; time.Since(begin) < min(10*time.Second, m.duration) && ctx.Err() == nil; i++ {
			p := m.payloads[i%len(m.payloads)]
			p.Stamp(m.traces, func(uint64) time.Time { return begin })
			m.traces += uint64(p.Traces)
			if _, err := file.Write(p.Body); err != nil {
				return errors.Join(err, file.Close())
			}
			if i%group == group-1 {
				if err := file.Sync(); err != nil {
					return errors.Join(err, file.Close())
				}
				spans += group * p.Spans
			}
		}
		rate := float64(spans) / time.Since(begin).Seconds()
		if err := file.Close(); err != nil {
			return err
		}
		if err := os.Remove(file.Name()); err != nil {
			return err
		}
		figure(fmt.Sprintf("raw limit, write and a sync for each %d requests", group), rate, "spans/s")
		if group == 1 {
			m.limit = rate
		}
	}
	return nil
}

// measureAssay loads Assay for the duration and asks it afterwards what it has.
func (m *measurement) measureAssay(ctx context.Context) error {
	a, ready, err := process.StartAssay(ctx, m.assay, filepath.Join(m.dir, "data"))
	if err != nil {
		return err
	}
	figure("ready after", float64(ready.Milliseconds()), "ms")
	if err := m.loadAssay(ctx, a); err != nil {
		return errors.Join(err, a.Stop(time.Minute))
	}
	begin := time.Now()
	if err := a.Stop(2 * time.Minute); err != nil {
		return err
	}
	figure("a polite stop", time.Since(begin).Seconds(), "s")
	return nil
}

func (m *measurement) loadAssay(ctx context.Context, a *process.Assay) error {
	before, err := both(a.Server)
	if err != nil {
		return err
	}
	w := newWatch(a)
	loaded, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := make(chan error, 1)
	go func() { watched <- w.run(loaded) }()
	r, err := load.Run(ctx, m.payloads, load.Options{
		URL: a.Traces(), Connections: m.connections, Gzip: m.gzip, Duration: m.duration, First: m.traces, Watch: w.acknowledged.Store,
	})
	cancel()
	if err := errors.Join(err, <-watched); err != nil {
		return err
	}
	m.traces += uint64(r.Traces) + 1<<32
	after, err := both(a.Server)
	if err != nil {
		return err
	}
	m.durable = r.PerSecond()
	m.atLeast("durable before the answer", m.durable, "spans/s", 25_000)
	figure("the same", float64(r.Bytes)/1e6/r.Took.Seconds(), "MB/s")
	if m.limit > 0 {
		figure("share of the raw limit", m.durable/m.limit, "")
	}
	figure("a request, p50", milliseconds(load.Percentile(r.Latencies, 0.5)), "ms")
	m.atMost("a request, p99", milliseconds(load.Percentile(r.Latencies, 0.99)), "ms", 250)
	figure("a request, longest", milliseconds(load.Percentile(r.Latencies, 1)), "ms")
	figure("requests told to come again (429, 503)", float64(r.Refused), "")
	m.lag(w)
	n := float64(r.Spans)
	figure("processor time of the server", (after[0].Processor-before[0].Processor).Seconds()*1e6/n, "µs/span")
	figure("processor time of the generator", (after[1].Processor-before[1].Processor).Seconds()*1e6/n, "µs/span")
	m.atMost("peak resident memory of the server", float64(after[0].Peak)/1e6, "MB", 1000)

	begin := time.Now()
	count, err := a.Count(ctx)
	if err != nil {
		return err
	}
	figure("a count right after the load", milliseconds(time.Since(begin)), "ms")
	if count != r.Spans {
		m.missed++
		fmt.Printf("%d spans were acknowledged, the API counts %d: MISSED\n", r.Spans, count)
	} else {
		fmt.Printf("%d spans were acknowledged, and the API counts as many\n", count)
	}
	return m.disk(ctx, a, n)
}

// disk waits until the folder has stopped changing for a while, which is when
// sealed segments have been recompressed.
func (m *measurement) disk(ctx context.Context, a *process.Assay, spans float64) error {
	size, err := process.Size(a.Dir)
	if err != nil {
		return err
	}
	figure("on disk right after the load", float64(size)/spans, "bytes/span")
	begin, quiet := time.Now(), time.Now()
	for time.Since(quiet) < m.quiet && time.Since(begin) < m.patience && ctx.Err() == nil {
		time.Sleep(time.Second)
		now, err := process.Size(a.Dir)
		if err != nil {
			return err
		}
		if now != size {
			size, quiet = now, time.Now()
		}
	}
	if time.Since(quiet) < m.quiet {
		figure("on disk, still getting smaller", float64(size)/spans, "bytes/span")
		return nil
	}
	m.atMost(fmt.Sprintf("on disk when idle, after %.0f s", quiet.Sub(begin).Seconds()), float64(size)/spans, "bytes/span", 1000)
	return nil
}

// lag prints how the index kept up: what the API did not count yet of what was
// acknowledged before it was asked, and how long the answer took, in the first and
// the last third of the load.
func (m *measurement) lag(w *watch) {
	if len(w.samples) < 3 {
		return
	}
	third := len(w.samples) / 3
	early, late := w.samples[:third], w.samples[len(w.samples)-third:]
	m.atMost("acknowledged but not counted, at most", float64(slices.MaxFunc(w.samples, func(a, b sample) int { return int(a.behind - b.behind) }).behind), "spans", 0)
	figure("a count under load, first third", milliseconds(median(early)), "ms")
	m.atMost("a count under load, last third", milliseconds(median(late)), "ms", max(250, 3*milliseconds(median(early))))
	for _, name := range w.names() {
		figure("  "+name+", first third", mean(early, name), "")
		figure("  "+name+", last third", mean(late, name), "")
	}
}

func both(server *process.Server) ([2]process.Use, error) {
	a, err := server.Use()
	if err != nil {
		return [2]process.Use{}, err
	}
	b, err := process.Self()
	return [2]process.Use{a, b}, err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
