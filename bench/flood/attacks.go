//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/assay-llmops/assay/bench/spangen"
)

// attack is one way to use up a server.
type attack struct {
	name, what string
	run        func(context.Context, *target)
}

const (
	post     = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
	preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" // with settings that change nothing
	traces   = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	megabyte = 1 << 20
)

func attacks() []attack {
	hold := func(grpc bool, first string) func(context.Context, *target) {
		return func(ctx context.Context, t *target) { t.hold(ctx, grpc, first) }
	}
	return []attack{
		{"headers", "connections with half the headers of a request, 200 bytes", hold(false, post+"X: "+strings.Repeat("x", 100))},
		{"long-headers", "the same, 48 KB", hold(false, post+"X: "+strings.Repeat("x", 48<<10))},
		{"bodies", "connections with half a body: 64 MB announced, 30 KB sent", hold(false, post+"Content-Length: 64000000\r\n\r\n"+strings.Repeat("x", 30<<10))},
		{"grpc-idle", "connections of gRPC without a call", hold(true, preface)},
		{"grpc-calls", "connections of gRPC with a call of which 30 KB of 64 MB came", hold(true, preface+begunCall(30<<10))},
		{"slow-readers", "connections that ask for everything and read nothing", hold(false, "GET /api/v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n")},
		{"gzip-bombs", "requests of 1 GB of zeros, gzip", func(ctx context.Context, t *target) { t.bombs(ctx, "gzip") }},
		{"zstd-bombs", "requests of 1 GB of zeros, zstd", func(ctx context.Context, t *target) { t.bombs(ctx, "zstd") }},
		{"grpc-bombs", "calls of 64 MiB of zeros, gzip", func(ctx context.Context, t *target) { t.grpcBombs(ctx) }},
		{"grpc-large", "calls of 60 MB of spans", func(ctx context.Context, t *target) {
			if body := t.large(); body != nil {
				t.calls(ctx, body)
			}
		}},
		{"http-large", "requests of 60 MB of spans", func(ctx context.Context, t *target) {
			if body := t.large(); body != nil {
				t.posts(ctx, func() (io.Reader, int64) { return bytes.NewReader(body), int64(len(body)) }, "")
			}
		}},
		{"gigabytes", "requests of 1 GB, of which nothing is announced", func(ctx context.Context, t *target) {
			t.posts(ctx, func() (io.Reader, int64) { return io.LimitReader(zeros{}, 1<<30), -1 }, "")
		}},
	}
}

// begunCall is what a connection of HTTP/2 sends to begin a call with a message
// of 64 MB, and the first bytes of it.
func begunCall(size int) string {
	literal := func(name, value string) string { // of HPACK, without an index
		return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
	}
	headers := literal(":method", "POST") + literal(":scheme", "http") + literal(":path", traces) +
		literal(":authority", "localhost") + literal("content-type", "application/grpc") + literal("te", "trailers")
	frame := func(kind, flags byte, payload string) string {
		n := len(payload)
		return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, 1}) + payload
	}
	frames := frame(1, 4, headers)
	message := "\x00\x03\xd0\x90\x00" + strings.Repeat("x", size)
	for len(message) > 0 {
		n := min(len(message), 16<<10)
		frames += frame(0, 0, message[:n])
		message = message[n:]
	}
	return frames
}

// target is what attackers see of a server, and what they got.
type target struct {
	*flood
	http, grpc string

	open, most atomic.Int64 // connections that are held
	mu         sync.Mutex
	tally      map[string]int
}

func (t *target) got(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tally[what]++
}

// String is what the attackers got.
func (t *target) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	if n := t.most.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d open at once", n))
	}
	for _, what := range slices.Sorted(maps.Keys(t.tally)) {
		parts = append(parts, fmt.Sprintf("%s: %d", what, t.tally[what]))
	}
	return strings.Join(parts, "; ")
}

// hold keeps connections open that send something and then nothing. One that is
// closed comes again a second later.
func (t *target) hold(ctx context.Context, grpc bool, first string) {
	address := t.http
	if grpc {
		address = t.grpc
	}
	dialing := semaphore.NewWeighted(256)
	var all sync.WaitGroup
	for i := range t.connections {
		all.Go(func() {
			for ctx.Err() == nil {
				if dialing.Acquire(ctx, 1) != nil {
					return
				}
				conn, err := dial(ctx, address, i)
				if err == nil {
					_, err = io.WriteString(conn, first)
				}
				dialing.Release(1)
				t.linger(ctx, conn, err)
			}
		})
	}
	all.Wait()
}

// dial connects from one of many addresses, since one has too few ports.
func dial(ctx context.Context, address string, i int) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%200))}, Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		return conn, errors.Join(err, tcp.SetReadBuffer(4<<10))
	}
	return conn, err
}

