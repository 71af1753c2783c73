package local

import (
	"context"
	"time"
)

// Tidy does what is done while little arrives.
func (s *Store) Tidy(ctx context.Context) { s.tidy(ctx, s.written()+quietBytes, tidyEvery) }

// Recosting says that nobody may begin to compute costs again.
func (s *Store) Recosting() bool {
	free := s.recosting.TryLock()
	if free {
		s.recosting.Unlock()
	}
	return !free
}

// Rested makes it so long ago that a project's log found no room.
func (s *Store) Rested(project string, since time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noRoom[project] = s.noRoom[project].Add(-since)
}
