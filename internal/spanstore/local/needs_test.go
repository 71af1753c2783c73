package local

import (
	"bytes"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/spanstore/filter"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// What the bytes rule out must be ruled out by the texts.
func checkNeeds(t interface{ Fatalf(string, ...any) }, name, text, words string) {
	message, err := proto.Marshal(&tracepb.Span{TraceId: bytes.Repeat([]byte{7}, 16), SpanId: bytes.Repeat([]byte{8}, 8), Name: name, Kind: 1, StartTimeUnixNano: 1, Attributes: []*commonpb.KeyValue{
		{Key: "k", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: text}}},
	}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := newTextCond(&filter.Cond{Field: filter.FieldText, Op: filter.Words, Value: filter.Value{Text: words}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	span, err := otlp.ReadSpan(message)
	if err != nil {
		t.Fatalf("%v", err)
	}
	holds, err := c.holds(&opened{span: span})
	if err != nil {
		t.Fatalf("%v", err)
	}
	if _, maybe := c.needs.maybeIn(message, nil); holds && !maybe {
		t.Fatalf("name %q and text %q hold %q, but their bytes are said not to", name, text, words)
	}
}

func TestNeedsNeverRuleOutAMatch(t *testing.T) {
	for _, c := range [][3]string{
		{`"abc\u000`, "", "abcu000"},
		{"", `["caf\u00e9"]`, "café"},
		{"", `["line\none"]`, "line one"},
		{"", `["f\oo"]`, "foo"},
		{"", `{"a":"{\"b\":\"Two\\nlines\"}"}`, "two lines"},
		{"", `{"a":"say \"hi\" now"}`, `say "hi" now`},
		{"", `["and\/or"]`, "and/or"},
		{"", "The Menu", "menu"},
	} {
		checkNeeds(t, c[0], c[1], c[2])
	}
	parts := []string{`\`, `\"`, `\/`, `\\`, `\n`, `\u00e9`, `\u0041`, `\ud83d\ude00`, `\u00`, "u", "n", "é", "É", "日", "A", "a", "b", " ", "\n", `"`, "/", "0", "1"}
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			open := rapid.SampledFrom([]string{"", `"`, "[", "{"}).Draw(t, label+" open")
			return open + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, label), "")
		}
		name, in := text("name"), text("text")
		// Words that are in a text, so that there is something to rule out wrongly.
		var all [][]byte
		span := otlp.Span{Name: name, StatusMessage: in}
		o := &opened{span: span}
		if err := o.texts(func(b []byte) error { all = append(all, bytes.Clone(b)); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 {
			return
		}
		from := rapid.SampledFrom(all).Draw(t, "from")
		i := rapid.IntRange(0, len(from)-1).Draw(t, "start")
		j := rapid.IntRange(i+1, len(from)).Draw(t, "end")
		checkNeeds(t, name, in, string(from[i:j]))
	})
}

func TestNeedsRuleOut(t *testing.T) {
	n := needsOf(token.Of("refund café"))
	for message, want := range map[string]bool{
		"nothing of it": false, "Refund of a café": true, `{"a":"line\nof"}`: false, `{"a":"caf\u00e9"}`: false,
		"\x0a\x10" + strings.Repeat(`\q`, 8) + "\x12\x08" + strings.Repeat(`\q`, 4) + "\x22\x08" + strings.Repeat(`\q`, 4) + "nothing": false,
		`{"a":"refund caf\u00e9"}`: true, `["\q"]`: true,
	} {
		if _, got := n.maybeIn([]byte(message), nil); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

func TestSeller(t *testing.T) {
	for _, c := range [][3]string{
		{"azure.ai.openai", "gpt-5", "openai"}, {"gcp.gemini", "gemini-2.5-pro", "gemini"}, {"gcp.vertex_ai", "gemini-2.5-pro", "gemini"},
		{"gcp.vertex_ai", "claude-opus-4", ""}, {"aws.bedrock", "anthropic.claude-opus-4-v1:0", ""}, {"openai", "gpt-5", ""},
	} {
		if got := seller(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s is priced as of %q", c[1], c[0], got)
		}
	}
}
