package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace/semconv"
	"github.com/assay-llmops/assay/internal/vfs"
)

// Options are what a store is opened with. Zero members have defaults.
type Options struct {
	Prices *price.Book                              // what arrives costs by these; nil: no cost is computed
	Index  index.Options                            // bounds of the index
	Log    seglog.Options                           // of each project's log; Cache and Damage are the store's
	Damage func(project string, what seglog.Damage) // told of damaged parts of a log; nil: they are only counted
	Keep   spanstore.Retention                      // of each project that has none of its own, applied at the start and hourly; zero: all is kept

	// Kept is told of a project from which retention removed something, or could
	// not.
	Kept func(project string, gone *spanstore.Retained, err error)

	// Unfinished is told of what was decided about a project and could not be
	// carried out yet: an erasure, say, on a full disk. It is tried again hourly.
	Unfinished func(project string, err error)
}

// Store is an open store.
type Store struct {
	o     Options
	dir   string
	index *index.Index

	filtering filtering
	most      int // matches of a condition on text that are summed

	mu     sync.RWMutex
	logs   map[string]*seglog.Log // by project
	noRoom map[string]time.Time   // when old segments of one could not be made smaller
	closed bool

	settingsMu sync.Mutex
	settings   map[string]*settings   // by project
	books      map[string]*price.Book // by digest: those that settings name
	recosting  sync.Mutex             // one recost at a time; locked after erasing
	frozen     bool                   // nothing arrives: other prices do not matter

	erasing sync.Mutex // one erasure at a time

	lostMu sync.Mutex
	lost   map[string]*losses // by project

	acknowledged atomic.Int64 // spans
	unreadable   atomic.Int64 // items of the log that no row could be made of

	quit     context.CancelFunc // ends upkeep; nil where it never began
	finished chan struct{}      // upkeep has ended
}

var _ spanstore.Store = (*Store)(nil)

// Open opens the store in folder dir, which is made if it is not there. It
// returns when the index has seen all of every log. No other process may have the
// folder open.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	return openStore(ctx, dir, o, false)
}

func openStore(ctx context.Context, dir string, o Options, frozen bool) (*Store, error) {
	if o.Log.FS == nil {
		o.Log.FS = vfs.OS{}
	}
	if o.Log.Cache == nil {
		o.Log.Cache = seglog.NewCache(64 << 20)
	}
	if err := os.MkdirAll(filepath.Join(dir, "projects"), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the store: %w", err)
	}
	s, err := started(ctx, dir, o, frozen)
	if errors.Is(err, spanstore.ErrDamaged) { // its index, which left a marker that it is to be made anew
		s, err = started(ctx, dir, o, frozen)
	}
	return s, err
}

