//go:build linux

// Command flood attacks a running `assay serve` in the ways that a client can, one
// after another, each against a server of its own, while honest senders and askers
// go on. For each attack it prints the peak resident memory of the server, what the
// honest ones experienced, and what the attackers got.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/assay-llmops/assay/bench/load"
	"github.com/assay-llmops/assay/bench/process"
	"github.com/assay-llmops/assay/bench/spangen"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

// flood is what the flags say.
type flood struct {
	assay       string
	connections int
	callers     int
	duration    time.Duration
	limit       float64 // MB
	missed      int
}

func run() error {
	f := &flood{}
	var only string
	flag.StringVar(&f.assay, "assay", "bin/assay", "the binary to attack")
	flag.IntVar(&f.connections, "connections", 10_000, "connections of an attack that holds them open")
	flag.IntVar(&f.callers, "callers", 64, "senders at once of an attack that sends much")
	flag.DurationVar(&f.duration, "duration", 20*time.Second, "how long an attack lasts")
	flag.StringVar(&only, "only", "", "attacks, by commas; empty: all")
	check := flag.Bool("check", false, "fail when an aim is missed")
	flag.Float64Var(&f.limit, "limit", 600, "aim for the peak resident memory of the server, in MB")
	flag.Parse()
	if err := manyFiles(uint64(f.connections) + 1000); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, a := range attacks() {
		if only != "" && !slices.Contains(strings.Split(only, ","), a.name) {
			continue
		}
		if err := f.measure(ctx, a); err != nil {
			return fmt.Errorf("the attack %s: %w", a.name, err)
		}
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if *check && f.missed > 0 {
		return fmt.Errorf("%d aims are missed", f.missed)
	}
	return nil
}

// manyFiles raises the limit of open files, which the server inherits.
func manyFiles(wanted uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < wanted {
		return fmt.Errorf("%d files may be open, and %d are needed: ulimit -Hn, or fewer --connections", limit.Max, wanted)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// measure makes one attack.
func (f *flood) measure(ctx context.Context, a attack) (err error) {
	dir, err := os.MkdirTemp("", "flood")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, _, err := process.StartAssay(ctx, f.assay, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(time.Minute)) }()
	if err := fill(ctx, server); err != nil {
		return err
	}
	before, err := server.Use()
	if err != nil {
		return err
	}
	attacked, end := context.WithTimeout(ctx, f.duration)
	defer end()
	t := &target{flood: f, http: server.Address(), grpc: server.GRPC(), tally: map[string]int{}}
	var attackers sync.WaitGroup
	attackers.Go(func() { a.run(attacked, t) })
	honest := newHonest(server)
	honest.run(attacked)
	attackers.Wait()
	after, err := server.Use()
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", a.name, a.what)
	peak, verdict := float64(after.Peak)/1e6, ""
	if peak > f.limit {
		f.missed++
		verdict = fmt.Sprintf(" (aim %.0f): MISSED", f.limit)
	}
	fmt.Printf("  memory of the server    %.0f MB before, %.0f MB at its peak%s\n", float64(before.Resident)/1e6, peak, verdict)
	if !honest.print(os.Stdout) {
		f.missed++
	}
	fmt.Printf("  the attackers           %s\n", t)
	return nil
}

// fill gives the server something to answer with: about 30 MB.
func fill(ctx context.Context, server *process.Assay) error {
	payloads, err := spangen.NewPool(spangen.Options{Spans: 10_000, Batch: 250, Mix: spangen.Docs, Seed: 1})
	if err != nil {
		return err
	}
	_, err = load.Run(ctx, payloads, load.Options{URL: server.Traces(), Connections: 2, Spans: 10_000})
	return err
}

// percentile prints a percentile of sorted times.
func percentile(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "-"
	}
	return load.Percentile(sorted, q).Round(100 * time.Microsecond).String()
}
