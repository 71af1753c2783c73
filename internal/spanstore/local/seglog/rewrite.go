package seglog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/vfs"
)

// Drop says what an erasure removes.
type Drop struct {
	Before uint32                               // of segments below this one, as Seal gave it; 0: of all that there is
	Item   func(r Ref, it *block.Item) bool     // nil: no span and no log record
	Score  func(r Ref, score *trace.Score) bool // nil: no score
}

// Dropped is what an erasure removed.
type Dropped struct {
	Spans, Logs, Scores int64
	Before              uint32 // segments below this one were looked at; what is in later ones came meanwhile
	Rewritten           int    // segments that had something and were written anew
	Checked             int64  // bytes of the files that were read as they are now and hold nothing of it
}

// errStill says that a file holds what was erased from it.
var errStill = errors.New("what was erased is still there")

// Seal begins a new segment, unless the last one is empty, and gives its number:
// all that was appended before the call is in segments below it, for good.
func (l *Log) Seal(ctx context.Context) (before uint32, err error) {
	if err := l.seal(ctx); err != nil {
		return 0, fmt.Errorf("beginning a new segment: %w", err)
	}
	return l.End().Segment, nil
}

// Rewrite erases: segments that hold what d drops are written anew without it,
// and read back. Places are kept, so that every other Ref stays. Bytes there that
// are damaged, of which nobody can tell what they hold, go too. When it returns
// nil, what d drops is neither on disk nor in the cache. It may be interrupted at
// any time and called again.
func (l *Log) Rewrite(ctx context.Context, d Drop) (Dropped, error) {
	var sum Dropped
	if d.Before == 0 {
		var err error
		if d.Before, err = l.Seal(ctx); err != nil {
			return sum, fmt.Errorf("erasing: %w", err)
		}
	}
	sum.Before = d.Before
	l.upkeep.Lock()
	defer l.upkeep.Unlock()
	for _, s := range l.sealed() {
		if s.number >= d.Before {
			break
		}
		if err := l.rewrite(ctx, s, d, &sum); err != nil {
			return sum, fmt.Errorf("erasing from segment %d: %w", s.number, err)
		}
	}
	return sum, nil
}

func (l *Log) rewrite(ctx context.Context, s *segment, d Drop, sum *Dropped) error {
	has, err := l.holds(ctx, s, d)
	if err != nil {
		return err
	}
	if has {
		var found Dropped
		err := l.replace(ctx, s, true, func(h *head, stored []byte) ([]byte, bool, error) {
			return l.erase(d, s.number, h, stored, &found)
		})
		if err != nil {
			return err
		}
		s.damaged = false
		sum.Spans += found.Spans
		sum.Logs += found.Logs
		sum.Scores += found.Scores
		sum.Rewritten++
		if has, err = l.holds(ctx, s, d); err != nil {
			return err
		}
		if has {
			return errStill
		}
	}
	sum.Checked += s.size
	return nil
}

// holds says that a segment's file holds something that d drops, or damage, which
// may.
func (l *Log) holds(ctx context.Context, s *segment, d Drop) (bool, error) {
	if s.damaged {
		return true, nil
	}
	for i := range s.entries {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		p := place{s, s.generation, s.entries[i]}
		b, err := l.stored(&p)
		did := false
		if err == nil {
			_, did, err = l.erase(d, s.number, &p.entry.head, b[headSize:], &Dropped{})
		}
		if did || errors.Is(err, ErrDamaged) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// erase gives the record, or the pack, without what d drops, and whether that is
// anything.
func (l *Log) erase(d Drop, segment uint32, h *head, stored []byte, sum *Dropped) ([]byte, bool, error) {
	body, err := unpack(l.decoder, h, stored)
	if err != nil {
		return nil, false, err
	}
	members, err := membersOf(h, body)
	if err != nil {
		return nil, false, err
	}
	before := *sum
	for i := range members {
		m := &members[i]
		was := *sum
		switch {
		case m.typ == Spans && d.Item != nil:
			body, err = dropItems(d, Ref{segment, m.first}, m.body, sum)
		case m.typ == Scores && d.Score != nil:
			body, err = dropScores(d, Ref{segment, m.first}, m.body, sum)
		}
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if *sum != was {
			m.body = body
		}
	}
	if *sum == before {
		return stored, false, nil
	}
	if h.typ != pack {
		return squeeze(h, members[0].body), true, nil
	}
	encoder, err := newEncoder()
	if err != nil {
		return nil, false, err
	}
	return press(encoder, h, encodePack(members)), true, nil
}

func dropItems(d Drop, first Ref, body []byte, sum *Dropped) ([]byte, error) {
	v, err := block.Decode(body)
	if err != nil {
		return nil, err
	}
	body, _ = v.Without(func(k int) bool {
		it := v.Item(k)
		if !d.Item(Ref{first.Segment, first.Ordinal + uint32(k)}, &it) {
			return false
		}
		if it.Type == block.Span {
			sum.Spans++
		} else {
			sum.Logs++
		}
		return true
	})
	return body, nil
}

func dropScores(d Drop, first Ref, body []byte, sum *Dropped) ([]byte, error) {
	scores, err := block.DecodeScores(body)
	if err != nil {
		return nil, err
	}
	for i, s := range scores {
		if s != nil && d.Score(Ref{first.Segment, first.Ordinal + uint32(i)}, s) {
			scores[i] = nil
			sum.Scores++
		}
	}
	return block.EncodeScores(scores)
}

// sealed are the segments that are no longer written to. With upkeep held,
// nobody else changes them.
func (l *Log) sealed() []*segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.segments[:len(l.segments)-1])
}

