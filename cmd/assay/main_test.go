package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the command assay, which is this test binary, on the PATH of
// scripts and of tests that need a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": main, "assay-probe": probeFolders})
}

// TestScripts runs testdata/script/*.txtar: what a user types, sees and gets
// as exit code.
func TestScripts(t *testing.T) {
	server := standInServer(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			env.Setenv("GIT_AUTHOR_NAME", "a")
			env.Setenv("GIT_AUTHOR_EMAIL", "a@example.com")
			env.Setenv("GIT_COMMITTER_NAME", "a")
			env.Setenv("GIT_COMMITTER_EMAIL", "a@example.com")
			env.Setenv("ASSAY_STATE", "")
			env.Setenv("ASSAY_SERVER", server)
			env.Setenv("ASSAY_API_KEY", "key")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
		},
	})
}

// exits CODE PROGRAM ARGS... runs a program and checks its exit code; what it
// printed is there for stdout and stderr.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitCodeOf(err)
	}
	if got != args[0] {
		ts.Fatalf("%s exited %s, want %s", args[1], got, args[0])
	}
}
