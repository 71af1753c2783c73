package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a store of which a server uses little.
type fake struct {
	spanstore.Store
	ready func(context.Context) error
	hold  chan struct{}
	enter chan struct{}

	mu     sync.Mutex
	spans  map[string]int
	closed bool
}

func (f *fake) Append(_ context.Context, project string, b *spanstore.Batch) error {
	if f.hold != nil {
		f.enter <- struct{}{}
		<-f.hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return errors.New("closed")
	}
	f.spans[project] += len(b.Spans)
	return nil
}

func (f *fake) Ready(ctx context.Context) error {
	if f.ready != nil {
		return f.ready(ctx)
	}
	return nil
}

func (f *fake) Metrics() spanstore.Metrics {
	return spanstore.Metrics{Spans: 41, CommitNanos: 1_500_000_000}
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fake) count(project string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spans[project]
}

// running is a server in this process.
type running struct {
	Addresses
	dir   string
	store *fake
	log   *bytes.Buffer
	stop  context.CancelFunc
	done  chan error
}

// start runs a server.
func start(t *testing.T, change func(*Options)) *running {
	t.Helper()
	r := &running{dir: filepath.Join(t.TempDir(), "data"), store: &fake{spans: map[string]int{}}, log: &bytes.Buffer{}, done: make(chan error, 1)}
	started := make(chan Addresses, 1)
	o := Options{
		Dir: r.dir, Listen: "127.0.0.1:0", GRPC: "127.0.0.1:0",
		Open:    func(_ context.Context, dir string) (spanstore.Store, error) { return r.store, os.MkdirAll(dir, 0o700) },
		Log:     slog.New(slog.NewTextHandler(r.log, nil)),
		Started: func(a Addresses) { started <- a },
		API: func(_ spanstore.Store, who Who) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				project, scopes, err := who(r)
				fmt.Fprintln(w, project, scopes, err)
			})
		},
	}
	if change != nil {
		change(&o)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.done <- Run(ctx, o) }()
	select {
	case r.Addresses = <-started:
	case err := <-r.done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// stopped stops the server and waits for its end.
func (r *running) stopped(t *testing.T) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if !r.store.closed {
		t.Error("the store is not closed")
	}
}

func (r *running) get(t *testing.T, path string, headers ...string) (int, string) {
	t.Helper()
	return r.send(t, http.MethodGet, path, nil, headers...)
}

