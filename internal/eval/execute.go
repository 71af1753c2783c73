package eval

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
)

// Options say how a run is made. The zero value of a field is its default.
type Options struct {
	Concurrency int           // calls under way at once
	Fresh       bool          // make every call anew, whatever is kept
	MaxCost     int64         // nano-dollars; 0 for no limit
	RetryErrors bool          // take up the last finished run and ask again only what ended in an error
	Progress    func(Status)  // told after each answer; may be nil
	Explain     func(Explain) // told of each look-up; may be nil
	Waiting     func()        // told once when another process makes the same run; may be nil
}

// Status is how far a run has come.
type Status struct {
	Done, Total    int
	Calls, Cached  int
	Errors         int
	SpentNanos     int64
	Elapsed        time.Duration
	Remaining      time.Duration // an estimate; 0 when there is none
	LatestErrorMsg string
}

// Explain says why a call was made or not.
type Explain struct {
	Side   string
	Case   string
	Repeat int
	Key    string
	Hit    bool
	Why    string
}

// machine is what the answers of one execution share.
type machine struct {
	store   *calls.Store
	prices  *price.Book
	options Options
	budget  *budget
	last    lastCalls // read only to explain misses

	mu     sync.Mutex
	status Status
	began  time.Time
}

// Execute asks every side every case, sides of one case next to each other, and
// returns their runs in the order of sides. A run that was interrupted before
// is taken up where it stood. When ctx ends, what was finished is kept and the
// error is ctx's.
func (p *Plan) Execute(ctx context.Context, sides []*Side, options Options) ([]*Run, error) {
	m := &machine{store: p.work.Store, prices: p.work.Prices, options: options, began: time.Now(), budget: newBudget(options.MaxCost)}
	if err := m.checkBudget(append(p.judges.sides(), sides...)); err != nil {
		return nil, err
	}
	if options.Explain != nil {
		var err error
		if m.last, err = readLastCalls(m.store); err != nil {
			return nil, err
		}
	}
	p.judges.use(m)
	recorders := make([]*recorder, len(sides))
	for i, s := range sides {
		r, err := p.record(ctx, m, s)
		if err != nil {
			return nil, err
		}
		defer r.close() //nolint:gocritic // closed together at the end
		recorders[i] = r
	}
	if err := m.all(ctx, p, sides, recorders); err != nil {
		return nil, err
	}
	runs := make([]*Run, len(sides))
	for i, r := range recorders {
		run, err := r.finish()
		if err != nil {
			return nil, err
		}
		runs[i] = run
	}
	return runs, nil
}

// task is one answer to get.
type task struct {
	side   *Side
	into   *recorder
	c      *dataset.Case
	at     int // index of the case
	repeat int
}

