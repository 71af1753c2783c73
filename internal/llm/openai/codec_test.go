package openai

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/assay-llmops/assay/internal/llm"
)

func encode(t *testing.T, req *llm.Request, d Dialect) string {
	t.Helper()
	body, err := EncodeRequest(req, d)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestEncodeRequest(t *testing.T) {
	t.Parallel()
	yes := true
	ask := []llm.Message{{Role: "user", Content: "a < b & c"}}
	model := llm.Ref{Provider: "openai", Name: "m/1"}
	for _, tc := range []struct {
		name    string
		req     llm.Request
		dialect Dialect
		want    string
	}{
		{"plain", llm.Request{Model: model, Messages: ask}, Dialect{},
			`{"messages":[{"role":"user","content":"a < b & c"}],"model":"m/1"}`},
		{"streamed", llm.Request{Model: model, Messages: ask}, Dialect{Stream: true},
			`{"messages":[{"role":"user","content":"a < b & c"}],"model":"m/1","stream":true,"stream_options":{"include_usage":true}}`},
		{"parameters under their own names, and the provider's own", llm.Request{Model: model, Messages: ask, Params: map[string]any{
			"temperature": 0.2, "top_p": int64(1), "seed": int64(7), "stop": []any{"\n"}, "reasoning_effort": "low", "max_output_tokens": int64(9),
			"top_k": int64(40), "metadata": map[string]any{"x": nil}}}, Dialect{MaxTokensField: "max_completion_tokens"},
			`{"max_completion_tokens":9,"messages":[{"role":"user","content":"a < b & c"}],"metadata":{"x":null},"model":"m/1","reasoning_effort":"low","seed":7,"stop":["\n"],"temperature":0.2,"top_k":40,"top_p":1}`},
		{"the limit where others want it", llm.Request{Model: model, Messages: ask, Params: map[string]any{"max_output_tokens": int64(9)}}, Dialect{},
			`{"max_tokens":9,"messages":[{"role":"user","content":"a < b & c"}],"model":"m/1"}`},
		{"tools", llm.Request{Model: model, Messages: ask, ToolChoice: "lookup", Tools: []llm.Tool{
			{Name: "lookup", Description: "d", Parameters: json.RawMessage(`{"type": "object"}`), Strict: &yes}, {Name: "noop"}}}, Dialect{},
			`{"messages":[{"role":"user","content":"a < b & c"}],"model":"m/1","tool_choice":{"function":{"name":"lookup"},"type":"function"},"tools":[{"function":{"description":"d","name":"lookup","parameters":{"type":"object"},"strict":true},"type":"function"},{"function":{"name":"noop"},"type":"function"}]}`},
		{"a turn with tools", llm.Request{Model: model, ToolChoice: "required", Messages: []llm.Message{
			{Role: "assistant", ToolCalls: []llm.ToolCall{{ID: "c1", Name: "f", Arguments: json.RawMessage(`{"a":1}`)}, {ID: "c2", Name: "g"}, {ID: "c3", Name: "h", Arguments: json.RawMessage(`"{not json"`)}}},
			{Role: "tool", ToolCallID: "c1", Content: "42"}, {Role: "assistant", Content: ""}}}, Dialect{},
			`{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}},{"id":"c3","type":"function","function":{"name":"h","arguments":"{not json"}}]},{"role":"tool","content":"42","tool_call_id":"c1"},{"role":"assistant","content":""}],"model":"m/1","tool_choice":"required"}`},
		{"a schema that is closed", llm.Request{Model: model, OutputSchema: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`)}, Dialect{},
			`{"messages":[],"model":"m/1","response_format":{"json_schema":{"name":"output","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true},"type":"json_schema"}}`},
		{"a schema that is open", llm.Request{Model: model, OutputSchema: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string"}}}`)}, Dialect{},
			`{"messages":[],"model":"m/1","response_format":{"json_schema":{"name":"output","schema":{"type":"object","properties":{"a":{"type":"string"}}}},"type":"json_schema"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := encode(t, &tc.req, tc.dialect); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]llm.Request{
		"params.messages":   {Params: map[string]any{"messages": []any{}}},
		"params.n":          {Params: map[string]any{"n": int64(3)}},
		"both":              {Params: map[string]any{"max_output_tokens": int64(1), "max_tokens": int64(2)}},
		"response_format":   {Params: map[string]any{"response_format": "x"}, OutputSchema: json.RawMessage(`{}`)},
		"cannot be written": {Params: map[string]any{"x": make(chan int)}},
	} {
		_, err := EncodeRequest(&req, Dialect{})
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Kind != llm.BadRequest || !strings.Contains(failure.Message, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyHoldsWhatMatters(t *testing.T) {
	t.Parallel()
	base := llm.Request{Model: llm.Ref{Name: "m"}, Messages: []llm.Message{{Role: "user", Content: "x"}}}
	key := func(o Options, change func(*llm.Request)) string {
		req := base
		change(&req)
		k, err := New(o).Key(&req)
		if err != nil {
			t.Fatal(err)
		}
		return string(k)
	}
	same := func(*llm.Request) {}
	here := Options{Provider: "p", BaseURL: "http://a/v1"}
	want := key(here, same)
	for name, other := range map[string]string{
		"the case and the repeat": key(here, func(r *llm.Request) { r.CaseID, r.Repeat = "c", 3 }),
		"how it travels":          key(here, func(r *llm.Request) { r.Stream = true }),
		"a slash at the end":      key(Options{Provider: "p", BaseURL: "http://a/v1/"}, same),
	} {
		if other != want {
			t.Errorf("%s changed the key", name)
		}
	}
	for name, other := range map[string]string{
		"another address":   key(Options{Provider: "p", BaseURL: "http://b/v1"}, same),
		"another query":     key(Options{Provider: "p", BaseURL: "http://a/v1", Query: map[string][]string{"v": {"2"}}}, same),
		"another provider":  key(Options{Provider: "q", BaseURL: "http://a/v1"}, same),
		"another parameter": key(here, func(r *llm.Request) { r.Params = map[string]any{"seed": 1} }),
		"another model":     key(here, func(r *llm.Request) { r.Model.Name = "n" }),
	} {
		if other == want {
			t.Errorf("%s left the key as it was", name)
		}
	}
}

// replies are what servers send, whole, and what is made of it.
var replies = []struct {
	name, body string
	want       llm.Reply
}{
	{"OpenAI", `{"id":"r1","object":"chat.completion","created":1,"model":"gpt-x-2026","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":12,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3}},"service_tier":"default"}`,
		llm.Reply{ID: "r1", Model: "gpt-x-2026", FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "Hi"},
			Usage: llm.Usage{InputTokens: 20, CachedTokens: 12, OutputTokens: 5, ReasoningTokens: 3, Known: true}}},
	{"a refusal", `{"choices":[{"message":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}`,
		llm.Reply{FinishReason: "stop", Refusal: "No.", Message: llm.Message{Role: "assistant"}}},
	{"parallel tool calls", `{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":""}}]},"finish_reason":"tool_calls"}]}`,
		llm.Reply{FinishReason: "tool_calls", Message: llm.Message{Role: "assistant", ToolCalls: []llm.ToolCall{
			{ID: "a", Name: "f", Arguments: json.RawMessage(`{"x":1}`)}, {ID: "b", Name: "g", Arguments: json.RawMessage(`{}`)}}}}},
	{"tool calls without ids or with an object, as small servers send them", `{"choices":[{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"f","arguments":"{\"x\":"}}]},"finish_reason":"stop"}]}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", ToolCalls: []llm.ToolCall{
			{ID: "call_1", Name: "f", Arguments: json.RawMessage(`{"x":1}`)}, {ID: "call_2", Name: "f", Arguments: json.RawMessage(`"{\"x\":"`)}}}}},
	{"the form before tools", `{"choices":[{"message":{"content":null,"function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call"}]}`,
		llm.Reply{FinishReason: "function_call", Message: llm.Message{Role: "assistant", ToolCalls: []llm.ToolCall{{ID: "call_1", Name: "f", Arguments: json.RawMessage(`{}`)}}}}},
	{"parts of content", `{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},"finish_reason":"stop"}]}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "ab"}}},
	{"reasoning beside the answer, DeepSeek and vLLM", `{"choices":[{"message":{"content":"4","reasoning_content":"2+2"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":6,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":1}}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "4"}, Usage: llm.Usage{InputTokens: 9, CachedTokens: 8, OutputTokens: 6, Known: true}}},
	{"thoughts only in the total, Gemini", `{"choices":[{"message":{"content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":62}}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "4"}, Usage: llm.Usage{InputTokens: 10, OutputTokens: 52, ReasoningTokens: 50, Known: true}}},
	{"half a usage", `{"choices":[{"message":{"content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10}}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "4"}}},
	{"a usage that cannot be", `{"choices":[{"message":{"content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":11}}}`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "4"}}},
	{"nulls", `{"id":null,"choices":[{"index":null,"message":{"role":null,"content":null,"tool_calls":null},"finish_reason":null}],"usage":null,"error":null}`,
		llm.Reply{Message: llm.Message{Role: "assistant"}}},
}

func TestDecodeReply(t *testing.T) {
	t.Parallel()
	for _, tc := range replies {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodeReply([]byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Raw = json.RawMessage(tc.body)
			if !reflect.DeepEqual(*got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tc.want)
			}
		})
	}
}

func TestDecodeReplyRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                   "it is empty",
		"<html>":             "it is not JSON",
		`{"choices":[{"mess`: "JSON cut off",
		`[]`:                 "cannot unmarshal array",
		`{}`:                 "no choices",
		`{"choices":[{}]}`:   "no message",
		`{"choices":[{"message":{"content":7}}]}`: "content is neither",
	} {
		_, err := DecodeReply([]byte(body))
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Kind != llm.BadReply || !strings.Contains(failure.Message, want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

func sse(chunks ...string) string {
	return "data: " + strings.Join(chunks, "\n\ndata: ") + "\n\n"
}

// streams are what servers send, chunk by chunk, and what is made of it.
var streams = []struct {
	name, body string
	want       llm.Reply
	ttft       int64 // reads of the clock until the first part of the answer
}{
	{"OpenAI", sse(`{"id":"r","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}`,
		`{"id":"r","model":"m","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null}`,
		`{"id":"r","model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}],"usage":null}`,
		`{"id":"r","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`,
		`{"id":"r","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`, "[DONE]"),
		llm.Reply{ID: "r", Model: "m", FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "Hello"}, Usage: llm.Usage{InputTokens: 3, OutputTokens: 2, Known: true}}, 1},
	{"Azure's first chunk without choices", sse(`{"id":"","model":"","choices":[],"prompt_filter_results":[]}`, `{"id":"r","choices":[{"index":0,"delta":{"content":"x"}}]}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]"),
		llm.Reply{ID: "r", FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "x"}}, 1},
	{"interleaved tool calls, arguments in pieces", sse(
		`{"choices":[{"index":0,"delta":{"content":"Look: ","tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":""}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}},{"index":1,"function":{"arguments":"{}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":null,"function":{"name":null,"arguments":"1}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, "[DONE]"),
		llm.Reply{FinishReason: "tool_calls", Message: llm.Message{Role: "assistant", Content: "Look: ", ToolCalls: []llm.ToolCall{
			{ID: "a", Name: "f", Arguments: json.RawMessage(`{"x":1}`)}, {ID: "b", Name: "g", Arguments: json.RawMessage(`{}`)}}}}, 1},
	{"tool calls without an index, Gemini", sse(
		`{"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"},"id":"","type":"function"}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":2}"},"id":"","type":"function"}]},"finish_reason":"stop"}]}`, "[DONE]"),
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", ToolCalls: []llm.ToolCall{
			{ID: "call_1", Name: "f", Arguments: json.RawMessage(`{"x":1}`)}, {ID: "call_2", Name: "f", Arguments: json.RawMessage(`{"x":2}`)}}}}, 1},
	{"every call has the index 0", sse(
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]}`, "[DONE]"),
		llm.Reply{FinishReason: "tool_calls", Message: llm.Message{Role: "assistant", ToolCalls: []llm.ToolCall{
			{ID: "a", Name: "f", Arguments: json.RawMessage(`{}`)}, {ID: "b", Name: "g", Arguments: json.RawMessage(`{}`)}}}}, 1},
	{"reasoning first, and a running usage, xAI and Groq", sse(
		`{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}`,
		`{"choices":[{"index":0,"delta":{"content":"x","reasoning_content":null}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}`,
		`{"choices":[{"index":0,"delta":{"content":null},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":3}}`),
		llm.Reply{FinishReason: "length", Message: llm.Message{Role: "assistant", Content: "x"}, Usage: llm.Usage{InputTokens: 5, OutputTokens: 3, Known: true}}, 1},
	{"a refusal, another choice, keep-alives", ": ping\n\ndata: \n\n" + sse(
		`{"choices":[{"index":1,"delta":{"content":"not mine"}}]}`,
		`{"choices":[{"index":0,"delta":{"refusal":"No"}}]}`, `{"choices":[{"index":0,"delta":{"refusal":"."},"finish_reason":"stop"}]}`, "[DONE]"),
		llm.Reply{FinishReason: "stop", Refusal: "No.", Message: llm.Message{Role: "assistant"}}, 1},
	{"no finish reason but [DONE]", sse(`{"choices":[{"index":0,"delta":{"content":"x"}}]}`, "[DONE]"),
		llm.Reply{Message: llm.Message{Role: "assistant", Content: "x"}}, 1},
	{"cut after the finish reason", sse(`{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}`) + `data: {"choices":[],"usa`,
		llm.Reply{FinishReason: "stop", Message: llm.Message{Role: "assistant", Content: "x"}}, 1},
}

func TestReadStream(t *testing.T) {
	t.Parallel()
	for _, tc := range streams {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var clock int64
			got, err := readStream(iotest.HalfReader(strings.NewReader(tc.body)), func() int64 { clock++; return clock })
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got.Raw) {
				t.Errorf("raw is not JSON: %s", got.Raw)
			}
			got.Raw, tc.want.Timing.TTFT = nil, tc.ttft
			if !reflect.DeepEqual(*got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tc.want)
			}
		})
	}
}

func TestReadStreamRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, body, want string }{
		{"nothing", "", "stopped half-way"},
		{"only the end", sse("[DONE]"), "stopped half-way"},
		{"no finish reason", sse(`{"choices":[{"index":0,"delta":{"content":"x"}}]}`), "stopped half-way"},
		{"cut in a chunk", sse(`{"choices":[{"index":0,"delta":{"content":"x"}}]}`) + `data: {"choices":[{"index":0,"del`, "stopped half-way"},
		{"no JSON", sse("hello"), "not a chunk of a chat completion"},
	} {
		_, err := readStream(strings.NewReader(tc.body), func() int64 { return 1 })
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Kind != llm.BadReply || !strings.Contains(failure.Message, tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestErrorsInsideAnAnswer(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]llm.ErrorKind{
		`{"error":{"message":"x","type":"server_error","code":null}}`:    llm.Overloaded,
		`{"error":{"message":"x","code":429}}`:                           llm.RateLimited,
		`{"error":{"message":"x","code":"insufficient_quota"}}`:          llm.Quota,
		`{"error":{"message":"x","code":"context_length_exceeded"}}`:     llm.ContextLength,
		`{"error":{"message":"x","code":"content_filter"}}`:              llm.ContentFilter,
		`{"error":{"message":"x","type":"rate_limit_error"}}`:            llm.RateLimited,
		`{"error":{"message":"x","type":"invalid_request_error"}}`:       llm.BadRequest,
		`{"error":{"message":"The maximum context length is 8 tokens"}}`: llm.ContextLength,
		`{"error":{"message":"x"}}`:                                      llm.BadReply,
		`{"error":"out of memory"}`:                                      llm.BadReply,
		`{"error":{}}`:                                                   llm.BadReply,
	} {
		_, whole := DecodeReply([]byte(body))
		_, streamed := readStream(strings.NewReader(sse(body)), func() int64 { return 1 })
		for _, err := range []error{whole, streamed} {
			var failure *llm.Error
			if !errors.As(err, &failure) || failure.Kind != want {
				t.Errorf("%s: %v, want %s", body, err, want)
			}
		}
	}
}

func TestDecodeErrorCutsLongMessages(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(map[string]any{"error": map[string]any{"message": strings.Repeat("é\n", 5000)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := DecodeError(400, nil, body).Message; len([]rune(got)) > 301 || strings.Contains(got, "\n") {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

// FuzzDecodeReply: any bytes are a reply or an *llm.Error; a reply can go back
// out as a turn and come in again the same.
func FuzzDecodeReply(f *testing.F) {
	for _, tc := range replies {
		f.Add([]byte(tc.body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reply, err := DecodeReply(data)
		checkDecoded(t, reply, err)
	})
}

// FuzzReadStream: as FuzzDecodeReply, for streams.
func FuzzReadStream(f *testing.F) {
	for _, tc := range streams {
		f.Add([]byte(tc.body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reply, err := readStream(strings.NewReader(string(data)), func() int64 { return 1 })
		checkDecoded(t, reply, err)
	})
}

// FuzzDecodeError: any answer that is no success becomes an error with a kind
// and a short message.
func FuzzDecodeError(f *testing.F) {
	f.Add(429, []byte(`{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`))
	f.Add(400, []byte(`[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`))
	f.Add(500, []byte(`<html>`))
	f.Add(404, []byte(`{"error":"model not found"}`))
	f.Add(422, []byte(`{"detail":"no"}`))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		if status < 300 || status > 599 {
			return
		}
		if e := DecodeError(status, nil, data); e.Kind == "" || e.Message == "" || len([]rune(e.Message)) > 1000 && len(data) < 1000 {
			t.Errorf("%+v", e)
		}
		Classify(status, nil, data)
	})
}

func checkDecoded(t *testing.T, reply *llm.Reply, err error) {
	t.Helper()
	var failure *llm.Error
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("not an *llm.Error: %v", err)
	}
	if reply == nil {
		if err == nil {
			t.Fatal("neither a reply nor an error")
		}
		return
	}
	if !json.Valid(reply.Raw) {
		t.Fatalf("raw is not JSON: %q", reply.Raw)
	}
	if _, err := EncodeRequest(&llm.Request{Messages: []llm.Message{reply.Message}}, Dialect{}); err != nil {
		t.Fatalf("the reply cannot be sent back: %v", err)
	}
}
