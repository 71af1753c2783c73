package evaluator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// program is a command that is started anew for each request.
type program struct {
	argv    []string
	dir     string // absolute
	timeout time.Duration
	maxOut  int // bytes of stdout; more is an error
	maxLog  int // bytes of stderr that a message shows: the last ones
}

// run gives the program its stdin and returns its stdout. It runs in a process
// group of its own, which is killed as a whole when the time is over, so that
// nothing it started stays behind.
func (p program) run(ctx context.Context, stdin []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	cmd.WaitDelay = time.Second
	out, log := &head{max: p.maxOut}, &ending{max: p.maxLog}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), out, log
	err := cmd.Run()
	if cmd.Process != nil && errors.Is(err, exec.ErrWaitDelay) {
		// The program ended, and something that it started holds its output.
		_ = kill() // nothing is left to do where the group is gone already
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, log.add(fmt.Sprintf("the command did not answer within %s", p.timeout))
	case err != nil:
		return nil, log.add("the command " + howEnded(err))
	case out.over:
		return nil, fmt.Errorf("the command wrote more than %d bytes", p.maxOut)
	}
	return out.text, nil
}

// howEnded says how a process ended.
func howEnded(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return "was ended by a signal: " + status.Signal().String()
		}
		return "ended with " + exit.String()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return "left a process behind that holds its output"
	}
	return "could not be run: " + err.Error()
}

// head keeps the first bytes written to it and takes the rest without keeping
// them. It embeds no buffer, whose ReadFrom would let io.Copy pass the bound.
type head struct {
	text []byte
	max  int
	over bool
}

func (h *head) Write(b []byte) (int, error) {
	room := h.max - len(h.text)
	h.over = h.over || len(b) > room
	h.text = append(h.text, b[:min(room, len(b))]...)
	return len(b), nil
}

// ending keeps the last bytes written to it.
type ending struct {
	text []byte
	max  int
}

func (e *ending) Write(b []byte) (int, error) {
	e.text = append(e.text, b...)
	if over := len(e.text) - e.max; over > 0 {
		e.text = append(e.text[:0], e.text[over:]...)
	}
	return len(b), nil
}

// add makes an error of a message and of what the program logged last.
func (e *ending) add(message string) error {
	if log := strings.ToValidUTF8(strings.TrimSpace(string(e.text)), "�"); log != "" {
		message += "; stderr: " + log
	}
	return errors.New(message)
}
