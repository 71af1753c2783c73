package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

func journalOf(t *testing.T, s *Store, keys ...string) {
	t.Helper()
	for i, key := range keys {
		if err := s.Append(&Entry{Key: key, Time: int64(i), Case: fmt.Sprint("c", i)}); err != nil {
			t.Fatal(err)
		}
	}
}

func cases(entries []Entry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Case)
	}
	return strings.Join(names, " ")
}

func TestEntries(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	journalOf(t, s, keyOf("a"), keyOf("b"), keyOf("a"), keyOf("c"), keyOf("a"))
	onlyA := func(e *Entry) bool { return e.Key[0] == 'a' }
	for _, c := range []struct {
		limit int
		keep  func(*Entry) bool
		want  string
	}{
		{0, nil, "c0 c1 c2 c3 c4"}, {2, nil, "c3 c4"}, {9, nil, "c0 c1 c2 c3 c4"}, {1, nil, "c4"},
		{0, onlyA, "c0 c2 c4"}, {2, onlyA, "c2 c4"}, {0, func(*Entry) bool { return false }, ""},
	} {
		got, err := s.Entries(c.limit, c.keep)
		if err != nil || cases(got) != c.want {
			t.Errorf("limit %d: %q, %v, want %q", c.limit, cases(got), err, c.want)
		}
	}
}

// A line that a crash cut short is passed over, and does not take the next
// entry with it.
func TestJournalWithCutLastLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	journalOf(t, s, keyOf("a"), keyOf("b"))
	path := filepath.Join(dir, "journal.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Entries(0, nil); err != nil || cases(got) != "c0" {
		t.Errorf("read %q, %v", cases(got), err)
	}
	again := open(t, dir)
	journalOf(t, again, keyOf("d"), keyOf("e"))
	got, err := again.Entries(0, nil)
	if err != nil || len(got) != 3 || got[1].Key != keyOf("d") || got[2].Key != keyOf("e") {
		t.Errorf("after the crash: %d entries, %v: the first new one joined the cut line", len(got), err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	journalOf(t, s, keyOf("abcd1"), keyOf("abcd2"), keyOf("ffff"), keyOf("ffff"), "99991", "999912")
	e, err := s.Find("ffff")
	if err != nil || e.Case != "c3" {
		t.Errorf("Find gives %v, %v, want the newest of one key", e, err)
	}
	if e, err = s.Find("abcd1"); err != nil || e.Case != "c0" {
		t.Errorf("Find gives %v, %v", e, err)
	}
	for prefix, want := range map[string]string{
		"abcd": "more than one call", "9999": "more than one call", "abc": "too short", "": "too short", "0123": "there is no call",
	} {
		if _, err := s.Find(prefix); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v, want %q", prefix, err, want)
		}
	}
}

func TestKeyIsTheDigestOfItsParts(t *testing.T) {
	t.Parallel()
	parts := map[string]string{"model": "openai/m", "request": "aa", "repeat": "0"}
	key, err := Key(parts)
	if err != nil || len(key) != 64 {
		t.Fatalf("Key = %q, %v", key, err)
	}
	for name := range parts {
		other := map[string]string{"model": "openai/m", "request": "aa", "repeat": "0"}
		other[name] += "x"
		if k, err := Key(other); err != nil || k == key {
			t.Errorf("another %s has the same key", name)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	c := Call{Start: time.Unix(100, 0).UnixNano()}
	if got := c.Age(time.Unix(160, 0)); got != time.Minute {
		t.Errorf("Age = %v", got)
	}
}

// One writer a run: a second open of the folder waits, is told so once, and
// gets the lock when it is released.
func TestLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx := context.Background()
	first, second := open(t, dir), open(t, dir)
	never := func() { t.Error("waits for a free lock") }
	release, err := first.Lock(ctx, "run", never)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := second.Lock(ctx, "another", never); err != nil {
		t.Error(err)
	} else if err := other(); err != nil {
		t.Error(err)
	}

	ended, cancel := context.WithCancel(ctx)
	if _, err := second.Lock(ended, "run", cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting with a context that ends: %v", err)
	}

	told := 0
	got, err := second.Lock(ctx, "run", func() {
		told++
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	if err != nil || told != 1 {
		t.Fatalf("the second got %v after being told %d times", err, told)
	}
	if err := got(); err != nil {
		t.Error(err)
	}
}

// spans reads a call's OTLP form as a receiver would: fields and attributes of
// the spans, by name.
func spans(t *testing.T, c *Call) (fields map[string]map[string]any, attributes map[string]map[string]map[string]any) {
	t.Helper()
	text, err := json.Marshal(Trace(c))
	if err != nil {
		t.Fatal(err)
	}
	var export struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []json.RawMessage }
			ScopeSpans []struct{ Spans []map[string]any }
		}
	}
	if err := json.Unmarshal(text, &export); err != nil {
		t.Fatal(err)
	}
	if len(export.ResourceSpans) != 1 || len(export.ResourceSpans[0].Resource.Attributes) == 0 {
		t.Fatalf("no resource with a service name: %s", text)
	}
	fields, attributes = map[string]map[string]any{}, map[string]map[string]map[string]any{}
	for _, s := range export.ResourceSpans[0].ScopeSpans[0].Spans {
		name := s["name"].(string)
		fields[name], attributes[name] = s, map[string]map[string]any{}
		for _, a := range s["attributes"].([]any) {
			kv := a.(map[string]any)
			attributes[name][kv["key"].(string)] = kv["value"].(map[string]any)
		}
	}
	return fields, attributes
}

