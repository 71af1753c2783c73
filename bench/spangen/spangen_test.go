package spangen_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/bench/spangen"
)

func pool(t *testing.T, mix spangen.Mix) []*spangen.Payload {
	t.Helper()
	payloads, err := spangen.NewPool(spangen.Options{Seed: 7, Mix: mix, Spans: 800, Batch: 50})
	if err != nil {
		t.Fatal(err)
	}
	return payloads
}

func spans(t *testing.T, p *spangen.Payload) []*trace.Span {
	t.Helper()
	var data trace.TracesData // has the wire form of ExportTraceServiceRequest
	if err := proto.Unmarshal(p.Body, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.ResourceSpans) != 1 || len(data.ResourceSpans[0].ScopeSpans) != 1 {
		t.Fatal("a payload has one resource and one scope")
	}
	return data.ResourceSpans[0].ScopeSpans[0].Spans
}

func attribute(s *trace.Span, key string) *common.AnyValue {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return nil
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// each decodes every payload after stamping it, twice round the pool.
func each(t *testing.T, payloads []*spangen.Payload, visit func(n uint64, s *trace.Span)) {
	t.Helper()
	next := uint64(1000)
	for range 2 {
		for _, p := range payloads {
			p.Stamp(next, func(n uint64) time.Time { return noon.Add(time.Duration(n) * time.Second) })
			decoded := spans(t, p)
			if len(decoded) != p.Spans {
				t.Fatalf("%d spans, the payload says %d", len(decoded), p.Spans)
			}
			ids := map[[16]byte]uint64{}
			for n := next; n < next+uint64(p.Traces); n++ {
				ids[spangen.TraceID(7, n)] = n
			}
			for _, s := range decoded {
				n, ok := ids[[16]byte(s.TraceId)]
				if !ok {
					t.Fatalf("a span has the trace id %x, of none of the traces %d and on", s.TraceId, next)
				}
				visit(n, s)
			}
			next += uint64(p.Traces)
		}
	}
}

func TestStampedSpansAreFreshAndWhole(t *testing.T) {
	t.Parallel()
	for _, mix := range []spangen.Mix{spangen.Docs, spangen.Short, spangen.Conversations} {
		t.Run(string(mix), func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}     // span ids
			parent := map[string]string{} // by span
			traces := map[uint64][]string{}
			responses, sessions := map[string]bool{}, map[string]uint64{}
			each(t, pool(t, mix), func(n uint64, s *trace.Span) {
				id := string(s.SpanId)
				if len(id) != 8 || seen[id] || bytes.Equal(s.SpanId, make([]byte, 8)) {
					t.Fatalf("span id %x is not fresh", s.SpanId)
				}
				seen[id], parent[id] = true, string(s.ParentSpanId)
				traces[n] = append(traces[n], id)
				begin := uint64(noon.Add(time.Duration(n) * time.Second).UnixNano())
				if s.StartTimeUnixNano < begin || s.EndTimeUnixNano <= s.StartTimeUnixNano || s.EndTimeUnixNano > begin+uint64(10*time.Second) {
					t.Fatalf("trace %d begins at %d, its span lasts from %d to %d", n, begin, s.StartTimeUnixNano, s.EndTimeUnixNano)
				}
				session := attribute(s, "gen_ai.conversation.id").GetStringValue()
				if !strings.HasPrefix(session, "sess-") || len(session) != 21 {
					t.Fatalf("session %q", session)
				}
				sessions[session] = n
				if r := attribute(s, "gen_ai.response.id").GetStringValue(); r != "" {
					if responses[r] {
						t.Fatalf("response id %s twice", r)
					}
					responses[r] = true
				}
				if s.Name == "" || attribute(s, "gen_ai.operation.name") == nil {
					t.Fatal("a span without a name or an operation")
				}
				for _, key := range []string{"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.retrieval.documents", "gen_ai.system_instructions", "gen_ai.tool.call.arguments"} {
					if v := attribute(s, key); v != nil && !json.Valid([]byte(v.GetStringValue())) {
						t.Fatalf("%s is no JSON", key)
					}
				}
			})
			for n, ids := range traces {
				roots := 0
				for _, id := range ids {
					if parent[id] == "" {
						roots++
					} else if _, ok := parent[parent[id]]; !ok {
						t.Fatalf("a span of trace %d has no parent", n)
					}
				}
				if roots != 1 {
					t.Fatalf("trace %d has %d roots", n, roots)
				}
			}
			if len(sessions) >= len(traces) || len(sessions) < 10 {
				t.Errorf("%d sessions in %d traces", len(sessions), len(traces))
			}
			if len(responses) == 0 {
				t.Error("no model call")
			}
		})
	}
}

