package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// double is a store that holds one trace and remembers what it was asked.
type double struct {
	spanstore.Store // what is not here is not called

	project   string
	query     spanstore.Query
	aggregate spanstore.Aggregate
	scores    spanstore.ScoreQuery
	erasure   spanstore.Erasure
	policy    *spanstore.Retention
	since     int64
	batch     *spanstore.Batch
	by        spanstore.Dimension
	counts    int // how often a count is told before its end

	fails    error
	empty    bool
	damage   spanstore.Damage
	exported []*spanstore.Batch
}

func traceID() trace.ID { return trace.IDOf(0x0af7651916cd43dd, 0x8448eb211c80319c) }

func ptr[T any](v T) *T { return &v }

const second = int64(time.Second)

func start() int64 { return time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC).UnixNano() }

// records are a request: a root, a retrieval, a model call that failed once and
// one that goes on, and a span whose parent never came.
func records() []spanstore.Record {
	row := func(id, parent uint64, from, to int64, kind trace.Kind, name string) spanstore.Record {
		r := spanstore.Record{Row: trace.Row{Trace: traceID(), Span: trace.SpanIDOf(id), Parent: trace.SpanIDOf(parent), Start: start() + from*second, Kind: kind, Name: name, User: "u1"}}
		if to > 0 {
			r.End = start() + to*second
		}
		return r
	}
	list := []spanstore.Record{
		row(1, 0, 0, 5, trace.KindChain, "answer"), row(2, 1, 0, 1, trace.KindRetriever, "search"), row(3, 1, 1, 2, trace.KindLLM, "chat"),
		row(4, 1, 2, 0, trace.KindLLM, "chat"), row(5, 99, 3, 4, trace.KindTool, "lost"),
	}
	list[2].Error, list[2].Reason, list[2].Model, list[2].TTFT = true, "timeout", "gpt-5", second/4
	list[2].Usage = llm.Usage{InputTokens: 100, OutputTokens: 20, Known: true}
	list[2].Cost, list[2].Computed, list[2].Counted = ptr(int64(1_500_000)), ptr(int64(1_500_000)), true
	list[2].CostSent, list[2].HasCost = 1_500_000, true
	return list
}

func (d *double) Traces(_ context.Context, project string, q spanstore.Query) (*spanstore.TracePage, error) {
	d.project, d.query = project, q
	if d.empty {
		return &spanstore.TracePage{}, d.fails
	}
	return &spanstore.TracePage{Traces: []spanstore.Summary{{
		Trace: traceID(), Root: "answer", Kind: trace.KindChain, Start: start(), End: start() + 5*second, Spans: 5, Errors: 1,
		Usage: llm.Usage{InputTokens: 100, OutputTokens: 20, Known: true}, Cost: ptr(int64(1_500_000)), Models: []string{"gpt-5"},
	}}, Next: "store-cursor"}, d.fails
}

func (d *double) Spans(_ context.Context, project string, q spanstore.Query) (*spanstore.SpanPage, error) {
	d.project, d.query = project, q
	return &spanstore.SpanPage{Spans: records()}, d.fails
}

func (d *double) Count(_ context.Context, project string, q spanstore.Query, told func(spans, seen int64) error) (int64, error) {
	d.project, d.query = project, q
	for n := range d.counts {
		if err := told(int64(n), start()+int64(n)*second); err != nil {
			return 0, err
		}
	}
	return int64(d.counts), d.fails
}

func (d *double) Trace(_ context.Context, project string, id trace.ID) (*spanstore.Trace, error) {
	if d.project = project; id != traceID() {
		return nil, fmt.Errorf("trace: %w", spanstore.ErrNotFound)
	}
	t := &spanstore.Trace{Records: records(), Scores: []trace.Score{{ID: "s1", Target: trace.Target{Trace: id}, Name: "grounded", Value: ptr(0.5), Time: start()}}}
	for i := range t.Records {
		t.Spans = append(t.Spans, raw(i))
	}
	return t, d.fails
}

func (d *double) Groups(_ context.Context, project string, by spanstore.Dimension, q spanstore.Query) (*spanstore.GroupPage, error) {
	d.project, d.by, d.query = project, by, q
	return &spanstore.GroupPage{Groups: []spanstore.Group{{Value: "u1", First: start(), Last: start() + second, Traces: 1, Spans: 5}}}, d.fails
}

func (d *double) Aggregate(_ context.Context, project string, a spanstore.Aggregate) (*spanstore.Table, error) {
	d.project, d.aggregate = project, a
	row := spanstore.AggregateRow{By: []string{"gpt-5", "u1"}[:len(a.By)]}
	if a.Every > 0 {
		row.Time = start()
	}
	for i := range a.Metrics {
		row.Values = append(row.Values, ptr(2.5e9*float64(i+1)))
	}
	row.Values[len(row.Values)-1] = nil
	return &spanstore.Table{Rows: []spanstore.AggregateRow{row}, More: true}, d.fails
}