func (r *running) send(t *testing.T, method, path string, body []byte, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.HTTP+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func request() ptraceotlp.ExportRequest {
	data := ptrace.NewTraces()
	s := data.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID([16]byte{1})
	s.SetSpanID([8]byte{1})
	s.SetStartTimestamp(pcommon.Timestamp(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()))
	s.SetName("a secret name")
	return ptraceotlp.NewExportRequestFromTraces(data)
}

func body(t *testing.T) []byte {
	t.Helper()
	b, err := request().MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestServes(t *testing.T) {
	r := start(t, nil)
	if code, text := r.send(t, "POST", "/v1/traces", body(t)); code != 200 {
		t.Errorf("%d %q", code, text)
	}
	conn, err := grpc.NewClient(r.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), request()); err != nil {
		t.Error(err)
	}
	conn.Close()
	if n := r.store.count("default"); n != 2 {
		t.Errorf("%d spans, want 2", n)
	}
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready",
		"/api/v1/traces?project=My+Shop": "my-shop [ingest read write admin projects] <nil>",
		"/api/v1/traces":                 "default [ingest read write admin projects] <nil>",
	} {
		if code, text := r.get(t, path); code != 200 || strings.TrimSpace(text) != want {
			t.Errorf("%s: %d %q, want %q", path, code, text, want)
		}
	}
	if code, text := r.get(t, "/"); code != 200 || !strings.Contains(text, "This is Assay") {
		t.Errorf("/: %d %q", code, text)
	}
	if code, _ := r.get(t, "/nothing"); code != 404 {
		t.Errorf("/nothing: %d", code)
	}
	_, text := r.get(t, "/metrics")
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families() {
		if !strings.Contains(string(page), "| `"+f.name+"` | "+f.kind+" | "+f.help+" |\n") {
			t.Errorf("docs/serve.md lacks the row\n| `%s` | %s | %s |", f.name, f.kind, f.help)
		}
	}
	for line := range strings.Lines(text) {
		name := line[:strings.IndexAny(line, "{ ")]
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if strings.HasPrefix(name, "assay_") && strings.Count(text, "# TYPE "+name+" ") != 1 {
			t.Errorf("%s has no type, or several", name)
		}
	}
	for _, want := range []string{
		"# HELP assay_store_full 1: the disk is full and nothing is taken in.\n# TYPE assay_store_full gauge\nassay_store_full 0\n",
		"# TYPE assay_ingest_request_seconds histogram\nassay_ingest_request_seconds_bucket{", `assay_api_requests_total{status="200"} 2`,
		"assay_store_spans 41\n", "assay_store_commit_seconds_total 1.5\n",
		`assay_ingest_requests_total{signal="traces",code="ok"} 2`, `assay_ingest_items_total{signal="traces"} 2`,
		`assay_ingest_request_seconds_bucket{signal="traces",le="+Inf"} 2`, "go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics has no %q", want)
		}
	}
	r.stopped(t)
	if strings.Contains(r.log.String(), "secret") || !strings.Contains(r.log.String(), "stopped") {
		t.Errorf("log:\n%s", r.log)
	}
}

func TestOtherNamesAreTurnedAwayWithoutKeys(t *testing.T) {
	r := start(t, nil)
	for path, want := range map[string]int{"/api/v1/traces": 421, "/metrics": 421, "/healthz": 200} {
		if code, _ := r.get(t, path, "Host", "evil.example:4318"); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	for _, host := range []string{"localhost:4318", "127.0.0.1", "[::1]:4318"} {
		if code, _ := r.get(t, "/api/v1/traces", "Host", host); code != 200 {
			t.Errorf("%s: %d", host, code)
		}
	}
	r.stopped(t)
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	keys, err := access.Open(KeysPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	_, sender, err := keys.Create("", "shop", []access.Scope{access.Ingest})
	if err != nil {
		t.Fatal(err)
	}
	_, reader, err := keys.Create("", "shop", []access.Scope{access.Read})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(o *Options) { o.Dir = dir })
	if !r.Keys {
		t.Error("keys are not used")
	}
	for key, want := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer " + reader: 403, "Bearer " + sender: 200} {
		if code, _ := r.send(t, "POST", "/v1/traces", body(t), "Authorization", key, "X-Project-Name", "other"); code != want {
			t.Errorf("with %.12q: %d, want %d", key, code, want)
		}
	}
	if r.store.count("shop") != 1 || r.store.count("other") != 0 {
		t.Errorf("kept %v", r.store.spans)
	}
	if _, text := r.get(t, "/metrics"); !strings.Contains(text, `assay_ingest_requests_total{signal="traces",code="forbidden"} 1`) {
		t.Error("a key that may not send is not counted")
	}
	if _, text := r.get(t, "/api/v1/traces?project=other", "x-api-key", reader); strings.TrimSpace(text) != "shop [read] <nil>" {
		t.Errorf("the API sees %q", text)
	}
	r.stopped(t)
	for _, status := range []string{"401", "403"} {
		if n := strings.Count(r.log.String(), "requests are refused: "); n != 2 || !strings.Contains(r.log.String(), "where=/v1/traces status="+status) {
			t.Errorf("%d lines tell of keys that do not fit, or none of %s:\n%s", n, status, r.log)
		}
	}
}

