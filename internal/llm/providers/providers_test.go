package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/llmtest"
	"github.com/assay-llmops/assay/internal/llm/providers"
	"github.com/assay-llmops/assay/internal/problem"
)

// sent is the last request that went out.
type sent struct {
	url, host string
	header    http.Header
	body      map[string]any
}

// recorder answers every request and keeps it.
func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.url, s.host, s.header = r.URL.String(), r.URL.Host, r.Header
	if err := json.NewDecoder(r.Body).Decode(&s.body); err != nil {
		return nil, err
	}
	body := `{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func env(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

func settings(t *testing.T, text string) map[string]providers.Settings {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	s, err := providers.ParseSettings(v, "assay.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWhereACallGoes is the table of addresses, keys and dialects.
func TestWhereACallGoes(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"OPENAI_API_KEY": "sk-o", "ANTHROPIC_API_KEY": "sk-a", "GEMINI_API_KEY": "sk-g", "AZURE_KEY": "az", "MY_KEY": " mine\n"}
	with := func(name, value string) map[string]string {
		more := maps.Clone(keys)
		more[name] = value
		return more
	}
	for _, tc := range []struct {
		name, settings, provider string
		env                      map[string]string
		url, authorization       string
		limit                    string // name of the field of max_output_tokens
	}{
		{"openai", `{}`, "openai", keys, "https://api.openai.com/v1/chat/completions", "Bearer sk-o", "max_completion_tokens"},
		{"openai at another address, by the environment", `{}`, "openai", with("OPENAI_BASE_URL", "http://proxy.test/v1/"), "http://proxy.test/v1/chat/completions", "Bearer sk-o", "max_completion_tokens"},
		{"openai at another address, by the settings", `{"openai":{"base_url":"http://s.test/v1"}}`, "openai", with("OPENAI_BASE_URL", "http://proxy.test/v1/"), "http://s.test/v1/chat/completions", "Bearer sk-o", "max_completion_tokens"},
		{"anthropic", `{}`, "anthropic", keys, "https://api.anthropic.com/v1/chat/completions", "Bearer sk-a", "max_tokens"},
		{"gemini", `{}`, "gemini", keys, "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "Bearer sk-g", "max_tokens"},
		{"ollama", `{}`, "ollama", keys, "http://localhost:11434/v1/chat/completions", "", "max_tokens"},
		{"ollama with a key", `{}`, "ollama", with("OLLAMA_API_KEY", "k"), "http://localhost:11434/v1/chat/completions", "Bearer k", "max_tokens"},
		{"vllm", `{}`, "vllm", keys, "http://localhost:8000/v1/chat/completions", "", "max_tokens"},
		{"llamacpp", `{}`, "llamacpp", keys, "http://localhost:8080/v1/chat/completions", "", "max_tokens"},
		{"a second account of a vendor", `{"eu":{"type":"openai","base_url":"https://api.openai.com/v1","api_key_env":"MY_KEY"}}`, "eu", keys, "https://api.openai.com/v1/chat/completions", "Bearer mine", "max_completion_tokens"},
		{"a vendor's key goes to no other address", `{"mine":{"type":"openai","base_url":"https://other.test/v1"}}`, "mine", keys, "https://other.test/v1/chat/completions", "", "max_tokens"},
		{"a name without a type", `{"mine":{"base_url":"https://other.test/v1","api_key_env":"MY_KEY"}}`, "mine", keys, "https://other.test/v1/chat/completions", "Bearer mine", "max_tokens"},
		{"azure", `{"azure":{"type":"openai","base_url":"https://n.openai.azure.com/openai/deployments/d","headers_env":{"api-key":"AZURE_KEY"},"query":{"api-version":"2025-04-01"},"max_tokens_field":"max_completion_tokens"}}`,
			"azure", keys, "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-04-01", "", "max_completion_tokens"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out sent
			r := providers.New(settings(t, tc.settings), providers.Options{
				LookupEnv: env(tc.env), Transport: func(int) http.RoundTripper { return &out },
			})
			ref := llm.Ref{Provider: tc.provider, Name: "m"}
			m, err := r.Model(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			reply, err := m.Call(t.Context(), &llm.Request{Model: ref, Params: map[string]any{"max_output_tokens": 5}})
			if err != nil || reply.Provider != tc.provider {
				t.Fatalf("%v, %v", reply, err)
			}
			if out.url != tc.url || out.header.Get("Authorization") != tc.authorization || out.body[tc.limit] != 5.0 {
				t.Errorf("to %s with %q and %v", out.url, out.header.Get("Authorization"), out.body)
			}
			if tc.name == "azure" && out.header.Get("Api-Key") != "az" {
				t.Errorf("api-key: %q", out.header.Get("Api-Key"))
			}
		})
	}
}

func TestHeadersAndStreaming(t *testing.T) {
	t.Parallel()
	var out sent
	r := providers.New(settings(t, `{"ollama":{"headers":{"X-Team":"support"},"stream":true}}`), providers.Options{
		LookupEnv: env(nil), Transport: func(int) http.RoundTripper { return &out },
	})
	ref := llm.Ref{Provider: "ollama", Name: "m"}
	m, err := r.Model(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Call(t.Context(), &llm.Request{Model: ref})
	var failure *llm.Error
	if !errors.As(err, &failure) || failure.Kind != llm.BadReply { // it was asked for a stream and sends none
		t.Errorf("%v", err)
	}
	if out.header.Get("X-Team") != "support" || out.body["stream"] != true {
		t.Errorf("%v %v", out.header, out.body)
	}
}

func TestModelProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ settings, ref, want string }{
		{`{}`, "openai/m", "the environment variable OPENAI_API_KEY is not set\n  fix: export OPENAI_API_KEY=..."},
		{`{}`, "opnai/m", "did you mean openai?"},
		{`{}`, "acme-labs/m", "add providers: {acme-labs:"},
		{`{"mine":{"api_key_env":"K"}}`, "mine/m", "has neither type nor base_url"},
		{`{"mine":{"base_url":"http://a/v1","api_key_env":"MINE_KEY"}}`, "mine/m", "MINE_KEY is not set"},
		{`{"mine":{"base_url":"http://a/v1","headers_env":{"X-Key":"LINES"}}}`, "mine/m", "LINES holds a line break"},
		{`{}`, "builtin/extractiv", "did you mean extractive?"},
		{`{}`, "builtin/recorded", "add answers:"},
		{`{}`, "builtin/script", "type: script"},
		{`{"fake":{"type":"script"}}`, "fake/m", "a script without a file"},
		{`{"fake":{"type":"script","file":"bad.yaml"}}`, "fake/m", "bad.yaml:1: rules is an empty list"},
		{`{"fake":{"type":"script","file":"none.yaml"}}`, "fake/m", "none.yaml"},
		{`{"openai":{"concurrency":3}}`, "openai/m", "OPENAI_API_KEY is not set"},
	} {
		r := providers.New(settings(t, tc.settings), providers.Options{
			LookupEnv: env(map[string]string{"LINES": "a\nb", "OPENAI_API_KEY": " "}),
			Builtin:   map[string]llm.Model{"extractive": nil},
			ReadFile: func(path string) ([]byte, error) {
				if path == "bad.yaml" {
					return []byte("rules: []"), nil
				}
				return nil, problem.Newf("there is no file %s", path)
			},
		})
		ref, _ := llm.ParseRef(tc.ref)
		_, err := r.Model(t.Context(), ref)
		if err == nil || !problem.Is(err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s with %s: %v\nwant %q", tc.ref, tc.settings, err, tc.want)
		}
	}
}

func TestParseSettingsProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`:                                    "providers is not an object",
		`{"a":{"base_ur":"x"}}`:                 "did you mean base_url?",
		`{"a":{"timeouts":{"conect":"1s"}}}`:    `unknown field "timeouts.conect"`,
		`{"a":{"timeouts":{"connect":"soon"}}}`: `"soon" is not a duration`,
		`{"a":{"timeouts":{"connect":5}}}`:      "5 is not a duration",
		`{"a":{"concurrency":"many"}}`:          "concurrency is a string",
		`{"a":{"concurrency":-1}}`:              "concurrency is -1",
		`{"a":{"retries":{"max":-1}}}`:          "retries.max is -1",
		`{"a":{"type":"opnai"}}`:                "did you mean openai?",
		`{"a":{"base_url":"localhost:80"}}`:     "base_url is not an address",
		`{"a":{"base_url":"http://a?key=x"}}`:   "carries a query",
		`{"a":{"base_url":"http://u:p@a"}}`:     "carries a query or a user",
		`{"a":{"headers":{"api-key":"sk"}}}`:    "holds a key in api-key",
		`{"a":{"headers_env":{"api-key":""}}}`:  "names no variable",
		`{"a":{"pin":"yes"}}`:                   `pin is "yes"`,
		`{"builtin":{}}`:                        "cannot be the name",
		`{"a/b":{}}`:                            "has a slash",
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		_, err := providers.ParseSettings(v, "assay.yaml", func(string) int { return 7 })
		if err == nil || !problem.Is(err) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "assay.yaml:7: ") {
			t.Errorf("%s: %v\nwant %q", text, err, want)
		}
	}
	if s, err := providers.ParseSettings(nil, "assay.yaml", nil); s != nil || err != nil {
		t.Errorf("%v, %v", s, err)
	}
}

