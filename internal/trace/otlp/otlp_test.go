package otlp_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// What the walker finds is compared with what the protocol's own Go types hold.
// TracesData and LogsData have the shape of the export requests.

func str(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

func kv(key string, v *common.AnyValue) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: v}
}

func list(values ...*common.AnyValue) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
}

func dict(entries ...*common.KeyValue) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: entries}}}
}

func everyForm() []*common.KeyValue {
	return []*common.KeyValue{
		kv("text", str("grüezi")),
		kv("nothing in it", str("")),
		kv("yes", &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}}),
		kv("no", &common.AnyValue{Value: &common.AnyValue_BoolValue{}}),
		kv("int", &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: -7}}),
		kv("zero", &common.AnyValue{Value: &common.AnyValue_IntValue{}}),
		kv("double", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 0.25}}),
		kv("infinite", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: math.Inf(1)}}),
		kv("bytes", &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte{0, 255}}}),
		kv("list", list(str("a"), list(), dict(kv("k", str("v"))))),
		kv("map", dict(kv("inner", list(str("b"))), kv("empty", dict()))),
		kv("no value", nil),
		kv("no form", &common.AnyValue{}),
	}
}

func request() *tracepb.TracesData {
	span := func(name string) *tracepb.Span {
		return &tracepb.Span{
			TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), ParentSpanId: bytes.Repeat([]byte{3}, 8),
			TraceState: "a=b", Flags: 0x101, Name: name, Kind: tracepb.Span_SPAN_KIND_CLIENT,
			StartTimeUnixNano: 1_760_000_000_000_000_000, EndTimeUnixNano: 1_760_000_001_000_000_000,
			Attributes: everyForm(), DroppedAttributesCount: 3,
			Events: []*tracepb.Span_Event{{TimeUnixNano: 5, Name: "event", Attributes: everyForm()}, {}},
			Links:  []*tracepb.Span_Link{{TraceId: bytes.Repeat([]byte{4}, 16), SpanId: bytes.Repeat([]byte{5}, 8), Attributes: everyForm()}},
			Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "it broke"},
		}
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{
		{
			Resource: &resource.Resource{Attributes: everyForm()}, SchemaUrl: "https://example.test/resource",
			ScopeSpans: []*tracepb.ScopeSpans{
				{
					Scope:     &common.InstrumentationScope{Name: "sdk", Version: "1.2.3", Attributes: everyForm()},
					SchemaUrl: "https://example.test/scope", Spans: []*tracepb.Span{span("first"), span("second")},
				},
				{Spans: []*tracepb.Span{{}}},
			},
		},
		{},
	}}
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seen rebuilds a request from what the walker reports.
type seen struct {
	req *tracepb.TracesData
}

func (s *seen) Resource(r otlp.Resource) error {
	g := &tracepb.ResourceSpans{SchemaUrl: r.SchemaURL}
	if r.Bytes != nil {
		g.Resource = &resource.Resource{}
		if err := r.Attributes(into(&g.Resource.Attributes)); err != nil {
			return err
		}
	}
	s.req.ResourceSpans = append(s.req.ResourceSpans, g)
	return nil
}

func (s *seen) Scope(sc otlp.Scope) error {
	g := s.req.ResourceSpans[len(s.req.ResourceSpans)-1]
	scope := &tracepb.ScopeSpans{SchemaUrl: sc.SchemaURL}
	if sc.Bytes != nil {
		scope.Scope = &common.InstrumentationScope{}
		var err error
		if scope.Scope.Name, scope.Scope.Version, err = sc.Name(); err != nil {
			return err
		}
		if err := sc.Attributes(into(&scope.Scope.Attributes)); err != nil {
			return err
		}
	}
	g.ScopeSpans = append(g.ScopeSpans, scope)
	return nil
}

func (s *seen) Item(msg []byte) error {
	g := s.req.ResourceSpans[len(s.req.ResourceSpans)-1]
	scope := g.ScopeSpans[len(g.ScopeSpans)-1]
	v, err := otlp.ReadSpan(msg)
	if err != nil {
		return err
	}
	span := &tracepb.Span{
		TraceId: v.TraceID, SpanId: v.SpanID, ParentSpanId: v.ParentID, TraceState: v.TraceState, Flags: v.Flags, Name: v.Name,
		Kind: tracepb.Span_SpanKind(v.Kind), StartTimeUnixNano: v.Start, EndTimeUnixNano: v.End, DroppedAttributesCount: v.Dropped,
		Status: &tracepb.Status{Code: tracepb.Status_StatusCode(v.StatusCode), Message: v.StatusMessage},
	}
	err = errors.Join(
		v.Attributes(into(&span.Attributes)),
		v.Events(func(e otlp.Event) error {
			pb := &tracepb.Span_Event{TimeUnixNano: e.Time, Name: e.Name}
			span.Events = append(span.Events, pb)
			return e.Attributes(into(&pb.Attributes))
		}),
		v.Links(func(l otlp.Link) error {
			pb := &tracepb.Span_Link{TraceId: l.TraceID, SpanId: l.SpanID}
			span.Links = append(span.Links, pb)
			return l.Attributes(into(&pb.Attributes))
		}),
	)
	scope.Spans = append(scope.Spans, span)
	return err
}

