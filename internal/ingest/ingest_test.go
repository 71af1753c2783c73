package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/spanstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testNow = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// memory is a store that keeps batches in memory.
type memory struct {
	mu      sync.Mutex
	batches map[string][]*spanstore.Batch
	err     error
	hold    chan struct{} // Append waits for it, where there is one
	entered chan struct{}
}

func (m *memory) Append(_ context.Context, project string, b *spanstore.Batch) error {
	if m.hold != nil {
		m.entered <- struct{}{}
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.batches == nil {
		m.batches = map[string][]*spanstore.Batch{}
	}
	m.batches[project] = append(m.batches[project], b)
	return nil
}

// spans gives the bytes of all spans of a project.
func (m *memory) spans(project string) (list [][]byte) {
	for _, b := range m.batches[project] {
		for _, s := range b.Spans {
			list = append(list, s.Bytes)
		}
	}
	return list
}

func (m *memory) logs(project string) (list [][]byte) {
	for _, b := range m.batches[project] {
		for _, s := range b.Logs {
			list = append(list, s.Bytes)
		}
	}
	return list
}

func newIngest(m *memory, change func(*Options)) *Ingest {
	o := Options{Store: m, Now: func() time.Time { return testNow }}
	if change != nil {
		change(&o)
	}
	return New(o)
}

// oneSpan is a request with one good span, which edit may spoil.
func oneSpan(edit func(ptrace.ResourceSpans, ptrace.Span)) ptraceotlp.ExportRequest {
	data := ptrace.NewTraces()
	r := data.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", "shop")
	s := r.ScopeSpans().AppendEmpty()
	s.Scope().SetName("test")
	goodSpan(s.Spans().AppendEmpty(), 1)
	if edit != nil {
		edit(r, s.Spans().At(0))
	}
	return ptraceotlp.NewExportRequestFromTraces(data)
}

func goodSpan(span ptrace.Span, n byte) {
	span.SetTraceID([16]byte{1, 2, n})
	span.SetSpanID([8]byte{3, n})
	span.SetName("chat")
	span.SetStartTimestamp(stamp(-time.Second))
	span.SetEndTimestamp(stamp(0))
	span.Attributes().PutStr("gen_ai.request.model", "gpt-5")
}

func encoded(t testing.TB, r interface{ MarshalProto() ([]byte, error) }) []byte {
	t.Helper()
	b, err := r.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func post(in *Ingest, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", typeProto)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	in.Handler().ServeHTTP(w, r)
	return w
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func spanOf(t *testing.T, body []byte) []byte {
	t.Helper()
	var found []byte
	s := sorter{in: New(Options{}), signal: Traces, now: testNow, batches: map[string]*spanstore.Batch{}}
	if err := s.read(body); err != nil {
		t.Fatal(err)
	}
	for _, b := range s.batches {
		found = b.Spans[0].Bytes
	}
	return found
}

func TestEveryEncodingKeepsTheSameBytes(t *testing.T) {
	req := oneSpan(nil)
	plain := encoded(t, req)
	text, err := req.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := spanOf(t, plain)
	for name, c := range map[string]struct {
		body    []byte
		headers []string
	}{
		"protobuf":      {plain, nil},
		"gzip":          {gzipped(plain), []string{"Content-Encoding", "gzip"}},
		"zstd":          {zstded(t, plain), []string{"Content-Encoding", "zstd"}},
		"JSON":          {text, []string{"Content-Type", "application/json; charset=utf-8"}},
		"gzip of JSON":  {gzipped(text), []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}},
		"identity, own": {plain, []string{"Content-Encoding", "identity"}},
	} {
		for path, signal := range Paths() {
			if signal != Traces {
				continue
			}
			m := &memory{}
			in := newIngest(m, nil)
			w := post(in, path, c.body, c.headers...)
			if w.Code != 200 {
				t.Fatalf("%s at %s: %d %q", name, path, w.Code, w.Body)
			}
			got := m.spans("default")
			if len(got) != 1 || !bytes.Equal(got[0], want) {
				t.Errorf("%s at %s: kept %x, want %x", name, path, got, want)
			}
			b := m.batches["default"][0]
			if b.Received != testNow.UnixNano() || len(b.Resources) != 1 || len(b.Scopes) != 1 || b.Scopes[0].Resource != 0 {
				t.Errorf("%s: batch %+v", name, b)
			}
			if in.InHand() != 0 {
				t.Errorf("%s: %d bytes are still held", name, in.InHand())
			}
			if strings.HasPrefix(name, "JSON") {
				if w.Header().Get("Content-Type") != typeJSON || strings.TrimSpace(w.Body.String()) != "{}" {
					t.Errorf("answer %q as %s", w.Body, w.Header().Get("Content-Type"))
				}
			} else if name == "protobuf" && (w.Header().Get("Content-Type") != typeProto || w.Body.Len() != 0) {
				t.Errorf("answer %q as %s", w.Body, w.Header().Get("Content-Type"))
			}
		}
	}
}

// deep nests an attribute so many times.
func deep(s ptrace.Span, depth int) {
	list := s.Attributes().PutEmptySlice("deep")
	for range depth - 1 {
		list = list.AppendEmpty().SetEmptySlice()
	}
}

func TestBadSpansAreRejectedAlone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(ptrace.Span)
		want  error
	}{
		"no trace id":      {func(s ptrace.Span) { s.SetTraceID([16]byte{}) }, errTraceID},
		"no span id":       {func(s ptrace.Span) { s.SetSpanID([8]byte{}) }, errSpanID},
		"no start":         {func(s ptrace.Span) { s.SetStartTimestamp(0) }, errNoStart},
		"start in seconds": {func(s ptrace.Span) { s.SetStartTimestamp(1_764_000_000) }, errEarly},
		"end in the past":  {func(s ptrace.Span) { s.SetEndTimestamp(5) }, errEarly},
		"future":           {func(s ptrace.Span) { s.SetStartTimestamp(stamp(25 * time.Hour)) }, errLate},
		"far future":       {func(s ptrace.Span) { s.SetEndTimestamp(1<<64 - 1) }, errLate},
		"backward":         {func(s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() - 1) }, errBackward},
		"deep":             {func(s ptrace.Span) { deep(s, 40) }, errDeep},
		"deep event":       {func(s ptrace.Span) { deepEvent(s) }, errDeep},
		"unended":          {func(s ptrace.Span) { s.SetEndTimestamp(0) }, nil},
		"old":              {func(s ptrace.Span) { s.SetStartTimestamp(stamp(-90 * 24 * time.Hour)) }, nil},
		"no name":          {func(s ptrace.Span) { s.SetName("") }, nil},
		"skewed":           {func(s ptrace.Span) { s.SetStartTimestamp(stamp(time.Hour)); s.SetEndTimestamp(stamp(2 * time.Hour)) }, nil},
		"not so deep":      {func(s ptrace.Span) { deep(s, 32) }, nil},
		"10 MB":            {func(s ptrace.Span) { s.Attributes().PutStr("input.value", strings.Repeat("word ", 2<<20)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			req := oneSpan(func(r ptrace.ResourceSpans, s ptrace.Span) {
				c.spoil(s)
				goodSpan(r.ScopeSpans().At(0).Spans().AppendEmpty(), 2)
			})
			m := &memory{}
			var seen Event
			w := post(newIngest(m, func(o *Options) { o.Observe = func(e Event) { seen = e } }), "/v1/traces", encoded(t, req))
			if w.Code != 200 {
				t.Fatalf("%d %q", w.Code, w.Body)
			}
			answer := ptraceotlp.NewExportResponse()
			if err := answer.UnmarshalProto(w.Body.Bytes()); err != nil {
				t.Fatal(err)
			}
			kept, rejected, text := 2, int64(0), ""
			if c.want != nil {
				kept, rejected, text = 1, 1, "1: "+c.want.Error()
			}
			if n := len(m.spans("default")); n != kept {
				t.Errorf("%d spans are kept, want %d", n, kept)
			}
			if p := answer.PartialSuccess(); p.RejectedSpans() != rejected || p.ErrorMessage() != text {
				t.Errorf("partial success %d %q, want %d %q", p.RejectedSpans(), p.ErrorMessage(), rejected, text)
			}
			if seen.Accepted != int64(kept) || seen.Rejected != rejected || seen.Code != OK {
				t.Errorf("observed %+v", seen)
			}
		})
	}
}

