package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// dial starts the server and connects to it.
func dial(t *testing.T, in *Ingest) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: in.GRPC(), Protocols: protocols, HTTP2: HTTP2(), ReadTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if in.InHand() != 0 {
			t.Errorf("%d bytes are still held", in.InHand())
		}
	})
	return conn
}

func TestGRPC(t *testing.T) {
	m := &memory{}
	conn := dial(t, newIngest(m, nil))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-project-name", "shop")
	req := oneSpan(func(r ptrace.ResourceSpans, _ ptrace.Span) {
		r.ScopeSpans().At(0).Spans().AppendEmpty().SetName("no ids")
	})
	for _, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor(gzip.Name)}} {
		answer, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, req, options...)
		if err != nil {
			t.Fatal(err)
		}
		if p := answer.PartialSuccess(); p.RejectedSpans() != 1 || p.ErrorMessage() != "1: "+errTraceID.Error() {
			t.Errorf("partial success %d %q", p.RejectedSpans(), p.ErrorMessage())
		}
	}
	want := spanOf(t, encoded(t, oneSpan(nil)))
	if got := m.spans("shop"); len(got) != 2 || string(got[0]) != string(want) || string(got[1]) != string(want) {
		t.Errorf("kept %x, want %x twice", got, want)
	}
	data := plog.NewLogs()
	data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().SetEventName("gen_ai.x")
	if _, err := plogotlp.NewGRPCClient(conn).Export(ctx, plogotlp.NewExportRequestFromLogs(data)); err != nil {
		t.Fatal(err)
	}
	if len(m.logs("shop")) != 1 {
		t.Errorf("logs: %v", m.batches)
	}
}

func TestGRPCFailures(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		store  error
		code   codes.Code
		retry  time.Duration
	}{
		"store busy": {store: spanstore.ErrBusy, code: codes.Unavailable, retry: retryBusy},
		"disk full":  {store: spanstore.ErrFull, code: codes.ResourceExhausted, retry: retryFull},
		"no key": {change: func(o *Options) {
			o.Project = func(func(string) string) (string, error) { return "", errors.New("no key") }
		}, code: codes.Unauthenticated},
		"wrong scope": {change: func(o *Options) { o.Project = func(func(string) string) (string, error) { return "", &Denied{"no"} } }, code: codes.PermissionDenied},
		"too large":   {change: func(o *Options) { o.MaxBody = 100 }, code: codes.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			in := newIngest(&memory{err: c.store}, c.change)
			_, err := ptraceotlp.NewGRPCClient(dial(t, in)).Export(t.Context(), oneSpan(nil))
			s := status.Convert(err)
			if s.Code() != c.code {
				t.Errorf("%v, want %v", err, c.code)
			}
			var retry time.Duration
			for _, d := range s.Details() {
				if info, ok := d.(*errdetails.RetryInfo); ok {
					retry = info.RetryDelay.AsDuration()
				}
			}
			if retry != c.retry {
				t.Errorf("retry after %v, want %v", retry, c.retry)
			}
		})
	}
}

func TestGRPCTooMuchInHand(t *testing.T) {
	m := &memory{hold: make(chan struct{}), entered: make(chan struct{}, 1)}
	in := newIngest(m, func(o *Options) { o.InHand = 200 << 10 })
	client := ptraceotlp.NewGRPCClient(dial(t, in))
	big := oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("x", strings.Repeat("a", 120<<10)) })
	first := make(chan error)
	go func() {
		_, err := client.Export(context.Background(), big)
		first <- err
	}()
	<-m.entered
	_, err := client.Export(t.Context(), big)
	s := status.Convert(err)
	if s.Code() != codes.ResourceExhausted || len(s.Details()) != 1 {
		t.Errorf("the second: %v %v", err, s.Details())
	}
	close(m.hold)
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
}

// framed is a body of gRPC: a flag and a length before the message.
func framed(flag byte, length int, message string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flag}, uint32(length)), message...)
}

// called sends a body as a call and gives the status of its trailers.
func called(in *Ingest, path string, body io.Reader, headers ...string) (codes.Code, *http.Response) {
	r := httptest.NewRequest(http.MethodPost, path, body)
	r.Header.Set("Content-Type", "application/grpc")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	in.GRPC().ServeHTTP(w, r)
	answer := w.Result()
	code, err := strconv.Atoi(answer.Trailer.Get("Grpc-Status"))
	if err != nil {
		return codes.Unknown, answer
	}
	return codes.Code(code), answer
}

const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

