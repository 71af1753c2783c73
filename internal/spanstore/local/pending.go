package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/problem"
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

const (
	pendingName   = "erasing.json"
	pendingFormat = 1
)

// pendingFile is the file.
type pendingFile struct {
	Format  int             `json:"format"`
	SHA256  string          `json:"sha256"` // of Erasure
	Erasure json.RawMessage `json:"erasure"`
}

func (s *Store) pendingPath(project string) string {
	return filepath.Join(s.dir, "projects", project, pendingName)
}

// writePending puts a pending erasure on disk.
func (s *Store) writePending(project string, p *pending) error {
	erasure, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing down an erasure: %w", err)
	}
	sum := sha256.Sum256(erasure)
	text, err := json.Marshal(pendingFile{pendingFormat, hex.EncodeToString(sum[:]), erasure})
	if err != nil {
		return fmt.Errorf("writing down an erasure: %w", err)
	}
	fsys, name := s.o.Log.FS, s.pendingPath(project)
	file, err := fsys.Create(name + ".tmp")
	if err != nil {
		return fmt.Errorf("writing down an erasure: %w", err)
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = fsys.Rename(name+".tmp", name)
	}
	if err == nil {
		err = fsys.SyncDir(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("writing down an erasure: %w", err)
	}
	return nil
}

// readPending gives the pending erasure of a project, nil where there is none.
func (s *Store) readPending(project string) (*pending, error) {
	fsys, name := s.o.Log.FS, s.pendingPath(project)
	there, err := s.hasPending(project)
	if err != nil || !there {
		return nil, err
	}
	size, err := fsys.Size(name)
	if err != nil {
		return nil, fmt.Errorf("reading an erasure that is not finished: %w", err)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading an erasure that is not finished: %w", err)
	}
	defer file.Close()
	text := make([]byte, size)
	if _, err := file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading an erasure that is not finished: %w", err)
	}
	var f pendingFile
	p := &pending{}
	err = json.Unmarshal(text, &f)
	if err == nil && f.Format > pendingFormat {
		return nil, problem.Newf("an erasure that is not finished has format %d, this Assay reads up to %d", f.Format, pendingFormat).
			At(name, 0).Remedy("use a newer Assay")
	}
	if sum := sha256.Sum256(f.Erasure); err != nil || hex.EncodeToString(sum[:]) != f.SHA256 || json.Unmarshal(f.Erasure, p) != nil {
		return nil, problem.Newf("an erasure was cut short, and the file that says what is to go is damaged").
			At(name, 0).Remedy("remove the file, start the server, and erase again what was being erased")
	}
	return p, nil
}

func (s *Store) hasPending(project string) (bool, error) {
	names, err := s.o.Log.FS.List(filepath.Dir(s.pendingPath(project)))
	if err != nil {
		return false, fmt.Errorf("looking for an erasure that is not finished: %w", err)
	}
	for _, name := range names {
		if name == pendingName {
			return true, nil
		}
	}
	return false, nil
}

func (s *Store) removePending(project string) error {
	fsys, name := s.o.Log.FS, s.pendingPath(project)
	if err := fsys.Remove(name); err != nil {
		return fmt.Errorf("finishing an erasure: %w", err)
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("finishing an erasure: %w", err)
	}
	return nil
}

// finishErasing carries out what a crash or an error cut short.
func (s *Store) finishErasing(ctx context.Context, project string, log *seglog.Log) error {
	p, err := s.readPending(project)
	if err != nil || p == nil {
		return err
	}
	_, err = s.carryOut(ctx, project, log, p)
	return err
}
