package ingest

import (
	"context"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // senders compress with it
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
)

// The services of the protocol.
const (
	traceService = "opentelemetry.proto.collector.trace.v1.TraceService"
	logsService  = "opentelemetry.proto.collector.logs.v1.LogsService"
)

// admitted is what a call takes from the budget before its message is read.
const admitted = 64 << 10

// rawCodec passes messages through as the bytes that they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("encoding an answer: %T is not bytes", v)
	}
	return b, nil
}

func (rawCodec) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("decoding a request: %T is not bytes", v)
	}
	*b = data // gRPC makes a copy for the codec, which is ours from here on
	return nil
}

// Server answers Export of TraceService and LogsService. A call is let in, by
// its key and the budget, before its message is read.
func (in *Ingest) Server() *grpc.Server {
	server := grpc.NewServer(
		grpc.ForceServerCodec(rawCodec{}),
		grpc.MaxRecvMsgSize(int(min(in.MaxBody, math.MaxInt32))),
		grpc.MaxConcurrentStreams(128),
		grpc.InTapHandle(in.admit),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 10 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.MaxHeaderListSize(64<<10),
		grpc.WaitForHandlers(true), // a store is closed only after the last of them
	)
	for name, signal := range map[string]Signal{traceService: Traces, logsService: Logs} {
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: name,
			HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{
				MethodName: "Export",
				Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
					return in.export(ctx, signal, decode)
				},
			}},
		}, nil)
	}
	return server
}

// admission is what admit found out about a call.
type admission struct{ project string }

type admissionKey struct{}

// admit refuses a call before its message is read.
func (in *Ingest) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	project, err := in.Project(headers(info.Header))
	if err != nil {
		return nil, in.refused(signalOf(info.FullMethodName), denied(err))
	}
	s := share{of: in.budget}
	if err := s.grow(admitted); err != nil {
		return nil, in.refused(signalOf(info.FullMethodName), err)
	}
	context.AfterFunc(ctx, s.release)
	return context.WithValue(ctx, admissionKey{}, admission{project}), nil
}

func (in *Ingest) refused(signal Signal, err error) error {
	f := failed(err)
	in.Observe(Event{Signal: signal, Code: f.code, Err: f.cause})
	return status.FromProto(f.status()).Err()
}

func signalOf(method string) Signal {
	if method == "/"+logsService+"/Export" {
		return Logs
	}
	return Traces
}

// export takes one call.
func (in *Ingest) export(ctx context.Context, signal Signal, decode func(any) error) (any, error) {
	began := time.Now()
	var body []byte
	if err := decode(&body); err != nil {
		return nil, err
	}
	s := share{of: in.budget}
	defer s.release()
	if err := s.grow(int64(len(body))); err != nil {
		return nil, in.refused(signal, err)
	}
	allowed, ok := ctx.Value(admissionKey{}).(admission)
	if !ok {
		return nil, in.refused(signal, &failure{Unauthenticated, 0, "the call was not let in", nil})
	}
	md, _ := metadata.FromIncomingContext(ctx)
	event, reasons, err := in.take(ctx, signal, allowed.project, headers(md), body)
	event.Took = time.Since(began)
	if err != nil {
		f := failed(err)
		event.Code, event.Err = f.code, f.cause
		in.Observe(event)
		return nil, status.FromProto(f.status()).Err()
	}
	event.Code = OK
	in.Observe(event)
	return answer(signal, event.Rejected, reasons, false), nil
}

// headers gives the first value of a header.
func headers(md metadata.MD) func(string) string {
	return func(name string) string {
		if v := md.Get(name); len(v) > 0 {
			return v[0]
		}
		return ""
	}
}
