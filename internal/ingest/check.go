package ingest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// Times outside these bounds are mistakes, most often of the unit.
const (
	earliest = 946684800 * uint64(time.Second) // 2000-01-01
	ahead    = 24 * time.Hour                  // of the server's clock
)

// Why a span or a log record is rejected. The texts are for the sender and are
// the same for every span, so that they can be counted.
var (
	errNotSpan  = errors.New("the span cannot be read as protobuf")
	errDeep     = fmt.Errorf("an attribute cannot be read or is nested deeper than %d", otlp.MaxDepth)
	errTraceID  = errors.New("the trace id is not 16 bytes, or all zero")
	errSpanID   = errors.New("the span id is not 8 bytes, or all zero")
	errParentID = errors.New("the parent span id is neither empty nor 8 bytes")
	errNoStart  = errors.New("the start time is missing")
	errEarly    = errors.New("a time is before the year 2000; times are nanoseconds since 1970")
	errLate     = errors.New("a time is more than 24 hours in the future")
	errBackward = errors.New("the end time is before the start time")
	errNotLog   = errors.New("the log record cannot be read as protobuf")
	errNoSpan   = errors.New("the log record names no span and is no gen_ai event")
	errOrigin   = errors.New("the resource or scope cannot be read")
)

// checkSpan says why a span cannot be kept.
func checkSpan(msg []byte, now time.Time) error {
	s, err := otlp.ReadSpan(msg)
	if err != nil {
		return errNotSpan
	}
	if _, _, _, ok := s.Identity(); !ok {
		if id := s.TraceID; len(id) != 16 || zero(id) {
			return errTraceID
		}
		return errSpanID
	}
	if n := len(s.ParentID); n != 0 && n != 8 {
		return errParentID
	}
	if s.Start == 0 {
		return errNoStart
	}
	if err := checkTime(s.Start, now); err != nil {
		return err
	}
	if s.End != 0 {
		if err := checkTime(s.End, now); err != nil {
			return err
		}
		if s.End < s.Start {
			return errBackward
		}
	}
	if s.Attributes(value) != nil ||
		s.Events(func(e otlp.Event) error { return e.Attributes(value) }) != nil ||
		s.Links(func(l otlp.Link) error { return l.Attributes(value) }) != nil {
		return errDeep
	}
	return nil
}

// checkLog says why a log record cannot be kept. Records without a time are
// kept; those that belong to no span only where they are events of GenAI.
func checkLog(msg []byte, now time.Time) error {
	l, err := otlp.ReadLog(msg)
	if err != nil {
		return errNotLog
	}
	for _, t := range []uint64{l.Time, l.Observed} {
		if t == 0 {
			continue
		}
		if err := checkTime(t, now); err != nil {
			return err
		}
	}
	name := l.EventName
	if l.Attributes(func(key string, v otlp.Value) error {
		if key == "event.name" && name == "" {
			name = v.Str()
		}
		return value(key, v)
	}) != nil || nested(l.Body, 0) != nil {
		return errDeep
	}
	switch {
	case len(l.TraceID) == 0 && len(l.SpanID) == 0 || zero(l.TraceID) && zero(l.SpanID):
		if !strings.HasPrefix(name, "gen_ai.") {
			return errNoSpan
		}
	case len(l.TraceID) != 16 || zero(l.TraceID):
		return errTraceID
	case len(l.SpanID) != 0 && (len(l.SpanID) != 8 || zero(l.SpanID)):
		return errSpanID
	}
	return nil
}

func checkTime(t uint64, now time.Time) error {
	switch {
	case t < earliest:
		return errEarly
	case t > uint64(now.Add(ahead).UnixNano()):
		return errLate
	}
	return nil
}

func zero(id []byte) bool {
	for _, b := range id {
		if b != 0 {
			return false
		}
	}
	return true
}

// value walks an attribute to its leaves.
func value(_ string, v otlp.Value) error { return nested(v, 0) }

func nested(v otlp.Value, depth int) error {
	if depth > otlp.MaxDepth {
		return errDeep
	}
	switch v.Type() {
	case otlp.Array:
		return v.Elements(func(e otlp.Value) error { return nested(e, depth+1) })
	case otlp.Map:
		return v.Entries(func(_ string, e otlp.Value) error { return nested(e, depth+1) })
	default:
		return nil
	}
}

