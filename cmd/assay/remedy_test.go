package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// What the machine refuses comes with a remedy; a surprise stays one.
func TestRemedies(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]string{
		syscall.EROFS: "fix: the disk can only be read", syscall.EACCES: "fix: you may not", syscall.EPERM: "fix: you may not", syscall.ENOSPC: "fix: the disk is full",
	} {
		err := fmt.Errorf("opening the log in d: %w", &fs.PathError{Op: "mkdir", Path: "d", Err: cause})
		if got := withRemedy(err).Error(); !strings.HasPrefix(got, "opening the log in d: mkdir d: ") || !strings.Contains(got, want) {
			t.Errorf("%v is told as %q", cause, got)
		}
	}
	if surprise := errors.New("x"); withRemedy(surprise) != surprise { //nolint:errorlint // the very same
		t.Error("a surprise got a remedy")
	}
}

func TestAScoreThatIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"nan", "inf", "-inf"} {
		code, _, stderr := assay(t, ".", "score", "add", "x", "--trace", "1", "--value="+value)
		if code != exitCannotRun || !strings.HasPrefix(stderr, "error: --value ") || !strings.Contains(stderr, "fix: give a finite number") {
			t.Errorf("%s: exit %d, %s", value, code, stderr)
		}
	}
}

// A key that may not send is told so in the words of the other commands.
func TestImportSaysWhatAKeyLacks(t *testing.T) {
	status, body := http.StatusForbidden, `{"code":7,"message":"the API key lacks the scope ingest"}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	defer s.Close()
	send := func() string {
		code, _, stderr := assay(t, ".", "trace", "import", "testdata/two.otlp.jsonl", "--server", s.URL)
		if code != exitCannotRun {
			t.Errorf("exit %d", code)
		}
		return stderr
	}
	if said := send(); !strings.Contains(said, "the API key lacks the scope ingest") || !strings.Contains(said, "fix: use a key that has it") {
		t.Error(said)
	}
	status, body = http.StatusUnauthorized, `{"code":16,"message":"no API key"}`
	if said := send(); !strings.Contains(said, "no API key") || !strings.Contains(said, "fix: put a key into ASSAY_API_KEY") {
		t.Error(said)
	}
	status, body = http.StatusTeapot, `<html>`
	if said := send(); !strings.Contains(said, "is it Assay?") {
		t.Error(said)
	}
}
