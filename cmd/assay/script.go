package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/problem"
)

type scriptCmd struct {
	Serve scriptServeCmd `cmd:"" help:"Answer as an OpenAI Chat Completions server from a file of replies and faults."`
}

type scriptServeCmd struct {
	File string `arg:"" help:"The script; see docs/reference/script.md."`
	Addr string `default:"127.0.0.1:8099" help:"Address to listen on; port 0 takes a free one."`
}

func (cmd *scriptServeCmd) Run(c *console) error {
	text, err := readNamed(cmd.File)
	if err != nil {
		return err
	}
	parsed, err := script.Parse(cmd.File, text)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmd.Addr)
	if err != nil {
		return (&problem.Problem{What: "cannot listen on " + cmd.Addr + ": " + err.Error(), Err: err}).Remedy("give another --addr, such as 127.0.0.1:0")
	}
	server := &http.Server{Handler: script.Handler(parsed), ReadHeaderTimeout: 10 * time.Second}
	c.printf("serving %s at http://%s/v1\n", cmd.File, listener.Addr())
	stopped := make(chan error, 1)
	go func() {
		<-c.ctx.Done()
		limited, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		stopped <- server.Shutdown(limited)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the script: %w", err)
	}
	return <-stopped
}
