package local

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
)

// Backup calls write with every file that the store cannot make again, by its
// path below the store's folder, while the store runs on. What was acknowledged
// before the call is in them; of what arrives meanwhile, some may be. A folder
// with these files opens as a store, which makes its index anew.
func (s *Store) Backup(ctx context.Context, write func(name string, size int64, r io.Reader) error) error {
	s.mu.RLock()
	logs := maps.Clone(s.logs)
	s.mu.RUnlock()
	for _, project := range slices.Sorted(maps.Keys(logs)) {
		_, err := logs[project].Backup(ctx, func(name string, size int64, r io.Reader) error {
			return write(path.Join("projects", project, "log", name), size, r)
		})
		if err != nil {
			return fmt.Errorf("backing up project %s: %w", project, err)
		}
	}
	return nil
}
