package ingest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// The methods of the protocol.
func methods() map[string]Signal {
	return map[string]Signal{
		"/opentelemetry.proto.collector.trace.v1.TraceService/Export": Traces,
		"/opentelemetry.proto.collector.logs.v1.LogsService/Export":   Logs,
	}
}

// Bounds of a connection that gRPC comes over; see HTTP2.
const (
	streams = 64        // calls at once
	window  = 128 << 10 // what a call may send ahead of what was read of it
	frame   = 16 << 10  // each connection keeps a buffer of the largest frame that it saw
)

// HTTP2 are the bounds that a server of GRPC wants: what a connection can hold
// beside what the budget counts.
func HTTP2() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          streams,
		MaxReceiveBufferPerStream:     window,
		MaxReceiveBufferPerConnection: 4 * window,
		MaxReadFrameSize:              frame,
		MaxDecoderHeaderTableSize:     4 << 10,
		MaxEncoderHeaderTableSize:     4 << 10,
		SendPingTimeout:               time.Minute,
		PingTimeout:                   20 * time.Second,
		WriteByteTimeout:              20 * time.Second,
	}
}

// GRPC answers Export of TraceService and LogsService, for a server of HTTP/2.
//
// A call of gRPC is a POST whose body is five bytes and a message, and whose
// outcome stands in the trailers. It is answered here, not by gRPC's own server,
// because that one gathers a message of any size up to its limit before anybody
// is asked: with many callers that is memory without a bound. Here the bytes are
// taken from the budget as they come and as they are decompressed, as they are
// for HTTP.
func (in *Ingest) GRPC() http.Handler {
	signals := methods()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "gRPC is sent by POST", http.StatusMethodNotAllowed)
		case kind != "application/grpc" && kind != "application/grpc+proto":
			http.Error(w, "this address takes OTLP over gRPC; OTLP over HTTP has another one", http.StatusUnsupportedMediaType)
		default:
			signal, known := signals[r.URL.Path]
			in.call(w, r, signal, known)
		}
	})
}

// call answers one call.
func (in *Ingest) call(w http.ResponseWriter, r *http.Request, signal Signal, known bool) {
	began := time.Now()
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Accept-Encoding", "identity,gzip,zstd")
	h.Set("Trailer", "Grpc-Status,Grpc-Message,Grpc-Status-Details-Bin")
	if !known {
		finish(h, &failure{Unsupported, 0, "Assay takes Export of TraceService and of LogsService", nil})
		return
	}
	s := in.budget.share(w)
	defer s.release()
	event, reasons, err := in.receiveCall(r, signal, s)
	event.Signal, event.Code = signal, OK
	var f *failure
	if err != nil {
		f = failed(err)
		event.Code, event.Err = f.code, f.cause
	} else {
		message := answer(signal, event.Rejected, reasons, false)
		_, _ = w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)) // a caller who left is told nothing
	}
	finish(h, f)
	event.Took = time.Since(began)
	in.Observe(event)
}

// finish writes the outcome into the trailers.
func finish(h http.Header, f *failure) {
	if f == nil {
		h.Set("Grpc-Status", "0")
		return
	}
	h.Set("Grpc-Status", strconv.Itoa(int(f.code.grpc())))
	h.Set("Grpc-Message", percent(f.text))
	if details, err := proto.Marshal(f.status()); err == nil {
		h.Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	}
}

// percent writes a text as gRPC wants it in a header.
func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// receiveCall reads a call and keeps what it brings.
func (in *Ingest) receiveCall(r *http.Request, signal Signal, s *share) (Event, string, error) {
	project, err := in.Project(r.Header.Get)
	if err != nil {
		return Event{}, "", denied(err)
	}
	if err := s.grow(window); err != nil {
		return Event{}, "", err
	}
	ctx := r.Context()
	if patience, ok := timeout(r.Header.Get("Grpc-Timeout")); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	body, err := in.message(r, s)
	if err != nil {
		return Event{}, "", unread(ctx, err)
	}
	return in.take(ctx, signal, project, r.Header.Get, body)
}

// message reads the one message of a call, decompressed.
func (in *Ingest) message(r *http.Request, s *share) ([]byte, error) {
	var head [5]byte
	source := sender{r.Body, s}
	if _, err := io.ReadFull(source, head[:]); err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(head[1:]))
	if length > in.MaxBody {
		return nil, tooLarge(in.MaxBody)
	}
	encoding := ""
	switch head[0] {
	case 0:
	case 1:
		if encoding = r.Header.Get("Grpc-Encoding"); encoding == "" {
			return nil, errors.New("a compressed message without grpc-encoding")
		}
	default:
		return nil, fmt.Errorf("a message that begins with %d", head[0])
	}
	sent := &io.LimitedReader{R: source, N: length}
	body, err := in.decompressed(encoding, sent, s, length)
	if err != nil {
		return nil, err
	}
	if sent.N > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if n, err := io.ReadFull(source, head[:1]); n > 0 || err != io.EOF {
		return nil, errors.Join(errors.New("more than one message"), err)
	}
	return body, nil
}

// timeout reads a header grpc-timeout: up to eight digits and a unit.
func timeout(text string) (time.Duration, bool) {
	if len(text) < 2 || len(text) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if err != nil {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second,
		'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}[text[len(text)-1]]
	const most = 24 * time.Hour // beyond it, the hours of eight digits would overflow
	if n > uint64(most/max(unit, 1)) {
		return most, ok
	}
	return time.Duration(n) * unit, ok
}
