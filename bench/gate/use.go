//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// use is what a process took.
type use struct {
	wall, processor time.Duration
	memory          int64 // peak resident bytes
}

// call runs a command, which must end with the exit code want.
func call(binary string, want int, args ...string) (use, error) {
	cmd := exec.Command(binary, args...)
	var noise bytes.Buffer
	cmd.Stderr = &noise
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return use{}, err
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		return use{}, fmt.Errorf("%s %v: exit code %d, want %d\n%s", binary, args, code, want, noise.Bytes())
	}
	u := use{wall: wall, processor: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = usage.Maxrss
		if runtime.GOOS != "darwin" {
			u.memory *= 1024 // elsewhere it is counted in KiB
		}
	}
	return u, nil
}

// median runs something several times and gives the middle of its wall times.
func (m *measurement) median(f func() (use, error)) (time.Duration, error) {
	took := make([]time.Duration, m.runs)
	for i := range took {
		u, err := f()
		if err != nil {
			return 0, err
		}
		took[i] = u.wall
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
