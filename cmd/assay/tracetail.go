package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/api"
)

type traceTailCmd struct {
	serverFlag
	spanQuery
	Every time.Duration `default:"2s" help:"How often to ask."`
}

const (
	// tailWindow is how long before it comes in a trace may have begun.
	tailWindow = "10m"
	// tailFirst is how many traces are shown to begin with.
	tailFirst = 200
	// tailSweep is how many times the newest pages are asked for before the
	// whole window is: a trace is listed by when it began, so one that took long
	// comes in behind others that are known.
	tailSweep = 30
)

func (cmd *traceTailCmd) Run(c *console) error {
	err := cmd.follow(c)
	if c.ctx.Err() != nil {
		return nil // an interruption is the end that it has
	}
	return err
}

func (cmd *traceTailCmd) follow(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	query := cmd.values()
	query.Set("since", tailWindow)
	t := &tail{client: cl, query: query}
	// What is in the window counts as known, but for what is shown first.
	if _, err := t.ask(true); err != nil {
		return err
	}
	begin := cmd.values()
	if cmd.Since == "" {
		begin.Set("since", tailWindow)
	}
	begin.Set("limit", strconv.Itoa(tailFirst))
	var page api.TracePage
	if err := cl.get("/traces", begin, &page); err != nil {
		return err
	}
	for _, s := range page.Traces {
		t.known[s.TraceID] = true
	}
	fresh := page.Traces
	c.lacks(page.Lacking)
	tick := time.NewTicker(max(cmd.Every, 100*time.Millisecond))
	defer tick.Stop()
	for n := 1; ; n++ {
		if err := c.printTail(fresh); err != nil {
			return err
		}
		select {
		case <-c.ctx.Done():
			return nil
		case <-tick.C:
		}
		if fresh, err = t.ask(n%tailSweep == 0); err != nil {
			return err
		}
	}
}

// printTail prints traces that are listed newest first, oldest first.
func (c *console) printTail(list []api.Summary) error {
	for _, t := range slices.Backward(list) {
		if !c.flags.JSON {
			c.printTrace(&t)
			continue
		}
		if err := json.NewEncoder(c.out).Encode(t); err != nil {
			return fmt.Errorf("printing a trace: %w", err)
		}
	}
	return nil
}

// tail asks for what has come in since it last asked.
type tail struct {
	client *client
	query  url.Values
	known  map[string]bool // ids of traces in the window
}

// ask lists the traces that were not known, newest first. It reads pages until
// one brings nothing new, or the whole window.
func (t *tail) ask(whole bool) (fresh []api.Summary, err error) {
	query := maps.Clone(t.query)
	query.Set("limit", "1000")
	if !whole {
		query.Set("limit", "200")
	}
	listed := map[string]bool{}
	for {
		var page api.TracePage
		if err := t.client.get("/traces", query, &page); err != nil {
			return nil, err
		}
		news := false
		for _, s := range page.Traces {
			listed[s.TraceID] = true
			if !t.known[s.TraceID] {
				news, fresh = true, append(fresh, s)
			}
		}
		if page.Next == "" || !news && !whole {
			break
		}
		query.Set("cursor", page.Next)
	}
	if whole {
		t.known = listed // what has left the window is forgotten
		return fresh, nil
	}
	maps.Copy(t.known, listed)
	return fresh, nil
}