func (d *double) Scores(_ context.Context, project string, q spanstore.ScoreQuery) (*spanstore.ScorePage, error) {
	d.project, d.scores = project, q
	return &spanstore.ScorePage{Scores: []trace.Score{{ID: "a", Target: trace.Target{Session: "s"}, Name: "n", Label: "good", Time: start()}}, Next: "x"}, d.fails
}

func (d *double) Append(_ context.Context, project string, b *spanstore.Batch) error {
	d.project, d.batch = project, b
	return d.fails
}

func (d *double) Erase(_ context.Context, project string, what spanstore.Erasure) (*spanstore.Erased, error) {
	d.project, d.erasure = project, what
	return &spanstore.Erased{Traces: []trace.ID{traceID()}, Spans: 5}, d.fails
}

func (d *double) Keeps(_ context.Context, project string) (spanstore.Retention, bool, error) {
	if d.project = project; d.policy != nil {
		return *d.policy, true, d.fails
	}
	return spanstore.Retention{MaxAge: 24 * 3600 * second}, false, d.fails
}

func (d *double) Recost(_ context.Context, project string, since int64, progress func(done int64)) (int64, error) {
	d.project, d.since = project, since
	progress(7)
	progress(9)
	return 4, d.fails
}

func (d *double) Keep(_ context.Context, project string, policy *spanstore.Retention) (*spanstore.Retained, error) {
	d.project, d.policy = project, policy
	return &spanstore.Retained{Spans: 3, Bytes: 300}, d.fails
}

func (d *double) Export(_ context.Context, project string, q spanstore.Query, write func(*spanstore.Batch) error) error {
	d.project, d.query = project, q
	for _, b := range d.exported {
		if err := write(b); err != nil {
			return err
		}
	}
	return d.fails
}

func now() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

var errKey = errors.New("this key was revoked")

// serve is an API over a store; the key of a request is a list of its scopes.
func serve(d *double, log io.Writer) http.Handler {
	return New(Options{
		Store: d, Now: now, Log: slog.New(slog.NewTextHandler(log, nil)),
		Who: func(r *http.Request) (string, []string, error) {
			key := r.Header.Get("Authorization")
			if key == "revoked" {
				return "", nil, errKey
			}
			return "shop", strings.Split(key, ","), nil
		},
	})
}

// raw is the span as it was sent; the second one is damaged.
func raw(i int) spanstore.Raw {
	if i == 1 {
		return spanstore.Raw{Bytes: []byte("\xffSECRET content")}
	}
	sent := ptrace.NewTraces()
	span := sent.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	r := records()[i]
	span.SetTraceID([16]byte(r.Trace))
	span.SetSpanID([8]byte(r.Span))
	span.SetStartTimestamp(pcommon.Timestamp(r.Start))
	at := span.Attributes()
	at.PutStr("gen_ai.operation.name", "chat")
	at.PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`)
	at.PutDouble("gen_ai.request.temperature", 0.5)
	list := at.PutEmptySlice("n")
	list.AppendEmpty().SetDouble(math.NaN())
	list.AppendEmpty().SetEmptyBytes().FromRaw([]byte("ab"))
	e := span.Events().AppendEmpty()
	e.SetName("exception")
	e.Attributes().PutStr("exception.type", "Timeout")
	span.Links().AppendEmpty().SetTraceID([16]byte(r.Trace))
	note := append(field(nil, 12, []byte("note")), field(nil, 5, field(nil, 1, []byte("a log record")))...)
	return spanstore.Raw{
		Resource: spanstore.Resource{Bytes: attribute("service.name", "shop")}, Bytes: spanBytes(span),
		Logs: []spanstore.RawLog{{Bytes: note}},
	}
}

// ask sends a request with all scopes.
func ask(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, Prefix+path, strings.NewReader(body))
	r.Header.Set("Authorization", "read,write,admin")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// document holds answers to the OpenAPI document.
type document struct {
	whole any
	paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
}

func openAPI(t *testing.T) *document {
	t.Helper()
	text, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	d := &document{}
	if d.whole, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	var parts struct {
		OpenAPI string
		Paths   json.RawMessage
	}
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(parts.Paths, &d.paths); err != nil || parts.OpenAPI != "3.1.0" {
		t.Fatalf("OpenAPI %s: %v", parts.OpenAPI, err)
	}
	return d
}

// fits checks an answer against what the document says of its endpoint.
func (d *document) fits(t *testing.T, method, path, status, answer string) {
	t.Helper()
	op, ok := d.paths[Prefix+path][strings.ToLower(method)]
	if !ok {
		t.Fatalf("the document lacks %s %s", method, path)
	}
	ref := op.Responses[status].Content["application/json"].Schema.Ref
	if ref == "" {
		t.Fatalf("the document has no schema for %s %s, %s", method, path, status)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("api.json", d.whole); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("api.json" + ref)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, answer)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s %s does not answer as the document says: %v\n%s", method, path, err, answer)
	}
}

func (d *document) operations() []string {
	var list []string
	for path, methods := range d.paths {
		for method := range methods {
			list = append(list, strings.ToUpper(method)+" "+strings.TrimPrefix(path, Prefix))
		}
	}
	slices.Sort(list)
	return list
}
