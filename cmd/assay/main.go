// Command assay versions, evaluates and gates LLM applications from files.
//
// This package is the command line: one file for each command, which reads
// flags, calls the rooms under internal and prints. It holds no logic of its
// own. Exit codes are part of the contract: 0 ok or gate passed, 1 gate
// failed or data damaged, 3 could not run, 4 gate undecided, 130 interrupted.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// collectAt makes the garbage collector run when the heap has grown by half,
// not by all: a run of 10,000 cases stays below 100 MB for a few per cent of
// processor time.
const collectAt = 50

func main() {
	debug.SetGCPercent(collectAt)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
