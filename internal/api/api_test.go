package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/trace"
)

const hexTrace = "0af7651916cd43dd8448eb211c80319c"

// TestAnswers asks every endpoint, holds the answer to the OpenAPI document and
// looks for what it must say.
func TestAnswers(t *testing.T) {
	t.Parallel()
	doc := openAPI(t)
	var asked []string
	for _, c := range []struct {
		method, route, path, body string
		says                      []string
	}{
		{"GET", "/traces", "/traces?q=kind%3Dllm&limit=5&preview=true", "", []string{
			`"trace_id":"` + hexTrace + `"`, `"start":"2026-03-01T09:00:00.123456789Z"`, `"duration_ms":5000`, `"cost_usd":"0.0015"`, `"next":"`,
		}},
		{"GET", "/traces/{trace_id}", "/traces/" + hexTrace, "", []string{
			`"orphaned":true`, `"span_count":5`, `"error_count":1`, `"cost_usd":"0.0015"`, `"name":"grounded"`, `"content_problem":"the content`, `"n":["NaN","YWI="]`, `"params":{"temperature":0.5}`, `"type":"Timeout"`, `"body":"a log record"`, `"service.name":"shop"`,
			`"input_messages":[{"role":"user","parts":[{"type":"text","text":"hi"}]}]`, `"ttft_ms":250`,
		}},
		{"GET", "/spans", "/spans?since=24h", "", []string{`"status":"error","reason":"timeout"`, `"cost_sent_usd":"0.0015"`, `"counted":true`}},
		{"GET", "/spans/count", "/spans/count?q=text:refund&since=24h", "", []string{`{"spans":0,"done":true}`}},
		{"GET", "/spans/{trace_id}/{span_id}", "/spans/" + hexTrace + "/0000000000000003", "", []string{`"depth":1`, `"text":"hi"`}},
		{"GET", "/sessions", "/sessions", "", []string{`{"sessions":[{"id":"u1","first":"2026-03-01T09:00:00.123456789Z"`}},
		{"GET", "/sessions/{session_id}", "/sessions/a%2Fb", "", []string{`"id":"a/b","traces":[{`}},
		{"GET", "/users", "/users?limit=1000", "", []string{`{"users":[{"id":"u1"`}},
		{"GET", "/stats", "/stats?metric=p99,cost,count&by=model,user&every=1h&order=cost", "", []string{
			`"metrics":["p99","cost","count"]`, `"p99":2500`, `"cost":"5"`, `"count":null`, `"by":{"model":"gpt-5","user":"u1"}`, `"every":"1h0m0s"`, `"more":true`, `"units":{"cost":"usd"`,
		}},
		{"GET", "/scores", "/scores?session=s&latest=true", "", []string{`"label":"good"`, `"target":{"session":"s"}`}},
		{"POST", "/scores", "/scores", `{"id":"a","target":{"trace":"` + hexTrace + `"},"name":"n","value":0.5}`, []string{`{"scores":1}`}},
		{"POST", "/scores", "/scores", `[{"id":"a","target":{"case":"c"},"name":"n","label":"x","time":"2026-03-01T09:00:00Z"},{"id":"b","target":{"session":"s"},"name":"n","text":"x"}]`, []string{`{"scores":2}`}},
		{"DELETE", "/traces/{trace_id}", "/traces/" + hexTrace, "", []string{`{"traces":["` + hexTrace + `"],"sessions":[],"spans":5,"logs":0,"scores":0,"blobs":[],"files_rewritten":0,"bytes_checked":0}`}},
		{"DELETE", "/sessions/{session_id}", "/sessions/s", "", []string{`"spans":5`}},
		{"DELETE", "/users/{user_id}", "/users/u%201", "", []string{`"spans":5`}},
		{"GET", "/retention", "/retention", "", []string{`{"project":"shop","max_age_seconds":86400,"own":false}`}},
		{"PUT", "/retention", "/retention", `{"max_age_seconds":60,"max_bytes":1000}`, []string{`{"project":"shop","max_age_seconds":60,"max_bytes":1000,"own":true,"removed":{"spans":3,"bytes":300}}`}},
		{"DELETE", "/retention", "/retention", "", []string{`"own":false`, `"removed":`}},
	} {
		d := &double{}
		status, answer := ask(t, serve(d, &bytes.Buffer{}), c.method, c.path, c.body)
		if status != 200 {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, answer)
			continue
		}
		if d.project != "shop" {
			t.Errorf("%s asks the project %q", c.path, d.project)
		}
		for _, says := range c.says {
			if !strings.Contains(answer, says) {
				t.Errorf("%s %s does not say %s:\n%s", c.method, c.path, says, answer)
			}
		}
		doc.fits(t, c.method, c.route, "200", answer)
		asked = append(asked, c.method+" "+c.route)
	}
	for _, op := range doc.operations() {
		if !slices.Contains(asked, op) && op != "GET /export" && op != "GET /projects" && op != "POST /recost" {
			t.Errorf("%s was not asked", op)
		}
	}
}

