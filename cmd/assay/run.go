package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
)

// The exit codes. 2 is never used: the Go runtime exits with it when it dies.
const (
	exitOK          = 0
	exitGateFailed  = 1
	exitDamaged     = 1
	exitCannotRun   = 3
	exitUndecided   = 4
	exitInterrupted = 130
)

// commands is the tree of commands; the flags beside them hold for all.
type commands struct {
	Project string `short:"C" placeholder:"DIR" default:"." env:"ASSAY_PROJECT" help:"Folder of the project: where assay.yaml, configs and evals lie."`
	State   string `placeholder:"DIR" env:"ASSAY_STATE" help:"Folder for calls and runs (default: .assay in the project)."`
	JSON    bool   `help:"Print what a program wants; schemas: assay schema output."`
	Quiet   bool   `short:"q" help:"No progress and no warnings."`
	Strict  bool   `help:"A warning, such as a model that is not pinned, is an error."`

	Init      initCmd      `cmd:"" help:"Write a small project that works at once."`
	Gate      gateCmd      `cmd:"" help:"Measure a change against its baseline: pass, fail or undecided."`
	Eval      evalCmd      `cmd:"" help:"Ask every case and score the answers."`
	Runs      runsCmd      `cmd:"" help:"List and show the runs that were made."`
	Config    configCmd    `cmd:"" help:"List, show, check, digest and export configurations."`
	Render    renderCmd    `cmd:"" help:"Show the exact messages for a case."`
	Diff      diffCmd      `cmd:"" help:"Show what differs between two versions of a configuration."`
	Dataset   datasetCmd   `cmd:"" help:"Check and describe a dataset."`
	Calls     callsCmd     `cmd:"" help:"List and show the model calls that were made."`
	Serve     serveCmd     `cmd:"" help:"Take in traces over OTLP, keep them, and answer about them."`
	Key       keyCmd       `cmd:"" help:"Make, list and revoke the API keys of a server."`
	Retention retentionCmd `cmd:"" help:"What a server keeps of a project, by age and by size."`
	Price     priceCmd     `cmd:"" help:"Compute the costs of a server's spans again."`
	Backup    backupCmd    `cmd:"" help:"Copy the data of a server, which may run, and check the copy."`
	Restore   restoreCmd   `cmd:"" help:"Make the folder of a new server from a backup."`
	Erase     eraseCmd     `cmd:"" help:"Erase a user, a session or a trace from a server, on disk too."`
	Fsck      fsckCmd      `cmd:"" help:"Check the data of a stopped server, and name what is damaged."`
	Reindex   reindexCmd   `cmd:"" help:"Make the index of a stopped server anew from its logs."`
	Trace     traceCmd     `cmd:"" help:"List, show, follow, export and import traces of a server."`
	Stats     statsCmd     `cmd:"" help:"Figures over spans: counts, percentiles, tokens, cost, by time and dimension."`
	Score     scoreCmd     `cmd:"" help:"Score a trace, a span, a session or a case."`
	Script    scriptCmd    `cmd:"" help:"Serve scripted replies and faults as an OpenAI endpoint."`
	Schema    schemaCmd    `cmd:"" help:"Print the JSON Schema of a kind of file or output."`
	Version   versionCmd   `cmd:"" help:"Print the version of this binary."`
}

