package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// oneShot starts the command anew for each request.
type oneShot struct{ spec Spec }

func (t *oneShot) Ask(ctx context.Context, req *Request) (*Reply, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, failed("writing the request: %v", err)
	}
	limited, cancel := context.WithTimeout(ctx, t.spec.Timeout)
	defer cancel()
	cmd := command(limited, t.spec)
	var out head
	var log tail
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, &log
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, timedOut(t.spec.Timeout, log.String())
	case err != nil:
		return nil, withLog(failed("the command %s", ending(err)), log.String())
	case out.over:
		return nil, withLog(failed("the reply is longer than %d MB", maxReply>>20), log.String())
	}
	reply, err := decode(out.text)
	if err != nil {
		return nil, withLog(failed("%s", message(err)), log.String())
	}
	return reply, nil
}

func (t *oneShot) Close() error { return nil }

// command prepares a process of a group of its own, so that what it starts
// ends with it.
func command(ctx context.Context, spec Spec) *exec.Cmd {
	cmd := exec.CommandContext(ctx, spec.Command[0], spec.Command[1:]...)
	cmd.Dir = spec.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// ending says how a process ended.
func ending(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return "could not be started: " + err.Error()
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "was ended by " + status.Signal().String()
	}
	return "ended with " + exit.String()
}

// head keeps the first maxReply bytes written to it.
type head struct {
	text []byte
	over bool
}

func (h *head) Write(p []byte) (int, error) {
	room := min(len(p), maxReply-len(h.text))
	h.text = append(h.text, p[:room]...)
	h.over = h.over || room < len(p)
	return len(p), nil
}

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