// A recost tells how far it is, and what came of it; a failure is the last line.
func TestRecost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, answer string
		status       int
		fails        error
	}{
		{`{"since":"24h"}`, `{"looked":7}` + "\n" + `{"looked":9}` + "\n" + `{"looked":9,"changed":4}` + "\n", 200, nil},
		{`{}`, `{"looked":7}` + "\n" + `{"looked":9}` + "\n" + `{"error":{"code":"internal","message":"Assay failed; its log says how"}}` + "\n", 200, errors.New("a surprise")},
		{`{"since":"soon"}`, `"code":"bad_parameter"`, 400, nil},
		{`{"sinse":"24h"}`, `unknown field`, 400, nil},
	} {
		d := &double{fails: c.fails}
		status, answer := ask(t, serve(d, &bytes.Buffer{}), "POST", "/recost", c.body)
		if status != c.status || !strings.Contains(answer, c.answer) || status == 200 && d.project != "shop" {
			t.Errorf("%s: %d %s", c.body, status, answer)
		}
		if want := now().Add(-24 * time.Hour).UnixNano(); c.status == 200 && c.fails == nil && d.since != want {
			t.Errorf("since %d, want %d", d.since, want)
		}
	}
}

func TestWhatTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	d := &double{}
	h := serve(d, &bytes.Buffer{})
	ask(t, h, "GET", "/traces?project=shop&q=kind%3Dllm&since=24h&until=2026-03-02&limit=7&preview=true", "")
	want := spanstore.Query{
		Where: filter.Cond{Field: filter.FieldKind, Op: filter.Equal, Value: filter.Value{Text: "llm"}, Col: 1}, Limit: 7, Text: true,
		Since: now().Add(-24 * time.Hour).UnixNano(), Until: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).UnixNano(),
	}
	if !reflect.DeepEqual(d.query, want) {
		t.Errorf("got %+v, want %+v", d.query, want)
	}
	ask(t, h, "GET", "/sessions/a%2Fb?q=has:error", "")
	if got := d.query.Where.String(); got != "status=error session=a/b" {
		t.Errorf("a session asks for %s", got)
	}
	ask(t, h, "GET", "/users", "")
	if got := d.query.Where.String(); got != "has:user" || d.by != spanstore.ByUser {
		t.Errorf("users ask for %s by %s", got, d.by)
	}
	ask(t, h, "GET", "/stats?every=1d&by=tag&metric=score_mean&score=grounded&q=root%3Dtrue&limit=9", "")
	wantA := spanstore.Aggregate{
		Where:   filter.Cond{Field: filter.FieldRoot, Op: filter.Equal, Value: filter.Value{Truth: true}, Col: 1},
		Metrics: []spanstore.Metric{spanstore.ScoreMean}, By: []spanstore.Dimension{spanstore.ByTag}, Every: 24 * time.Hour, Score: "grounded", Limit: 9,
	}
	if !reflect.DeepEqual(d.aggregate, wantA) {
		t.Errorf("got %+v, want %+v", d.aggregate, wantA)
	}
	ask(t, h, "GET", "/scores?trace="+hexTrace+"&span=0000000000000003&name=n&latest=true&limit=2", "")
	if want := (spanstore.ScoreQuery{Target: trace.Target{Trace: traceID(), Span: trace.SpanIDOf(3)}, Name: "n", Latest: true, Limit: 2}); d.scores != want {
		t.Errorf("got %+v, want %+v", d.scores, want)
	}
	ask(t, h, "POST", "/scores", `{"id":"a","target":{"trace":"`+hexTrace+`","span":"0000000000000003"},"name":"n","value":0.5}`)
	if want := []trace.Score{{ID: "a", Target: trace.Target{Trace: traceID(), Span: trace.SpanIDOf(3)}, Name: "n", Value: ptr(0.5), Time: now().UnixNano()}}; !reflect.DeepEqual(d.batch.Scores, want) {
		t.Errorf("got %+v, want %+v", d.batch.Scores, want)
	}
	ask(t, h, "DELETE", "/users/u%201", "")
	if d.erasure != (spanstore.Erasure{User: "u 1"}) {
		t.Errorf("erases %+v", d.erasure)
	}
}

