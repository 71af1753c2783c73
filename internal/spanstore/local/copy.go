package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/assay-llmops/assay/internal/vfs"
)

// Copy writes what the store in folder dir cannot make again into folder to of a
// file system, whether a process has the store open or not. What was acknowledged
// before the call is in the copy; of what arrives meanwhile some is, and the last
// record may be cut off. The copy opens as a store, which makes its index anew.
// When it returns nil, all of it is on disk.
func Copy(ctx context.Context, dir string, fsys vfs.FS, to string) error {
	projects, err := os.ReadDir(filepath.Join(dir, "projects"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the projects of the store: %w", err)
	}
	for _, p := range projects {
		if !p.IsDir() {
			continue
		}
		project := filepath.Join("projects", p.Name())
		c := copying{ctx, fsys}
		if err := c.project(filepath.Join(dir, project), filepath.Join(to, project)); err != nil {
			return fmt.Errorf("copying the log of project %s: %w", p.Name(), err)
		}
	}
	return nil
}

// copying copies files onto a file system.
type copying struct {
	ctx context.Context
	to  vfs.FS
}

// project copies the log of a project and what lies beside it: its settings, and
// an erasure that is under way before or after, which who opens the copy carries
// out.
func (c *copying) project(from, to string) error {
	if err := c.to.MkdirAll(to); err != nil {
		return err
	}
	if err := c.beside(from, to, pendingName); err != nil {
		return err
	}
	if err := c.log(filepath.Join(from, "log"), filepath.Join(to, "log")); err != nil {
		return err
	}
	for _, name := range []string{pendingName, settingsName} {
		if err := c.beside(from, to, name); err != nil {
			return err
		}
	}
	return c.to.SyncDir(to)
}

// beside copies a file that may not be there, and is only ever replaced, unless
// the copy has it.
func (c *copying) beside(from, to, name string) error {
	if _, err := c.to.Size(filepath.Join(to, name)); err == nil {
		return nil
	}
	err := c.file(filepath.Join(from, name), filepath.Join(to, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// log copies the segments of a log, which are only ever appended to or replaced
// as a whole. The newest comes first: retention, which removes the oldest, then
// leaves no gap.
func (c *copying) log(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := c.to.MkdirAll(to); err != nil {
		return err
	}
	for _, file := range slices.Backward(files) {
		if filepath.Ext(file.Name()) != ".seg" {
			continue
		}
		err := c.file(filepath.Join(from, file.Name()), filepath.Join(to, file.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			break // removed meanwhile, and all that are older
		}
		if err != nil {
			return err
		}
	}
	return c.to.SyncDir(to)
}

// file copies a file onto the disk, as far as it reaches when it is opened. Where
// it is not there, nothing is made.
func (c *copying) file(from, to string) (err error) {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := c.to.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, io.LimitReader(in, info.Size())); err != nil {
		return err
	}
	return out.Sync()
}
