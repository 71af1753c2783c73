package semconv_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
	"github.com/assay-llmops/assay/internal/trace/semconv/captured"
)

const fixtures = "testdata/captured"

var update = flag.Bool("update", false, "write the golden files anew")

// gathering gathers the spans and records of a fixture's requests.
type gathering struct {
	resource otlp.Resource
	origin   *semconv.Origin
	logs     bool
	spans    []item
	records  []semconv.Log
}

type item struct {
	origin *semconv.Origin
	span   otlp.Span
}

func (g *gathering) Resource(r otlp.Resource) error { g.resource = r; return nil }

func (g *gathering) Scope(s otlp.Scope) error {
	o := semconv.ReadOrigin(g.resource, s)
	g.origin = &o
	return nil
}

func (g *gathering) Item(b []byte) error {
	if g.logs {
		l, err := otlp.ReadLog(b)
		g.records = append(g.records, semconv.Log{Origin: g.origin, Log: l})
		return err
	}
	s, err := otlp.ReadSpan(b)
	g.spans = append(g.spans, item{g.origin, s})
	return err
}

// derive reads the spans of a fixture, in the order of their starts.
func derive(t *testing.T, f *captured.Fixture) (spans []*trace.Span) {
	t.Helper()
	var g gathering
	for i := range f.Requests {
		r := &f.Requests[i]
		body := r.Body
		if r.JSON() {
			body = fromJSON(t, body)
		}
		g.logs = r.Logs()
		if err := otlp.Walk(body, &g); err != nil {
			t.Fatalf("%s: %v", r.File, err)
		}
	}
	for i := range g.spans {
		at := &g.spans[i]
		var logs []semconv.Log
		for _, l := range g.records {
			if bytes.Equal(l.Log.TraceID, at.span.TraceID) && bytes.Equal(l.Log.SpanID, at.span.SpanID) {
				logs = append(logs, l)
			}
		}
		s, err := semconv.Whole(at.origin, &at.span, logs)
		if err != nil {
			t.Fatalf("%s: %v", at.span.Name, err)
		}
		spans = append(spans, s)
	}
	slices.SortStableFunc(spans, func(a, b *trace.Span) int { return int(a.Start - b.Start) })
	return spans
}

var idInJSON = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":\s*"([0-9a-f]*)"`)

// fromJSON encodes spans in OTLP's JSON, in which ids are hex and not base64.
func fromJSON(t *testing.T, b []byte) []byte {
	t.Helper()
	b = idInJSON.ReplaceAllFunc(b, func(m []byte) []byte {
		at := idInJSON.FindSubmatch(m)
		id, err := hex.DecodeString(string(at[2]))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Appendf(nil, `"%s":"%s"`, at[1], base64.StdEncoding.EncodeToString(id))
	})
	var data tracepb.TracesData
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	out, err := proto.Marshal(&data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCapturedSpansSayWhatWentOverTheWire holds what is derived of real SDKs'
// spans against what a proxy saw.
func TestCapturedSpansSayWhatWentOverTheWire(t *testing.T) {
	all, absent, err := captured.Load(fixtures)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d fixtures, %v", len(all), err)
	}
	for i := range all {
		f := &all[i]
		t.Run(f.String(), func(t *testing.T) {
			defects, _ := captured.Split(captured.Compare(derive(t, f), &f.Wire), absent[f.Instrumentation], f.Scenario)
			for _, d := range defects {
				t.Error(d)
			}
		})
	}
}

// TestCapturedSpansReadAsBefore maps each fixture to golden.json beside it: what
// the meaning is, without ids and times, so that a new capture of the same says
// the same, and without what is empty.
func TestCapturedSpansReadAsBefore(t *testing.T) {
	all, _, err := captured.Load(fixtures)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d fixtures, %v", len(all), err)
	}
	for i := range all {
		f := &all[i]
		t.Run(f.String(), func(t *testing.T) {
			got := meaning(t, derive(t, f))
			golden := filepath.Join(fixtures, f.Instrumentation, f.Scenario, "golden.json")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip("a fixture that nobody has looked at: go test ./internal/trace/semconv -update")
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("another reading than %s; go test ./internal/trace/semconv -update writes it anew, git diff shows it", golden)
			}
		})
	}
}

// TestAnotherReadingHasAnotherNumber compares the golden files with their sums in
// reading.json, which has the Reading that they were made with: an index that was
// made by an older one must not be taken for one of this.
func TestAnotherReadingHasAnotherNumber(t *testing.T) {
	type sums struct {
		Reading int               `json:"reading"`
		Golden  map[string]string `json:"golden"` // SHA-256 in hex, by fixture
	}
	file := filepath.Join(fixtures, "..", "reading.json")
	was := sums{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &was)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	now := sums{Reading: semconv.Reading, Golden: map[string]string{}}
	paths, err := filepath.Glob(filepath.Join(fixtures, "*", "*", "golden.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d golden files, %v", len(paths), err)
	}
	for _, path := range paths {
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(fixtures, filepath.Dir(path))
		sum := sha256.Sum256(golden)
		now.Golden[name] = hex.EncodeToString(sum[:])
		if was.Golden[name] != "" && was.Golden[name] != now.Golden[name] && was.Reading == semconv.Reading {
			t.Errorf("%s reads otherwise than when Reading became %d: raise it, then go test ./internal/trace/semconv -update", name, semconv.Reading)
		}
	}
	if t.Failed() {
		return
	}
	if *update {
		if text, err = json.MarshalIndent(now, "", "  "); err == nil {
			err = os.WriteFile(file, append(text, '\n'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	} else if !reflect.DeepEqual(was, now) {
		t.Error("there are fixtures that reading.json does not know: go test ./internal/trace/semconv -update")
	}
}

func meaning(t *testing.T, spans []*trace.Span) []byte {
	t.Helper()
	names := map[trace.SpanID]string{}
	for _, s := range spans {
		names[s.Span] = s.Name
	}
	var list []any
	for _, s := range spans {
		s.Attributes, s.Resource, s.Events, s.Metadata, s.ResponseID, s.ScopeVersion = nil, nil, nil, nil, "", ""
		for i := range s.Exceptions {
			s.Exceptions[i].Time, s.Exceptions[i].Stack = 0, ""
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"Trace", "Span", "Start", "End", "InputText", "OutputText"} {
			delete(m, key) // raw texts carry run ids of LangChain and others
		}
		m["Parent"], m["TTFT"] = names[s.Parent], s.TTFT > 0
		list = append(list, prune(m))
	}
	b, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func prune(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case map[string]any:
		for key, e := range v {
			switch e := prune(e); e {
			case nil, false, "", 0.0:
				delete(v, key)
			}
		}
	}
	return v
}