// exitError ends the command with a code and nothing more to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// parsed unwinds kong when it has printed help.
type parsed struct{ code int }

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	var tree commands
	c := &console{ctx: ctx, out: stdout, err: stderr, flags: &tree}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case parsed:
			code = p.code
		default:
			panic(p)
		}
	}()
	parser, err := kong.New(&tree,
		kong.Name("assay"),
		kong.Description("LLMOps from files: version the whole configuration, evaluate it, gate the change."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(parsed{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 80, NoExpandSubcommands: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		fmt.Fprintln(stderr, "assay:", err)
		return exitCannotRun
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		// --json may not have been read yet.
		for _, arg := range args {
			tree.JSON = tree.JSON || arg == "--json"
		}
		return c.fail(usage(err, parser))
	}
	return c.fail(command.Run(c))
}

// usage turns a mistake on the command line into a problem with a remedy.
func usage(err error, parser *kong.Kong) error {
	p := &problem.Problem{What: err.Error(), Err: err, Fix: "assay --help shows the commands"}
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Command() != "" {
		p.Fix = "assay " + commandWords(parse.Context.Command()) + " --help shows its arguments and flags"
	}
	return p
}

// commandWords is a command without its arguments: "script serve <file>" is
// "script serve".
func commandWords(command string) string {
	words, _, _ := strings.Cut(command, " <")
	words, _, _ = strings.Cut(words, " [")
	return words
}

// fail prints an error and gives the exit code that belongs to it.
func (c *console) fail(err error) int {
	var exit exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return int(exit)
	case eval.Interrupted(err):
		c.tell("interrupted; what was finished is kept: run the same command again to go on")
		return exitInterrupted
	}
	err = withRemedy(err)
	c.fromHere(err)
	if c.flags.JSON {
		c.printJSON(failure(err))
		return exitCannotRun
	}
	if !problem.Is(err) {
		c.tell("assay: %v", err)
		return exitCannotRun
	}
	fmt.Fprintln(c.err, c.paint(red, "error: ")+shown(err.Error()))
	return exitCannotRun
}

// withRemedy says what to do where the machine refuses what any command needs.
func withRemedy(err error) error {
	if problem.Is(err) {
		return err
	}
	for cause, fix := range map[error]string{
		syscall.EROFS:    "the disk can only be read: name a folder on another, or mount it to be written",
		fs.ErrPermission: "you may not: check who may read and write there, or name another folder",
		syscall.ENOSPC:   "the disk is full: make room, and run the same command again",
		syscall.EDQUOT:   "your quota is used up: make room, and run the same command again",
		syscall.EMFILE:   "too many files are open: raise the limit (ulimit -n)",
	} {
		if errors.Is(err, cause) {
			return &problem.Problem{What: err.Error(), Fix: fix, Err: err}
		}
	}
	return err
}

// fromHere names the files of problems as seen from the current folder: rooms
// name them as seen from the top of the repository.
func (c *console) fromHere(err error) {
	var list problem.List
	var one *problem.Problem
	if !errors.As(err, &list) && errors.As(err, &one) {
		list = problem.List{one}
	}
	repo, found := source.Find(c.flags.Project)
	here, failed := os.Getwd()
	if found != nil || failed != nil {
		return
	}
	for _, p := range list {
		if _, err := os.Stat(p.File); p.File == "" || filepath.IsAbs(p.File) || err == nil {
			continue
		}
		full := filepath.Join(repo.Top, filepath.FromSlash(p.File))
		if _, err := os.Stat(full); err != nil {
			continue
		}
		if rel, err := filepath.Rel(here, full); err == nil {
			p.File = rel
		}
	}
}

// failure is an error as --json prints it.
func failure(err error) any {
	type item struct {
		File    string `json:"file,omitempty"`
		Line    int    `json:"line,omitempty"`
		Column  int    `json:"column,omitempty"`
		Message string `json:"message"`
		Want    string `json:"expected,omitempty"`
		Fix     string `json:"fix,omitempty"`
	}
	var items []item
	var list problem.List
	var one *problem.Problem
	switch {
	case errors.As(err, &list):
		for _, p := range list {
			items = append(items, item{p.File, p.Line, p.Col, p.What, p.Want, p.Fix})
		}
	case errors.As(err, &one):
		items = []item{{one.File, one.Line, one.Col, one.What, one.Want, one.Fix}}
	default:
		items = []item{{Message: err.Error()}}
	}
	return map[string]any{"format": "assay.error/1", "exit": exitCannotRun, "errors": items}
}

// printJSON writes an indented value on standard output.
func (c *console) printJSON(v any) {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		c.tell("assay: writing JSON: %v", err)
	}
}
