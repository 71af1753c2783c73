package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// standIn is a store with two traces, of which one is a tree.
type standIn struct {
	spanstore.Store // what is not here is not called
}

func standInTrace() trace.ID { return trace.IDOf(0x0af7651916cd43dd, 0x8448eb211c80319c) }

func standInStart() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func (standIn) Traces(_ context.Context, _ string, q spanstore.Query) (*spanstore.TracePage, error) {
	start, cost := standInStart().UnixNano(), int64(1_500_000)
	all := []spanstore.Summary{
		{
			Trace: standInTrace(), Root: "answer", Kind: trace.KindChain, Start: start, End: start + 5e9, Spans: 6, Errors: 1,
			Usage: llm.Usage{InputTokens: 100, OutputTokens: 20, Known: true}, Cost: &cost, User: "u1",
		},
		{Trace: trace.IDOf(1, 2), Root: "evil\x1b[31m\nname", Start: start - 1e9, Spans: 1},
	}
	if q.Where != nil && q.Where.String() == "user=nobody" {
		all = nil
	}
	if q.Cursor == "second" {
		return &spanstore.TracePage{Traces: all[1:]}, nil
	}
	if q.Limit == 1 {
		return &spanstore.TracePage{Traces: all[:1], Next: "second"}, nil
	}
	return &spanstore.TracePage{Traces: all}, nil
}

func (standIn) Trace(_ context.Context, _ string, id trace.ID) (*spanstore.Trace, error) {
	if id != standInTrace() {
		return nil, spanstore.ErrNotFound
	}
	start, cost, half := standInStart().UnixNano(), int64(1_500_000), 0.5
	row := func(id, parent uint64, from, to float64, kind trace.Kind, name string) spanstore.Record {
		r := spanstore.Record{Row: trace.Row{Trace: standInTrace(), Span: trace.SpanIDOf(id), Parent: trace.SpanIDOf(parent), Start: start + int64(from*1e9), Kind: kind, Name: name}}
		if to > 0 {
			r.End = start + int64(to*1e9)
		}
		return r
	}
	t := &spanstore.Trace{Records: []spanstore.Record{
		row(1, 0, 0, 5, trace.KindChain, "answer"), row(2, 1, 0, 1.25, trace.KindRetriever, "search"), row(3, 2, 0.5, 0.52, trace.KindEmbedding, "embed"),
		row(4, 1, 1.25, 3.75, trace.KindLLM, "chat"), row(5, 1, 3.75, 0, trace.KindTool, "a tool with a name that goes on and on"), row(6, 99, 2, 3, trace.KindOther, "lost"),
	}, Scores: []trace.Score{{ID: "s", Name: "grounded", Value: &half, Target: trace.Target{Trace: standInTrace()}, Source: "person", Time: start}}}
	t.Records[0].User = "u1"
	chat := &t.Records[3]
	chat.User, chat.Tags = "u1", []string{"beta", "eu"}
	chat.Model, chat.Error, chat.Reason, chat.Counted, chat.Cost = "gpt-5", true, "content_filter", true, &cost
	chat.Usage = llm.Usage{InputTokens: 100, OutputTokens: 20, Known: true}
	for i := range t.Records {
		t.Spans = append(t.Spans, spanstore.Raw{Bytes: standInSpan(&t.Records[i])})
	}
	return t, nil
}

