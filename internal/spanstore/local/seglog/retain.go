package seglog

import (
	"context"
	"fmt"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// Gone is what a retention removed.
type Gone struct {
	Segments []uint32
	Bytes    int64
}

// Retain removes whole segments, oldest first: those in which everything came
// longer ago than the policy's age, and those that are over its bytes. The
// segment that is written to stays, unless all in it is too old.
func (l *Log) Retain(ctx context.Context, policy spanstore.Retention, now int64) (Gone, error) {
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	var gone Gone
	old := func(s *segment) bool {
		return policy.MaxAge > 0 && newest(s) < now-policy.MaxAge
	}
	l.mu.Lock()
	last := l.segments[len(l.segments)-1]
	stale := len(last.entries) > 0 && old(last)
	l.mu.Unlock()
	if stale {
		if err := l.seal(ctx); err != nil {
			return gone, fmt.Errorf("removing old segments: %w", err)
		}
	}
	total := l.Stats().Bytes
	for _, s := range l.sealed() {
		if !old(s) && (policy.MaxBytes <= 0 || total <= policy.MaxBytes) {
			break
		}
		l.mu.Lock()
		size := s.onDisk()
		l.mu.Unlock()
		if err := l.forget(s); err != nil {
			return gone, fmt.Errorf("removing segment %d: %w", s.number, err)
		}
		gone.Segments = append(gone.Segments, s.number)
		gone.Bytes += size
		total -= size
	}
	if len(gone.Segments) > 0 {
		if err := l.fs.SyncDir(l.dir); err != nil {
			return gone, fmt.Errorf("removing old segments: %w", err)
		}
	}
	return gone, nil
}

// newest is when the latest record of a segment came.
func newest(s *segment) int64 {
	var latest int64
	for i := range s.entries {
		latest = max(latest, s.entries[i].head.received)
	}
	return latest
}

// forget removes the oldest segment. One whose file cannot be removed stays in
// the log, for what it holds is still there.
func (l *Log) forget(s *segment) error {
	if err := l.removeSide(s); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fs.Remove(l.name(s.number)); err != nil {
		return err
	}
	l.segments = l.segments[1:]
	s.generation++
	l.cache.forget(l, s.number)
	return nil
}
