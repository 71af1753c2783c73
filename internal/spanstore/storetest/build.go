package storetest

import (
	"encoding/binary"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// Base is when the tests' spans begin: a whole hour, UTC.
const Base int64 = 1_760_000_400_000_000_000

const second = 1_000_000_000

// Attributes are attributes as a test writes them.
type Attributes map[string]any

// Span is a span as a test writes it: small numbers for ids, seconds after Base
// for times.
type Span struct {
	Trace, ID, Parent uint64
	Start, Seconds    float64 // Seconds below 0: it goes on
	Name              string
	Error             bool
	Attributes        Attributes
}

// LLM are the attributes of a model call.
func LLM(model string, in, out int, more Attributes) Attributes {
	a := Attributes{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": model,
		"gen_ai.usage.input_tokens": in, "gen_ai.usage.output_tokens": out,
	}
	for k, v := range more {
		a[k] = v
	}
	return a
}

func (a Attributes) pb(t testing.TB) (list []*common.KeyValue) {
	for k, v := range a {
		list = append(list, &common.KeyValue{Key: k, Value: anyValue(t, v)})
	}
	return list
}

func anyValue(t testing.TB, v any) *common.AnyValue {
	switch v := v.(type) {
	case string:
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}
	case int:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(v)}}
	case float64:
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: v}}
	case []string:
		list := &common.ArrayValue{}
		for _, e := range v {
			list.Values = append(list.Values, anyValue(t, e))
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}
	}
	t.Fatalf("no attribute is a %T", v)
	return nil
}

// TraceID is the id of trace n.
func TraceID(n uint64) trace.ID { return trace.IDOf(1<<63|n, n) }

// SpanID is the id of span n.
func SpanID(n uint64) trace.SpanID { return trace.SpanIDOf(1<<63 | n) }

func at(seconds float64) uint64 { return uint64(Base + int64(seconds*second)) }

// Bytes is the message Span.
func (s Span) Bytes(t testing.TB) []byte {
	id, span := TraceID(s.Trace), SpanID(s.ID)
	pb := &tracepb.Span{TraceId: id[:], SpanId: span[:], Name: s.Name, StartTimeUnixNano: at(s.Start), Attributes: s.Attributes.pb(t)}
	if s.Parent != 0 {
		parent := SpanID(s.Parent)
		pb.ParentSpanId = parent[:]
	}
	if s.Seconds >= 0 {
		pb.EndTimeUnixNano = at(s.Start + s.Seconds)
	}
	if s.Error {
		pb.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR}
	}
	return marshal(t, pb)
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Batch is a batch of spans from one service.
func Batch(t testing.TB, spans ...Span) *spanstore.Batch {
	t.Helper()
	b := &spanstore.Batch{
		Received: Base,
		Resources: []spanstore.Resource{{
			Bytes: marshal(t, &resource.Resource{Attributes: Attributes{"service.name": "shop"}.pb(t)}), SchemaURL: "https://example.org/resource",
		}},
		Scopes: []spanstore.Scope{{Bytes: marshal(t, &common.InstrumentationScope{Name: "storetest", Version: "1"}), SchemaURL: "https://example.org/scope"}},
	}
	for _, s := range spans {
		b.Spans = append(b.Spans, spanstore.Item{Bytes: s.Bytes(t)})
	}
	return b
}

// log is a record that names a span.
func log(t testing.TB, traceID, span uint64, seconds float64, body string) spanstore.Item {
	id, of := TraceID(traceID), SpanID(span)
	return spanstore.Item{Bytes: marshal(t, &logspb.LogRecord{
		TraceId: id[:], SpanId: of[:], TimeUnixNano: at(seconds), Body: anyValue(t, body), EventName: "note",
	})}
}

// number is the small number of a span's id.
func number(id trace.SpanID) uint64 { return binary.BigEndian.Uint64(id[:]) &^ (1 << 63) }
