package local

import (
	"context"

	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
)

// pending is an erasure that was decided upon and is not finished: what goes from
// the segments below Before. It is a file of the project while that is so, for
// halfway nobody could find out any more what belongs to what is gone. The file
// has names that are to be forgotten, and goes last.
type pending struct {
	Before   uint32       `json:"before"`
	Traces   []trace.ID   `json:"traces"`
	Sessions []string     `json:"sessions"`
	Strays   []seglog.Ref `json:"strays"`  // items of other traces, or of none
	Touched  []trace.ID   `json:"touched"` // the traces of strays
}

const pendingName = "erasing.json"

// finishErasing carries out what a crash or an error cut short.
func (s *Store) finishErasing(ctx context.Context, project string, log *seglog.Log) error {
	p, err := s.loadPending(project)
	if err != nil || p == nil {
		return err
	}
	_, err = s.carryOut(ctx, project, log, p)
	return err
}

// loadPending reads the erasure of a project that is not finished; nil where
// there is none.
func (s *Store) loadPending(project string) (*pending, error) {
	p := &pending{}
	found, err := s.readState(project, pendingName, p, "remove the file, start the server, and erase again what was being erased")
	if err != nil || !found {
		return nil, err
	}
	return p, nil
}
