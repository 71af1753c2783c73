//go:build linux

// Command query measures what questions cost that people ask of 30 days of traces.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./bench/query --assay bin/assay
//	go run ./bench/query --assay bin/assay --keep DIR       (fill once, ask often)
//
// It fills a fresh folder over OTLP, as applications would, with the mix Short of
// package spangen (ten million spans of the mix Docs would be 40 GB to send, and
// what the index holds of a span hardly depends on the length of its text). Then it
// asks each question many times over HTTP, each time with other values, first idle
// and then with 5,000 spans a second coming in. The 95th percentile counts. At last
// it stops the server, starts it again, and has it rebuild its index.
//
// An answer that holds not what it must ends the benchmark: a fast wrong answer is
// no figure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
	"github.com/assay-llmops/assay/bench/spangen"
)

const (
	days = 30
	rate = 5_000 // spans a second, while it is asked
	seed = 1     // of what it is filled with
)

func main() {
	m := &measurement{}
	flag.StringVar(&m.binary, "assay", "bin/assay", "the binary to measure")
	flag.IntVar(&m.spans, "spans", 10_000_000, "spans to ask about")
	flag.StringVar(&m.keep, "keep", "", "a folder to fill and keep; one that was filled before is used as it is")
	flag.IntVar(&m.rounds, "rounds", 40, "how often each question is asked, idle and again under load")
	rebuild := flag.Bool("rebuild", true, "delete the index at the end and measure its rebuild")
	check := flag.Bool("check", false, "exit with 1 when an aim is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := m.all(ctx, *rebuild); err != nil {
		fmt.Fprintln(os.Stderr, "bench/query:", err)
		os.Exit(1)
	}
	if *check && m.missed > 0 {
		fmt.Fprintf(os.Stderr, "bench/query: %d aims were missed\n", m.missed)
		os.Exit(1)
	}
}

// measurement is a folder that is filled, and the server over it.
type measurement struct {
	binary, keep, data string
	spans, rounds      int
	server             *process.Assay
	filled             filled
	fresh              bool // it was filled by this run
	missed             int
}

func (m *measurement) figure(name string, got, aim float64, unit string) {
	if aim == 0 {
		fmt.Printf("%-66s %10.1f %s\n", name, got, unit)
		return
	}
	word := "ok"
	if got > aim {
		word = "MISSED"
		m.missed++
	}
	fmt.Printf("%-66s %10.1f %-4s aim at most %g: %s\n", name, got, unit, aim, word)
}

func (m *measurement) all(ctx context.Context, rebuild bool) (err error) {
	if m.keep == "" {
		if m.keep, err = os.MkdirTemp("", "assay-query-"); err != nil {
			return err
		}
		defer os.RemoveAll(m.keep) //nolint:errcheck // a temporary folder
	}
	if err := os.MkdirAll(m.keep, 0o700); err != nil {
		return err
	}
	m.data = filepath.Join(m.keep, "data")
	if m.binary, err = filepath.Abs(m.binary); err != nil {
		return err
	}
	if err := m.start(ctx); err != nil {
		return err
	}
	if err := m.ask(ctx, rebuild); err != nil {
		return errors.Join(err, m.server.Stop(time.Minute))
	}
	return m.server.Stop(2 * time.Minute)
}

func (m *measurement) start(ctx context.Context) (err error) {
	m.server, _, err = process.StartAssay(ctx, m.binary, m.data)
	return err
}

func (m *measurement) ask(ctx context.Context, rebuild bool) error {
	if err := m.fill(ctx); err != nil {
		return fmt.Errorf("filling the store: %w", err)
	}
	if err := m.rest(ctx); err != nil {
		return fmt.Errorf("waiting for the server to rest: %w", err)
	}
	if err := m.questions(ctx, "idle"); err != nil {
		return err
	}
	if err := m.underLoad(ctx); err != nil {
		return err
	}
	if err := m.restart(ctx); err != nil {
		return fmt.Errorf("starting again: %w", err)
	}
	if !rebuild {
		return nil
	}
	return m.rebuild(ctx)
}

// underLoad asks again while spans come in.
func (m *measurement) underLoad(ctx context.Context) error {
	payloads, err := spangen.NewPool(spangen.Options{Seed: seed + 1, Mix: spangen.Docs, Spans: 50_000})
	if err != nil {
		return err
	}
	loaded, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		result *load.Result
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		r, err := load.Run(loaded, payloads, load.Options{
			URL: m.server.Traces(), Connections: 4, Rate: rate, First: uint64(time.Now().Unix()) << 24,
		})
		done <- outcome{r, err}
	}()
	err = m.questions(ctx, fmt.Sprintf("with %d spans/s", rate))
	cancel()
	o := <-done
	if err := errors.Join(err, o.err); err != nil {
		return err
	}
	m.figure("spans that came in meanwhile, a second", o.result.PerSecond(), 0, "")
	m.figure("a request of them, p99", milliseconds(load.Percentile(o.result.Latencies, 0.99)), 250, "ms")
	use, err := m.server.Use()
	if err != nil {
		return err
	}
	m.figure("peak resident memory of the server, until here", float64(use.Peak)/1e6, 1000, "MB")
	return nil
}

// restart measures a start with everything in place.
func (m *measurement) restart(ctx context.Context) error {
	count, err := m.server.Count(ctx)
	if err != nil {
		return err
	}
	took, err := m.again(ctx, count, nil)
	if err != nil {
		return err
	}
	m.figure("start-up, until it has answered a count", milliseconds(took), 2000, "ms")
	return nil
}

// rebuild measures a start without an index.
func (m *measurement) rebuild(ctx context.Context) error {
	count, err := m.server.Count(ctx)
	if err != nil {
		return err
	}
	took, err := m.again(ctx, count, func() error { return os.RemoveAll(filepath.Join(m.data, "index")) })
	if err != nil {
		return err
	}
	m.figure("index rebuild for each million spans", took.Seconds()/float64(count)*1e6, 0, "s")
	return nil
}

// again stops the server, does something between, starts it, and waits until it
// counts as many spans as before.
func (m *measurement) again(ctx context.Context, want int64, between func() error) (time.Duration, error) {
	if err := m.server.Stop(2 * time.Minute); err != nil {
		return 0, err
	}
	if between != nil {
		if err := between(); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	if err := m.start(ctx); err != nil {
		return 0, err
	}
	got := int64(-1)
	for time.Since(begin) < 30*time.Minute && ctx.Err() == nil {
		var err error
		if got, err = m.server.Count(ctx); err == nil && got == want {
			return time.Since(begin), nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return 0, fmt.Errorf("it counts %d spans after the start, and had %d", got, want)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
