package local

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/vfs"
)

// stateFile is the form of the small files of a project that lie beside its log:
// projects/NAME/erasing.json and settings.json. A file is replaced as a whole.
type stateFile struct {
	Format  int             `json:"format"`
	SHA256  string          `json:"sha256"` // of Content, byte for byte
	Content json.RawMessage `json:"content"`
}

const stateFormat = 1

func (s *Store) statePath(project, name string) string {
	return filepath.Join(s.dir, "projects", project, name)
}

// writeState puts a file on disk, whole or not at all.
func (s *Store) writeState(project, name string, content any) error {
	text, err := json.Marshal(content)
	if err == nil {
		sum := sha256.Sum256(text)
		text, err = json.Marshal(stateFile{stateFormat, hex.EncodeToString(sum[:]), text})
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := vfs.Replace(s.o.Log.FS, s.statePath(project, name), text); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// removeDrafts removes files of a project that a crash left half written: they
// may have names that were to be forgotten.
func (s *Store) removeDrafts(project string) error {
	fsys, dir := s.o.Log.FS, s.statePath(project, "")
	names, err := fsys.List(dir)
	removed := false
	for _, name := range names {
		if err == nil && (filepath.Ext(name) == ".new" || filepath.Ext(name) == ".tmp") {
			err, removed = fsys.Remove(filepath.Join(dir, name)), true
		}
	}
	if err == nil && removed {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("removing what was not finished of project %s: %w", project, err)
	}
	return nil
}

// readState reads a file, which need not be there. remedy is for one that is
// damaged.
func (s *Store) readState(project, name string, into any, remedy string) (found bool, err error) {
	fsys, path := s.o.Log.FS, s.statePath(project, name)
	names, err := fsys.List(filepath.Dir(path))
	if err != nil || !slices.Contains(names, name) {
		if err != nil {
			err = fmt.Errorf("looking for %s: %w", name, err)
		}
		return false, err
	}
	text, err := s.readAll(path)
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", name, err)
	}
	var f stateFile
	err = json.Unmarshal(text, &f)
	if err == nil && f.Format > stateFormat {
		return false, problem.Newf("has format %d, this Assay reads up to %d", f.Format, stateFormat).At(path, 0).Remedy("use a newer Assay")
	}
	if sum := sha256.Sum256(f.Content); err != nil || f.Format < 1 || hex.EncodeToString(sum[:]) != f.SHA256 || json.Unmarshal(f.Content, into) != nil {
		return false, problem.Newf("the file is damaged").At(path, 0).Remedy("%s", remedy)
	}
	return true, nil
}

func (s *Store) readAll(path string) ([]byte, error) {
	size, err := s.o.Log.FS.Size(path)
	if err != nil {
		return nil, err
	}
	file, err := s.o.Log.FS.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text := make([]byte, size)
	if _, err := file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text, nil
}

func (s *Store) removeState(project, name string) error {
	path := s.statePath(project, name)
	if err := s.o.Log.FS.Remove(path); err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	if err := s.o.Log.FS.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	return nil
}
