package local_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/trace"
)

// thing is something that was sent: small numbers, from which its bytes are made.
type thing struct {
	Kind    string // span, log, score, carrier
	Trace   uint64 // 0: a log record of no trace
	Span    uint64
	User    int // 0: it names none
	Ended   bool
	About   uint64 // of a carrier: the trace that its score is about
	Session bool   // of a score: about the session, not about the trace
}

func userName(n int) string { return fmt.Sprintf("person-%d-of-the-test", n) }

// Two traces have one session.
func sessionOf(traceID uint64) string { return fmt.Sprintf("talk-%d-of-the-test", traceID/2) }

// secret is what a thing holds and nothing else has.
func (x *thing) secret(n int) string { return fmt.Sprintf("secret of thing %d.", n) }

func (x *thing) attributes(n int) storetest.Attributes {
	a := storetest.Attributes{"secret": x.secret(n)}
	if x.Kind != "log" {
		a["session.id"] = sessionOf(x.Trace)
	}
	if x.User > 0 {
		a["user.id"] = userName(x.User)
	}
	return a
}

// batch is what brings the thing.
func (x *thing) batch(t testing.TB, n int) *spanstore.Batch {
	span := storetest.Span{Trace: x.Trace, ID: 10*x.Trace + x.Span, Start: float64(x.Trace), Seconds: -1, Name: "step", Attributes: x.attributes(n)}
	if x.Ended {
		span.Seconds = 1
	}
	b := storetest.Batch(t, span)
	switch x.Kind {
	case "log":
		l := &logspb.LogRecord{TimeUnixNano: uint64(storetest.Base + int64(n)), Body: words(x.secret(n))}
		if x.Trace > 0 {
			id, of := storetest.TraceID(x.Trace), storetest.SpanID(span.ID)
			l.TraceId, l.SpanId = id[:], of[:]
		}
		for k, v := range x.attributes(n) {
			l.Attributes = append(l.Attributes, &common.KeyValue{Key: k, Value: words(v.(string))})
		}
		b.Spans, b.Logs = nil, []spanstore.Item{{Bytes: wire(t, l)}}
	case "score":
		s := trace.Score{ID: fmt.Sprintf("of %d %t", x.Trace, x.Session), Name: "n", Label: "l", Comment: x.secret(n), Time: storetest.Base + int64(n%3), Target: trace.Target{Trace: storetest.TraceID(x.Trace)}}
		if x.Session {
			s.Target = trace.Target{Session: sessionOf(x.Trace)}
		}
		b.Spans, b.Scores = nil, []trace.Score{s}
	case "carrier":
		pb := &tracepb.Span{}
		if err := proto.Unmarshal(b.Spans[0].Bytes, pb); err != nil {
			t.Fatal(err)
		}
		id, of := storetest.TraceID(x.About), storetest.SpanID(10*x.About+1)
		pb.Links = []*tracepb.Span_Link{{TraceId: id[:], SpanId: of[:]}}
		pb.Attributes = append(pb.Attributes, &common.KeyValue{Key: "annotations.0.annotation.name", Value: words("judged")},
			&common.KeyValue{Key: "annotations.0.annotation.label", Value: words("good")},
			&common.KeyValue{Key: "annotations.0.annotation.explanation", Value: words(x.secret(n))})
		b.Spans[0].Bytes = wire(t, pb)
	}
	return b
}

func words(text string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: text}}
}

