package calls

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Lock takes the lock called name for one writer and waits for it while
// another process holds it; waiting is told so once. The lock goes with the
// process, so a killed one leaves none behind.
func (s *Store) Lock(ctx context.Context, name string, waiting func()) (release func() error, err error) {
	lock := flock.New(filepath.Join(s.dir, "locks", name))
	got, err := lock.TryLock()
	if err == nil && !got {
		waiting()
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("waiting for the run %s: %w", name, err)
	}
	return lock.Unlock, nil
}
