package local

import "context"

// Tidy does what is done while little arrives.
func (s *Store) Tidy(ctx context.Context) { s.tidy(ctx, s.written()+quietBytes, tidyEvery) }
