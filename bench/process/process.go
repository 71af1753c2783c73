//go:build linux

// Package process starts the server that a benchmark measures and reads from the
// kernel what it takes: processor time, resident memory, and its folder on disk.
// It sees any server the same way, which is why a peer can stand in Assay's place.
package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Server is a running process.
type Server struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of the process, once ended
	log   string
}

// Spec says what to start. The process is ready when Ready answers 200.
type Spec struct {
	Command []string
	Env     []string // beside the environment of this process
	Log     string   // file for what it prints
	Ready   string   // URL
	Within  time.Duration
}

// Start starts a server and waits until it is ready; it says how long that took.
func Start(ctx context.Context, s Spec) (*Server, time.Duration, error) {
	out, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, 0, err
	}
	defer out.Close()
	cmd := exec.Command(s.Command[0], s.Command[1:]...)
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = out, out
	// A benchmark that dies takes its server with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("starting %s: %w", s.Command[0], err)
	}
	p := &Server{cmd: cmd, ended: make(chan struct{}), log: s.Log}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	client := &http.Client{Timeout: time.Second}
	for time.Since(begin) < s.Within {
		if ready(ctx, client, s.Ready) {
			return p, time.Since(begin), nil
		}
		select {
		case <-p.ended:
			return nil, 0, p.died()
		case <-ctx.Done():
			return nil, 0, errors.Join(ctx.Err(), p.Stop(time.Second))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil, 0, errors.Join(fmt.Errorf("%s did not answer within %s", s.Ready, s.Within), p.Stop(time.Second))
}

func ready(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	reply, err := client.Do(request)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

func (p *Server) died() error {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	return fmt.Errorf("the server ended by itself (%v):\n%s", p.cmd.ProcessState, data[max(0, len(data)-2000):])
}

// Stop asks the process to end and waits; after the patience it is killed, which
// is an error.
func (p *Server) Stop(patience time.Duration) error {
	select {
	case <-p.ended:
		return p.died()
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		err := p.cmd.Process.Kill()
		<-p.ended
		return errors.Join(fmt.Errorf("the server had not ended %s after SIGTERM", patience), err)
	}
}

// Use is what a process has taken so far.
type Use struct {
	Processor      time.Duration
	Resident, Peak int64 // bytes
}

// Use reads what the server has taken.
func (p *Server) Use() (Use, error) { return read(p.cmd.Process.Pid) }

// Self reads what this process has taken.
func Self() (Use, error) { return read(os.Getpid()) }

// read reads /proc. Processor time is counted in ticks of 10 ms on every
// architecture that Linux has.
func read(pid int) (Use, error) {
	var u Use
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, err
	}
	// The name of the program stands in brackets and may hold spaces.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return u, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	for _, f := range fields[11:13] { // user and system
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return u, err
		}
		u.Processor += time.Duration(ticks) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch {
		case err != nil:
		case key == "VmRSS":
			u.Resident = kilobytes << 10
		case key == "VmHWM":
			u.Peak = kilobytes << 10
		}
	}
	return u, nil
}

// Size is how many bytes the files of a folder take on disk.
func Size(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file may go while we look
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += stat.Blocks * 512
		}
		return nil
	})
	return total, err
}

// Address finds a free port of the loopback address.
func Address() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