// replace writes a segment anew with each record as change gives it, if change
// changed anything. Damaged records are told of and left out, or else an error.
func (l *Log) replace(ctx context.Context, s *segment, leaveOut bool, change func(*head, []byte) ([]byte, bool, error)) error {
	return l.renew(s, func(to vfs.File) ([]entry, bool, error) { return l.copyChanged(ctx, s, leaveOut, to, change) })
}

// renew has fill write a segment's new file, which it puts in the place of the
// old one, if fill changed anything.
func (l *Log) renew(s *segment, fill func(to vfs.File) (next []entry, changed bool, err error)) error {
	name := l.name(s.number) + temporary
	file, err := l.fs.Create(name)
	if err != nil {
		return room(err)
	}
	defer file.Close()
	h := fileHead{Format, s.number, s.mark}
	_, err = file.Write(h.encode())
	var next []entry
	changed := false
	if err == nil {
		next, changed, err = fill(file)
	}
	if err == nil && changed {
		err = l.swap(s, file, next)
	}
	if err != nil || !changed {
		return errors.Join(room(err), l.fs.Remove(name))
	}
	return l.fs.SyncDir(l.dir)
}

// room says ErrFull where that is what an error means.
func room(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", spanstore.ErrFull, err)
	}
	return err
}

func (l *Log) copyChanged(ctx context.Context, s *segment, leaveOut bool, to vfs.File, change func(*head, []byte) ([]byte, bool, error)) (next []entry, changed bool, err error) {
	changed = leaveOut && s.damaged // what lies between the records stays behind
	offset := int64(fileSize)
	for i := range s.entries {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		p := place{s, s.generation, s.entries[i]}
		b, err := l.stored(&p)
		did := false
		if err == nil {
			h := p.entry.head
			if b, did, err = change(&h, b[headSize:]); err == nil {
				p.entry.head = h
			}
		}
		if errors.Is(err, ErrDamaged) {
			if l.spoiled(&p, err); leaveOut {
				changed = true
				continue
			}
		}
		if err != nil {
			return nil, false, err
		}
		changed = changed || did
		if _, err := to.Write(append(p.entry.head.append(nil), b...)); err != nil {
			return nil, false, err
		}
		next = append(next, entry{offset: offset, head: p.entry.head})
		offset += p.entry.head.size()
	}
	return next, changed, nil
}

// swap puts the new file of a segment in the place of the old one. Readers see
// the one or the other: they look again when the generation changed.
func (l *Log) swap(s *segment, file vfs.File, next []entry) error {
	if err := file.Sync(); err != nil {
		return err
	}
	if err := l.removeSide(s); err != nil {
		return err
	}
	size := int64(fileSize)
	for i := range next {
		size += next[i].head.size()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	name := l.name(s.number)
	if err := l.fs.Rename(name+temporary, name); err != nil {
		return err
	}
	s.entries, s.size = next, size
	s.generation++
	l.cache.forget(l, s.number)
	return nil
}