// linger waits until the server closes the connection.
func (t *target) linger(ctx context.Context, conn net.Conn, err error) {
	if err != nil {
		t.got("could not connect or send")
	}
	if conn == nil {
		pause(ctx)
		return
	}
	for now, most := t.open.Add(1), t.most.Load(); now > most && !t.most.CompareAndSwap(most, now); most = t.most.Load() {
	}
	defer t.open.Add(-1)
	defer func() { _ = conn.Close() }()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		// The end can be seen without reading: a byte is sent now and then.
		one := make([]byte, 1)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			n, err := conn.Read(one)
			if n == 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		}
	}()
	select {
	case <-closed:
		if ctx.Err() == nil {
			t.got("closed by the server")
			pause(ctx)
		}
	case <-ctx.Done():
		_ = conn.Close()
		<-closed
	}
}

func pause(ctx context.Context) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
}

// zeros never end.
type zeros struct{}

// Read gives zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// packed is as many zeros, compressed.
func (t *target) packed(size int64, encoding string) []byte {
	var packed bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&packed)
	if encoding == "zstd" {
		z, err := zstd.NewWriter(&packed)
		if err != nil {
			t.got(err.Error())
			return nil
		}
		w = z
	}
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.got(err.Error())
	}
	if err := w.Close(); err != nil {
		t.got(err.Error())
	}
	return packed.Bytes()
}

// bombs sends a gigabyte of zeros that takes a megabyte or less.
func (t *target) bombs(ctx context.Context, encoding string) {
	packed := t.packed(1<<30, encoding)
	t.posts(ctx, func() (io.Reader, int64) { return bytes.NewReader(packed), int64(len(packed)) }, encoding)
}

// grpcBombs sends calls without gRPC's client, which would spend the processors on
// compressing.
func (t *target) grpcBombs(ctx context.Context) {
	packed := t.packed(64*megabyte, "gzip")
	body := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(packed))), packed...)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	t.each(ctx, func() string {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.grpc+traces, bytes.NewReader(body))
		if err != nil {
			return err.Error()
		}
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Grpc-Encoding", "gzip")
		reply, err := client.Do(request)
		if err != nil {
			return "connection closed"
		}
		defer reply.Body.Close()
		_, _ = io.Copy(io.Discard, reply.Body)
		return "status " + reply.Trailer.Get("Grpc-Status")
	})
}

// posts sends a body over and over.
func (t *target) posts(ctx context.Context, body func() (io.Reader, int64), encoding string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: t.callers}}
	defer client.CloseIdleConnections()
	t.each(ctx, func() string {
		reader, length := body()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.http+"/v1/traces", reader)
		if err != nil {
			return err.Error()
		}
		request.ContentLength = length
		request.Header.Set("Content-Type", "application/x-protobuf")
		if encoding != "" {
			request.Header.Set("Content-Encoding", encoding)
		}
		reply, err := client.Do(request)
		if err != nil {
			return "connection closed"
		}
		defer reply.Body.Close()
		_, _ = io.Copy(io.Discard, reply.Body)
		return reply.Status
	})
}

// each runs callers, each over and over.
func (t *target) each(ctx context.Context, once func() string) {
	var all sync.WaitGroup
	for range t.callers {
		all.Go(func() {
			for ctx.Err() == nil {
				if got := once(); ctx.Err() == nil {
					t.got(got)
				}
			}
		})
	}
	all.Wait()
}

// large is a request of 60 MB of spans.
func (t *target) large() []byte {
	payloads, err := spangen.NewPool(spangen.Options{Spans: 15_000, Batch: 15_000, Mix: spangen.Docs, Seed: 2})
	if err != nil {
		t.got(err.Error())
		return nil
	}
	p := payloads[0]
	p.Stamp(0, func(uint64) time.Time { return time.Now().Add(-time.Minute) })
	return p.Body
}

// raw passes a message as the bytes that it is.
type raw struct{}

func (raw) Name() string                  { return "proto" }
func (raw) Marshal(v any) ([]byte, error) { b, _ := v.([]byte); return b, nil }
func (raw) Unmarshal([]byte, any) error   { return nil }

// calls sends a message over and over with gRPC's own client.
func (t *target) calls(ctx context.Context, message []byte) {
	t.each(ctx, func() string {
		conn, err := grpc.NewClient(t.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err.Error()
		}
		defer func() { _ = conn.Close() }()
		err = conn.Invoke(ctx, traces, message, new([]byte), grpc.ForceCodec(raw{}), grpc.MaxCallSendMsgSize(1<<30))
		s := status.Convert(err)
		if len(s.Details()) > 0 {
			return s.Code().String() + " with RetryInfo"
		}
		return s.Code().String()
	})
}
