package seglog

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-llmops/assay/internal/vfs"
)

// Tidy does the next piece of work that makes segments that are no longer
// written to smaller and quicker to read, which takes some CPU, oldest first. It
// says whether there was any. A segment with damage is left as it is, for whoever
// may want to mend it.
func (l *Log) Tidy(ctx context.Context) (more bool, err error) {
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	for _, s := range l.sealed() {
		switch {
		case s.damaged:
			continue
		case loose(s.entries):
			err = l.repack(ctx, s)
		case l.unsided(s):
			err = l.makeSide(ctx, s)
		default:
			continue
		}
		if errors.Is(err, ErrDamaged) {
			s.damaged = true
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("tidying segment %d: %w", s.number, err)
		}
		return true, nil
	}
	return false, nil
}

// repack stores a segment's records in packs, as small as can be.
func (l *Log) repack(ctx context.Context, s *segment) error {
	encoder, err := newEncoder()
	if err != nil {
		return err
	}
	return l.renew(s, func(to vfs.File) ([]entry, bool, error) { return l.tighten(encoder, s, to, ctx.Err) })
}

// Settle begins a new segment where the last one is a quarter full, so that Tidy
// can work on what is in it. It says whether it did.
func (l *Log) Settle(ctx context.Context) (bool, error) {
	l.mu.Lock()
	last := l.segments[len(l.segments)-1]
	worth := len(last.entries) > 0 && last.size >= l.o.SegmentBytes/4
	l.mu.Unlock()
	if !worth {
		return false, nil
	}
	if err := l.seal(ctx); err != nil {
		return false, fmt.Errorf("beginning a new segment: %w", err)
	}
	return true, nil
}
