package local

import "context"

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
