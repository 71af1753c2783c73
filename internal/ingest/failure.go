package ingest

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Code is how a request ended.
type Code string

// The codes. Each has a status of HTTP and one of gRPC; see docs/reference/ingest.md.
const (
	OK              Code = "ok"
	Malformed       Code = "malformed"       // 400, INVALID_ARGUMENT
	Unauthenticated Code = "unauthenticated" // 401, UNAUTHENTICATED
	Forbidden       Code = "forbidden"       // 403, PERMISSION_DENIED
	Method          Code = "method"          // 405
	TooLarge        Code = "too_large"       // 413, INVALID_ARGUMENT
	Unsupported     Code = "unsupported"     // 415, UNIMPLEMENTED
	Overload        Code = "overload"        // 429, RESOURCE_EXHAUSTED with RetryInfo
	Unavailable     Code = "unavailable"     // 503, UNAVAILABLE with RetryInfo
	Exhausted       Code = "full"            // 503, RESOURCE_EXHAUSTED with RetryInfo
)

// When a sender should come again.
const (
	retryBusy = time.Second
	retryFull = 30 * time.Second
)

func (c Code) http() int {
	switch c {
	case OK:
		return 200
	case Malformed:
		return 400
	case Unauthenticated:
		return 401
	case Forbidden:
		return 403
	case Method:
		return 405
	case TooLarge:
		return 413
	case Unsupported:
		return 415
	case Overload:
		return 429
	default:
		return 503
	}
}

func (c Code) grpc() codes.Code {
	switch c {
	case OK:
		return codes.OK
	case Malformed, TooLarge:
		return codes.InvalidArgument
	case Unauthenticated:
		return codes.Unauthenticated
	case Forbidden:
		return codes.PermissionDenied
	case Method, Unsupported:
		return codes.Unimplemented
	case Overload, Exhausted:
		return codes.ResourceExhausted
	default:
		return codes.Unavailable
	}
}

// Denied refuses a sender who is known but may not write.
type Denied struct{ Reason string }

// Error is the reason.
func (d *Denied) Error() string { return d.Reason }

// failure ends a request. Its text is for the sender and holds no content.
type failure struct {
	code  Code
	after time.Duration // come again then; 0: never
	text  string
	cause error // for the operator; nil where text says all
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.cause }

// failed is err as a failure.
func failed(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{Unavailable, retryFull, "the server could not take it", err}
}

// denied is what Options.Project said, as a failure.
func denied(err error) error {
	var d *Denied
	if errors.As(err, &d) {
		return &failure{Forbidden, 0, d.Reason, err}
	}
	return &failure{Unauthenticated, 0, err.Error(), err}
}

// status is the failure as google.rpc.Status.
func (f *failure) status() *spb.Status {
	s := status.New(f.code.grpc(), f.text)
	if f.after > 0 {
		if with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(f.after)}); err == nil {
			s = with
		}
	}
	return s.Proto()
}

// encoded is the failure in the content type of an answer.
func (f *failure) encoded(asJSON bool) []byte {
	var out []byte
	var err error
	if asJSON {
		out, err = json.Marshal(struct {
			Code    int32  `json:"code"`
			Message string `json:"message"`
		}{int32(f.code.grpc()), f.text})
	} else {
		out, err = proto.Marshal(f.status())
	}
	if err != nil {
		return nil // neither can fail for a number and a text
	}
	return out
}