func TestTheSameOptionsMakeTheSameBytes(t *testing.T) {
	t.Parallel()
	a, b := pool(t, spangen.Docs), pool(t, spangen.Docs)
	for i := range a {
		if !bytes.Equal(a[i].Body, b[i].Body) {
			t.Fatalf("payload %d differs", i)
		}
	}
}

func TestTraceIDsFollowFromTheirNumber(t *testing.T) {
	t.Parallel()
	seen := map[[16]byte]bool{}
	for n := range uint64(100_000) {
		seen[spangen.TraceID(1, n)] = true
	}
	if len(seen) != 100_000 {
		t.Errorf("%d different ids of 100,000 traces", len(seen))
	}
	if a, b := spangen.TraceID(1, 5), spangen.TraceID(2, 5); binary.BigEndian.Uint64(a[:]) == binary.BigEndian.Uint64(b[:]) {
		t.Error("two seeds share their ids")
	}
}

// TestTextDoesNotRepeat holds the text of the mix Docs to what is claimed of it:
// about 3.4 KB a span, no run of twelve words twice, no better compressible than
// prose.
func TestTextDoesNotRepeat(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	count := 0
	for _, p := range pool(t, spangen.Docs) {
		for _, s := range spans(t, p) {
			count++
			for _, a := range s.Attributes {
				if a.Key == "gen_ai.tool.call.arguments" {
					continue // once more what the model asked for, as it is in life
				}
				if v := a.Value.GetStringValue(); len(v) > 40 {
					all.WriteString(v)
					all.WriteByte('\n')
				}
			}
		}
	}
	if mean := all.Len() / count; mean < 3300 || mean > 3700 {
		t.Errorf("%d bytes of text a span, want about 3,400", mean)
	}
	words := strings.Fields(all.String())
	runs := map[string]bool{}
	for i := 0; i+12 <= len(words); i++ {
		run := strings.Join(words[i:i+12], " ")
		if runs[run] {
			t.Fatalf("twice: %s", run)
		}
		runs[run] = true
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	block := []byte(all.String()[:1<<20]) // as much as a store would compress together
	ratio := float64(len(block)) / float64(len(encoder.EncodeAll(block, nil)))
	t.Logf("zstd: %.2f to 1", ratio)
	if ratio > 3.1 {
		t.Errorf("zstd shrinks the text %.2f to 1: prose would shrink less", ratio)
	}
}

func TestRareWordsAreRare(t *testing.T) {
	t.Parallel()
	prose := strings.ToLower(spangen.NewWriter(1).Text(1 << 21))
	for _, word := range []string{spangen.RareWord, spangen.RarestWord} {
		if strings.Contains(prose, word) {
			t.Errorf("%s is in the vocabulary", word)
		}
	}
	payloads, err := spangen.NewPool(spangen.Options{Seed: 1, Mix: spangen.Short, Spans: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	hits, total := 0, 0
	for _, p := range payloads {
		hits += bytes.Count(p.Body, []byte(spangen.RareWord))
		total += p.Spans
	}
	if share := float64(hits) / float64(total); share < 0.002 || share > 0.006 {
		t.Errorf("%s is in %d of %d spans", spangen.RareWord, hits, total)
	}
}

// BenchmarkStamp is what a span costs the generator before it is sent.
func BenchmarkStamp(b *testing.B) {
	payloads, err := spangen.NewPool(spangen.Options{Mix: spangen.Docs, Spans: 5000})
	if err != nil {
		b.Fatal(err)
	}
	sent := 0
	for i := 0; b.Loop(); i++ {
		p := payloads[i%len(payloads)]
		p.Stamp(uint64(sent), func(uint64) time.Time { return noon })
		sent += p.Spans
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/span")
}