func TestTrace(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir()) // a request that was kept has lost its model: the span tells it all the same
	if err := s.Put(aCall(keyOf("aa"))); err != nil {
		t.Fatal(err)
	}
	kept, err := s.GetWhole(keyOf("aa"))
	if err != nil {
		t.Fatal(err)
	}
	all, attributes := spans(t, kept)
	fields, a := all["chat openai/m"], attributes["chat openai/m"]
	for name, want := range map[string]any{
		"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16), "name": "chat openai/m",
		"startTimeUnixNano": "1000", "endTimeUnixNano": "2000", "kind": 3.0,
	} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}
	for name, want := range map[string]any{
		"gen_ai.provider.name": "openai", "gen_ai.request.model": "m", "gen_ai.response.model": "m-1",
		"assay.config.name": "support", "assay.config.version": "support@aaaaaaaaaaaa", "assay.case.id": "c1",
		"gen_ai.response.finish_reasons": `["stop"]`,
		"llm.prompt_template.variables":  `{"question":"\u003cb\u003e"}`,
	} {
		if a[name]["stringValue"] != want {
			t.Errorf("%s is %v, want %v", name, a[name], want)
		}
	}
	// OTLP JSON writes 64-bit integers as text.
	if a["gen_ai.usage.input_tokens"]["intValue"] != "7" || a["gen_ai.usage.output_tokens"]["intValue"] != "2" {
		t.Errorf("usage: %v", a)
	}
	if want := `[{"role":"user","parts":[{"type":"text","content":"a \u003cb\u003e \u0026 c"}]}]`; a["gen_ai.input.messages"]["stringValue"] != want {
		t.Errorf("messages: %v", a["gen_ai.input.messages"])
	}
	if a["gen_ai.usage.cost"]["stringValue"] != "0.0000015" {
		t.Errorf("cost: %v", a["gen_ai.usage.cost"])
	}
	root, found := all["case c1"], all["retrieval"]
	if root["parentSpanId"] != nil || fields["parentSpanId"] != root["spanId"] || found["parentSpanId"] != root["spanId"] || found["spanId"] == root["spanId"] {
		t.Errorf("case, retrieval and answer form no tree: %v, %v, %v", root, found, fields)
	}
	if want := `[{"id":"d1","content":"text","score":0}]`; attributes["retrieval"]["gen_ai.retrieval.documents"]["stringValue"] != want {
		t.Errorf("documents: %v", attributes["retrieval"])
	}
	if again, _ := spans(t, kept); again["retrieval"]["spanId"] != found["spanId"] {
		t.Error("the ids of the spans beside the model's change from time to time")
	}

	failed := aCall(keyOf("a"))
	failed.Reply, failed.Input, failed.Failure, failed.Case = nil, nil, &llm.Error{Kind: llm.ContextLength, Message: "too long"}, ""
	all, attributes = spans(t, failed)
	fields, a = all["chat openai/m"], attributes["chat openai/m"]
	if status := fields["status"].(map[string]any); status["code"] != 2.0 || status["message"] != "too long" {
		t.Errorf("status of a failure: %v", status)
	}
	if a["error.type"]["stringValue"] != "context_length" {
		t.Errorf("error.type: %v", a["error.type"])
	}
	for _, name := range []string{"assay.case.id", "gen_ai.usage.input_tokens", "llm.prompt_template.variables"} {
		if _, has := a[name]; has {
			t.Errorf("%s is there though nothing is known of it", name)
		}
	}
}
