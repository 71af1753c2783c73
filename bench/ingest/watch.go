//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/assay-llmops/assay/bench/process"
)

// watch asks the API for a count every few seconds while the load goes on. A query
// sees what was acknowledged before it, so the answer tells how far the index lags,
// and its time what catching up costs a reader.
type watch struct {
	assay        *process.Assay
	acknowledged atomic.Int64
	samples      []sample
}

type sample struct {
	behind  int64 // spans acknowledged before the question and not in the answer
	took    time.Duration
	metrics map[string]float64 // of the index
}

func newWatch(a *process.Assay) *watch { return &watch{assay: a} }

func (w *watch) run(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s, err := w.sample(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("asking under load: %w", err)
		}
		w.samples = append(w.samples, s)
	}
}

func (w *watch) sample(ctx context.Context) (sample, error) {
	all, err := w.assay.Metrics(ctx)
	if err != nil {
		return sample{}, err
	}
	s := sample{metrics: map[string]float64{}}
	for name, value := range all {
		if strings.Contains(name, "index") && (strings.Contains(name, "lag") || strings.Contains(name, "pending") || strings.Contains(name, "buffer")) {
			s.metrics[name] = value
		}
	}
	known, begin := w.acknowledged.Load(), time.Now()
	count, err := w.assay.Count(ctx)
	s.took, s.behind = time.Since(begin), max(0, known-count)
	return s, err
}

// names are the metrics that were seen.
func (w *watch) names() []string {
	var names []string
	for name := range w.samples[0].metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func median(samples []sample) time.Duration {
	var all []time.Duration
	for _, s := range samples {
		all = append(all, s.took)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func mean(samples []sample, name string) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += s.metrics[name]
	}
	return sum / float64(len(samples))
}
