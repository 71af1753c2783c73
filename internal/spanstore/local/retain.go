package local

import (
	"context"
	"errors"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

// Retain removes the oldest segments of a project's log: those in which all came
// longer ago than the policy's age, and those that are over its bytes. What they
// hold is gone as a whole; a trace that reaches into a later segment keeps the
// spans that lie there.
func (s *Store) Retain(ctx context.Context, project string, policy spanstore.Retention) (*spanstore.Retained, error) {
	log, _, ok, err := s.find(project)
	out := &spanstore.Retained{}
	if err != nil || !ok {
		return out, err
	}
	if err := s.index.Flush(ctx); err != nil { // rows of what goes are in tables
		return nil, err
	}
	gone, err := log.Retain(ctx, policy, time.Now().UnixNano())
	out.Bytes = gone.Bytes
	// Where it ended early, some segments are gone all the same.
	return out, errors.Join(err, s.dropBefore(ctx, project, log, &out.Spans))
}

var _ spanstore.Keeper = (*Store)(nil)

// Keeps is what a project keeps, and whether that was decided for it alone.
func (s *Store) Keeps(_ context.Context, project string) (policy spanstore.Retention, own bool, err error) {
	if keep := s.settingsOf(project).Keep; keep != nil {
		return *keep, true, nil
	}
	return s.o.Keep, false, nil
}

// Keep decides what a project keeps, nil: what the server keeps of all, and
// removes the rest.
func (s *Store) Keep(ctx context.Context, project string, policy *spanstore.Retention) (*spanstore.Retained, error) {
	if _, err := s.log(project, true); err != nil {
		return nil, err
	}
	err := s.decide(project, func(c *settings) *settings {
		next := *c
		next.Keep = policy
		return &next
	})
	if err != nil {
		return nil, err
	}
	now, _, err := s.Keeps(ctx, project)
	if err != nil || now == (spanstore.Retention{}) {
		return &spanstore.Retained{}, err
	}
	return s.Retain(ctx, project, now)
}

// dropBefore makes the index forget what the log has no more.
func (s *Store) dropBefore(ctx context.Context, project string, log *seglog.Log, spans *int64) error {
	number, ok := s.index.Project(project)
	if !ok {
		return nil
	}
	n, err := s.index.DropBefore(ctx, number, log.First())
	if spans != nil {
		*spans = n
	}
	return err
}
