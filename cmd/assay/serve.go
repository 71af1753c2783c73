package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"syscall"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/ingest"
	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/server"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
)

type serveCmd struct {
	dataFlag
	keepFlags
	Listen string   `default:"127.0.0.1:4318" placeholder:"ADDR" help:"Address for OTLP over HTTP, and for the API."`
	GRPC   string   `name:"grpc" default:"127.0.0.1:4317" placeholder:"ADDR" help:"Address for OTLP over gRPC; --grpc= for none."`
	Prices []string `placeholder:"FILE" help:"Prices that come before the built-in ones: docs/models.md."`
	Redact string   `placeholder:"FILE" help:"Rules of what is replaced before it is written: docs/reference/ingest.md."`
}

func (cmd *serveCmd) Run(c *console) error {
	prices, err := cmd.prices()
	if err != nil {
		return err
	}
	redaction, err := cmd.redaction()
	if err != nil {
		return err
	}
	log := c.logger()
	return server.Run(c.ctx, server.Options{
		Dir: cmd.Data, Listen: cmd.Listen, GRPC: cmd.GRPC, Redact: redaction, Log: log,
		Open: func(ctx context.Context, dir string) (spanstore.Store, error) {
			return local.Open(ctx, dir, local.Options{
				Prices: prices, Keep: cmd.retention(), Kept: kept(log),
				Unfinished: func(project string, err error) {
					log.Error("what was decided about a project is not done yet and is tried again within the hour", "project", project, "error", err)
				},
				Damage: func(project string, what seglog.Damage) {
					log.Warn("a part of a log is damaged", "project", project, "damage", what.String())
				},
			})
		},
		API: func(store spanstore.Store, who server.Who) http.Handler {
			return api.New(api.Options{Store: store, Who: api.Who(who), Log: log})
		},
		Started: func(a server.Addresses) { cmd.started(c, a) },
	})
}

// started says where the server is.
func (cmd *serveCmd) started(c *console, a server.Addresses) {
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.serving/1", "http": a.HTTP, "grpc": a.GRPC, "data": cmd.Data, "keys": a.Keys})
		return
	}
	c.printf("OTLP/HTTP and API  http://%s\n", a.HTTP)
	if a.GRPC != "" {
		c.printf("OTLP/gRPC          http://%s\n", a.GRPC)
	}
	c.printf("data               %s\n", cmd.Data)
	if !a.Keys {
		c.note("there are no API keys, so that only this machine is listened to; assay key create makes one")
	}
}

func (cmd *serveCmd) prices() (*price.Book, error) {
	var files []price.File
	for _, name := range cmd.Prices {
		text, err := readNamed(name)
		if err != nil {
			return nil, err
		}
		files = append(files, price.File{Name: name, Data: text})
	}
	return price.Load(files...)
}

func (cmd *serveCmd) redaction() (*ingest.Redaction, error) {
	if cmd.Redact == "" {
		return nil, nil
	}
	text, err := readNamed(cmd.Redact)
	if err != nil {
		return nil, err
	}
	return ingest.ParseRedaction(cmd.Redact, text)
}

// readNamed reads a file that a flag names.
func readNamed(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return text, nil
}

// unreadable says why a file that the command line names cannot be read.
func unreadable(name string, err error) *problem.Problem {
	p := &problem.Problem{File: name, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.What, p.Fix = "there is no such file", "check the path; it is relative to the folder that this command runs in"
	case errors.Is(err, syscall.EISDIR):
		p.What, p.Want = "is a folder", "a file"
	default:
		p.What, p.Fix = "cannot be read", "name a file that you may read"
	}
	return p
}

// logger writes what an operator wants to know to standard error: as JSON where
// --json is given, and only what is wrong with --quiet.
func (c *console) logger() *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if c.flags.Quiet {
		o.Level = slog.LevelWarn
	}
	if c.flags.JSON {
		return slog.New(slog.NewJSONHandler(c.err, o))
	}
	return slog.New(slog.NewTextHandler(c.err, o))
}