func TestAPoliteStopFinishesWhatIsInHand(t *testing.T) {
	r := start(t, nil)
	r.store.hold, r.store.enter = make(chan struct{}), make(chan struct{})
	conn, err := grpc.NewClient(r.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	payload := body(t)
	answers := make(chan error, 2)
	go func() {
		res, err := http.Post("http://"+r.HTTP+"/v1/traces", "application/x-protobuf", bytes.NewReader(payload))
		if err == nil {
			res.Body.Close()
			if res.StatusCode != 200 {
				err = errors.New(res.Status)
			}
		}
		answers <- err
	}()
	go func() {
		_, err := ptraceotlp.NewGRPCClient(conn).Export(context.Background(), request())
		answers <- err
	}()
	<-r.store.enter
	<-r.store.enter
	r.stop()
	close(r.store.hold)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	conn.Close()
	r.stopped(t)
	if n := r.store.count("default"); n != 2 {
		t.Errorf("%d spans, want 2", n)
	}
}

func TestSendersThatNeverEndAreCutOff(t *testing.T) {
	r := start(t, func(o *Options) { o.Grace = time.Millisecond })
	conn, err := net.Dial("tcp", r.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatal(line, err) // the handler is reading the body
	}
	r.stopped(t)
}

func TestAFloodOfSilentConnectionsShutsOutNobodyElse(t *testing.T) {
	r := start(t, func(o *Options) { o.Connections, o.Grace = 16, time.Millisecond })
	const head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // that change nothing
	for address, begins := range map[string][]string{
		r.HTTP: {"", head + "Cont", head + "Content-Length: 1000\r\n\r\nhalf"},
		r.GRPC: {"", head, preface[:20], preface + settings},
	} {
		for i := range 60 * len(begins) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, begins[i%len(begins)])
		}
	}
	if code, text := r.send(t, "POST", "/v1/traces", body(t)); code != 200 {
		t.Errorf("%d %q", code, text)
	}
	conn, err := grpc.NewClient(r.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), request(), grpc.WaitForReady(true)); err != nil {
		t.Error(err)
	}
	conn.Close()
	if _, text := r.get(t, "/metrics"); !strings.Contains(text, `assay_connections_shed_total{listener="http"} 1`) {
		t.Error("nothing was shed")
	}
	r.stopped(t)
}

func TestAFullCrowdClosesWhoHasKeptItWaitingLongest(t *testing.T) {
	c := newCrowd(3)
	closed := map[string]bool{}
	come := func(name string) *guest { return c.enter(&door{name: name, closed: closed}) }
	working, sending, taking := come("working"), come("sending"), come("taking")
	working.note(1, 0, 0)
	sending.note(1, 0, 0)
	taking.note(1, 0, 0)
	come("no room")
	taking.note(0, 0, 1)  // does not take its answer
	sending.note(0, 1, 0) // does not send its body
	late := come("late")
	late.note(1, 0, 0)
	come("later")
	if open, shed := c.counts(); open != 3 || shed != 3 || len(closed) != 3 || !closed["no room"] || !closed["taking"] || !closed["sending"] {
		t.Errorf("%d open, %d shed, closed %v", open, shed, closed)
	}
	late.note(0, 1, 0)
	late.note(0, -1, 0) // its body went on
	come("latest")
	if !closed["later"] || closed["late"] || closed["working"] {
		t.Errorf("closed %v", closed)
	}
	c.dismiss()
	if open, _ := c.counts(); open != 2 || !closed["latest"] {
		t.Errorf("after dismissal %d are open, closed %v", open, closed)
	}
}

func TestFewExportsRunAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(few(1, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-leave
		fmt.Fprint(w, "a part, ")
		fmt.Fprint(w, "and another")
	})))
	defer server.Close()
	get := func() string {
		res, err := server.Client().Get(server.URL)
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return fmt.Sprint(res.StatusCode, " ", res.Header.Get("Retry-After"), string(text), err)
	}
	first := make(chan string)
	for range 2 { // a place is free again after an export
		go func() { first <- get() }()
		<-entered
		if text := get(); !strings.HasPrefix(text, `503 1{"error":{"code":"busy"`) {
			t.Error(text)
		}
		leave <- struct{}{}
		if text := <-first; text != "200 a part, and another<nil>" {
			t.Error(text)
		}
	}
}

