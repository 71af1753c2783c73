package semconv_test

import (
	"bytes"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// attrs are attributes as a test writes them: name, value, name, value.
type attrs []any

const start = 1_760_000_000_000_000_000

func value(v any) *common.AnyValue {
	switch v := v.(type) {
	case string:
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}
	case int:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(v)}}
	case float64:
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: v}}
	case bool:
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: v}}
	case []byte:
		return &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: v}}
	case []any:
		list := &common.ArrayValue{}
		for _, e := range v {
			list.Values = append(list.Values, value(e))
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}
	case attrs:
		return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: v.pb()}}}
	default:
		return nil
	}
}

func (a attrs) pb() (list []*common.KeyValue) {
	for i := 0; i < len(a); i += 2 {
		list = append(list, &common.KeyValue{Key: a[i].(string), Value: value(a[i+1])})
	}
	return list
}

func spanPB(a attrs) *tracepb.Span {
	return &tracepb.Span{
		TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), ParentSpanId: bytes.Repeat([]byte{3}, 8),
		Name: "step", StartTimeUnixNano: start, EndTimeUnixNano: start + 1e9, Attributes: a.pb(),
	}
}

func read(t testing.TB, pb *tracepb.Span) *otlp.Span {
	t.Helper()
	b, err := proto.Marshal(pb)
	if err != nil {
		t.Fatal(err)
	}
	s, err := otlp.ReadSpan(b)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func origin(t testing.TB, a attrs) *semconv.Origin {
	t.Helper()
	b, err := proto.Marshal(&resource.Resource{Attributes: a.pb()})
	if err != nil {
		t.Fatal(err)
	}
	o := semconv.ReadOrigin(otlp.Resource{Bytes: b}, otlp.Scope{})
	return &o
}

func row(t testing.TB, a attrs) trace.Row {
	t.Helper()
	return rowOf(t, spanPB(a))
}

func rowOf(t testing.TB, pb *tracepb.Span) trace.Row {
	t.Helper()
	r, err := semconv.Row(&semconv.Origin{}, read(t, pb))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func logOf(t testing.TB, name string, body any, a attrs) semconv.Log {
	t.Helper()
	b, err := proto.Marshal(&logspb.LogRecord{
		TimeUnixNano: start + 5, EventName: name, Body: value(body), Attributes: a.pb(),
		TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8),
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := otlp.ReadLog(b)
	if err != nil {
		t.Fatal(err)
	}
	return semconv.Log{Origin: &semconv.Origin{}, Log: l}
}

func whole(t testing.TB, a attrs, logs ...semconv.Log) *trace.Span {
	t.Helper()
	return wholeOf(t, spanPB(a), logs...)
}

func wholeOf(t testing.TB, pb *tracepb.Span, logs ...semconv.Log) *trace.Span {
	t.Helper()
	s, err := semconv.Whole(&semconv.Origin{}, read(t, pb), logs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