// TestPagesAreOfOneList: an age on a later page counts back from the moment of
// the first one.
func TestPagesAreOfOneList(t *testing.T) {
	t.Parallel()
	d := &double{}
	at := now()
	h := New(Options{Store: d, Now: func() time.Time { return at }, Who: allowed})
	get := func(path string) TracePage {
		_, answer := ask(t, h, "GET", path, "")
		var page TracePage
		if err := json.Unmarshal([]byte(answer), &page); err != nil {
			t.Fatal(err)
		}
		return page
	}
	first := get("/traces?since=1h&q=since%3D2h")
	asked := d.query
	at = at.Add(time.Minute)
	second := get("/traces?since=1h&q=since%3D2h&cursor=" + first.Next)
	if asked.Cursor = "store-cursor"; !reflect.DeepEqual(d.query, asked) {
		t.Errorf("the second page asks %+v, the first %+v", d.query, asked)
	}
	if second.Next != first.Next {
		t.Errorf("the moment of the first page is lost: %s and %s", first.Next, second.Next)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	doc := openAPI(t)
	for _, c := range []struct {
		path, key string
		fails     error
		status    int
		says      string
	}{
		{"GET /traces", "revoked", nil, 401, `"code":"unauthorized","message":"this key was revoked"`},
		{"GET /traces", "write", nil, 403, `"code":"forbidden","message":"the key lacks the scope read","fix":"use a key`},
		{"GET /traces?project=other", "read", nil, 403, `the key is for another project`},
		{"POST /scores", "read", nil, 403, `lacks the scope write`},
		{"POST /scores?", "write", nil, 415, `Content-Type: application/json`},
		{"DELETE /users/{user_id}", "read,write", nil, 403, `lacks the scope admin`},
		{"PUT /retention", "read,write", nil, 403, `lacks the scope admin`},
		{"DELETE /retention", "read,write", nil, 403, `lacks the scope admin`},
		{"POST /recost", "read,write", nil, 403, `lacks the scope admin`},
		{"GET /traces?modle=x", "read", nil, 400, `"code":"unknown_parameter","message":"there is no parameter \"modle\" here"`},
		{"GET /traces?cursr=x", "read", nil, 400, `"fix":"did you mean cursor?"`},
		{"GET /traces?q=user%3D1+modle%3Dx", "read", nil, 400, `"code":"bad_filter","message":"there is no field \"modle\"","column":8,"fix":"did you mean model?"`},
		{"GET /traces?q=a&q=b", "read", nil, 400, `given twice`},
		{"GET /traces?since=never", "read", nil, 400, `"code":"bad_parameter","message":"since: \"never\" is no time","expected":"an age`},
		{"GET /traces?limit=0", "read", nil, 400, `limit: \"0\" is no number from 1 to 1000`},
		{"GET /traces?preview=yes", "read", nil, 400, `preview: \"yes\" is neither true nor false`},
		{"GET /traces?cursor=zz", "read", nil, 400, `"code":"bad_cursor"`},
		{"GET /traces?q=%zz", "read", nil, 400, `percent-encode the values`},
		{"GET /traces", "read", fmt.Errorf("x: %w", spanstore.ErrCursor), 400, `"code":"bad_cursor"`},
		{"GET /traces", "read", fmt.Errorf("x: %w", spanstore.ErrBusy), 503, `"code":"busy"`},
		{"GET /stats", "read", fmt.Errorf("more than 9: %w", spanstore.ErrTooMany), 422, `"code":"too_many","message":"more than 9: too many spans match","fix":"narrow the time by since`},
		{"POST /scores", "write", fmt.Errorf("x: %w", spanstore.ErrFull), 507, `"code":"disk_full"`},
		{"GET /traces", "read", errors.New("SECRET content"), 500, `"code":"internal","message":"Assay failed; its log says how"`},
		{"GET /traces/{trace_id}", "read", nil, 400, `"code":"bad_parameter","message":"trace_id: a trace id has 32 hex digits`},
		{"GET /stats?metric=p98", "read", nil, 400, `metric: \"p98\" is not known","expected":"some of count, traces`},
		{"GET /stats?by=model,user,tag", "read", nil, 400, `by: 3 dimensions","expected":"at most two"`},
		{"GET /stats?by=model,model", "read", nil, 400, `is there twice`},
		{"GET /stats?every=1", "read", nil, 400, `every: \"1\" is no duration`},
		{"GET /stats?every=0s", "read", nil, 400, `buckets of no width`},
		{"GET /stats?order=cost", "read", nil, 400, `order: \"cost\" is none of the metrics`},
		{"GET /stats?metric=score_mean", "read", nil, 400, `go together`},
		{"GET /scores?trace=x", "read", nil, 400, `a trace id has 32 hex digits`},
	} {
		var log bytes.Buffer
		d := &double{fails: c.fails}
		method, path, _ := strings.Cut(c.path, " ")
		r := httptest.NewRequest(method, Prefix+strings.NewReplacer("{", "%7B", "}", "%7D").Replace(path), strings.NewReader(`{"id":"a","target":{"case":"c"},"name":"n","label":"x"}`))
		r.Header.Set("Authorization", c.key)
		if !strings.HasSuffix(path, "?") {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		serve(d, &log).ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s\nwant %d %s", c.path, w.Code, w.Body, c.status, c.says)
		}
		if strings.Contains(w.Body.String(), "SECRET") || (c.status == 500) != (log.Len() > 0) {
			t.Errorf("%s: answer %s, log %s", c.path, w.Body, &log)
		}
		if c.status == 503 && w.Header().Get("Retry-After") == "" || c.status == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: headers %v", c.path, w.Header())
		}
		route, _, _ := strings.Cut(path, "?")
		doc.fits(t, method, route, "default", w.Body.String())
	}
	for path, want := range map[string]int{
		"GET /nothing": 404, "PUT /traces": 405, "PATCH /traces/" + strings.Repeat("a", 32): 405, "GET /traces/" + strings.Repeat("a", 32): 404, "GET /spans/" + hexTrace + "/00000000000000ff": 404,
		"GET /spans/" + hexTrace + "/zz": 400, "DELETE /traces/" + strings.Repeat("0", 32): 400,
	} {
		method, path, _ := strings.Cut(path, " ")
		if status, answer := ask(t, serve(&double{}, &bytes.Buffer{}), method, path, ""); status != want || !strings.HasPrefix(answer, `{"error":{"code":"`) {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	if _, answer := ask(t, serve(&double{}, &bytes.Buffer{}), "PUT", "/scores", ""); !strings.Contains(answer, `"code":"bad_method","message":"PUT is not for /api/v1/scores","expected":"GET or POST"`) {
		t.Error(answer)
	}
	if status, answer := ask(t, serve(&double{empty: true}, &bytes.Buffer{}), "GET", "/sessions/none", ""); status != 404 {
		t.Errorf("a session that is not there: %d %s", status, answer)
	}
}

func TestScoresThatAreRefused(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"":                        "the body cannot be read",
		`{"id":"a"`:               "the body cannot be read",
		`{"id":"a"} {}`:           "something follows",
		`{"idd":"a"}`:             `unknown field \"idd\"`,
		`{"target":{"case":"c"}}`: "needs an id",
		`{"id":"a","target":{},"name":"n","label":"x"}`:                                              "needs one target",
		`{"id":"a","target":{"span":"0000000000000001","case":"c"},"name":"n","label":"x"}`:          "names a span without its trace",
		`{"id":"a","target":{"trace":"12"},"name":"n","label":"x"}`:                                  "32 hex digits",
		`{"id":"a","target":{"case":"c"},"name":"n"}`:                                                "needs a value",
		`[{"id":"a","target":{"case":"c"},"name":"n","label":"x"},{"id":"b","target":{"case":"c"}}]`: `\"b\" needs a name`,
		`{"id":"` + strings.Repeat("a", maxBody) + `"}`:                                              "larger than",
	} {
		d := &double{}
		status, answer := ask(t, serve(d, &bytes.Buffer{}), "POST", "/scores", body)
		if status < 400 || status >= 500 || !strings.Contains(answer, says) || d.batch != nil {
			t.Errorf("%.60s: %d %s, want %s", body, status, answer, says)
		}
	}
}

// TestReadingOrder: a trace is shown as its tree, whatever its spans claim.
func TestReadingOrder(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range nest(records()) {
		got = append(got, fmt.Sprintf("%d@%d%v", p.at, p.depth, p.orphan))
	}
	if want := "0@0false 1@1false 2@1false 3@1false 4@0true"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		list := make([]spanstore.Record, rapid.IntRange(0, 12).Draw(t, "spans"))
		for i := range list {
			list[i].Span = trace.SpanIDOf(rapid.Uint64Range(1, 12).Draw(t, "id"))
			list[i].Parent = trace.SpanIDOf(rapid.Uint64Range(0, 13).Draw(t, "parent"))
		}
		order := nest(list)
		seen := map[int]bool{}
		for i, p := range order {
			if seen[p.at] {
				t.Fatalf("span %d stands twice in %v", p.at, order)
			}
			seen[p.at] = true
			if p.depth == 0 {
				continue
			}
			above := i - 1
			for order[above].depth >= p.depth {
				above--
			}
			if order[above].depth != p.depth-1 || list[order[above].at].Span != list[p.at].Parent {
				t.Fatalf("span %d does not stand below its parent: %v", p.at, order)
			}
		}
		if len(seen) != len(list) {
			t.Fatalf("%d of %d spans are shown: %v", len(seen), len(list), order)
		}
	})
}