func TestSettingsRoundTrip(t *testing.T) {
	t.Parallel()
	s := settings(t, `{"a":{"type":"vllm","timeouts":{"total":"1m30s"},"retries":{"max":0,"base":"10ms"}}}`)["a"]
	if s.Timeouts.Total != providers.Duration(90*time.Second) || s.Retries.Max == nil || *s.Retries.Max != 0 {
		t.Errorf("%+v", s)
	}
	data, err := json.Marshal(s)
	if want := `{"type":"vllm","timeouts":{"total":"1m30s"},"retries":{"max":0,"base":"10ms"}}`; err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
}

// fake is a model that answers or fails.
type fake struct {
	err   error
	asked *[]string
}

func (f fake) Call(_ context.Context, req *llm.Request) (*llm.Reply, error) {
	*f.asked = append(*f.asked, req.Model.String())
	if f.err != nil {
		return nil, f.err
	}
	return &llm.Reply{Provider: req.Model.Provider, Model: req.Model.Name, Attempts: 1}, nil
}

func TestFallbacks(t *testing.T) {
	t.Parallel()
	world := &llm.Error{Kind: llm.Overloaded, Message: "busy", Attempts: 3}
	candidate := &llm.Error{Kind: llm.ContextLength, Message: "too long", Attempts: 1}
	for _, tc := range []struct {
		name           string
		first, second  error
		answered, kind string
		asked          int
		attempts       int
	}{
		{"the first answers", nil, nil, "one", "", 1, 1},
		{"the second answers", world, nil, "two", "", 2, 4},
		{"what the candidate did asks nobody else", candidate, nil, "", "context_length", 1, 1},
		{"none answers", world, world, "", "overloaded", 2, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			r := providers.New(nil, providers.Options{LookupEnv: env(nil), Builtin: map[string]llm.Model{
				"one": fake{tc.first, &asked}, "two": fake{tc.second, &asked},
			}})
			one := llm.Ref{Provider: "builtin", Name: "one"}
			m, err := r.WithFallbacks(t.Context(), one, []llm.Ref{{Provider: "builtin", Name: "two"}})
			if err != nil {
				t.Fatal(err)
			}
			req := &llm.Request{Model: one}
			reply, err := m.Call(t.Context(), req)
			if len(asked) != tc.asked || req.Model != one {
				t.Errorf("asked %v, and the request is for %s", asked, req.Model)
			}
			if tc.kind == "" {
				if err != nil || reply.Model != tc.answered || reply.Attempts != tc.attempts {
					t.Errorf("%+v, %v", reply, err)
				}
				return
			}
			var failure *llm.Error
			if !errors.As(err, &failure) || string(failure.Kind) != tc.kind || failure.Attempts != tc.attempts {
				t.Errorf("%+v", failure)
			}
		})
	}
}