func TestBytesThatAreNoCall(t *testing.T) {
	good := string(encoded(t, oneSpan(nil)))
	packed := string(gzipped([]byte(good)))
	for name, c := range map[string]struct {
		body    []byte
		headers []string
		code    codes.Code
	}{
		"good":                  {framed(0, len(good), good), nil, codes.OK},
		"gzip":                  {framed(1, len(packed), packed), []string{"Grpc-Encoding", "gzip"}, codes.OK},
		"zstd":                  {framed(1, len(zstded(t, []byte(good))), string(zstded(t, []byte(good)))), []string{"Grpc-Encoding", "zstd"}, codes.OK},
		"named but not used":    {framed(0, len(good), good), []string{"Grpc-Encoding", "gzip"}, codes.OK},
		"not named":             {framed(1, len(packed), packed), nil, codes.InvalidArgument},
		"another encoding":      {framed(1, len(packed), packed), []string{"Grpc-Encoding", "snappy"}, codes.Unimplemented},
		"not gzip":              {framed(1, len(good), good), []string{"Grpc-Encoding", "gzip"}, codes.InvalidArgument},
		"a flag that is none":   {framed(7, len(good), good), nil, codes.InvalidArgument},
		"nothing":               {nil, nil, codes.InvalidArgument},
		"half a head":           {[]byte{0, 0}, nil, codes.InvalidArgument},
		"half a message":        {framed(0, len(good)+1, good), nil, codes.InvalidArgument},
		"two messages":          {append(framed(0, len(good), good), framed(0, len(good), good)...), nil, codes.InvalidArgument},
		"announced as too much": {framed(0, 1<<31, good), nil, codes.InvalidArgument},
		"bomb":                  {framed(1, len(gzipped(make([]byte, 2<<20))), string(gzipped(make([]byte, 2<<20)))), []string{"Grpc-Encoding", "gzip"}, codes.InvalidArgument},
		"no time":               {framed(0, len(good), good), []string{"Grpc-Timeout", "0n"}, codes.Unavailable},
		"time":                  {framed(0, len(good), good), []string{"Grpc-Timeout", "10S"}, codes.OK},
	} {
		in := newIngest(&memory{}, func(o *Options) { o.MaxBody = 1 << 20 })
		in.Store = patient{in.Store}
		code, answer := called(in, exportTraces, bytes.NewReader(c.body), c.headers...)
		if code != c.code || answer.StatusCode != 200 {
			t.Errorf("%s: %v, want %v (%s %v)", name, code, c.code, answer.Status, answer.Trailer)
		}
		if in.InHand() != 0 {
			t.Errorf("%s: %d bytes are still held", name, in.InHand())
		}
	}
	in := newIngest(&memory{}, nil)
	if code, _ := called(in, "/grpc.health.v1.Health/Check", strings.NewReader("")); code != codes.Unimplemented {
		t.Errorf("an unknown method: %v", code)
	}
	if _, answer := called(in, exportTraces, strings.NewReader(""), "Content-Type", typeProto); answer.StatusCode != 415 {
		t.Errorf("not gRPC: %s", answer.Status)
	}
	if got := percent("50 % \"ä\"\n"); got != "50 %25 \"%C3%A4\"%0A" {
		t.Error(got)
	}
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Millisecond, "3S": 3 * time.Second, "99999999H": 24 * time.Hour, "7u": 7 * time.Microsecond,
		"": 0, "S": 0, "3x": 0, "-3S": 0, "123456789S": 0,
	} {
		if got, ok := timeout(text); got != want || ok != (want != 0) {
			t.Errorf("timeout %q: %v %v", text, got, ok)
		}
	}
}

// patient is a store that minds the deadline.
type patient struct{ Store }

func (p patient) Append(ctx context.Context, project string, b *spanstore.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.Store.Append(ctx, project, b)
}

// Callers whose messages never end hold no more than the budget, and those who
// come meanwhile are told when to come again.
func TestCallsThatDoNotEndHoldNoMoreThanTheBudget(t *testing.T) {
	in := newIngest(&memory{}, func(o *Options) { o.InHand = 2 << 20; o.MaxBody = 1 << 20 })
	conn := dial(t, in)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan codes.Code, 40)
	for range cap(sent) {
		go func() {
			body, source := io.Pipe()
			go func() {
				source.Write(framed(0, 1<<20, strings.Repeat("x", 256<<10)))
				<-ctx.Done()
				source.CloseWithError(ctx.Err())
			}()
			code, _ := called(in, exportTraces, body)
			body.Close()
			sent <- code
		}()
	}
	refused := 0
	for in.InHand() == 0 || refused < 30 { // each holds 256 KiB and a window: no ten fit
		if code := <-sent; code != codes.ResourceExhausted {
			t.Fatalf("%v", code)
		}
		refused++
		if held := in.InHand(); held > in.Options.InHand {
			t.Fatalf("%d bytes are held", held)
		}
	}
	cancel()
	for range cap(sent) - refused {
		<-sent
	}
	if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), oneSpan(nil)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func FuzzCalls(f *testing.F) {
	good := string(encoded(f, oneSpan(nil)))
	f.Add(framed(0, len(good), good), "", "1S")
	f.Add(framed(1, len(gzipped([]byte(good))), string(gzipped([]byte(good)))), "gzip", "")
	f.Add(framed(1, len(zstded(f, []byte(good))), string(zstded(f, []byte(good)))), "zstd", "99999999H")
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff}, "br", "x")
	f.Fuzz(func(t *testing.T, body []byte, encoding, timeout string) {
		in := newIngest(&memory{}, func(o *Options) { o.MaxBody = 1 << 20 })
		code, answer := called(in, exportTraces, bytes.NewReader(body), "Grpc-Encoding", encoding, "Grpc-Timeout", timeout)
		switch code {
		case codes.OK, codes.InvalidArgument, codes.Unimplemented:
		case codes.Unavailable:
			if timeout == "" {
				t.Errorf("%v %v", code, answer.Trailer)
			}
		default:
			t.Errorf("%v %v", code, answer.Trailer)
		}
		if in.InHand() != 0 {
			t.Errorf("%d bytes are still held", in.InHand())
		}
	})
}
