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
)

// Copy writes what the store in folder dir cannot make again into folder to,
// whether a process has the store open or not. What was acknowledged before the
// call is in the copy; of what arrives meanwhile some is, and the last record may
// be cut off. The copy opens as a store, which makes its index anew.
func Copy(ctx context.Context, dir, to string) error {
	projects, err := os.ReadDir(filepath.Join(dir, "projects"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the projects of the store: %w", err)
	}
	for _, p := range projects {
		if !p.IsDir() {
			continue
		}
		project := filepath.Join("projects", p.Name())
		if err := copyProject(ctx, filepath.Join(dir, project), filepath.Join(to, project)); err != nil {
			return fmt.Errorf("copying the log of project %s: %w", p.Name(), err)
		}
	}
	return nil
}

// copyProject copies the log of a project and what lies beside it: its settings,
// and an erasure that is under way before or after, which who opens the copy
// carries out.
func copyProject(ctx context.Context, from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := copyBeside(ctx, from, to, pendingName); err != nil {
		return err
	}
	if err := copyLog(ctx, filepath.Join(from, "log"), filepath.Join(to, "log")); err != nil {
		return err
	}
	if err := copyBeside(ctx, from, to, pendingName); err != nil {
		return err
	}
	return copyBeside(ctx, from, to, settingsName)
}

// copyBeside copies a file that may not be there, and is only ever replaced,
// unless the copy has it.
func copyBeside(ctx context.Context, from, to, name string) error {
	if _, err := os.Stat(filepath.Join(to, name)); err == nil {
		return nil
	}
	err := copyFile(ctx, filepath.Join(from, name), filepath.Join(to, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// copyLog copies the segments of a log, which are only ever appended to or
// replaced as a whole. The newest comes first: retention, which removes the
// oldest, then leaves no gap.
func copyLog(ctx context.Context, from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, file := range slices.Backward(files) {
		if filepath.Ext(file.Name()) != ".seg" {
			continue
		}
		err := copyFile(ctx, filepath.Join(from, file.Name()), filepath.Join(to, file.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile, and all that are older
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file onto the disk, as far as it reaches when it is opened.
func copyFile(ctx context.Context, from, to string) (err error) {
	if err := ctx.Err(); err != nil {
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
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, io.LimitReader(in, info.Size())); err != nil {
		return err
	}
	return out.Sync()
}