// sorter puts what a request holds into a batch for each project, and counts
// what cannot be kept. It is the Visitor of one walk.
type sorter struct {
	in     *Ingest
	signal Signal
	now    time.Time
	fixed  string // the project of everything, or empty: the resource names it

	batches  map[string]*spanstore.Batch
	bad      map[string]int64
	items    int
	redacted int64

	batch    *spanstore.Batch // of the current resource
	resource otlp.Resource
	scope    otlp.Scope
	project  string
	badRes   bool // the current resource cannot be read, nor can its scopes
	badScope bool
	hasRes   bool // the current resource is in the batch
	hasScope bool
}

// read walks a request.
func (s *sorter) read(body []byte) error {
	err := otlp.Walk(body, s)
	var f *failure
	switch {
	case err == nil, errors.As(err, &f):
		return err
	default:
		return &failure{Malformed, 0, "the body is not an OTLP request of this path in protobuf", nil}
	}
}

// Resource begins a resource.
func (s *sorter) Resource(r otlp.Resource) error {
	s.resource, s.hasRes, s.hasScope, s.project = r, false, false, s.fixed
	name, err := resourceProject(r)
	if s.project == "" {
		s.project = name
	}
	s.badRes = err != nil || r.Attributes(value) != nil
	return nil
}

// Scope begins a scope of the resource.
func (s *sorter) Scope(c otlp.Scope) error {
	s.scope, s.hasScope = c, false
	_, _, err := c.Name()
	s.badScope = err != nil || c.Attributes(value) != nil
	return nil
}

// Item takes a span or a log record.
func (s *sorter) Item(msg []byte) error {
	if s.items++; s.items > s.in.MaxItems {
		return &failure{TooLarge, 0, fmt.Sprintf("a request may hold %d spans or log records; send smaller ones", s.in.MaxItems), nil}
	}
	if err := s.check(msg); err != nil {
		if s.bad == nil {
			s.bad = map[string]int64{}
		}
		s.bad[err.Error()]++
		return nil
	}
	s.begin()
	shape := &spanShape
	if s.signal == Logs {
		shape = &logShape
	}
	item := spanstore.Item{Scope: len(s.batch.Scopes) - 1, Bytes: s.redact(msg, shape)}
	if s.signal == Traces {
		s.batch.Spans = append(s.batch.Spans, item)
	} else {
		s.batch.Logs = append(s.batch.Logs, item)
	}
	return nil
}

func (s *sorter) check(msg []byte) error {
	switch {
	case s.badRes, s.badScope:
		return errOrigin
	case s.signal == Traces:
		return checkSpan(msg, s.now)
	default:
		return checkLog(msg, s.now)
	}
}

// begin puts the current resource and scope into the batch of its project:
// only when something of theirs is kept.
func (s *sorter) begin() {
	if !s.hasRes {
		s.batch = s.batches[s.project]
		if s.batch == nil {
			s.batch = &spanstore.Batch{Received: s.now.UnixNano()}
			s.batches[s.project] = s.batch
		}
		s.batch.Resources = append(s.batch.Resources, spanstore.Resource{
			Bytes: s.redact(s.resource.Bytes, &resourceShape), SchemaURL: s.resource.SchemaURL,
		})
		s.hasRes, s.hasScope = true, false
	}
	if !s.hasScope {
		s.batch.Scopes = append(s.batch.Scopes, spanstore.Scope{
			Resource:  len(s.batch.Resources) - 1,
			Bytes:     s.redact(s.scope.Bytes, &scopeShape),
			SchemaURL: s.scope.SchemaURL,
		})
		s.hasScope = true
	}
}

func (s *sorter) redact(msg []byte, shape *shape) []byte {
	out, n := s.in.Redact.apply(msg, shape)
	s.redacted += n
	return out
}

// rejected is how many items were rejected.
func (s *sorter) rejected() (n int64) {
	for _, k := range s.bad {
		n += k
	}
	return n
}

// reasons is the text of a partial success, or nothing.
func (s *sorter) reasons() string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(s.bad)) {
		parts = append(parts, fmt.Sprintf("%d: %s", s.bad[reason], reason))
	}
	return strings.Join(parts, "; ")
}
