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
	tidyEvery  = 10 * time.Second // how often the store looks how much has come
	quietBytes = 16 << 20         // so much, and it works on old segments all the time
	busyBytes  = 128 << 20        // so much, and it works on them a part of the time; with more, not at all
	keepEvery  = time.Hour        // how often it removes what is too old or too much

	restAfterFull = time.Hour
)

// upkeep makes old segments smaller and quicker to read, less or not at all while
// much arrives, and keeps to what the options say is kept, until life ends.
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
			s.finishRecosts(life)
		case <-tidy.C:
			now := s.written()
			switch came := now - before; {
			case came <= quietBytes:
				s.tidy(life, now+quietBytes, tidyEvery)
			case came <= busyBytes:
				s.tidy(life, now+busyBytes, tidyEvery/4)
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

// tidy works on old segments, one after the other, for a time and until so much
// has been written in all. A failure changes nothing, and is met again, and told,
// by who writes next. A log that found no room is left alone for an hour: what
// trying again takes for a moment, and gives back, is what spans need that arrive
// meanwhile.
func (s *Store) tidy(ctx context.Context, until int64, turn time.Duration) {
	began := time.Now()
	for project, log := range s.every() {
		if began.Sub(s.noRoomAt(project)) < restAfterFull {
			continue
		}
		for ctx.Err() == nil && s.written() <= until && time.Since(began) < turn {
			more, err := log.Tidy(ctx)
			if err == nil && !more {
				more, err = log.Settle(ctx)
			}
			if errors.Is(err, spanstore.ErrFull) {
				s.mu.Lock()
				s.noRoom[project] = time.Now()
				s.mu.Unlock()
			}
			if err != nil || !more {
				break
			}
		}
	}
}

// noRoomAt is when tidy last found no room for a log.
func (s *Store) noRoomAt(project string) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.noRoom[project]
}

// finishErasings carries out what a full disk, say, cut short. A failure is told,
// and met again an hour later and by who erases next.
func (s *Store) finishErasings(ctx context.Context) {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	for project, log := range s.every() {
		_ = s.putOff(ctx, project, "finishing an erasure", s.finishErasing(ctx, project, log))
	}
}

// finishRecosts does the same for costs.
func (s *Store) finishRecosts(ctx context.Context) {
	s.recosting.Lock()
	defer s.recosting.Unlock()
	for project := range s.every() {
		_, err := s.finishRecost(ctx, project, nil)
		_ = s.putOff(ctx, project, "computing costs again", err)
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