// standInSpan is a span as an SDK sends it.
func standInSpan(r *spanstore.Record) []byte {
	field := func(to []byte, num protowire.Number, body []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), body)
	}
	out := field(field(nil, 1, r.Trace[:]), 2, r.Span[:])
	out = protowire.AppendFixed64(protowire.AppendTag(out, 7, protowire.Fixed64Type), uint64(r.Start))
	attributes := [][2]string{{"openinference.span.kind", strings.ToUpper(r.Kind.String())}}
	switch r.Kind {
	case trace.KindLLM:
		attributes = append(attributes, [2]string{"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"May I return it?"}]}]`},
			[2]string{"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","name":"lookup","arguments":{"id":1}}]}]`})
	case trace.KindRetriever:
		attributes = append(attributes, [2]string{"input.value", "returns"}, [2]string{"retrieval.documents.0.document.content", "Within 14 days."},
			[2]string{"retrieval.documents.0.document.id", "refunds.md#2"})
	}
	for _, a := range attributes {
		out = field(out, 9, field(field(nil, 1, []byte(a[0])), 2, field(nil, 1, []byte(a[1]))))
	}
	if r.Error {
		event := field(nil, 2, []byte("exception"))
		for _, a := range [][2]string{{"exception.type", "Timeout"}, {"exception.message", "too slow"}, {"exception.stacktrace", "at answer.py:7"}} {
			event = field(event, 3, field(field(nil, 1, []byte(a[0])), 2, field(nil, 1, []byte(a[1]))))
		}
		out = field(out, 11, event)
	}
	return out
}

func (standIn) Aggregate(_ context.Context, _ string, a spanstore.Aggregate) (*spanstore.Table, error) {
	t := &spanstore.Table{}
	for i, model := range []string{"gpt-5", ""} {
		row := spanstore.AggregateRow{Time: standInStart().UnixNano(), By: []string{model}}
		for range a.Metrics {
			v := 1.5e9
			row.Values = append(row.Values, &v)
		}
		if i == 1 {
			row.Values[0] = nil
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (standIn) Append(_ context.Context, _ string, b *spanstore.Batch) error {
	if len(b.Scores) != 1 || b.Scores[0].Name != "grounded" {
		return errors.New("no score arrived")
	}
	return nil
}

func (standIn) Keeps(context.Context, string) (spanstore.Retention, bool, error) {
	return spanstore.Retention{MaxAge: int64(36 * time.Hour), MaxBytes: 1 << 30}, true, nil
}

func (standIn) Keep(context.Context, string, *spanstore.Retention) (*spanstore.Retained, error) {
	return &spanstore.Retained{Spans: 12, Bytes: 3_000_000}, nil
}

func (standIn) Recost(_ context.Context, _ string, _ int64, progress func(int64)) (int64, error) {
	progress(50_000)
	return 3, nil
}

func (standIn) Count(_ context.Context, _ string, q spanstore.Query, told func(spans, seen int64) error) (int64, error) {
	if err := told(1, standInStart().UnixNano()); err != nil {
		return 0, err
	}
	if q.Where != nil {
		return 0, errors.New("a block is damaged")
	}
	return 1234, nil
}

func (standIn) Export(_ context.Context, _ string, q spanstore.Query, write func(*spanstore.Batch) error) error {
	b := &spanstore.Batch{Resources: []spanstore.Resource{{}}, Scopes: []spanstore.Scope{{}}, Spans: []spanstore.Item{{Bytes: []byte("\x2a\x04chat")}}}
	if err := write(b); err != nil {
		return err
	}
	if q.Where != nil {
		return errors.New("a block is damaged")
	}
	return nil
}

func (standIn) Erase(_ context.Context, _ string, what spanstore.Erasure) (*spanstore.Erased, error) {
	if what != (spanstore.Erasure{User: "ann/b"}) {
		return &spanstore.Erased{Checked: 4096}, nil
	}
	return &spanstore.Erased{Traces: []trace.ID{standInTrace()}, Spans: 3, Logs: 1, Files: 2, Checked: 4096}, nil
}

func (standIn) Projects(context.Context) ([]string, error) { return []string{"default", "shop"}, nil }

// TestBucketTimes: two buckets are never told by the same time.
func TestBucketTimes(t *testing.T) {
	t.Parallel()
	for want, width := range map[string]time.Duration{"09:01": time.Minute, "09:00:01": time.Second, "09:00:00.500": 500 * time.Millisecond} {
		first, second := standInStart(), standInStart().Add(width)
		layout := bucketLayout([]api.StatsRow{{Time: &first}, {Time: &second}, {}})
		if got := second.Format(layout); got != "2026-03-01 "+want {
			t.Errorf("%s wide: %s", width, got)
		}
	}
}

// standInServer is the API over standIn beside an endpoint that takes OTLP JSON.
func standInServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(api.Prefix+"/", api.New(api.Options{
		Store: standIn{},
		Who: func(r *http.Request) (string, []string, error) {
			if r.Header.Get("Authorization") != "Bearer key" {
				return "", nil, errors.New("there is no such key")
			}
			return access.ProjectName(r.URL.Query().Get("project")), []string{api.ScopeRead, api.ScopeWrite, api.ScopeAdmin, api.ScopeProjects}, nil
		},
	}))
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || r.Header.Get("Content-Type") != "application/json":
			http.Error(w, "no OTLP JSON", http.StatusBadRequest)
		case strings.Contains(string(body), `["bad"]`):
			io.WriteString(w, `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span 0: its trace id is all zero"}}`)
		default:
			io.WriteString(w, `{}`)
		}
	})
	mux.HandleFunc("POST /v1/logs", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{}`) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestTailFollows: a trace is told once, and an interruption is no error.
func TestTailFollows(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 3 {
			cancel()
		}
		if r.URL.Query().Get("since") != tailWindow || r.URL.Query().Get("q") != "kind=llm" || r.URL.Query().Get("project") != "shop" {
			t.Errorf("tail asks %s", r.URL)
		}
		page := api.TracePage{Traces: []api.Summary{{TraceID: "b", Root: "second"}, {TraceID: "a", Root: "first"}}}
		json.NewEncoder(w).Encode(page)
	}))
	defer server.Close()
	var out, errs strings.Builder
	code := run(ctx, []string{"trace", "tail", "kind=llm", "--in", "shop", "--server", server.URL, "--every", "1ms"}, &out, &errs)
	if code != exitOK || strings.Count(out.String(), "\n") != 2 || strings.Index(out.String(), "first") > strings.Index(out.String(), "second") {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
}

func TestTraceCount(t *testing.T) {
	t.Setenv("ASSAY_API_KEY", "key")
	server := standInServer(t)
	code, stdout, stderr := assay(t, ".", "trace", "ls", "--count", "--server", server)
	if code != exitOK || stdout != "1234 spans\n" || stderr != "" {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = assay(t, ".", "trace", "ls", "--count", "text:refund", "--server", server)
	if code == exitOK || stdout != "" || !strings.Contains(stderr, "the count broke off at 1: ") {
		t.Errorf("a count that fails: exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestTailLosesNothing: more traces between two questions than a page holds, one
// that began long before it comes in, and none of them twice.
func TestTailLosesNothing(t *testing.T) {
	all := []string{"a"} // newest first
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		const size = 2 // of a page
		at, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		page := api.TracePage{}
		for _, id := range all[at:min(at+size, len(all))] {
			page.Traces = append(page.Traces, api.Summary{TraceID: id})
		}
		if at+size < len(all) {
			page.Next = strconv.Itoa(at + size)
		}
		json.NewEncoder(w).Encode(page)
	}))
	defer server.Close()
	c := &console{ctx: t.Context()}
	cl, err := (&serverFlag{Server: server.URL}).open(c)
	if err != nil {
		t.Fatal(err)
	}
	tail := &tail{client: cl, query: url.Values{}}
	for i, step := range []struct {
		all   []string
		whole bool
		want  string
		asked int
	}{
		{[]string{"a"}, true, "a", 1},
		{[]string{"f", "e", "d", "c", "b", "a"}, false, "f e d c b", 3},
		{[]string{"f", "e", "d", "c", "b", "late", "a"}, false, "", 1}, // not yet: the newest page is known
		{[]string{"f", "e", "d", "c", "b", "late", "a"}, true, "late", 4},
		{[]string{"f", "e", "d", "c", "b", "late"}, true, "", 3}, // a has left the window
		{[]string{"g", "f", "e", "d", "c", "b"}, false, "g", 2},
	} {
		all, asked = step.all, 0
		list, err := tail.ask(step.whole)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list {
			got = append(got, s.TraceID)
		}
		if strings.Join(got, " ") != step.want || asked != step.asked {
			t.Errorf("step %d: %v after %d requests, want %q after %d", i, got, asked, step.want, step.asked)
		}
	}
	if tail.known["a"] {
		t.Error("what has left the window is not forgotten")
	}
}

// TestTraceJSON checks what the commands that ask a server print with --json.
func TestTraceJSON(t *testing.T) {
	t.Setenv("ASSAY_API_KEY", "key")
	server := standInServer(t)
	for line, format := range map[string]string{
		"trace ls": "assay.traces/1", "trace ls --count": "assay.count/1", "trace show " + standInTrace().String(): "assay.trace/1", "trace show " + standInTrace().String() + " --span 0000000000000004": "assay.span/1",
		"stats --by model": "assay.stats/1", "score add grounded --value 1 --case c": "assay.score/1", "trace import testdata/two.otlp.jsonl": "assay.import/1",
		"trace ls modle=x": "assay.error/1", "retention show": "assay.retention/1", "retention set --keep 36h": "assay.retention/1", "price recost --since 7d": "assay.recost/1",
	} {
		_, stdout, stderr := assay(t, ".", append(strings.Fields(line), "--json", "--quiet", "--server", server)...)
		var head struct{ Format string }
		if err := json.Unmarshal([]byte(stdout), &head); err != nil || head.Format != format || stderr != "" {
			t.Errorf("%s: %v, %s\n%s%s", line, err, head.Format, stdout, stderr)
			continue
		}
		fits(t, "output", stdout)
	}
}

// What is kept is told in the units of the flags.
func TestRetentionTold(t *testing.T) {
	t.Setenv("ASSAY_API_KEY", "key")
	server := standInServer(t)
	_, stdout, stderr := assay(t, ".", "retention", "set", "--keep", "36h", "--server", server)
	if want := "default keeps 36h, at most 1GiB (decided for this project)\nremoved 12 spans, 3MB\n"; stdout != want {
		t.Errorf("%s%s", stdout, stderr)
	}
	if _, stdout, stderr = assay(t, ".", "price", "recost", "--server", server); stdout != "3 of 50000 spans with usage cost otherwise now\n" || !strings.Contains(stderr, "50000 spans") {
		t.Errorf("%s%s", stdout, stderr)
	}
}

// TestDrawn: the same seed draws the same, less is a part of more, and in order.
func TestDrawn(t *testing.T) {
	t.Parallel()
	ids := func() []string { return strings.Fields("a b c d e f g h i j k l") }
	ten, four, again, other := drawn(ids(), 10, 1), drawn(ids(), 4, 1), drawn(ids(), 4, 1), drawn(ids(), 4, 2)
	if len(four) != 4 || !slices.Equal(four, again) || slices.Equal(four, other) || !slices.IsSorted(four) {
		t.Errorf("drawn %v, again %v, with another seed %v", four, again, other)
	}
	for _, id := range four {
		if !slices.Contains(ten, id) {
			t.Errorf("%v is no part of %v", four, ten)
		}
	}
}