func TestDeepAndBroadTraces(t *testing.T) {
	t.Parallel()
	const n = 100_000
	deep, broad := make([]spanstore.Record, n), make([]spanstore.Record, n)
	for i := range n {
		deep[i].Span, deep[i].Parent = trace.SpanIDOf(uint64(i+1)), trace.SpanIDOf(uint64(i))
		broad[i].Span, broad[i].Parent = trace.SpanIDOf(uint64(i+1)), trace.SpanIDOf(uint64(min(i, 1)))
	}
	if order := nest(deep); len(order) != n || order[n-1].depth != n-1 {
		t.Errorf("a deep trace ends at %+v", order[len(order)-1])
	}
	if order := nest(broad); len(order) != n || order[n-1].depth != 1 {
		t.Errorf("a broad trace ends at %+v", order[len(order)-1])
	}
}

// TestCount: who accepts lines is told how far a count has come, and how it
// ended.
func TestCount(t *testing.T) {
	t.Parallel()
	clock := now()
	count := func(d *double, accept string) (status int, kind string, lines []string) {
		h := New(Options{Store: d, Who: allowed, Now: func() time.Time { clock = clock.Add(countEvery / 2); return clock }})
		r := httptest.NewRequest("GET", Prefix+"/spans/count?q=text:refund", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Header().Get("Content-Type"), strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	}
	status, kind, lines := count(&double{counts: 4}, "application/x-ndjson, application/json")
	if want := []string{
		`{"spans":0,"seen":"2026-03-01T09:00:00.123456789Z","done":false}`, `{"spans":2,"seen":"2026-03-01T09:00:02.123456789Z","done":false}`, `{"spans":4,"done":true}`,
	}; status != 200 || kind != ndjson || !slices.Equal(lines, want) {
		t.Errorf("%d %s %q", status, kind, lines)
	}
	status, kind, lines = count(&double{counts: 4}, "application/json")
	if status != 200 || kind != "application/json" || !slices.Equal(lines, []string{`{"spans":4,"done":true}`}) {
		t.Errorf("%d %s %q", status, kind, lines)
	}
	status, _, lines = count(&double{counts: 1, fails: errors.New("a block is damaged")}, ndjson)
	if status != 200 || len(lines) != 2 || !strings.Contains(lines[1], `"code":"internal"`) || strings.Contains(lines[1], "block") {
		t.Errorf("a count that fails: %d %q", status, lines)
	}
	if status, _, lines = count(&double{fails: errors.New("a block is damaged")}, ndjson); status != 500 {
		t.Errorf("a count that fails at once: %d %q", status, lines)
	}
}

// TestExport: a line of an export is the request that brought it.
func TestExport(t *testing.T) {
	t.Parallel()
	sent := ptrace.NewTraces()
	var want []string
	b := &spanstore.Batch{}
	for i, service := range []string{"a", "b"} {
		group := sent.ResourceSpans().AppendEmpty()
		group.Resource().Attributes().PutStr("service.name", service)
		group.SetSchemaUrl("https://schema/" + service)
		scope := group.ScopeSpans().AppendEmpty()
		scope.Scope().SetName("lib-" + service)
		scope.SetSchemaUrl("https://scope/" + service)
		for j := range 2 {
			span := scope.Spans().AppendEmpty()
			span.SetName(fmt.Sprint(service, j))
			span.SetTraceID([16]byte(traceID()))
			span.SetSpanID([8]byte{byte(10*i + j + 1)})
			span.Attributes().PutDouble("x", 0.1)
			want = append(want, span.Name())
		}
		b.Resources = append(b.Resources, spanstore.Resource{Bytes: attribute("service.name", service), SchemaURL: group.SchemaUrl()})
		b.Scopes = append(b.Scopes, spanstore.Scope{Resource: i, Bytes: field(nil, 1, []byte("lib-"+service)), SchemaURL: scope.SchemaUrl()})
		for j := range 2 {
			b.Spans = append(b.Spans, spanstore.Item{Scope: i, Bytes: spanBytes(scope.Spans().At(j))})
		}
	}
	b.Logs = []spanstore.Item{{Scope: 1, Bytes: field(nil, 12, []byte("gen_ai.choice"))}}
	d := &double{exported: []*spanstore.Batch{b}}
	status, answer := ask(t, serve(d, &bytes.Buffer{}), "GET", "/export?q=user%3Du1", "")
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	if status != 200 || len(lines) != 2 || d.query.Where.String() != "user=u1" {
		t.Fatalf("%d, %d lines, filter %v: %s", status, len(lines), d.query.Where, answer)
	}
	got, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(lines[0]))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := (&ptrace.ProtoMarshaler{}).MarshalTraces(got)
	e, _ := (&ptrace.ProtoMarshaler{}).MarshalTraces(sent)
	if !bytes.Equal(a, e) || len(want) != 4 {
		t.Errorf("exported %s", lines[0])
	}
	if !strings.Contains(lines[1], `"resourceLogs"`) || !strings.Contains(lines[1], `"eventName":"gen_ai.choice"`) {
		t.Errorf("exported %s", lines[1])
	}
	var log bytes.Buffer
	d.fails = errors.New("SECRET")
	_, answer = ask(t, serve(d, &log), "GET", "/export", "")
	lines = strings.Split(strings.TrimSpace(answer), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, `{"error":{"code":"internal"`) || log.Len() == 0 {
		t.Errorf("an export that breaks ends with %s", last)
	}
	d.exported = nil
	if status, answer = ask(t, serve(d, &log), "GET", "/export", ""); status != 500 {
		t.Errorf("an export that fails at once: %d %s", status, answer)
	}
}