func deepEvent(s ptrace.Span) {
	list := s.Events().AppendEmpty().Attributes().PutEmptySlice("deep")
	for range 40 {
		list = list.AppendEmpty().SetEmptySlice()
	}
}

// raw wraps a span into a request by hand, so that it can be malformed.
func raw(span []byte) []byte {
	scope := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), span)
	group := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), scope)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), group)
}

func TestSpansThatAreNoSpans(t *testing.T) {
	good := spanOf(t, encoded(t, oneSpan(nil)))
	short := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte{1, 2, 3})
	parent := protowire.AppendBytes(protowire.AppendTag(bytes.Clone(good), 4, protowire.BytesType), []byte{1, 2, 3})
	kv := protowire.AppendBytes(protowire.AppendTag(bytes.Clone(good), 9, protowire.BytesType), []byte{0xff})
	for name, c := range map[string]struct {
		span []byte
		want error
	}{
		"garbage":             {[]byte{0xff, 0xff}, errNotSpan},
		"name of wrong type":  {protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), 1), errNotSpan},
		"short id":            {short, errTraceID},
		"short parent":        {parent, errParentID},
		"attribute of 1 byte": {kv, errDeep},
	} {
		m := &memory{}
		w := post(newIngest(m, nil), "/v1/traces", raw(c.span), "Content-Type", typeProto)
		answer := ptraceotlp.NewExportResponse()
		if err := answer.UnmarshalProto(w.Body.Bytes()); err != nil || w.Code != 200 {
			t.Fatal(name, w.Code, err)
		}
		if got := answer.PartialSuccess().ErrorMessage(); got != "1: "+c.want.Error() {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if len(m.batches) != 0 {
			t.Errorf("%s: something was kept", name)
		}
	}
}

