package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitFor waits until a condition of another process holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s within 20 s", what)
		}
	}
}

// TestInterrupt presses Ctrl-C in the middle of a run: exit 130, what was
// finished is kept, and the same command goes on from there.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	const cases = 100
	u := newUpstream(t, echoScript)
	u.free, u.hold = 30, make(chan struct{})
	dir := echoProject(t, u.URL, cases)
	cmd := exec.Command("assay", "eval", "--project", dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it has mostly ended by then
	waitFor(t, "request", func() bool { total, _ := u.counts(); return total > 30 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCodeOf(cmd.Wait()); code != "130" {
		t.Fatalf("exit %s, want 130: %s", code, &stderr)
	}
	if !strings.Contains(stderr.String(), "run the same command again to go on") {
		t.Errorf("it says: %s", &stderr)
	}
	stopped, _ := u.counts()
	if stopped >= cases {
		t.Fatalf("all %d were asked before the interrupt", stopped)
	}
	close(u.hold)
	out, err := exec.Command("assay", "eval", "--project", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("going on: %v\n%s", err, out)
	}
	total, distinct := u.counts()
	if distinct != cases || total > cases+8 { // those under way at the interrupt
		t.Errorf("%d requests for %d cases, %d distinct: answers were asked for twice", total, cases, distinct)
	}
}

// TestFullDisk bounds the size of files, so that writes fail in the middle of a
// run as they do on a full disk: exit 3 and a remedy, and once there is room
// the same command ends the run and asks nothing twice.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	const cases = 60
	u := newUpstream(t, echoScript)
	dir := echoProject(t, u.URL, cases)
	cmd := exec.Command("sh", "-c", `ulimit -f 16; exec assay eval --project "$1"`, "sh", dir) // 8 or 16 KiB
	cmd.Env = append(os.Environ(), "GODEBUG=")
	out, err := cmd.CombinedOutput()
	if code := exitCodeOf(err); code != "3" {
		t.Fatalf("exit %s, want 3:\n%s", code, out)
	}
	if text := string(out); !strings.Contains(text, "cannot write the state folder: file too large") || !strings.Contains(text, "--state DIR") {
		t.Errorf("it says: %s", text)
	}
	if before, _ := u.counts(); before == 0 || before >= cases {
		t.Fatalf("%d of %d were asked before the disk was full", before, cases)
	}
	out, err = exec.Command("assay", "eval", "--project", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("with room again: %v\n%s", err, out)
	}
	total, distinct := u.counts()
	if distinct != cases || total > cases+8 {
		t.Errorf("%d requests for %d cases, %d distinct: answers were asked for twice", total, cases, distinct)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".assay", "*", ".tmp-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestTwoProcesses makes the same run twice at once: the second waits, says so,
// and asks nothing.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	const cases = 100
	u := newUpstream(t, echoScript)
	u.free, u.hold = 10, make(chan struct{})
	dir := echoProject(t, u.URL, cases)
	first := exec.Command("assay", "eval", "--project", dir)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { first.Process.Kill() }) //nolint:errcheck // it has mostly ended by then
	waitFor(t, "request", func() bool { total, _ := u.counts(); return total > 10 })
	second := exec.Command("assay", "eval", "--project", dir)
	stderr, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { second.Process.Kill() }) //nolint:errcheck // it has mostly ended by then
	told, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil || told != "another process makes this run; waiting for it\n" {
		t.Errorf("the second says %q, %v", told, err)
	}
	close(u.hold)
	if err := second.Wait(); err != nil {
		t.Error(err)
	}
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
	if total, _ := u.counts(); total != cases {
		t.Errorf("%d requests for %d cases", total, cases)
	}
}

// TestTerminate ends like Ctrl-C: CI systems send it.
func TestTerminate(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "rules: [{fault: {hang: true}}]")
	dir := echoProject(t, u.URL, 3)
	cmd := exec.Command("assay", "eval", "--project", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it has mostly ended by then
	waitFor(t, "request", func() bool { total, _ := u.counts(); return total >= 1 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCodeOf(cmd.Wait()); code != "130" {
		t.Errorf("exit %s, want 130", code)
	}
}
