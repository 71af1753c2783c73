package local

import (
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
)

// Of the spans that bring a score about another trace, which may be all that a
// project has, an erasure keeps in mind those that go with it.
func TestErasureRemembersFewCarriers(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{Index: index.Options{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	carriers := storetest.Batch(t)
	for i := range uint64(50) {
		from, about, of := storetest.TraceID(100+i), storetest.TraceID(1+i), storetest.SpanID(1+i)
		text := func(key, value string) *common.KeyValue {
			return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
		}
		b, err := proto.Marshal(&tracepb.Span{
			TraceId: from[:], SpanId: of[:], StartTimeUnixNano: 1, EndTimeUnixNano: 2,
			Links:      []*tracepb.Span_Link{{TraceId: about[:], SpanId: of[:]}},
			Attributes: []*common.KeyValue{text("annotations.0.annotation.name", "judged"), text("annotations.0.annotation.label", "good")},
		})
		if err != nil {
			t.Fatal(err)
		}
		carriers.Spans = append(carriers.Spans, spanstore.Item{Bytes: b})
	}
	if err := s.Append(t.Context(), "shop", carriers); err != nil {
		t.Fatal(err)
	}
	log, number, _, err := s.find("shop")
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.doomed(t.Context(), log, number, spanstore.Erasure{Trace: storetest.TraceID(7)}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.carriers) != 1 || d.carriers[0].ref.Ordinal != 6 || d.carriers[0].of != storetest.TraceID(106) {
		t.Errorf("it remembers %v", d.carriers)
	}
}