func TestPartialSuccessInJSON(t *testing.T) {
	text, err := oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetStartTimestamp(0) }).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	w := post(newIngest(&memory{}, nil), "/v1/traces", text, "Content-Type", typeJSON)
	var answer struct {
		PartialSuccess struct {
			RejectedSpans string `json:"rejectedSpans"`
			ErrorMessage  string `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%q: %v", w.Body, err)
	}
	if p := answer.PartialSuccess; p.RejectedSpans != "1" || p.ErrorMessage != "1: "+errNoStart.Error() {
		t.Errorf("%q", w.Body)
	}
}

func TestLogs(t *testing.T) {
	data := plog.NewLogs()
	records := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	of := records.AppendEmpty()
	of.SetTraceID([16]byte{1})
	of.SetSpanID([8]byte{2})
	of.Body().SetStr("hello")
	event := records.AppendEmpty()
	event.SetEventName("gen_ai.evaluation.result")
	older := records.AppendEmpty()
	older.Attributes().PutStr("event.name", "gen_ai.choice")
	records.AppendEmpty().Body().SetStr("a line of some log")
	early := records.AppendEmpty()
	early.SetTraceID([16]byte{1})
	early.SetTimestamp(7)
	half := records.AppendEmpty()
	half.SetSpanID([8]byte{1})

	m := &memory{}
	w := post(newIngest(m, nil), "/v1/logs", encoded(t, plogotlp.NewExportRequestFromLogs(data)))
	answer := plogotlp.NewExportResponse()
	if err := answer.UnmarshalProto(w.Body.Bytes()); err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	if n := len(m.logs("default")); n != 3 {
		t.Errorf("%d records are kept, want 3", n)
	}
	want := fmt.Sprintf("1: %v; 1: %v; 1: %v", errEarly, errNoSpan, errTraceID)
	if p := answer.PartialSuccess(); p.RejectedLogRecords() != 3 || p.ErrorMessage() != want {
		t.Errorf("%d %q, want %q", p.RejectedLogRecords(), p.ErrorMessage(), want)
	}
}

func TestProjects(t *testing.T) {
	named := func(attributes ...string) []byte {
		return encoded(t, oneSpan(func(r ptrace.ResourceSpans, _ ptrace.Span) {
			for i := 0; i+1 < len(attributes); i += 2 {
				r.Resource().Attributes().PutStr(attributes[i], attributes[i+1])
			}
		}))
	}
	for _, c := range []struct {
		key     string
		body    []byte
		headers []string
		want    string
	}{
		{"", named(), nil, "default"},
		{"", named("openinference.project.name", "My Shop"), nil, "my-shop"},
		{"", named("assay.project", "own", "openinference.project.name", "other"), nil, "own"},
		{"", named("openinference.project.name", "other", "assay.project", "own"), nil, "own"},
		{"", named("assay.project", "own"), []string{"Langsmith-Project", "chain"}, "chain"},
		{"", named(), []string{"Langsmith-Project", "chain", "X-Project-Name", "../../etc"}, "etc"},
		{"tenant", named("assay.project", "own"), []string{"X-Project-Name", "other"}, "tenant"},
	} {
		m := &memory{}
		in := newIngest(m, func(o *Options) {
			o.Project = func(func(string) string) (string, error) { return c.key, nil }
		})
		post(in, "/v1/traces", c.body, c.headers...)
		if len(m.spans(c.want)) != 1 || len(m.batches) != 1 {
			t.Errorf("key %q, headers %q: kept in %v, want %s", c.key, c.headers, m.batches, c.want)
		}
	}
	two := oneSpan(func(r ptrace.ResourceSpans, _ ptrace.Span) { r.Resource().Attributes().PutStr("assay.project", "a") })
	oneSpan(nil).Traces().ResourceSpans().MoveAndAppendTo(two.Traces().ResourceSpans())
	m := &memory{}
	post(newIngest(m, nil), "/v1/traces", encoded(t, two))
	if len(m.spans("a")) != 1 || len(m.spans("default")) != 1 {
		t.Errorf("two projects in a request: %v", m.batches)
	}
}

func TestFailures(t *testing.T) {
	good := encoded(t, oneSpan(nil))
	deny := func(err error) func(*Options) {
		return func(o *Options) { o.Project = func(func(string) string) (string, error) { return "", err } }
	}
	for name, c := range map[string]struct {
		change  func(*Options)
		store   error
		body    []byte
		headers []string
		status  int
		code    codes.Code
		retry   string
	}{
		"store busy":   {store: spanstore.ErrBusy, body: good, status: 503, code: codes.Unavailable, retry: "1"},
		"disk full":    {store: fmt.Errorf("writing: %w", spanstore.ErrFull), body: good, status: 503, code: codes.ResourceExhausted, retry: "30"},
		"store broken": {store: errors.New("EIO"), body: good, status: 503, code: codes.Unavailable, retry: "30"},
		"no key":       {change: deny(errors.New("no API key")), body: good, status: 401, code: codes.Unauthenticated},
		"wrong scope":  {change: deny(&Denied{"the key may not ingest"}), body: good, status: 403, code: codes.PermissionDenied},
		"not protobuf": {body: []byte("not protobuf"), status: 400, code: codes.InvalidArgument},
		"not gzip":     {body: good, headers: []string{"Content-Encoding", "gzip"}, status: 400, code: codes.InvalidArgument},
		"cut gzip":     {body: gzipped(good)[:30], headers: []string{"Content-Encoding", "gzip"}, status: 400, code: codes.InvalidArgument},
		"not zstd":     {body: good, headers: []string{"Content-Encoding", "zstd"}, status: 400, code: codes.InvalidArgument},
		"brotli":       {body: good, headers: []string{"Content-Encoding", "br"}, status: 415, code: codes.Unimplemented},
		"text":         {body: good, headers: []string{"Content-Type", "text/plain"}, status: 415, code: codes.Unimplemented},
		"not JSON":     {body: []byte(`{"resourceSpans":["secret"]}`), headers: []string{"Content-Type", typeJSON}, status: 400, code: codes.InvalidArgument},
		// Without a bound, the decoder's recursion ends the process.
		"nested JSON":      {body: []byte(strings.Repeat(`{"resourceSpans":[`, 1<<20)), headers: []string{"Content-Type", typeJSON}, status: 400, code: codes.InvalidArgument},
		"too large":        {change: func(o *Options) { o.MaxBody = 20 }, body: good, status: 413, code: codes.InvalidArgument},
		"too large inside": {change: func(o *Options) { o.MaxBody = 1000 }, body: gzipped(make([]byte, 1<<20)), headers: []string{"Content-Encoding", "gzip"}, status: 413, code: codes.InvalidArgument},
		"zstd bomb":        {change: func(o *Options) { o.MaxBody = 1000 }, body: zstded(t, make([]byte, 1<<20)), headers: []string{"Content-Encoding", "zstd"}, status: 413, code: codes.InvalidArgument},
		"too many":         {change: func(o *Options) { o.MaxItems = 1 }, body: encoded(t, oneSpan(func(r ptrace.ResourceSpans, _ ptrace.Span) { goodSpan(r.ScopeSpans().At(0).Spans().AppendEmpty(), 2) })), status: 413, code: codes.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{err: c.store}
			in := newIngest(m, c.change)
			w := post(in, "/v1/traces", c.body, c.headers...)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %q", w.Code, c.status, w.Body)
			}
			var message string
			if w.Header().Get("Content-Type") == typeJSON {
				var s struct {
					Code    codes.Code
					Message string
				}
				if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || s.Code != c.code {
					t.Errorf("%q: code %v, want %v (%v)", w.Body, s.Code, c.code, err)
				}
				message = s.Message
			} else {
				var s spb.Status
				if err := proto.Unmarshal(w.Body.Bytes(), &s); err != nil || codes.Code(s.Code) != c.code {
					t.Errorf("code %v, want %v (%v)", codes.Code(s.Code), c.code, err)
				}
				message = s.Message
			}
			if message == "" || strings.Contains(message, "secret") {
				t.Errorf("message %q", message)
			}
			if got := w.Header().Get("Retry-After"); got != c.retry {
				t.Errorf("Retry-After %q, want %q", got, c.retry)
			}
			if len(m.batches) != 0 || in.InHand() != 0 {
				t.Errorf("kept %v, in hand %d", m.batches, in.InHand())
			}
		})
	}
	if w := post(newIngest(&memory{}, nil), "/v1/traces", nil); w.Code != 200 {
		t.Errorf("an empty request: %d", w.Code)
	}
	w := httptest.NewRecorder()
	newIngest(&memory{}, nil).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/traces", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// endless counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestHostileBodies(t *testing.T) {
	in := newIngest(&memory{}, func(o *Options) { o.MaxBody = 1 << 20 })
	send := func(body io.Reader, announced int64, encoding string) int {
		r := httptest.NewRequest(http.MethodPost, "/v1/traces", body)
		r.ContentLength = announced
		r.Header.Set("Content-Type", typeProto)
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		in.Handler().ServeHTTP(w, r)
		return w.Code
	}
	announced := &endless{}
	if code := send(announced, 1<<30, ""); code != 413 || announced.read != 0 {
		t.Errorf("1 GB announced: %d after reading %d", code, announced.read)
	}
	streamed := &endless{}
	if code := send(streamed, -1, ""); code != 413 || streamed.read > 2<<20 {
		t.Errorf("endless: %d after reading %d", code, streamed.read)
	}
	if code := send(bytes.NewReader(gzipped(make([]byte, 8<<20))), -1, "gzip"); code != 413 {
		t.Errorf("gzip bomb: %d", code)
	}
	if in.InHand() != 0 {
		t.Errorf("%d bytes are still held", in.InHand())
	}
}

// watched reports the most that was in hand while a body was read.
type watched struct {
	in   *Ingest
	most int64
	left int
}

func (w *watched) Read(p []byte) (int, error) {
	w.most = max(w.most, w.in.InHand())
	if w.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), w.left, 1000)
	w.left -= n
	return n, nil
}

func TestBudgetCountsWhatArrived(t *testing.T) {
	in := newIngest(&memory{}, nil)
	body := &watched{in: in, left: 5000}
	r := httptest.NewRequest(http.MethodPost, "/v1/traces", body)
	r.ContentLength = 50 << 20
	r.Header.Set("Content-Type", typeProto)
	in.Handler().ServeHTTP(httptest.NewRecorder(), r)
	if body.most == 0 || body.most > 32<<10 {
		t.Errorf("%d bytes were taken for 5,000 that arrived", body.most)
	}
}

func TestTooMuchInHandIsToldToComeAgain(t *testing.T) {
	m := &memory{hold: make(chan struct{}), entered: make(chan struct{}, 1)}
	in := newIngest(m, func(o *Options) { o.InHand = 100 << 10 })
	big := encoded(t, oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("x", strings.Repeat("a", 90<<10)) }))
	first := make(chan int)
	go func() { first <- post(in, "/v1/traces", big).Code }()
	<-m.entered
	w := post(in, "/v1/traces", big)
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("the second: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	close(m.hold)
	if code := <-first; code != 200 {
		t.Errorf("the first: %d", code)
	}
	if in.InHand() != 0 {
		t.Errorf("%d bytes are still held", in.InHand())
	}
	// A request larger than the budget goes when it is alone.
	m.hold = nil
	in = newIngest(m, func(o *Options) { o.InHand = 1 << 10 })
	if w := post(in, "/v1/traces", big); w.Code != 200 {
		t.Errorf("alone: %d", w.Code)
	}
}

func TestStalledSendersAreGivenUpWhenOthersNeedTheRoom(t *testing.T) {
	in := newIngest(&memory{}, func(o *Options) { o.InHand = 100 << 10 })
	var clock atomic.Int64
	in.budget.now = func() time.Time { return time.Unix(clock.Load(), 0) }
	server := httptest.NewServer(in.Handler())
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 90000\r\n\r\n%s", typeProto, strings.Repeat("x", 70_000))
	for in.InHand() < 90_000 { // until all that was sent has been read
		runtime.Gosched()
	}
	big := encoded(t, oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("x", strings.Repeat("a", 90<<10)) }))
	if w := post(in, "/v1/traces", big); w.Code != 429 {
		t.Errorf("while the other sends: %d", w.Code)
	}
	clock.Store(2)
	if w := post(in, "/v1/traces", big); w.Code != 429 {
		t.Errorf("when the other has stalled: %d", w.Code)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("who stalled: %s", answer.Status)
	}
	if w := post(in, "/v1/traces", big); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestLargeRequestsLeaveRoom(t *testing.T) {
	b := newBudget(100<<20, 50<<20)
	small, one, two, three := &share{of: b}, &share{of: b}, &share{of: b}, &share{of: b}
	for i, c := range []struct {
		share *share
		n     int64
		fits  bool
	}{
		{small, 1 << 20, true},
		{one, 30 << 20, true}, {two, 30 << 20, true},
		{three, 4 << 20, true}, {three, 1, false}, // there are two large ones
		{one, 23 << 20, false}, // an eighth is for others
		{small, 2 << 20, true},
	} {
		if err := c.share.grow(c.n); (err == nil) != c.fits {
			t.Errorf("step %d: %v", i, err)
		}
	}
	one.release()
	if err := three.grow(30 << 20); err != nil {
		t.Error(err)
	}
	for _, s := range []*share{small, two, three} {
		s.release()
	}
	if b.used != 0 || b.large != 0 {
		t.Errorf("%d bytes, %d large ones are left", b.used, b.large)
	}
}

func FuzzBodies(f *testing.F) {
	req := oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) { deep(s, 3); deepEvent(s) })
	plain := encoded(f, req)
	text, err := req.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain, uint8(0))
	f.Add(gzipped(plain), uint8(1))
	f.Add(zstded(f, plain), uint8(2))
	f.Add(text, uint8(3))
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"01","body":{"kvlistValue":{"values":[{"key":"a"}]}}}]}]}]}`), uint8(7))
	redaction, err := ParseRedaction("r.yaml", []byte("rules:\n- {name: digits, match: '[0-9]+'}\ndrop: [secret]\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, how uint8) {
		m := &memory{}
		in := newIngest(m, func(o *Options) { o.MaxBody = 1 << 20; o.Redact = redaction })
		path := "/v1/traces"
		if how&4 != 0 {
			path = "/v1/logs"
		}
		headers := [][]string{nil, {"Content-Encoding", "gzip"}, {"Content-Encoding", "zstd"}, {"Content-Type", typeJSON}}[how&3]
		w := post(in, path, body, headers...)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("status %d", w.Code)
		}
		if in.InHand() != 0 {
			t.Errorf("%d bytes are still held", in.InHand())
		}
		for _, batches := range m.batches {
			for _, b := range batches {
				for _, s := range b.Spans {
					if err := checkSpan(s.Bytes, testNow); err != nil {
						t.Errorf("kept a span that is none: %v", err)
					}
				}
				for _, l := range b.Logs {
					if err := checkLog(l.Bytes, testNow); err != nil {
						t.Errorf("kept a log record that is none: %v", err)
					}
				}
			}
		}
	})
}

