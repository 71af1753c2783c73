package otlp

import "google.golang.org/protobuf/encoding/protowire"

// Resource is what sent the spans or log records that follow it.
type Resource struct {
	Bytes     []byte // the message Resource
	SchemaURL string
}

// Scope is the instrumentation that made what follows it.
type Scope struct {
	Bytes     []byte // the message InstrumentationScope
	SchemaURL string
}

// Visitor is told what a request holds, in order.
type Visitor interface {
	Resource(Resource) error // its scopes follow
	Scope(Scope) error       // its items follow
	Item([]byte) error       // a message Span or LogRecord
}

// Walk goes through an ExportTraceServiceRequest or ExportLogsServiceRequest,
// which have the same shape: ResourceSpans (or ResourceLogs) in field 1, in it
// the resource in 1, ScopeSpans (or ScopeLogs) in 2, the schema in 3; in a scope
// its description in 1, spans (or records) in 2, the schema in 3. It ends at the
// first error of the bytes or of v.
func Walk(request []byte, v Visitor) error {
	return each(request, 1, func(group []byte) error {
		var r Resource
		if err := head(group, &r.Bytes, &r.SchemaURL); err != nil {
			return err
		}
		if err := v.Resource(r); err != nil {
			return err
		}
		return each(group, 2, func(scoped []byte) error {
			var s Scope
			if err := head(scoped, &s.Bytes, &s.SchemaURL); err != nil {
				return err
			}
			if err := v.Scope(s); err != nil {
				return err
			}
			return each(scoped, 2, v.Item)
		})
	})
}

// head reads fields 1 and 3 of a group, wherever they stand in it.
func head(group []byte, description *[]byte, schema *string) error {
	for len(group) > 0 {
		f, rest, err := next(group)
		if err != nil {
			return err
		}
		group = rest
		if f.num != 1 && f.num != 3 {
			continue
		}
		if err := f.want(protowire.BytesType); err != nil {
			return err
		}
		if f.num == 1 {
			*description = f.bytes
		} else {
			*schema = text(f.bytes)
		}
	}
	return nil
}

// each calls visit with every message in field num of msg.
func each(msg []byte, num protowire.Number, visit func([]byte) error) error {
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return err
		}
		msg = rest
		if f.num != num {
			continue
		}
		if err := f.want(protowire.BytesType); err != nil {
			return err
		}
		if err := visit(f.bytes); err != nil {
			return err
		}
	}
	return nil
}