func attribute(key, value string) []byte {
	return field(nil, 1, field(field(nil, 1, []byte(key)), 2, field(nil, 1, []byte(value))))
}

func TestOpenAPIOnTheWire(t *testing.T) {
	t.Parallel()
	status, answer := ask(t, serve(&double{}, &bytes.Buffer{}), "GET", "/openapi.json", "")
	text, err := OpenAPI()
	if err != nil || status != 200 || answer != string(text) {
		t.Errorf("%d %v", status, err)
	}
	again, _ := OpenAPI()
	if !bytes.Equal(text, again) {
		t.Error("the document differs from one time to the next")
	}
}

func (d *double) Projects(context.Context) ([]string, error) { return []string{"a", "b"}, d.fails }

// Who has a key sees its own project, who needs none sees all; what is not there
// is named.
func TestProjects(t *testing.T) {
	t.Parallel()
	for scopes, want := range map[string]string{"read": `{"projects":["shop"]}`, "read projects": `{"projects":["a","b"]}`} {
		h := New(Options{Store: &double{}, Who: func(*http.Request) (string, []string, error) { return "shop", strings.Fields(scopes), nil }})
		if status, text := ask(t, h, "GET", "/projects", ""); status != 200 || strings.TrimSpace(text) != want {
			t.Errorf("%s: %d %s", scopes, status, text)
		} else {
			openAPI(t).fits(t, "GET", "/projects", "200", text)
		}
		for path, what := range map[string]string{"/traces/" + strings.Repeat("1", 32): "trace " + strings.Repeat("1", 32), "/spans/" + traceID().String() + "/" + strings.Repeat("1", 16): "span " + strings.Repeat("1", 16) + " of trace " + traceID().String()} {
			if status, text := ask(t, h, "GET", path, ""); status != 404 || !strings.Contains(text, what+" is not in project shop") {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
	}
}

// What removes or changes for good is in the log, with the key and without whom
// it was about.
func TestActsAreLogged(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct{ body, says string }{
		"DELETE /users/ann%20smith":    {"", `msg=erased project=shop key=0123abcd what=user traces=1 spans=5`},
		"DELETE /sessions/ann%20smith": {"", `what=session`},
		"DELETE /traces/" + hexTrace:   {"", `what=trace`},
		"PUT /retention":               {`{"max_bytes":1000}`, `msg="retention was decided" project=shop key=0123abcd max_age=0s max_bytes=1000 spans=3 bytes=300`},
		"DELETE /retention":            {"", `msg="retention is as the server keeps of all" project=shop key=0123abcd spans=3`},
		"POST /recost":                 {`{}`, `msg="costs were computed again" project=shop key=0123abcd looked=9 changed=4`},
	} {
		var log bytes.Buffer
		h := New(Options{Store: &double{}, Log: slog.New(slog.NewTextHandler(&log, nil)), Who: func(*http.Request) (string, []string, error) { return "shop", []string{ScopeAdmin}, nil }})
		method, path, _ := strings.Cut(path, " ")
		r := httptest.NewRequest(method, Prefix+path, strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer assay_0123abcd_SECRET")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if text := log.String(); w.Code != 200 || !strings.Contains(text, c.says) || strings.Contains(text, "SECRET") || strings.Contains(text, "smith") || strings.Contains(text, hexTrace) {
			t.Errorf("%s %s: %d, log %s", method, path, w.Code, text)
		}
	}
}
