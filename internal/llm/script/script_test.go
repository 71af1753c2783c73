package script_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/llmtest"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/llm/wire"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t *testing.T, rules string) *script.Script {
	t.Helper()
	s, err := script.Parse("script.yaml", []byte("rules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(text string) *llm.Request {
	return &llm.Request{Model: llm.Ref{Provider: "builtin", Name: "script"}, Messages: []llm.Message{{Role: "user", Content: text}}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Conform(t, func(t *testing.T) llmtest.Subject {
		m := script.New("builtin", parse(t, "  - {reply: {content: 'You said {{ last_user }}.'}}"), wire.Observer{})
		return llmtest.Subject{Model: m, Request: *ask("hello"), Other: *ask("goodbye")}
	})
}

func TestRulesAreTriedInOrder(t *testing.T) {
	t.Parallel()
	s := parse(t, `
  - {when: {call: 2}, reply: {content: second call}}
  - {when: {model: "gpt-*-mini"}, reply: {content: mini}}
  - {when: {contains: refund}, times: 1, reply: {content: first refund}}
  - {when: {contains: refund}, reply: {content: another refund}}
  - {when: {matches: 'order (\d+) of (?i:bob)'}, reply: {content: 'Order {{ match.1 }} ({{ match.0 }}), call {{ call }}, {{model}}'}}
  - {reply: {content: {score: 5, why: "{{ last_user }}"}}}
`)
	m := script.New("builtin", s, wire.Observer{})
	for i, tc := range []struct{ model, text, want string }{
		{"m", "a refund", "first refund"},
		{"m", "a refund", "second call"},
		{"m", "a refund", "another refund"},
		{"gpt-5-mini", "a refund", "mini"},
		{"gpt-mini", `a "b"`, `{"score":5,"why":"a \"b\""}`},
		{"m", "where is order 42 of BOB?", "Order 42 (order 42 of BOB), call 6, m"},
	} {
		req := ask(tc.text)
		req.Model.Name = tc.model
		req.Stream = i%2 == 1
		reply, err := m.Call(t.Context(), req)
		if err != nil || reply.Content != tc.want {
			t.Errorf("call %d: %v, %v; want %q", i+1, reply, err, tc.want)
		}
	}
}

func TestTimesEachIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script.New("builtin", parse(t, `
  - {times_each: 1, fault: {status: 429}}
  - {reply: {content: ok}}
`), wire.Observer{})
		var all sync.WaitGroup
		for _, text := range []string{"a", "b", "c", "d", "e", "f"} {
			all.Go(func() {
				reply, err := m.Call(t.Context(), ask(text))
				if err != nil || reply.Attempts != 2 {
					t.Errorf("%v, %v", reply, err)
				}
			})
		}
		all.Wait()
	})
}

func TestToolsRefusalsAndUsage(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		m := script.New("builtin", parse(t, `
  - {when: {contains: tools}, reply: {tool_calls: [{name: lookup, arguments: {id: "é{{ last_user }}"}}, {id: x, name: noop}], usage: {input_tokens: 9, cached_tokens: 4, output_tokens: 3, reasoning_tokens: 1}}}
  - {when: {contains: refuse}, reply: {refusal: I cannot., usage: none, model: other, finish_reason: length}}
`), wire.Observer{})
		req := ask("tools")
		req.Stream = stream
		r, err := m.Call(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		calls, err := json.Marshal(r.ToolCalls)
		if want := `[{"id":"call_1","name":"lookup","arguments":{"id":"étools"}},{"id":"x","name":"noop","arguments":{}}]`; err != nil || string(calls) != want || r.FinishReason != "tool_calls" {
			t.Errorf("%s, %v, %s", calls, err, r.FinishReason)
		}
		if want := (llm.Usage{InputTokens: 9, CachedTokens: 4, OutputTokens: 3, ReasoningTokens: 1, Known: true}); r.Usage != want {
			t.Errorf("usage %+v", r.Usage)
		}
		req = ask("refuse")
		req.Stream = stream
		if r, err = m.Call(t.Context(), req); err != nil || r.Refusal != "I cannot." || r.Usage.Known || r.Model != "other" || r.FinishReason != "length" || r.Content != "" {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestNoRule(t *testing.T) {
	t.Parallel()
	m := script.New("builtin", parse(t, "  - {when: {contains: x}, reply: {content: x}}"), wire.Observer{})
	_, err := m.Call(t.Context(), ask("my secret question"))
	var failure *llm.Error
	if !errors.As(err, &failure) || !strings.Contains(failure.Message, "no rule of the script script.yaml answers call 1") || strings.Contains(failure.Message, "secret") {
		t.Errorf("%v", err)
	}
}

func TestFaultsInMemoryAreThoseOfASocket(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]llm.ErrorKind{
		"  - {fault: {status: 401}}":                                  llm.Unauthorized,
		"  - {fault: {disconnect: true}}":                             llm.Network,
		"  - {fault: {hang: true}}":                                   llm.Timeout,
		"  - {reply: {content: a b c}, fault: {truncate: true}}":      llm.BadReply,
		"  - {reply: {content: a b c}, fault: {stop_after: 1}}":       llm.BadReply,
		"  - {reply: {content: a b c}, fault: {stop_after: 99}}":      llm.BadReply,
		"  - {reply: {content: a b c}, fault: {hang_after: 1}}":       llm.Timeout,
		"  - {reply: {content: a b c}, fault: {error_after: 1}}":      llm.Overloaded,
		"  - {delay: 1h, reply: {content: a b c}}":                    llm.Timeout,
		"  - {reply: {content: a b c}, stream: {every: 1h}}":          llm.Timeout,
		"  - {fault: {status: 503, body: {error: {message: later}}}}": llm.Overloaded,
	} {
		t.Run(rules, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := script.New("builtin", parse(t, rules), wire.Observer{})
				req := ask("x")
				req.Stream = true
				_, err := m.Call(t.Context(), req)
				var failure *llm.Error
				if !errors.As(err, &failure) || failure.Kind != want {
					t.Errorf("%v, want %s", err, want)
				}
				synctest.Wait()
			})
		})
	}
}

