package vfs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// syncData brings content and length to disk, but not the time of the last
// change, which would cost a second write.
func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			if failed = syscall.Fdatasync(int(fd)); !errors.Is(failed, syscall.EINTR) {
				return
			}
		}
	})
	if failed != nil {
		return fmt.Errorf("syncing %s: %w", f.Name(), failed)
	}
	return err
}