// all works through the tasks with a bounded number of workers.
func (m *machine) all(ctx context.Context, p *Plan, sides []*Side, recorders []*recorder) error {
	m.status.Total = len(p.Cases) * p.Repeats * len(sides)
	for _, r := range recorders {
		m.status.Done += r.done()
	}
	group, ctx := errgroup.WithContext(ctx)
	tasks := make(chan task)
	group.Go(func() error {
		defer close(tasks)
		for at := range p.Cases {
			for repeat := range p.Repeats {
				for i, s := range sides {
					if recorders[i].has(at, repeat) {
						continue
					}
					select {
					case tasks <- task{s, recorders[i], &p.Cases[at], at, repeat}:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			}
		}
		return nil
	})
	var systemic systemic
	for range max(1, m.options.Concurrency) {
		group.Go(func() error {
			for t := range tasks {
				rec, err := m.do(ctx, p, t)
				if err != nil {
					return err
				}
				if err := t.into.add(t.at, rec); err != nil {
					return err
				}
				m.advance(rec)
				if err := systemic.check(rec, t.side); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// do gets and judges one answer.
func (m *machine) do(ctx context.Context, p *Plan, t task) (*Record, error) {
	rec := t.side.blank(t.c, t.repeat)
	q, err := t.side.asker.prepare(ctx, t.c, t.repeat, nil)
	if err != nil {
		return nil, err
	}
	got, err := t.side.answer(ctx, m, t.c, t.repeat, q)
	if err != nil {
		return nil, err
	}
	subject := rec.fill(q, got, t.side)
	if got.err != nil {
		rec.Error = got.err
		return rec, nil
	}
	subject.Input, subject.Expected, subject.Tags, subject.Metadata = t.c.Input, t.c.Expected, t.c.Tags, t.c.Metadata
	rec.Scores, err = m.score(ctx, p, subject)
	return rec, err
}

// score judges an answer; scores of costly evaluators are kept and used again.
func (m *machine) score(ctx context.Context, p *Plan, subject *evaluator.Subject) (map[string]evaluator.Score, error) {
	var keep evaluator.Keeper
	if p.judges.unfixed() == "" {
		keep = m.store // else a judge that moved would be believed for ever: its calls have an age, its scores have none
	}
	scores, err := p.Evaluators.Score(ctx, subject, keep)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", subject.CaseID, err)
	}
	return scores, ctx.Err()
}

// advance counts a finished record and tells the progress.
func (m *machine) advance(rec *Record) {
	m.mu.Lock()
	s := &m.status
	s.Done++
	switch {
	case rec.Recorded:
	case rec.Cached:
		s.Cached++
	default:
		s.Calls++
	}
	if rec.Errored() {
		s.Errors++
		if rec.Error != nil {
			s.LatestErrorMsg = rec.Error.Error()
		}
	}
	s.SpentNanos = m.budget.spentNanos()
	s.Elapsed = time.Since(m.began)
	if s.Calls > 0 && s.Done < s.Total {
		s.Remaining = s.Elapsed / time.Duration(s.Calls+s.Cached) * time.Duration(s.Total-s.Done)
	}
	now := *s
	m.mu.Unlock()
	if m.options.Progress != nil {
		m.options.Progress(now)
	}
}

// explain tells why a call is made or not: for a miss, which parts differ from
// the last call for the same case of the same config.
func (m *machine) explain(s *Side, c *dataset.Case, repeat int, q *question, why string) error {
	if m.options.Explain == nil {
		return nil
	}
	e := Explain{Side: s.Name, Case: c.ID, Repeat: repeat, Key: q.key, Hit: why == "hit" || why == "recorded", Why: why}
	if why == "miss" {
		parts, err := q.parts()
		if err != nil {
			return err
		}
		e.Why = "miss: " + m.last.compare(s.Header.Config, c.ID, repeat, parts)
	}
	m.options.Explain(e)
	return nil
}

// systemic stops a run whose every call fails for a reason that the next one
// will meet too, such as a refused key.
type systemic struct {
	answers atomic.Int64
	failed  atomic.Int64
}

// enoughFailures is how many calls must have failed that way, with none
// answered, before the run is stopped.
const enoughFailures = 5

func (s *systemic) check(rec *Record, side *Side) error {
	if rec.Error == nil || !rec.Error.Kind.Systemic() {
		s.answers.Add(1)
		return nil
	}
	if s.failed.Add(1) < enoughFailures || s.answers.Load() > 0 {
		return nil
	}
	p := problem.Newf("every call to %s fails: %s", side.Header.Model, rec.Error.Error())
	p.Err = rec.Error
	switch rec.Error.Kind {
	case llm.Unauthorized:
		return p.Remedy("check the key in the environment and what it is allowed to do; assay.yaml names the variable under providers:")
	case llm.Quota:
		return p.Remedy("the provider's quota is used up; what was answered is kept, run the same command again later")
	}
	return p.Remedy("check the model's name in the config and base_url under providers: in assay.yaml")
}

// Interrupted reports whether err is the end of a context: Ctrl-C.
func Interrupted(err error) bool { return errors.Is(err, context.Canceled) }

func noRun(prefix string, have int) error {
	p := problem.Newf("there is no run %q", prefix)
	if have == 0 {
		return p.Remedy("no run was made yet: assay eval makes one")
	}
	return p.Remedy("assay runs ls shows the runs that were made")
}

// runPath is where a run's file lies.
func (p *Plan) runPath(name string) string { return filepath.Join(p.work.Store.Dir("runs"), name) }
