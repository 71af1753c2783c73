package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// withKey asks a server with the key of a file.
func withKey(t *testing.T, address, file string) asker {
	t.Helper()
	key, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(path string) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		return reply.StatusCode, body
	}
}

// TestFirstFolder opens the folder testdata/first/data, which the first version
// that had a store has written, and wants the answers that were its own then.
// What a later version may answer beside is not looked at twice: the golden file
// is written anew with UPDATE_GOLDEN=1, the folder never.
func TestFirstFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	copyFolder(t, "testdata/first/data", dir)
	s := serve(t, dir)
	var got strings.Builder
	for _, a := range mostOf(withKey(t, s.http, "testdata/first/key"), "first") {
		fmt.Fprintf(&got, "%s\n%d %s\n", a.Path, a.Status, a.Body)
	}
	s.end(t, syscall.SIGTERM)
	const golden = "testdata/first/answers.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Fatalf("line %d of %s is now\n%s", i+1, golden, line)
		}
	}
	if code, out, stderr := assay(t, ".", "fsck", "--data", dir); code != exitOK {
		t.Errorf("fsck: exit %d, %s%s", code, out, stderr)
	}
}
