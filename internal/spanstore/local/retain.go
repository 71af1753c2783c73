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
