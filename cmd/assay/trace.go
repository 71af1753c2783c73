package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

type traceCmd struct {
	Ls     traceLsCmd     `cmd:"" help:"Traces of which one span matches, newest first."`
	Show   traceShowCmd   `cmd:"" help:"One trace as a tree with durations, tokens and cost, or one span of it in full."`
	Tail   traceTailCmd   `cmd:"" help:"Traces as they come in, until interrupted."`
	Export traceExportCmd `cmd:"" help:"Print spans as OTLP JSON, a request a line."`
	Import traceImportCmd `cmd:"" help:"Send the lines of an export, or of an OpenTelemetry collector's file, to the server."`
}

type traceLsCmd struct {
	serverFlag
	spanQuery
	Limit  int    `short:"n" default:"20" help:"How many."`
	Cursor string `placeholder:"TEXT" help:"Go on where a list ended, which said so; with the same filter."`
	Count  bool   `help:"Only say how many spans match; on a terminal, how many so far."`
}

func (cmd *traceLsCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	if cmd.Count {
		return cmd.count(c, cl)
	}
	if cmd.Limit < 1 {
		return problem.Newf("-n %d lists nothing", cmd.Limit).Remedy("give a number above 0")
	}
	list := []api.Summary{}
	var lack api.Lacking
	query := cmd.values()
	next := cmd.Cursor
	for len(list) < cmd.Limit {
		if next != "" {
			query.Set("cursor", next)
		}
		query.Set("limit", strconv.Itoa(min(cmd.Limit-len(list), 1000)))
		var page api.TracePage
		if err := cl.get("/traces", query, &page); err != nil {
			return err
		}
		list, lack = append(list, page.Traces...), page.Lacking
		if next = page.Next; next == "" {
			break
		}
	}
	if len(list) == 0 {
		if err := cl.knowsProject(); err != nil {
			return err
		}
	}
	c.lacks(lack)
	if c.flags.JSON {
		out := withDamage(map[string]any{"format": "assay.traces/1", "traces": list}, lack)
		if next != "" {
			out["next"] = next
		}
		c.printJSON(out)
		return nil
	}
	if len(list) == 0 {
		c.note("no trace matches")
		return nil
	}
	c.printf("%s\n", traceHead)
	for i := range list {
		c.printTrace(&list[i])
	}
	if next != "" {
		c.note("there are more: -n says how many are listed, and --cursor %s goes on from here", next)
	}
	return nil
}

// count says how many spans match.
func (cmd *traceLsCmd) count(c *console, cl *client) error {
	cl.accept = "application/x-ndjson"
	body, err := cl.stream("/spans/count", cmd.values())
	if err != nil {
		return err
	}
	defer body.Close()
	_, live := terminal(c.err)
	var count struct {
		api.Count
		api.Failure
	}
	err = eachLine(body, func(_ int, line []byte) error {
		if err := json.Unmarshal(line, &count); err != nil {
			return problem.Newf("the server at %s answers what is no JSON of Assay: %v", cl.base, err).Remedy("is it Assay, and of the same version?")
		}
		if count.Error != nil {
			return problem.Newf("the count broke off at %d: %s", count.Spans, count.Error.Message)
		}
		if live && !c.flags.Quiet && !count.Done && count.Seen != nil {
			c.progressed = true
			fmt.Fprintf(c.err, "\r\x1b[K%s, back to %s", plural(int(count.Spans), "span"), count.Seen.Format("2006-01-02 15:04"))
		}
		return nil
	})
	c.clearProgress()
	switch {
	case err != nil:
		return err
	case !count.Done:
		return problem.Newf("the count broke off at %d", count.Spans).Remedy("narrow it, as with --since 24h")
	case c.flags.JSON:
		c.printJSON(withDamage(map[string]any{"format": "assay.count/1", "spans": count.Spans}, count.Lacking))
	default:
		c.printf("%s\n", plural(int(count.Spans), "span"))
	}
	c.lacks(count.Lacking)
	return nil
}

// lacks warns where an answer may lack what is damaged on the disk of the server.
func (c *console) lacks(l api.Lacking) {
	if l.Damage != nil {
		c.warn(l.Damage.String() + ": what is lost may be missing here; assay fsck names it")
	}
}

// withDamage adds what an answer may lack to what is printed as JSON.
func withDamage(out map[string]any, l api.Lacking) map[string]any {
	if l.Damage != nil {
		out["damage"] = l.Damage
	}
	return out
}

const traceHead = "TRACE                             TIME (UTC)   DURATION SPANS  TOKENS  COST        NAME"

// printTrace is a trace on one line.
func (c *console) printTrace(t *api.Summary) {
	name := t.Root
	if t.Errors > 0 {
		name += fmt.Sprintf(" (%s)", plural(int(t.Errors), "error"))
	}
	tokens, cost := "-", "-"
	if t.CostUSD != "" {
		cost = "$" + t.CostUSD
	}
	if t.Usage != nil {
		tokens = strconv.FormatInt(t.Usage.InputTokens+t.Usage.OutputTokens, 10)
	}
	c.printf("%s  %s %9s %5d %7s  %-11s %s\n", t.TraceID, t.Start.Format("01-02 15:04"), lasted(t.DurationMS), t.Spans, tokens, cost, onOneLine.Replace(name))
}

// lasted is a duration for people.
func lasted(ms *float64) string {
	switch {
	case ms == nil:
		return "running"
	case *ms < 1:
		return strconv.FormatFloat(*ms, 'f', 2, 64) + "ms"
	case *ms < 1000:
		return strconv.FormatFloat(*ms, 'f', 0, 64) + "ms"
	case *ms < 100_000:
		return strconv.FormatFloat(*ms/1000, 'f', 2, 64) + "s"
	}
	return (time.Duration(*ms) * time.Millisecond).Round(time.Second).String()
}