// door is a connection that can only be closed.
type door struct {
	net.Conn
	name   string
	closed map[string]bool
}

func (d *door) Close() error {
	d.closed[d.name] = true
	return nil
}

func TestWhatDoesNotStart(t *testing.T) {
	r := start(t, nil)
	run := func(o Options) error {
		o.Log = slog.New(slog.DiscardHandler)
		o.Open = func(context.Context, string) (spanstore.Store, error) { return nil, errors.New("the store is taken") }
		return Run(t.Context(), o)
	}
	for want, o := range map[string]Options{
		"another process has the data folder open": {Dir: r.dir, Listen: "127.0.0.1:0"},
		"there are no API keys":                    {Dir: t.TempDir(), Listen: "0.0.0.0:0"},
		"assay key create PROJECT":                 {Dir: t.TempDir(), Listen: "127.0.0.1:0", GRPC: ":0"},
		"cannot listen on " + r.HTTP:               {Dir: t.TempDir(), Listen: r.HTTP},
		"is no address":                            {Dir: t.TempDir(), Listen: "nonsense"},
	} {
		if err := run(o); err == nil || !problem.Is(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := run(Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}); err == nil || err.Error() != "the store is taken" {
		t.Errorf("a store that does not open: %v", err)
	}
	if err := run(Options{Dir: filepath.Dir(r.dir), Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "is no data folder of Assay: it has data") {
		t.Errorf("a foreign folder: %v", err)
	}
	r.stopped(t)
	for text, want := range map[string]string{"7": "has layout 7, this Assay reads up to 1", "x": "holds no number of a layout", "1": "the store is taken"} {
		if err := os.WriteFile(filepath.Join(r.dir, "format"), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(Options{Dir: r.dir, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("layout %s: %v, want %q", text, err, want)
		}
	}
}

func TestReadyTellsTheTruth(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	store := &fake{spans: map[string]int{}, hold: make(chan struct{}), enter: make(chan struct{})}
	w := &writes{store: store, now: func() time.Time { return now }, began: map[int64]time.Time{}}
	h := &health{store: store, writes: w, patience: time.Minute, asking: make(chan struct{}, 1)}
	ask := func() string {
		rec := httptest.NewRecorder()
		h.serveReadyz(rec, httptest.NewRequest("GET", "/readyz", nil))
		return fmt.Sprint(rec.Code, " ", strings.TrimSpace(rec.Body.String()))
	}
	if got := ask(); got != "200 ready" {
		t.Error(got)
	}
	done := make(chan error)
	go func() { done <- w.Append(context.Background(), "p", &spanstore.Batch{}) }()
	<-store.enter
	if got := ask(); got != "200 ready" {
		t.Error("a write that began just now: ", got)
	}
	now = now.Add(31 * time.Second)
	if got := ask(); got != "503 not ready: a write has not ended for 31s" {
		t.Error("a stuck write: ", got)
	}
	close(store.hold)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	store.ready = func(context.Context) error { return spanstore.ErrFull }
	if got := ask(); got != "503 not ready: the disk is full" {
		t.Error(got)
	}
	h.patience = time.Millisecond
	store.ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	if got := ask(); !strings.HasPrefix(got, "503 not ready") {
		t.Error("a store that hangs: ", got)
	}
	h.asking <- struct{}{} // the question has ended
	<-h.asking
	h.patience = time.Minute
	store.ready = nil
	h.stopping.Store(true)
	if got := ask(); got != "503 not ready: stopping" {
		t.Error(got)
	}
}
