package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/calls"
	"github.com/assay-llmops/assay/internal/problem"
)

type callsCmd struct {
	Ls   callsLsCmd   `cmd:"" help:"The calls that were made, newest last."`
	Show callsShowCmd `cmd:"" help:"One call: request, reply, tokens, cost and time."`

	Export callsExportCmd `cmd:"" help:"Calls as OpenTelemetry traces, a line of OTLP JSON each, for assay trace import or any trace store."`
}

type callsLsCmd struct {
	Limit  int    `short:"n" default:"30" help:"How many of the newest (0: all)."`
	Config string `help:"Only of this config."`
	Case   string `help:"Only of this case."`
	RunID  string `name:"run" placeholder:"ID" help:"Only of the run whose id starts with this."`
	Errors bool   `help:"Only those that failed."`
}

func (cmd *callsLsCmd) Run(c *console) error {
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	entries, err := store.Entries(cmd.Limit, func(e *calls.Entry) bool {
		return (cmd.Config == "" || e.Config == cmd.Config) && (cmd.Case == "" || e.Case == cmd.Case) &&
			strings.HasPrefix(e.Run, cmd.RunID) && (!cmd.Errors || e.Error != nil)
	})
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.calls/1", "calls": append([]calls.Entry{}, entries...)})
		return nil
	}
	if len(entries) == 0 {
		c.note("no calls yet: assay eval or assay gate makes some")
		return nil
	}
	rows := [][]string{{"TIME (UTC)", "CALL", "CONFIG", "CASE", "TOKENS", "COST", "MS", "RESULT"}}
	for i := range entries {
		e := &entries[i]
		tokens := "?"
		if e.Usage.Known {
			tokens = fmt.Sprintf("%d>%d", e.Usage.InputTokens, e.Usage.OutputTokens)
		}
		cost := "?"
		if e.CostUSD != "" {
			cost = "$" + e.CostUSD
		}
		result := e.Finish
		if e.Error != nil {
			result = string(e.Error.Kind)
		}
		if e.Purpose != "" {
			result = e.Purpose + " " + result
		}
		rows = append(rows, []string{
			time.Unix(0, e.Time).UTC().Format("01-02 15:04:05"), short(e.Key), clip(e.Config, 18), clip(e.Case, 22),
			tokens, cost, strconv.FormatFloat(e.DurationMS, 'f', 1, 64), result,
		})
	}
	c.table(rows)
	return nil
}

type callsExportCmd struct {
	RunID  string `name:"run" placeholder:"ID" help:"Only of the run whose id starts with this."`
	Config string `help:"Only of this config."`
}

func (cmd *callsExportCmd) Run(c *console) error {
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	entries, err := store.Entries(0, func(e *calls.Entry) bool {
		return (cmd.Config == "" || e.Config == cmd.Config) && strings.HasPrefix(e.Run, cmd.RunID)
	})
	if err != nil {
		return err
	}
	written, lost := 0, 0
	lines := json.NewEncoder(c.out)
	lines.SetEscapeHTML(false)
	for _, e := range entries {
		call, err := store.GetWhole(e.Key)
		if err != nil {
			return err
		}
		if call == nil || call.Start != e.Time { // it failed, or was made again later
			lost++
			continue
		}
		if err := lines.Encode(calls.Trace(call)); err != nil {
			return fmt.Errorf("writing call %s: %w", short(e.Key), err)
		}
		written++
	}
	c.note("%s written; %s that failed or were made again later are left out", plural(written, "call"), plural(lost, "call"))
	return nil
}

func short(key string) string { return key[:min(8, len(key))] }

type callsShowCmd struct {
	Key  string `arg:"" help:"First digits of the call's key, from assay calls ls or a report."`
	OTLP bool   `name:"otlp" help:"As an OpenTelemetry trace in OTLP JSON."`
}

func (cmd *callsShowCmd) Run(c *console) error {
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	entry, err := store.Find(cmd.Key)
	if err != nil {
		return err
	}
	call, err := store.GetWhole(entry.Key)
	if err != nil {
		return err
	}
	switch {
	case call == nil && cmd.OTLP:
		return problem.Newf("call %s failed and has no reply", cmd.Key).Remedy("assay calls show %s tells the error", cmd.Key)
	case cmd.OTLP:
		c.printJSON(calls.Trace(call))
	case c.flags.JSON:
		c.printJSON(map[string]any{"format": "assay.call/1", "entry": entry, "call": call})
	default:
		c.showCall(entry, call)
	}
	return nil
}

func (c *console) showCall(e *calls.Entry, call *calls.Call) {
	line := func(name, value string) {
		if value != "" {
			c.printf("%-9s %s\n", name, value)
		}
	}
	line("call", e.Key)
	line("time", time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano))
	line("config", e.Version)
	line("model", e.Model)
	line("case", e.Case)
	line("run", e.Run)
	line("took", fmt.Sprintf("%.1f ms, %s", e.DurationMS, plural(max(1, e.Attempts), "attempt")))
	if e.Usage.Known {
		line("tokens", fmt.Sprintf("%d in (%d cached), %d out", e.Usage.InputTokens, e.Usage.CachedTokens, e.Usage.OutputTokens))
	}
	cost := "unknown"
	if e.CostUSD != "" {
		cost = "$" + e.CostUSD
	}
	line("cost", cost)
	if e.Error != nil {
		line("error", e.Error.Error())
	}
	if call == nil {
		return
	}
	if call.Request != nil {
		for _, m := range call.Request.Messages {
			c.printf("\n[%s]\n%s\n", m.Role, strings.TrimRight(m.Content, "\n"))
		}
	}
	if call.Reply != nil {
		c.printf("\n[answer, finish_reason %s]\n%s\n", call.Reply.FinishReason, call.Reply.Content)
		for _, t := range call.Reply.ToolCalls {
			c.printf("calls %s(%s)\n", t.Name, t.Arguments)
		}
	}
}
