package eval

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/canonical"
)

// recorder takes one side's records in the order in which they finish, puts
// each on disk, and in the end gives the run in dataset order.
type recorder struct {
	plan    *Plan
	side    *Side
	fresh   bool // kept answers do not count, those of an interrupted run included
	release func() error

	mu      sync.Mutex
	part    *partFile
	header  Header
	records []Record // slim, by case, then repeat
	places  []place  // of each record on disk; the zero place where there is none yet
	alike   alike
	count   int
}

// record starts a side's run, or takes up one that was interrupted: a part
// file with the same identity. One process at a time makes a given run; a
// second one waits, and then finds everything in the cache.
func (p *Plan) record(ctx context.Context, m *machine, s *Side) (*recorder, error) {
	identity, err := p.identity(s)
	if err != nil {
		return nil, err
	}
	waiting := m.options.Waiting
	if waiting == nil {
		waiting = func() {}
	}
	release, err := p.work.Store.Lock(ctx, identity.Short(), waiting)
	if err != nil {
		return nil, err
	}
	r := &recorder{plan: p, side: s, fresh: m.options.Fresh, release: release, alike: alike{}}
	r.records, r.places = make([]Record, len(p.Cases)*p.Repeats), make([]place, len(p.Cases)*p.Repeats)
	if err := r.open(identity, m.options.RetryErrors); err != nil {
		release() //nolint:errcheck // the first error is the one to tell
		return nil, err
	}
	return r, nil
}

// identity is what makes two runs the same run.
func (p *Plan) identity(s *Side) (canonical.Digest, error) {
	ids := make([]string, len(p.Cases))
	for i := range p.Cases {
		ids[i] = p.Cases[i].ID
	}
	return canonical.Of(map[string]any{
		"eval": p.Name, "side": s.Name, "config": s.Header.Config, "version": string(s.Header.Digest), "model": s.Header.Model,
		"dataset": string(p.Dataset.Digest), "cases": ids, "repeats": p.Repeats, "evaluators": p.Evaluators.Digests(),
		"engines": s.Header.Engines,
	})
}

// open resumes the part file of an interrupted run, or starts one.
func (r *recorder) open(identity canonical.Digest, retry bool) error {
	dir := r.plan.work.Store.Dir("runs")
	parts, err := filepath.Glob(filepath.Join(dir, "*-"+identity.Short()+".part.jsonl"))
	if err != nil {
		return err
	}
	if len(parts) > 0 {
		if taken, err := r.resume(parts[len(parts)-1]); taken || err != nil {
			return err
		}
	}
	id := strconv.FormatInt(time.Now().UnixMilli(), 36) + "-" + identity.Short()
	r.header = r.side.Header
	r.header.ID, r.header.Started = id, time.Now().UnixNano()
	r.side.Header.ID = id
	if r.part, err = createPart(r.plan.runPath(id+".part.jsonl"), &r.header); err != nil {
		return err
	}
	if retry {
		return r.takeOver(dir, identity)
	}
	return nil
}

// resume takes the whole records of an interrupted run, but for errors, which
// are asked again. It takes nothing from a file without a whole header: a full
// disk or a kill may come even before that is written.
func (r *recorder) resume(path string) (taken bool, err error) {
	index := r.plan.positions()
	part, header, err := resumePart(path, func(rec *Record, at place) {
		if i, ok := index[rec.Case]; ok && rec.Repeat < r.plan.Repeats && !rec.Errored() && !(r.fresh && rec.Cached) {
			r.put(i*r.plan.Repeats+rec.Repeat, rec, at)
		}
	})
	if errors.Is(err, errNoHeader) {
		return false, os.Remove(path)
	}
	if err != nil {
		return false, err
	}
	r.part, r.header = part, *header
	r.side.Header.ID = header.ID
	return true, nil
}

// takeOver copies the records of the last finished run that are no errors.
func (r *recorder) takeOver(dir string, identity canonical.Digest) error {
	runs, err := filepath.Glob(filepath.Join(dir, "*-"+identity.Short()+".jsonl"))
	if err != nil || len(runs) == 0 {
		return err
	}
	last, err := ReadFile(runs[len(runs)-1], true)
	if err != nil {
		return err
	}
	index := r.plan.positions()
	for i := range last.Records {
		rec := &last.Records[i]
		if at, ok := index[rec.Case]; ok && rec.Repeat < r.plan.Repeats && !rec.Errored() {
			rec.Cached = true
			if err := r.add(at, rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// positions maps a case's id to its place in the plan.
func (p *Plan) positions() map[string]int {
	index := make(map[string]int, len(p.Cases))
	for i := range p.Cases {
		index[p.Cases[i].ID] = i
	}
	return index
}

func (r *recorder) has(at, repeat int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.places[at*r.plan.Repeats+repeat].taken()
}

func (r *recorder) done() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// add puts a record on disk and counts it.
func (r *recorder) add(at int, rec *Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	where, err := r.part.write(rec)
	if err != nil {
		return err
	}
	r.put(at*r.plan.Repeats+rec.Repeat, rec, where)
	return nil
}

func (r *recorder) put(i int, rec *Record, at place) {
	if !r.places[i].taken() {
		r.count++
	}
	r.records[i], r.places[i] = rec.slim(), at
	r.records[i].Scores = r.alike.one(r.records[i].Scores)
}

// close ends the use of the part file and lets the next process at the run.
func (r *recorder) close() {
	r.part.file.Close() // finish has told of what matters
	r.release()         //nolint:errcheck // the lock goes with the process
}

// finish writes the run in dataset order under its finished name.
func (r *recorder) finish() (*Run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.records {
		rec := &r.records[i]
		r.header.Totals.count(rec)
		if at := rec.Timing.Start; at > 0 && rec.Cached && r.side.reuse.maxAge > 0 && (r.header.OldestCall == 0 || at < r.header.OldestCall) {
			r.header.OldestCall = at
		}
	}
	r.header.Finished = time.Now().UnixNano()
	run := &Run{Header: r.header, Records: r.records, Path: r.plan.runPath(r.header.ID + ".jsonl")}
	return run, r.part.finish(run.Path, &r.header, r.places)
}

// Find returns the path of the run whose id starts with prefix, the newest
// where prefix is "" or "last".
func Find(store *calls.Store, prefix string) (string, error) {
	headers, err := List(store.Dir("runs"))
	if err != nil {
		return "", err
	}
	for _, h := range headers {
		if prefix == "" || prefix == "last" || strings.HasPrefix(h.ID, prefix) {
			return filepath.Join(store.Dir("runs"), h.ID+".jsonl"), nil
		}
	}
	return "", noRun(prefix, len(headers))
}

// diskProblem is a failure to write a run's file, told as the state folder's.
func diskProblem(path string, err error) error {
	return calls.WriteProblem(filepath.Dir(path), err)
}