// started makes a store and starts it.
func started(ctx context.Context, dir string, o Options, frozen bool) (*Store, error) {
	o.Index.Reading = semconv.Reading
	s := &Store{
		o: o, dir: dir, frozen: frozen, filtering: filtering{after: 16_000, share: 4}, most: mostMatches,
		logs: map[string]*seglog.Log{}, noRoom: map[string]time.Time{}, settings: map[string]*settings{}, books: map[string]*price.Book{},
		lost: map[string]*losses{},
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	projects, err := os.ReadDir(filepath.Join(s.dir, "projects"))
	if err != nil {
		return fmt.Errorf("listing the projects of the store: %w", err)
	}
	for _, p := range projects {
		if !p.IsDir() {
			continue
		}
		if _, err := s.log(p.Name(), true); err != nil {
			return err
		}
	}
	folder := filepath.Join(s.dir, "index")
	if s.index, err = index.Open(ctx, folder, s.o.Index); err != nil {
		return err
	}
	if !s.fits() {
		other := s.index
		s.index = nil
		if err := errors.Join(other.Close(), os.RemoveAll(folder)); err != nil {
			return fmt.Errorf("removing an index of other logs: %w", err)
		}
		if s.index, err = index.Open(ctx, folder, s.o.Index); err != nil {
			return err
		}
	}
	for project, log := range s.logs {
		if err := s.begin(ctx, project, log); err != nil {
			return err
		}
		s.keepLosses(project, log)
	}
	// What the index has no room for, it does when there is some.
	if err := s.index.Flush(ctx); err != nil && !errors.Is(err, spanstore.ErrFull) {
		return err
	}
	s.keep(ctx)
	var life context.Context
	life, s.quit = context.WithCancel(context.WithoutCancel(ctx))
	s.finished = make(chan struct{})
	go s.upkeep(life)
	return nil
}

// begin indexes the log of a project and carries out what was decided about it.
// Where only that fails, for want of room, say, it can be read all the same.
func (s *Store) begin(ctx context.Context, project string, log *seglog.Log) error {
	if err := s.recallLosses(ctx, project, log); err != nil {
		return fmt.Errorf("looking at what was damaged in project %s: %w", project, err)
	}
	if err := s.replay(ctx, project, log); err != nil {
		return fmt.Errorf("indexing the log of project %s: %w", project, err)
	}
	if err := s.putOff(ctx, project, "finishing an erasure", s.finishErasing(ctx, project, log)); err != nil {
		return err
	}
	if err := s.putOff(ctx, project, "removing what a retention left", s.dropBefore(ctx, project, log, nil)); err != nil {
		return err
	}
	_, err := s.finishRecost(ctx, project, nil)
	if err := s.putOff(ctx, project, "computing costs again", err); err != nil {
		return err
	}
	return s.putOff(ctx, project, "noting the server's prices, which hold from its next start on", s.adopt(project, log))
}

// putOff tells of something that failed and can be done later; it gives the error
// back where it cannot: where a file is damaged or must be mended by hand.
func (s *Store) putOff(ctx context.Context, project, doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s in project %s: %w", doing, project, err)
	var byHand *problem.Problem
	if s.frozen || ctx.Err() != nil || errors.Is(err, spanstore.ErrDamaged) || errors.As(err, &byHand) {
		return err
	}
	if s.o.Unfinished != nil {
		s.o.Unfinished(project, err)
	}
	return nil
}

// fits says that the index knows of nothing behind the ends of the logs: they were
// not exchanged for others under it, and none was cut off.
func (s *Store) fits() bool {
	for _, project := range s.index.Projects() {
		log := s.logs[project]
		if log == nil || !log.Reaches(seglog.Ref(s.index.Mark(project))) {
			return false
		}
	}
	return true
}

// log gives the log of a project; where there is none it is made when create is
// set, else it is nil.
func (s *Store) log(project string, create bool) (*seglog.Log, error) {
	s.mu.RLock()
	log, closed := s.logs[project], s.closed
	s.mu.RUnlock()
	if closed {
		return nil, seglog.ErrClosed
	}
	if log != nil || !create {
		return log, nil
	}
	if !validProject(project) {
		return nil, fmt.Errorf("%q is no name of a project: letters, digits, -, _ and single dots between them, at most 64", project)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, seglog.ErrClosed
	}
	if log := s.logs[project]; log != nil {
		return log, nil
	}
	o := s.o.Log
	o.Tokens = tokens
	o.Damage = func(d seglog.Damage) { s.lose(project, d) }
	log, err := seglog.Open(filepath.Join(s.dir, "projects", project, "log"), o)
	if err != nil {
		return nil, err
	}
	if err = s.removeDrafts(project); err == nil {
		err = s.loadSettings(project)
	}
	if err == nil && s.index != nil { // else it is adopted when it is indexed
		err = s.adopt(project, log)
	}
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	s.logs[project] = log
	return log, nil
}

// validProject says that a name can be that of a folder everywhere. A dot may
// stand between other characters, alone.
func validProject(name string) bool {
	for i, c := range []byte(name) {
		inner := c == '.' && i > 0 && i < len(name)-1 && name[i-1] != '.'
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && !inner {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// Projects are the names of all projects that have something, sorted.
func (s *Store) Projects(context.Context) ([]string, error) { return s.index.Projects(), nil }

// Ready is nil when the store takes in and answers.
func (s *Store) Ready(context.Context) error {
	if err := s.index.Err(); err != nil {
		return err
	}
	if s.Metrics().Full {
		return spanstore.ErrFull
	}
	return nil
}

// Metrics are the store's own figures.
func (s *Store) Metrics() spanstore.Metrics {
	f := s.index.Figures()
	m := spanstore.Metrics{Spans: f.Spans, Acknowledged: s.acknowledged.Load(), Indexed: f.Flushed, LagNanos: int64(f.Lag)}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for project, log := range s.logs {
		st := log.Stats()
		m.Bytes += st.Bytes
		m.Commits += st.Commits
		m.CommitNanos += st.CommitNanos
		m.Full = m.Full || st.Full
		m.DamagedBlocks += s.losses(project).count()
	}
	m.Full = m.Full || s.index.Stuck()
	m.DamagedBlocks += s.unreadable.Load()
	return m
}

// Close writes what is in memory and releases the store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	if s.quit != nil {
		s.quit()
		<-s.finished
	}
	var errs []error
	for project, log := range s.logs { // what waits is written and answered first
		errs = append(errs, log.Close())
		s.keepLosses(project, log)
	}
	if s.index != nil {
		errs = append(errs, s.index.Close())
	}
	return errors.Join(errs...)
}