func TestABodyThatDoesNotArriveInTime(t *testing.T) {
	in := newIngest(&memory{}, nil)
	server := httptest.NewUnstartedServer(in.Handler())
	server.Config.ReadTimeout = 300 * time.Millisecond
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\npart", typeProto)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("%s, Retry-After %q", answer.Status, answer.Header.Get("Retry-After"))
	}
	if in.InHand() != 0 {
		t.Errorf("%d bytes are still held", in.InHand())
	}
}

// BenchmarkTake is the way from a body to a batch, without a network and a
// disk: 512 spans of 3.4 KB.
func BenchmarkTake(b *testing.B) {
	req := oneSpan(func(r ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutStr("input.value", strings.Repeat("word after word ", 200))
		for n := range 511 {
			s.CopyTo(r.ScopeSpans().At(0).Spans().AppendEmpty())
			r.ScopeSpans().At(0).Spans().At(n + 1).SetSpanID([8]byte{1, byte(n), byte(n >> 8)})
		}
	})
	body := encoded(b, req)
	for name, headers := range map[string][]string{"plain": nil, "gzip": {"Content-Encoding", "gzip"}} {
		sent := body
		if headers != nil {
			sent = gzipped(body)
		}
		b.Run(name, func(b *testing.B) {
			in := newIngest(&memory{}, func(o *Options) { o.Store = nothing{} })
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if w := post(in, "/v1/traces", sent, headers...); w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
			b.ReportMetric(float64(b.N*512)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}

type nothing struct{}

func (nothing) Append(context.Context, string, *spanstore.Batch) error { return nil }

func TestTooDeep(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("[", mostDepth):                               false,
		strings.Repeat("[", mostDepth+1):                             true,
		strings.Repeat("[]{}", 10*mostDepth):                         false,
		`"` + strings.Repeat("[", 2*mostDepth) + `"`:                 false,
		`"a\"` + strings.Repeat("[", 2*mostDepth) + `"`:              false,
		`"a\\"` + strings.Repeat("[", 2*mostDepth):                   true,
		strings.Repeat("{\"a\":", mostDepth) + "1" + `"` + `[[[[[[[`: false,
	} {
		if got := tooDeep([]byte(text)); got != want {
			t.Errorf("%.20s… of %d bytes: %v, want %v", text, len(text), got, want)
		}
	}
}
