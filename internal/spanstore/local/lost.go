package local

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

// What is damaged is found when it is read, and an index that was made without it
// never asks for it again. So that no later start and no answer is silent about it,
// the places where a log was found damaged are kept beside it, in damaged.json.
// The file is a hint of where to look: the next start reads those places again,
// and where it cannot be read itself, all of the log.

const damagedName = "damaged.json"

// losses are the damages of a project's log that are known.
type losses struct {
	writing sync.Mutex // the file; taken before mu

	mu    sync.Mutex
	known map[lostPlace]seglog.Damage
	kept  []seglog.Damage // as the file has them
}

// lostFile is what the file holds.
type lostFile struct {
	Parts []seglog.Damage `json:"parts"`
}

// lostPlace is what tells damages apart: the first thing that is lost, or, where
// that is not known, where it stands in the file.
type lostPlace struct {
	ref    seglog.Ref
	offset int64
}

func placeOf(d *seglog.Damage) lostPlace {
	p := lostPlace{ref: seglog.Ref{Segment: d.Segment, Ordinal: d.First}}
	if d.Count == 0 {
		p.offset = d.Offset
	}
	return p
}

// add says whether a damage is new.
func (l *losses) add(d seglog.Damage) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := placeOf(&d)
	if had, ok := l.known[at]; ok && had.Count >= d.Count {
		return false
	}
	if l.known == nil {
		l.known = map[lostPlace]seglog.Damage{}
	}
	l.known[at] = d
	return true
}

// count is how many damages are known.
func (l *losses) count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.known))
}

func (l *losses) has(d *seglog.Damage) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.known[placeOf(d)]
	return ok
}

// list gives the damages of segments from first on, in order. The end of what was
// written last is not among them: nobody was told that it is kept.
func (l *losses) list(first uint32) []seglog.Damage {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.DeleteFunc(slices.Collect(maps.Values(l.known)), func(d seglog.Damage) bool { return d.Tail || d.Segment < first })
	slices.SortFunc(list, func(a, b seglog.Damage) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.First, b.First), cmp.Compare(a.Offset, b.Offset))
	})
	return list
}

// losses gives what is known to be lost of a project.
func (s *Store) losses(project string) *losses {
	s.lostMu.Lock()
	defer s.lostMu.Unlock()
	l := s.lost[project]
	if l == nil {
		l = &losses{}
		s.lost[project] = l
	}
	return l
}

// lose takes note of a damage and tells of it.
func (s *Store) lose(project string, d seglog.Damage) {
	if s.losses(project).add(d) && s.o.Damage != nil {
		s.o.Damage(project, d)
	}
}

// Damage is what is known to be damaged of the log of a project.
func (s *Store) Damage(project string) spanstore.Damage {
	log, err := s.log(project, false)
	if err != nil || log == nil {
		return spanstore.Damage{}
	}
	s.keepLosses(project, log)
	var sum spanstore.Damage
	var end seglog.Ref // what is lost before it is counted
	behind := uint64(0)
	for _, d := range s.losses(project).list(log.First()) {
		sum.Parts++
		if d.Segment != end.Segment {
			end.Segment, behind = d.Segment, 0
		}
		from, to := max(uint64(d.First), behind), uint64(d.First)+uint64(d.Count)
		if to > from {
			sum.Items += int64(to - from)
			behind = to
		}
	}
	return sum
}

// keepLosses writes what is lost beside the log where the file does not have it.
// Where that fails, as on a full disk, it is tried again when it is next asked for.
func (s *Store) keepLosses(project string, log *seglog.Log) {
	l := s.losses(project)
	first := log.First()
	l.writing.Lock() // a later list is written later
	defer l.writing.Unlock()
	// What has no ordinals is found again by whoever opens the log.
	list := slices.DeleteFunc(l.list(first), func(d seglog.Damage) bool { return d.Count == 0 })
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Equal(list, l.kept) {
		return
	}
	var err error
	if len(list) > 0 {
		err = s.writeState(project, damagedName, lostFile{list})
	} else {
		err = s.removeState(project, damagedName)
	}
	if err == nil {
		l.kept = list
	}
}

// errSeen ends a replay.
var errSeen = errors.New("seen")

// recallLosses reads again what was found damaged before, so that it is told at
// each start. What was mended meanwhile is forgotten.
func (s *Store) recallLosses(ctx context.Context, project string, log *seglog.Log) error {
	var file lostFile
	if found, err := s.readState(project, damagedName, &file, "remove the file: the next start reads all of the log"); err != nil {
		// All that is damaged is told by reading it, and the file is written anew.
		s.losses(project).kept = []seglog.Damage{{}}
		return log.Replay(ctx, seglog.Ref{}, func(seglog.Ref, seglog.Record) error { return nil })
	} else if !found {
		return nil
	}
	l := s.losses(project)
	l.mu.Lock()
	l.kept = file.Parts
	l.mu.Unlock()
	for _, d := range file.Parts {
		if d.Segment < log.First() || l.has(&d) {
			continue
		}
		at := seglog.Ref{Segment: d.Segment, Ordinal: d.First}
		// The log tells of a damaged record that it passes over.
		err := log.Replay(ctx, at, func(seglog.Ref, seglog.Record) error { return errSeen })
		if err != nil && !errors.Is(err, errSeen) {
			return err
		}
		if l.has(&d) {
			continue
		}
		if _, err := log.Item(ctx, at); errors.Is(err, seglog.ErrDamaged) { // its bytes are gone, as when the segment was written anew
			s.lose(project, d)
		}
	}
	return nil
}
