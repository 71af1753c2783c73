package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkCachedGate is a gate of 1,000 cases whose answers of both sides are
// kept: nothing is called.
func BenchmarkCachedGate(b *testing.B) {
	dir := b.TempDir()
	must := func(code int) {
		if code == exitCannotRun {
			b.Fatalf("exit %d", code)
		}
	}
	must(run(context.Background(), []string{"init", dir}, io.Discard, os.Stderr))
	var cases strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&cases, `{"id":"c%d","input":{"question":"What does size %d cost in week %d?"},"expected":{"facts":["$19"],"sources":["boxes.md#sizes"]}}`+"\n", i, i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "datasets", "support.jsonl"), []byte(cases.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "configs", "support.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	other := strings.Replace(string(config), "top_k: 3", "top_k: 2", 1)
	if err := os.WriteFile(filepath.Join(dir, "configs", "other.yaml"), []byte(other), 0o644); err != nil {
		b.Fatal(err)
	}
	args := []string{"gate", "--project", dir, "--baseline", "config:other"}
	must(run(context.Background(), args, io.Discard, os.Stderr))
	for b.Loop() {
		must(run(context.Background(), args, io.Discard, os.Stderr))
	}
}
