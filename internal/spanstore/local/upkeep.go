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
	idleEvery = 10 * time.Second // how often the store looks whether it is idle
	keepEvery = time.Hour        // how often it removes what is too old or too much
)

// upkeep stores old segments smaller while nothing arrives, and keeps to what
// the options say is kept, until life ends.
func (s *Store) upkeep(life context.Context) {
	defer close(s.finished)
	idle, keep := time.NewTicker(idleEvery), time.NewTicker(keepEvery)
	defer idle.Stop()
	defer keep.Stop()
	before := int64(-1)
	for {
		select {
		case <-life.Done():
			return
		case <-keep.C:
			s.keep(life)
		case <-idle.C:
			now := s.commits()
			if now == before {
				s.recompress(life, now)
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

// commits counts what was written to any log.
func (s *Store) commits() (n int64) {
	for _, log := range s.every() {
		n += log.Stats().Commits
	}
	return n
}

// recompress stores segments smaller, one after the other, as long as nothing
// arrives. A failure changes nothing, and is met again, and told, by who writes
// next.
func (s *Store) recompress(ctx context.Context, commits int64) {
	for _, log := range s.every() {
		for ctx.Err() == nil && s.commits() == commits {
			if more, err := log.Tidy(ctx); err != nil || !more {
				break
			}
		}
	}
}

// keep applies what the options say is kept to every project.
func (s *Store) keep(ctx context.Context) {
	if s.o.Keep == (spanstore.Retention{}) {
		return
	}
	for _, project := range slices.Sorted(maps.Keys(s.every())) {
		gone, err := s.Retain(ctx, project, s.o.Keep)
		if errors.Is(err, seglog.ErrClosed) || ctx.Err() != nil {
			return
		}
		if s.o.Kept != nil && (err != nil || gone.Bytes > 0) {
			s.o.Kept(project, gone, err)
		}
	}
}
