package semconv_test

import (
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// A log record has no row in an index, and may name a person all the same.
func TestOwner(t *testing.T) {
	t.Parallel()
	attributes := func(pairs ...string) (list []*common.KeyValue) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, &common.KeyValue{Key: pairs[i], Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: pairs[i+1]}}})
		}
		return list
	}
	msg, err := proto.Marshal(&logspb.LogRecord{Attributes: attributes("enduser.id", "ann", "gen_ai.conversation.id", "talk")})
	if err != nil {
		t.Fatal(err)
	}
	l, err := otlp.ReadLog(msg)
	if err != nil {
		t.Fatal(err)
	}
	if user, session := semconv.Owner(&l); user != "ann" || session != "talk" {
		t.Errorf("a log record names %q and %q", user, session)
	}
	if msg, err = proto.Marshal(&resource.Resource{Attributes: attributes("user.id", "bob", "session.id", "s")}); err != nil {
		t.Fatal(err)
	}
	o := semconv.ReadOrigin(otlp.Resource{Bytes: msg}, otlp.Scope{})
	if user, session := o.Owner(); user != "bob" || session != "s" {
		t.Errorf("a resource names %q and %q", user, session)
	}
}
