package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/vfs"
)

// layout is the number of the layout of a data folder.
const layout = 1

// Folder is a data folder that this process has to itself. The store trusts its
// holder that nobody else writes there.
type Folder struct {
	dir  string
	lock *flock.Flock
}

// OpenFolder takes a data folder, and makes it where it is not there.
func OpenFolder(dir string) (_ *Folder, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, (&problem.Problem{File: dir, What: "the data folder cannot be made: " + err.Error(), Err: err}).Remedy("name another by --data")
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, (&problem.Problem{File: dir, What: "the data folder cannot be locked: " + err.Error(), Err: err}).Remedy("check who may write there")
	}
	if !free {
		return nil, problem.Newf("another process has the data folder open").At(dir, 0).Remedy("stop it first, or name another folder by --data")
	}
	f := &Folder{dir: dir, lock: lock}
	if err := f.checkLayout(); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return f, nil
}

// checkLayout reads the number of the layout, or writes it into a new folder.
func (f *Folder) checkLayout() error {
	if err := CheckFinished(f.dir); err != nil {
		return err
	}
	path := filepath.Join(f.dir, "format")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.begin(path)
	case err != nil:
		return fmt.Errorf("reading the layout of the data folder: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil || n < 1:
		return problem.Newf("holds no number of a layout").At(path, 0).Wanted("a number, such as %d", layout).Remedy("write %d into it: there is no other layout yet", layout)
	case n > layout:
		return problem.Newf("the data folder has layout %d, this Assay reads up to %d", n, layout).At(f.dir, 0).Remedy("use a newer Assay")
	}
	return nil
}

// begin writes the number of the layout, unless the folder is somebody else's.
func (f *Folder) begin(path string) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("reading the data folder: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); name {
		case "lock", "format.new", "keys.json", "keys.json.new", "keys.json.lock", "projects", "index": // keys may be made before the first start
		default:
			return problem.Newf("is no data folder of Assay: it has %s, and no file format", name).At(f.dir, 0).Remedy("name an empty or new folder by --data")
		}
	}
	if err := vfs.Replace(vfs.OS{}, path, fmt.Appendln(nil, layout)); err != nil {
		return fmt.Errorf("writing the layout of the data folder: %w", err)
	}
	return nil
}

// HoldStill keeps servers off a data folder while it is read, and writes nothing
// there: a backup may lie where nobody can. release ends it.
func HoldStill(dir string) (release func() error, err error) {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil // no server was ever started on it
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return nil, (&problem.Problem{File: dir, What: "the data folder cannot be locked: " + err.Error(), Err: err}).Remedy("check who may read there")
	}
	if !free {
		return nil, problem.Newf("another process has the data folder open").At(dir, 0).
			Remedy("stop it first; to copy the folder of a server that runs, assay backup")
	}
	return lock.Unlock, nil
}

// Close gives the folder back.
func (f *Folder) Close() error {
	if err := f.lock.Unlock(); err != nil {
		return fmt.Errorf("unlocking the data folder: %w", err)
	}
	return nil
}