func TestFallbacksAreInTheKey(t *testing.T) {
	t.Parallel()
	r := providers.New(nil, providers.Options{LookupEnv: env(nil)})
	ref := llm.Ref{Provider: "ollama", Name: "a"}
	key := func(fallbacks ...llm.Ref) canonical.Digest {
		m, err := r.WithFallbacks(t.Context(), ref, fallbacks)
		if err != nil {
			t.Fatal(err)
		}
		k, err := llm.KeyOf(m, &llm.Request{Model: ref})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	b, c := llm.Ref{Provider: "vllm", Name: "b"}, llm.Ref{Provider: "vllm", Name: "c"}
	backed := key(b)
	if key() == backed || key(c) == backed || key(b) != backed {
		t.Error("who may answer is not in the key")
	}
}

func TestScriptedProvider(t *testing.T) {
	t.Parallel()
	r := providers.New(settings(t, `{"fake":{"type":"script","file":"s.yaml"}}`), providers.Options{
		LookupEnv: env(nil),
		ReadFile:  func(string) ([]byte, error) { return []byte("rules: [{reply: {content: 'from {{ model }}'}}]"), nil },
	})
	ref := llm.Ref{Provider: "fake", Name: "gpt-9"}
	m, err := r.Model(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := m.Call(t.Context(), &llm.Request{Model: ref}); err != nil || reply.Content != "from gpt-9" || reply.Provider != "fake" {
		t.Errorf("%+v, %v", reply, err)
	}
}

// TestConformance runs the suite over a socket, with the settings that a user
// would write.
func TestConformance(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Messages []llm.Message }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(w, `{"id":"r","model":"m-1","choices":[{"message":{"role":"assistant","content":"You said %s."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`, body.Messages[0].Content)
	}))
	t.Cleanup(server.Close)
	llmtest.Conform(t, func(t *testing.T) llmtest.Subject {
		r := providers.New(settings(t, `{"mine":{"base_url":"`+server.URL+`","concurrency":4}}`), providers.Options{LookupEnv: env(nil)})
		t.Cleanup(r.Close)
		ref := llm.Ref{Provider: "mine", Name: "m"}
		m, err := r.Model(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(text string) llm.Request {
			return llm.Request{Model: ref, Messages: []llm.Message{{Role: "user", Content: text}}}
		}
		return llmtest.Subject{Model: m, Request: ask("hello"), Other: ask("goodbye")}
	})
}
