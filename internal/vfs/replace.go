package vfs

import (
	"errors"
	"path/filepath"
)

// Replace puts a file in the place of what is at name, whole or not at all: it
// writes name.new, syncs it and renames it. After it the file is on disk. One
// caller at a time writes a name; what a crash left of name.new is written over.
func Replace(fsys FS, name string, content []byte) error {
	draft := name + ".new"
	f, err := fsys.Create(draft)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = fsys.Rename(draft, name)
	}
	if err != nil {
		return errors.Join(err, fsys.Remove(draft))
	}
	return fsys.SyncDir(filepath.Dir(name))
}
