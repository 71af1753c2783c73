package ingest

import (
	"context"
	"errors"
	"net"
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
	server := in.Server()
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.GracefulStop()
		if err := <-done; err != nil {
			t.Error(err)
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
		"too large":   {change: func(o *Options) { o.MaxBody = 100 }, code: codes.ResourceExhausted},
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