func wire(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// things draws what is sent. Carriers have traces of their own, from 20 on.
func things() *rapid.Generator[[]thing] {
	one := rapid.Custom(func(t *rapid.T) thing {
		x := thing{
			Kind: rapid.SampledFrom([]string{"span", "span", "span", "log", "score", "carrier"}).Draw(t, "kind"), Ended: rapid.Bool().Draw(t, "ended"),
			Trace: rapid.Uint64Range(1, 6).Draw(t, "trace"), Span: rapid.Uint64Range(1, 3).Draw(t, "span"), User: rapid.IntRange(0, 3).Draw(t, "user"),
		}
		switch x.Kind {
		case "log":
			x.Trace = rapid.Uint64Range(0, 6).Draw(t, "trace of the record")
		case "carrier":
			x.About, x.Trace, x.User = x.Trace, 20+x.Trace/3, 0
		case "score":
			x.Session, x.User = rapid.Bool().Draw(t, "of the session"), 0
		}
		return x
	})
	return rapid.SliceOfN(one, 5, 30)
}

// gone says which things an erasure takes: the model.
func gone(all []thing, what spanstore.Erasure) []bool {
	traces, spans, stays := map[uint64]bool{}, map[uint64]bool{}, map[string]bool{}
	for i := range all {
		x := &all[i]
		names := what.User != "" && x.User > 0 && userName(x.User) == what.User
		if x.Kind == "span" || x.Kind == "carrier" {
			spans[x.Trace] = true
			names = names || sessionOf(x.Trace) == what.Session
		}
		if names || x.Kind != "score" && what.Trace == storetest.TraceID(x.Trace) {
			traces[x.Trace] = true
		}
	}
	if what.Trace != (trace.ID{}) { // scores about it may be all there is
		for id := range uint64(30) {
			traces[id] = traces[id] || storetest.TraceID(id) == what.Trace
		}
	}
	for id := range spans {
		if !traces[id] {
			stays[sessionOf(id)] = true
		}
	}
	out := make([]bool, len(all))
	for i := range all {
		x := &all[i]
		switch {
		case x.Kind == "score" && x.Session:
			session := sessionOf(x.Trace)
			lost := false
			for id := range spans {
				lost = lost || traces[id] && sessionOf(id) == session
			}
			out[i] = session == what.Session || lost && !stays[session]
		case x.Kind == "log" && x.Trace == 0:
			out[i] = what.User != "" && userName(x.User) == what.User
		case x.Kind == "carrier":
			out[i] = traces[x.Trace] || traces[x.About]
		default:
			out[i] = traces[x.Trace]
		}
	}
	return out
}

// What an erasure leaves is what would be there had the rest never come, and no
// file has a word of what went, compressed or not.
func TestErasureIsAsTheModelSays(t *testing.T) {
	for seed := range 9 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			all := things().Example(seed)
			what := []spanstore.Erasure{{User: userName(1 + seed/4)}, {Session: sessionOf(uint64(seed % 5))}, {Trace: storetest.TraceID(uint64(1 + seed%6))}}[seed%3]
			went := gone(all, what)
			dir, other := t.TempDir(), t.TempDir()
			s, like := small(t, dir), small(t, other)
			for i := range all {
				b := all[i].batch(t, i)
				send(t, s, b)
				if !went[i] {
					send(t, like, b)
				}
			}
			if _, err := s.Erase(t.Context(), "shop", what); err != nil {
				t.Fatal(err)
			}
			// Either has had the project, whatever is left of it.
			last := storetest.Batch(t, storetest.Span{Trace: 99, ID: 99, Name: "last"})
			send(t, s, last)
			send(t, like, last)
			want := storetest.Answers(t, like)
			closed(t, like)
			for _, when := range []string{"at once", "rebuilt"} {
				if got := storetest.Answers(t, s); got != want {
					t.Fatalf("%s, after %+v, of %+v %v went:\n%s", when, what, all, went, firstDifference(got, want))
				}
				closed(t, s)
				raw := everything(t, dir)
				for i := range all {
					if holds := bytes.Contains(raw, []byte(all[i].secret(i))); holds == went[i] {
						t.Errorf("%s, thing %d, %+v: it is there: %t", when, i, all[i], holds)
					}
				}
				for _, name := range []string{what.User, what.Session} {
					if name != "" && bytes.Contains(raw, []byte(name)) {
						t.Errorf("%s, the files have %q", when, name)
					}
				}
				if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
					t.Fatal(err)
				}
				s = small(t, dir)
			}
			closed(t, s)
		})
	}
}

// small opens a store with many small segments.
func small(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), dir, local.Options{Index: index.Options{Threads: 1}, Log: seglog.Options{SegmentBytes: 1500}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s spanstore.Store, b *spanstore.Batch) {
	t.Helper()
	if err := s.Append(t.Context(), "shop", b); err != nil {
		t.Fatal(err)
	}
}

// everything is all files of a folder as they are, and the records of the log.
func everything(t *testing.T, dir string) []byte {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := seglog.Open(filepath.Join(dir, "projects", "shop", "log"), seglog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Replay(t.Context(), seglog.Ref{}, func(_ seglog.Ref, r seglog.Record) error {
		all.Write(r.Body)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// firstDifference is the first line in which two texts differ.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\nnot\n" + b[i]
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(a), len(b))
}
