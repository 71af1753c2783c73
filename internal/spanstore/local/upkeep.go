package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

const (
	tidyEvery  = 10 * time.Second // how often the store looks whether it is quiet
	quietBytes = 16 << 20         // no more than this has come meanwhile
	keepEvery  = time.Hour        // how often it removes what is too old or too much
)

// upkeep makes old segments smaller and quicker to read while little arrives, and
// keeps to what the options say is kept, until life ends.
func (s *Store) upkeep(life context.Context) {
	defer close(s.finished)
	tidy, keep := time.NewTicker(tidyEvery), time.NewTicker(keepEvery)
	defer tidy.Stop()
	defer keep.Stop()
	before := s.written()
	for {
		select {
		case <-life.Done():
			return
		case <-keep.C:
			s.keep(life)
			s.finishErasings(life)
		case <-tidy.C:
			now := s.written()
			if now-before <= quietBytes {
				s.tidy(life, now)
			}
			before = now
		}
	}
}

// every gives all logs that are open, by project.
func (s *Store) every() map[string]*seglog.Log {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.logs)
}

// written counts the bytes that were written to any log.
func (s *Store) written() (n int64) {
	for _, log := range s.every() {
		n += log.Stats().Written
	}
	return n
}

// tidy works on old segments, one after the other, as long as little more than
// written has come. A failure changes nothing, and is met again, and told, by who
// writes next.
func (s *Store) tidy(ctx context.Context, written int64) {
	began := time.Now()
	for _, log := range s.every() {
		for ctx.Err() == nil && s.written()-written <= quietBytes && time.Since(began) < tidyEvery {
			more, err := log.Tidy(ctx)
			if err == nil && !more {
				more, err = log.Settle(ctx)
			}
			if err != nil || !more {
				break
			}
		}
	}
}

// finishErasings carries out what a full disk, say, cut short. A failure is met
// again an hour later, and told to who erases next.
func (s *Store) finishErasings(ctx context.Context) {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	for project, log := range s.every() {
		_ = s.finishErasing(ctx, project, log)
	}
}

// keep removes of every project what it does not keep.
func (s *Store) keep(ctx context.Context) {
	for _, project := range slices.Sorted(maps.Keys(s.every())) {
		policy, _, err := s.Keeps(ctx, project)
		if err != nil || policy == (spanstore.Retention{}) {
			continue
		}
		gone, err := s.Retain(ctx, project, policy)
		if errors.Is(err, seglog.ErrClosed) || ctx.Err() != nil {
			return
		}
		if s.o.Kept != nil && (err != nil || gone.Bytes > 0) {
			s.o.Kept(project, gone, err)
		}
	}
}
