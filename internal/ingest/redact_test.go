package ingest

import (
	"bytes"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/problem/problemtest"
)

func stamp(d time.Duration) pcommon.Timestamp {
	return pcommon.Timestamp(testNow.UnixNano() + d.Nanoseconds())
}

func rules(t testing.TB, text string) *Redaction {
	t.Helper()
	r, err := ParseRedaction("redact.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRedactionReachesEveryText(t *testing.T) {
	const secret = "ann@example.com"
	req := oneSpan(func(r ptrace.ResourceSpans, s ptrace.Span) {
		r.Resource().Attributes().PutStr("owner", secret)
		r.ScopeSpans().At(0).Scope().Attributes().PutStr("by", secret)
		s.SetName("for " + secret)
		s.Status().SetMessage("no " + secret)
		s.Attributes().PutStr("input.value", `{"content":"I am ann@example.com, and bob@example.com"}`)
		s.Attributes().PutEmptyBytes("raw").FromRaw([]byte(secret))
		m := s.Attributes().PutEmptyMap("map")
		m.PutEmptySlice("list").AppendEmpty().SetStr(secret)
		m.PutStr("http.authorization", "Bearer abc")
		s.Attributes().PutStr("http.authorization", "Bearer abc")
		s.Events().AppendEmpty().SetName("event " + secret)
		s.Events().At(0).Attributes().PutStr("text", secret)
		s.Links().AppendEmpty().Attributes().PutStr("text", secret)
		s.Attributes().PutInt("kept", 7)
	})
	m := &memory{}
	var seen Event
	in := newIngest(m, func(o *Options) {
		o.Redact = rules(t, "rules:\n- {name: email, match: '[a-z]+@[a-z.]+'}\ndrop: ['*.authorization']\n")
		o.Observe = func(e Event) { seen = e }
	})
	body := encoded(t, req)
	if w := post(in, "/v1/traces", body); w.Code != 200 {
		t.Fatal(w.Code)
	}
	b := m.batches["default"][0]
	all := bytes.Join([][]byte{b.Resources[0].Bytes, b.Scopes[0].Bytes, b.Spans[0].Bytes}, nil)
	for _, gone := range []string{"example.com", "Bearer", "authorization"} {
		if bytes.Contains(all, []byte(gone)) {
			t.Errorf("%s is still there", gone)
		}
	}
	if n := bytes.Count(all, []byte("[redacted:email]")); n != 11 {
		t.Errorf("%d marks, want 11", n)
	}
	if seen.Redacted != 13 {
		t.Errorf("%d were counted, want 13", seen.Redacted)
	}
	// What is kept is a span still, with everything else as it was.
	again := ptraceotlp.NewExportRequest()
	if err := again.UnmarshalProto(raw(b.Spans[0].Bytes)); err != nil {
		t.Fatal(err)
	}
	s := again.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	if v, ok := s.Attributes().Get("kept"); !ok || v.Int() != 7 || s.Name() != "for [redacted:email]" {
		t.Errorf("name %q, attributes %v", s.Name(), s.Attributes().AsRaw())
	}
	if v, _ := s.Attributes().Get("input.value"); v.Str() != `{"content":"I am [redacted:email], and [redacted:email]"}` {
		t.Errorf("%q", v.Str())
	}
}

func TestRedactionOfNothingKeepsTheBytes(t *testing.T) {
	r := rules(t, "rules:\n- {name: never, match: 'ZZZZ[0-9]{9}'}\ndrop: [never.there]\n")
	rapid.Check(t, func(t *rapid.T) {
		req := oneSpan(func(_ ptrace.ResourceSpans, s ptrace.Span) {
			s.SetName(rapid.String().Draw(t, "name"))
			for range rapid.IntRange(0, 5).Draw(t, "attributes") {
				v := s.Attributes().PutEmpty(rapid.String().Draw(t, "key"))
				switch rapid.IntRange(0, 3).Draw(t, "form") {
				case 0:
					v.SetStr(rapid.String().Draw(t, "text"))
				case 1:
					v.SetInt(rapid.Int64().Draw(t, "number"))
				case 2:
					v.SetEmptyMap().PutStr("k", rapid.String().Draw(t, "inner"))
				case 3:
					v.SetEmptySlice().AppendEmpty().SetDouble(rapid.Float64().Draw(t, "double"))
				}
			}
			s.Events().AppendEmpty().SetName(rapid.String().Draw(t, "event"))
		})
		body, err := req.MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		out, n := r.apply(body, &shape{inner: nil})
		if n != 0 || !bytes.Equal(out, body) {
			t.Fatal("a shape without texts changed something")
		}
		m := &memory{}
		post(newIngest(m, nil), "/v1/traces", body)
		post(newIngest(m, func(o *Options) { o.Redact = r }), "/v1/traces", body)
		if got := m.spans("default"); len(got) != 2 || !bytes.Equal(got[0], got[1]) || !bytes.Contains(body, got[0]) {
			t.Fatal("the bytes changed")
		}
	})
}

// Every .good file is read; every .bad one is a problem that says what the lines
// "# error:" at its top say, and the schema finds the same.
func TestRulesFixtures(t *testing.T) {
	fixtures := problemtest.Fixtures(t, "testdata/redaction/*")
	for i := range fixtures {
		f := &fixtures[i]
		_, err := ParseRedaction(f.Name, []byte(f.Text))
		f.Check(t, err)
	}
	problemtest.AgainstSchema(t, "redaction", fixtures)
}