func into(list *[]*common.KeyValue) func(string, otlp.Value) error {
	return func(key string, v otlp.Value) error {
		x, err := anyOf(v)
		*list = append(*list, kv(key, x))
		return err
	}
}

func anyOf(v otlp.Value) (*common.AnyValue, error) {
	switch v.Type() {
	case otlp.String:
		return str(v.Str()), nil
	case otlp.Bool:
		b, _ := v.Bool()
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: b}}, nil
	case otlp.Int:
		n, _ := v.Int()
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: n}}, nil
	case otlp.Double:
		x, _ := v.Double()
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: x}}, nil
	case otlp.Bytes:
		return &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: v.Raw()}}, nil
	case otlp.Array:
		out := list()
		err := v.Elements(func(e otlp.Value) error {
			x, err := anyOf(e)
			a := out.GetArrayValue()
			a.Values = append(a.Values, x)
			return err
		})
		return out, err
	case otlp.Map:
		out := dict()
		err := v.Entries(into(&out.GetKvlistValue().Values))
		return out, err
	}
	return nil, nil
}

// plain is the request with what the walker does not tell apart made equal.
func plain(req *tracepb.TracesData) *tracepb.TracesData {
	var values func(list []*common.KeyValue)
	var value func(*common.AnyValue)
	value = func(v *common.AnyValue) {
		if _, ok := v.GetValue().(*common.AnyValue_StringValueStrindex); ok {
			v.Value = nil // of another signal
		}
		for _, e := range v.GetArrayValue().GetValues() {
			value(e)
		}
		values(v.GetKvlistValue().GetValues())
	}
	values = func(list []*common.KeyValue) {
		for _, kv := range list {
			kv.KeyStrindex = 0
			value(kv.Value)
			if kv.GetValue().GetValue() == nil {
				kv.Value = nil // no value and a value of no form are the same
			}
		}
	}
	for _, r := range req.ResourceSpans {
		if r.Resource != nil {
			r.Resource = &resource.Resource{Attributes: r.Resource.Attributes}
		}
		values(r.GetResource().GetAttributes())
		for _, s := range r.ScopeSpans {
			if s.Scope != nil {
				s.Scope.DroppedAttributesCount = 0
			}
			values(s.GetScope().GetAttributes())
			for _, span := range s.Spans {
				span.DroppedEventsCount, span.DroppedLinksCount = 0, 0
				if span.Status == nil {
					span.Status = &tracepb.Status{}
				}
				values(span.Attributes)
				for _, e := range span.Events {
					e.DroppedAttributesCount = 0
					values(e.Attributes)
				}
				for _, l := range span.Links {
					l.TraceState, l.Flags, l.DroppedAttributesCount = "", 0, 0
					values(l.Attributes)
				}
			}
		}
	}
	return req
}

func TestWalkFindsWhatTheProtocolsTypesHold(t *testing.T) {
	want := request()
	got := seen{req: &tracepb.TracesData{}}
	if err := otlp.Walk(encode(t, want), &got); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got.req, plain(want)) {
		t.Errorf("got  %v\nwant %v", got.req, want)
	}
}

func TestReadLog(t *testing.T) {
	record := &logs.LogRecord{
		TimeUnixNano: 1, ObservedTimeUnixNano: 2, EventName: "gen_ai.choice", Body: dict(kv("content", str("hi"))),
		Attributes: everyForm(), TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8),
	}
	req := &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{record}}}}}}
	var items [][]byte
	if err := otlp.Walk(encode(t, req), visit(func(msg []byte) { items = append(items, msg) })); err != nil || len(items) != 1 {
		t.Fatalf("%d records, %v", len(items), err)
	}
	l, err := otlp.ReadLog(items[0])
	if err != nil {
		t.Fatal(err)
	}
	body, err := l.Body.Any()
	if err != nil || !reflect.DeepEqual(body, map[string]any{"content": "hi"}) {
		t.Errorf("body %v, %v", body, err)
	}
	if l.Time != 1 || l.Observed != 2 || l.EventName != "gen_ai.choice" || !bytes.Equal(l.TraceID, record.TraceId) || !bytes.Equal(l.SpanID, record.SpanId) {
		t.Errorf("got %+v", l)
	}
	n := 0
	if err := l.Attributes(func(string, otlp.Value) error { n++; return nil }); err != nil || n != len(everyForm()) {
		t.Errorf("%d attributes, %v", n, err)
	}
}

