package ingest

import (
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

// Paths are the paths of the handler and what they take: those of the
// protocol, and those under which the SDKs of Langfuse and LangSmith look for
// it below the address that they are given.
func Paths() map[string]Signal {
	return map[string]Signal{
		"/v1/traces":                 Traces,
		"/v1/logs":                   Logs,
		"/api/public/otel/v1/traces": Traces,
		"/otel/v1/traces":            Traces,
	}
}

// Handler answers at Paths.
func (in *Ingest) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, signal := range Paths() {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { in.serve(w, r, signal) })
	}
	return mux
}

func (in *Ingest) serve(w http.ResponseWriter, r *http.Request, signal Signal) {
	began := time.Now()
	s := in.budget.share(w)
	defer s.release()
	event, reasons, err := in.receive(r, signal, s)
	event.Signal, event.Code = signal, OK
	asJSON := isJSON(r)
	var body []byte
	if err != nil {
		f := failed(err)
		event.Code, event.Err = f.code, f.cause
		refuse(w, f)
		body = f.encoded(asJSON)
	} else {
		body = answer(signal, event.Rejected, reasons, asJSON)
	}
	w.Header().Set("Content-Type", typeProto)
	if asJSON {
		w.Header().Set("Content-Type", typeJSON)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(event.Code.http())
	_, _ = w.Write(body) // a sender who left is told nothing
	event.Took = time.Since(began)
	in.Observe(event)
}

// refuse sets the headers that go with a failure.
func refuse(w http.ResponseWriter, f *failure) {
	switch f.code {
	case Method:
		w.Header().Set("Allow", http.MethodPost)
	case Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="assay"`)
	case Unsupported:
		w.Header().Set("Accept-Encoding", "gzip, zstd, identity")
	case TooLarge, Overload:
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	if f.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.after/time.Second)))
	}
}

// receive reads a request and keeps it.
func (in *Ingest) receive(r *http.Request, signal Signal, s *share) (Event, string, error) {
	if r.Method != http.MethodPost {
		return Event{}, "", &failure{Method, 0, "spans and log records are sent by POST", nil}
	}
	project, err := in.Project(r.Header.Get)
	if err != nil {
		return Event{}, "", denied(err)
	}
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if contentType != typeProto && contentType != typeJSON {
		return Event{}, "", &failure{Unsupported, 0, "the Content-Type is neither " + typeProto + " nor " + typeJSON, nil}
	}
	if r.ContentLength > in.MaxBody {
		return Event{}, "", tooLarge(in.MaxBody)
	}
	body, err := in.body(r, s)
	if err != nil {
		return Event{}, "", unread(r.Context(), err)
	}
	if contentType == typeJSON {
		if body, err = fromJSON(signal, body, s); err != nil {
			return Event{Bytes: int64(len(body))}, "", err
		}
	}
	return in.take(r.Context(), signal, project, r.Header.Get, body)
}

func tooLarge(limit int64) error {
	return &failure{TooLarge, 0, "a request may have " + strconv.FormatInt(limit, 10) + " bytes, decompressed; send smaller ones", nil}
}

// unread says what it means that a body could not be read.
func unread(ctx context.Context, err error) error {
	var f *failure
	var timeout net.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), ctx.Err() != nil:
		return &failure{Unavailable, retryBusy, "the body did not arrive in time", err}
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &failure{TooLarge, 0, "the compressed body asks for more memory than a request may have", err}
	default:
		return &failure{Malformed, 0, "the body cannot be read, or decompressed as Content-Encoding says", err}
	}
}

// body reads the body, decompressed.
func (in *Ingest) body(r *http.Request, s *share) ([]byte, error) {
	return in.decompressed(r.Header.Get("Content-Encoding"), sender{r.Body, s}, s, max(r.ContentLength, 0))
}

// fromJSON turns OTLP JSON into protobuf. Decoding takes several times the
// memory of the text.
func fromJSON(signal Signal, text []byte, s *share) ([]byte, error) {
	if tooDeep(text) { // the decoder goes down as far as the text does
		return nil, &failure{Malformed, 0, "the body is nested too deeply", nil}
	}
	const times = 4
	if err := s.grow(times * int64(len(text))); err != nil {
		return nil, err
	}
	defer s.shrink(times * int64(len(text)))
	var out []byte
	var err error
	if signal == Traces {
		req := ptraceotlp.NewExportRequest()
		if err = req.UnmarshalJSON(text); err == nil {
			out, err = req.MarshalProto()
		}
	} else {
		req := plogotlp.NewExportRequest()
		if err = req.UnmarshalJSON(text); err == nil {
			out, err = req.MarshalProto()
		}
	}
	if err != nil {
		// The decoder's message quotes the body, so that it stays out.
		return nil, &failure{Malformed, 0, "the body is not an OTLP request of this path in JSON: ids are hex, times are strings of nanoseconds", nil}
	}
	return out, nil
}

// answer is an ExportTraceServiceResponse or ExportLogsServiceResponse.
// Where nothing is rejected it is empty, as the specification asks.
func answer(signal Signal, rejected int64, reasons string, asJSON bool) []byte {
	if rejected == 0 {
		if asJSON {
			return []byte("{}")
		}
		return []byte{}
	}
	var response interface {
		MarshalProto() ([]byte, error)
		MarshalJSON() ([]byte, error)
	}
	if signal == Traces {
		r := ptraceotlp.NewExportResponse()
		r.PartialSuccess().SetRejectedSpans(rejected)
		r.PartialSuccess().SetErrorMessage(reasons)
		response = r
	} else {
		r := plogotlp.NewExportResponse()
		r.PartialSuccess().SetRejectedLogRecords(rejected)
		r.PartialSuccess().SetErrorMessage(reasons)
		response = r
	}
	encode := response.MarshalProto
	if asJSON {
		encode = response.MarshalJSON
	}
	out, err := encode()
	if err != nil {
		return nil // a number and a text can be encoded
	}
	return out
}

func isJSON(r *http.Request) bool {
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return contentType == typeJSON
}

// mostDepth is how deeply JSON may be nested: far beyond an attribute of
// otlp.MaxDepth, whose every level takes four of JSON, so that one that is only
// a little too deep costs its span and not the request.
const mostDepth = 1000

// tooDeep says whether JSON is nested more deeply than mostDepth.
func tooDeep(text []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > mostDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
