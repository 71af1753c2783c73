package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/vfs"
)

// unfinished is the first file of a copy that is being made, and goes when all
// else of it is on disk: a folder that has it is none to start a server on, or to
// restore from.
const unfinished = "unfinished"

// CheckFinished says where a folder is a copy that was never finished.
func CheckFinished(dir string) error {
	_, err := os.Stat(filepath.Join(dir, unfinished))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking whether the data folder is whole: %w", err)
	}
	return problem.Newf("is a backup or a restored folder that was never finished: it has the file %s", unfinished).
		At(dir, 0).Remedy("remove the folder, and make it again")
}

// Copy copies what a data folder cannot make again, whether a server runs on it
// or not, into a folder of a file system, which has nothing yet. store copies
// what the store keeps. When Copy returns nil all is on disk; what it leaves
// otherwise, also by losing power, is known as unfinished, or is empty.
func Copy(ctx context.Context, dir string, to vfs.FS, folder string, store func(ctx context.Context, dir string, to vfs.FS, folder string) error) error {
	if err := copyFolder(ctx, dir, to, folder, store); err != nil {
		return fmt.Errorf("copying %s to %s, which is left unfinished: %w", dir, folder, err)
	}
	return nil
}

func copyFolder(ctx context.Context, dir string, to vfs.FS, folder string, store func(ctx context.Context, dir string, to vfs.FS, folder string) error) error {
	layout, err := os.ReadFile(filepath.Join(dir, "format"))
	if err != nil {
		return err
	}
	mark := filepath.Join(folder, unfinished)
	if err := to.MkdirAll(folder); err != nil {
		return err
	}
	if err := write(to, mark, nil); err != nil {
		return err
	}
	if err := to.SyncDir(folder); err != nil {
		return err
	}
	if err := store(ctx, dir, to, folder); err != nil {
		return err
	}
	keys, err := os.ReadFile(KeysPath(dir))
	if err == nil {
		err = write(to, KeysPath(folder), keys)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the API keys: %w", err)
	}
	if err := write(to, filepath.Join(folder, "format"), layout); err != nil {
		return err
	}
	if err := to.SyncDir(folder); err != nil {
		return err
	}
	if err := to.Remove(mark); err != nil {
		return err
	}
	return to.SyncDir(folder)
}

// write makes a file and brings its bytes to disk.
func write(to vfs.FS, name string, text []byte) error {
	file, err := to.Create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