type traceShowCmd struct {
	serverFlag
	ID   string `arg:"" name:"trace" help:"Id of the trace."`
	Span string `placeholder:"ID" help:"Show this span in full: its number in the tree, or its id."`
}

func (cmd *traceShowCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	if cmd.Span != "" {
		id, err := cmd.spanID(cl)
		if err != nil {
			return err
		}
		var step api.Step
		if err := cl.get("/spans/"+url.PathEscape(cmd.ID)+"/"+url.PathEscape(id), nil, &step); err != nil {
			return err
		}
		if c.flags.JSON {
			c.printJSON(map[string]any{"format": "assay.span/1", "span": step})
			return nil
		}
		c.printSpan(&step)
		return nil
	}
	t, err := cmd.trace(cl, c.flags.JSON)
	if err != nil {
		return err
	}
	c.lacks(t.Lacking)
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.trace/1", "trace": t})
		return nil
	}
	c.printTree(t)
	return nil
}

func (cmd *traceShowCmd) trace(cl *client, content bool) (*api.Trace, error) {
	var t api.Trace
	return &t, cl.get("/traces/"+url.PathEscape(cmd.ID), url.Values{"content": {strconv.FormatBool(content)}}, &t)
}

// spanID is the id of the span that is meant: an id has 16 digits, a number in
// the tree has fewer.
func (cmd *traceShowCmd) spanID(cl *client) (string, error) {
	n, err := strconv.Atoi(cmd.Span)
	if err != nil || len(cmd.Span) >= 16 {
		return cmd.Span, nil
	}
	t, err := cmd.trace(cl, false)
	if err != nil {
		return "", err
	}
	if n < 1 || n > len(t.List) {
		return "", problem.Newf("the trace has no span number %d", n).Wanted("1 to %d", len(t.List))
	}
	return t.List[n-1].SpanID, nil
}

type traceExportCmd struct {
	serverFlag
	spanQuery
}

func (cmd *traceExportCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	body, err := cl.stream("/export", cmd.values())
	if err != nil {
		return err
	}
	defer body.Close()
	var lost *api.Error
	err = eachLine(body, func(_ int, line []byte) error {
		var failure api.Failure
		if bytes.HasPrefix(line, []byte(`{"error":`)) && json.Unmarshal(line, &failure) == nil && failure.Error != nil {
			if failure.Error.Code == damagedCode {
				lost = failure.Error
				return nil
			}
			return problem.Newf("the export broke off: %s", failure.Error.Message).Remedy("what was printed is whole; run it again for all")
		}
		if _, err := c.out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("printing an export: %w", err)
		}
		return nil
	})
	if err == nil && lost != nil {
		c.warn(lost.Message + "; " + lost.Fix)
		return exitError(exitDamaged)
	}
	return err
}

// damagedCode is the code of the line that an export ends with where some may be
// missing.
const damagedCode = "damaged"

// eachLine calls visit for every line that holds something, however long.
func eachLine(r io.Reader, visit func(n int, line []byte) error) error {
	lines := bufio.NewReaderSize(r, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d: %w", n, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := visit(n, text); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

type traceImportCmd struct {
	serverFlag
	File string `arg:"" help:"OTLP JSON, a request a line; - reads standard input."`
}

func (cmd *traceImportCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	in := io.Reader(os.Stdin)
	if cmd.File != "-" {
		file, err := os.Open(cmd.File)
		if err != nil {
			return unreadable(cmd.File, err).Remedy("assay trace export > %s makes one", cmd.File)
		}
		defer file.Close()
		in = file
	}
	requests, rejected := 0, 0
	err = eachLine(in, func(n int, line []byte) error {
		refused, reason, err := cl.send(line)
		if err != nil {
			var p *problem.Problem
			if errors.As(err, &p) {
				return p.At(cmd.File, n)
			}
			return err
		}
		if refused > 0 {
			c.warn(fmt.Sprintf("%s:%d: %d rejected: %s", cmd.File, n, refused, reason))
		}
		requests, rejected = requests+1, rejected+refused
		return nil
	})
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.import/1", "requests": requests, "rejected": rejected})
	} else {
		c.printf("%s sent, %s rejected\n", plural(requests, "request"), plural(rejected, "item"))
	}
	if rejected > 0 {
		return exitError(exitCannotRun)
	}
	return nil
}

// send posts one request of OTLP JSON to the endpoint that takes it.
func (cl *client) send(line []byte) (rejected int, reason string, err error) {
	var head struct {
		Spans json.RawMessage `json:"resourceSpans"`
		Logs  json.RawMessage `json:"resourceLogs"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return 0, "", problem.Newf("the line is no JSON: %v", err).Wanted("OTLP JSON, a whole request on each line")
	}
	path := "/v1/traces"
	switch {
	case head.Logs != nil:
		path = "/v1/logs"
	case head.Spans == nil:
		return 0, "", problem.Newf("the line has neither resourceSpans nor resourceLogs").Wanted("OTLP JSON, a whole request on each line")
	}
	var answer struct {
		Partial struct {
			Spans  json.Number `json:"rejectedSpans"`
			Logs   json.Number `json:"rejectedLogRecords"`
			Reason string      `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if err := cl.post(path, line, &answer); err != nil {
		return 0, "", err
	}
	for _, text := range []json.Number{answer.Partial.Spans, answer.Partial.Logs} {
		n, err := strconv.Atoi(text.String())
		if text != "" && err != nil {
			return 0, "", problem.Newf("the server tells %q rejected items", text)
		}
		rejected += n
	}
	return rejected, answer.Partial.Reason, nil
}