func TestHandlerCountsRequests(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(script.Handler(parse(t, "  - {reply: {content: ok}}")))
	defer server.Close()
	client := server.Client()
	post := func(path, body string) int {
		res, err := client.Post(server.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	one, two := `{"model":"a","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`, `{"model":"b","messages":[]}`
	for _, body := range []string{one, two, one} {
		if status := post("/openai/v1/chat/completions", body); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if status := post("/v1/embeddings", one); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	if status := post("/v1/chat/completions", "{"); status != http.StatusBadRequest {
		t.Errorf("no JSON: %d", status)
	}
	res, err := client.Get(server.URL + "/_script/requests")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var seen script.Requests
	if err := json.NewDecoder(res.Body).Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if seen.Total != 3 || seen.Distinct != 2 || len(seen.Requests) != 2 || seen.Requests[0].Count+seen.Requests[1].Count != 3 {
		t.Errorf("%+v", seen)
	}
}

func TestTheSameCallHasTheSameBytes(t *testing.T) {
	t.Parallel()
	get := func(stream string) []byte {
		w := httptest.NewRecorder()
		body := `{"model":"a","messages":[{"role":"user","content":"x"}],"stream":` + stream + `,"stream_options":{"include_usage":true}}`
		script.Handler(parse(t, "  - {reply: {content: one two}}")).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body)))
		return w.Body.Bytes()
	}
	for _, stream := range []string{"false", "true"} {
		if a, b := get(stream), get(stream); !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s\n%s", a, b)
		}
	}
	if streamed := string(get("true")); strings.Count(streamed, "data: ") != 5 || !strings.Contains(streamed, `"choices":[]`) || !strings.HasSuffix(streamed, "data: [DONE]\n\n") {
		t.Errorf("two chunks, the end, the usage and [DONE]:\n%s", streamed)
	}
}

func TestDelaysAreTheScripts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script.New("builtin", parse(t, "  - {delay: 300ms, reply: {content: x}, stream: {chunks: [a, b, c], every: 100ms}}"), wire.Observer{})
		req := ask("x")
		req.Stream = true
		r, err := m.Call(t.Context(), req)
		if err != nil || r.Content != "abc" || r.Timing.TTFT != int64(300*time.Millisecond) || r.Timing.Total != int64(500*time.Millisecond) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// Every .good file parses; every .bad one is a problem that says what the lines
// "# error:" at its top say; every problem and every constraint of the schema
// has a file.
func TestFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/script/*")
	var said []string
	for i := range fixtures {
		f := &fixtures[i]
		_, err := script.Parse(f.Name, []byte(f.Text))
		f.Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said)
	problemtest.AgainstSchema(t, "script", fixtures)
}

// FuzzHandler: any script that parses answers any body without a panic of ours.
func FuzzHandler(f *testing.F) {
	f.Add("rules: [{reply: {content: 'a {{ last_user }}'}}]", `{"messages":[{"role":"user","content":"x"}],"stream":true}`)
	f.Add("rules: [{when: {matches: '(a)'}, reply: {tool_calls: [{name: f, arguments: {a: 'é{{ match.1 }}'}}]}}]", `{"messages":[{"role":"user","content":"a"}],"stream":true}`)
	f.Add("rules: [{fault: {status: 429}}]", `{}`)
	f.Fuzz(func(t *testing.T, text, body string) {
		s, err := script.Parse("script.yaml", []byte(text))
		if err != nil {
			if !problem.Is(err) {
				t.Errorf("not a Problem: %v", err)
			}
			return
		}
		if strings.Contains(text, "delay") || strings.Contains(text, "every") || strings.Contains(text, "hang") {
			return // would wait
		}
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
				panic(v)
			}
		}()
		script.Handler(s).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/chat/completions", strings.NewReader(body)))
	})
}