type visit func([]byte)

func (visit) Resource(otlp.Resource) error { return nil }
func (visit) Scope(otlp.Scope) error       { return nil }
func (v visit) Item(msg []byte) error      { v(msg); return nil }

func TestAnyDecodesEveryForm(t *testing.T) {
	s, err := otlp.ReadSpan(encode(t, &tracepb.Span{Attributes: everyForm()}))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := s.Attributes(func(key string, v otlp.Value) (err error) { got[key], err = v.Any(); return err }); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"text": "grüezi", "nothing in it": "", "yes": true, "no": false, "int": int64(-7), "zero": int64(0), "double": 0.25, "infinite": math.Inf(1),
		"bytes": []byte{0, 255}, "list": []any{"a", []any{}, map[string]any{"k": "v"}},
		"map": map[string]any{"inner": []any{"b"}, "empty": map[string]any{}}, "no value": nil, "no form": nil,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		name        string
		trace, span []byte
		ok          bool
	}{
		{"valid", bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 8), true},
		{"no trace id", nil, bytes.Repeat([]byte{2}, 8), false},
		{"a short trace id", bytes.Repeat([]byte{1}, 8), bytes.Repeat([]byte{2}, 8), false},
		{"a long span id", bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16), false},
		{"a trace id of zeros", make([]byte, 16), bytes.Repeat([]byte{2}, 8), false},
		{"a span id of zeros", bytes.Repeat([]byte{1}, 16), make([]byte, 8), false},
	} {
		s := otlp.Span{TraceID: c.trace, SpanID: c.span, ParentID: []byte("odd")}
		if _, _, parent, ok := s.Identity(); ok != c.ok || !parent.IsZero() {
			t.Errorf("%s: ok is %v, parent %v", c.name, ok, parent)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	nest := func(n int) otlp.Value {
		v := str("deep")
		for range n {
			v = list(v)
		}
		s, err := otlp.ReadSpan(encode(t, &tracepb.Span{Attributes: []*common.KeyValue{kv("k", v)}}))
		if err != nil {
			t.Fatal(err)
		}
		var out otlp.Value
		if err := s.Attributes(func(_ string, v otlp.Value) error { out = v; return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if _, err := nest(otlp.MaxDepth).Any(); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	if _, err := nest(otlp.MaxDepth + 1).Any(); err == nil {
		t.Error("beyond the bound: no error")
	}
	texts := 0
	err := nest(otlp.MaxDepth).Texts(func(b []byte) error { texts += strings.Count(string(b), "deep"); return nil })
	if err != nil || texts != 1 {
		t.Errorf("texts at the bound: %d, %v", texts, err)
	}
	if err := nest(otlp.MaxDepth + 1).Texts(func([]byte) error { return nil }); err == nil {
		t.Error("texts beyond the bound: no error")
	}
}

func TestBrokenBytesAreAnError(t *testing.T) {
	whole := encode(t, request())
	for n := range len(whole) {
		got := seen{req: &tracepb.TracesData{}}
		err := otlp.Walk(whole[:n], &got)
		if ok := proto.Unmarshal(whole[:n], &tracepb.TracesData{}) == nil; ok != (err == nil) {
			t.Fatalf("cut at %d: the protocol's types say %v, the walker %v", n, ok, err)
		}
	}
	wrong := []byte{0x0a, 0x02, 0x10, 0x01} // ResourceSpans with a number where its scopes belong
	if err := otlp.Walk(wrong, visit(func([]byte) {})); err == nil {
		t.Error("a field of a wrong wire type: no error")
	}
	v := []byte{0x0a, 0x05, 'x'} // a text of five bytes of which one is there
	s, err := otlp.ReadSpan(append([]byte{0x4a, byte(len(v) + 5), 0x0a, 1, 'k', 0x12, byte(len(v))}, v...))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Attributes(func(_ string, v otlp.Value) error { _, err := v.Any(); return err }); err == nil {
		t.Error("a broken value: no error")
	}
}

// FuzzWalk holds the walker against the protocol's own types: what these can
// read, the walker reads to the same end, and no bytes make it panic.
func FuzzWalk(f *testing.F) {
	f.Add(encode(f, request()))
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x02, 0x10, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		first := seen{req: &tracepb.TracesData{}}
		_ = otlp.Walk(b, &first)
		want := &tracepb.TracesData{}
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, want) != nil {
			return
		}
		got := seen{req: &tracepb.TracesData{}} // of bytes in the usual order, each message whole
		clean := encode(t, want)
		if err := otlp.Walk(clean, &got); err != nil {
			t.Fatalf("the protocol's types read it, the walker says: %v", err)
		}
		if !bytes.Equal(encode(t, got.req), encode(t, plain(want))) {
			t.Fatalf("got  %v\nwant %v", got.req, want)
		}
	})
}
