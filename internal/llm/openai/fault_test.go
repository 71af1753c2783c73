package openai_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/llmtest"
	"github.com/assay-llmops/assay/internal/llm/openai"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

const key = "sk-very-secret-1234"

// scripted is a model over an in-memory HTTP server that follows a script.
type scripted struct {
	model    *openai.Model
	exchange *wire.Exchange
	attempts []wire.Attempt
	stop     func()
}

func start(t *testing.T, rules string, change func(*wire.Settings)) *scripted {
	t.Helper()
	s, err := script.Parse("script.yaml", []byte("rules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, script.Handler(s), change)
}

func serve(t *testing.T, h http.Handler, change func(*wire.Settings)) *scripted {
	t.Helper()
	transport, stop := llmtest.Serve(t, h)
	out := &scripted{stop: stop}
	settings := wire.Settings{
		Transport: transport, Classify: openai.Classify, Rand: func() float64 { return 1 },
		Observer: wire.Observer{Finished: func(_ context.Context, a wire.Attempt) { out.attempts = append(out.attempts, a) }},
	}
	if change != nil {
		change(&settings)
	}
	out.exchange = wire.New(settings)
	out.model = openai.New(openai.Options{
		Provider: "openai", BaseURL: "http://upstream.test/v1", MaxTokensField: "max_completion_tokens",
		Secrets:  map[string]wire.Secret{"Authorization": wire.NewSecret("Bearer " + key)},
		Exchange: out.exchange,
	})
	return out
}

func ask(stream bool) *llm.Request {
	return &llm.Request{
		Model: llm.Ref{Provider: "openai", Name: "gpt-test"}, Stream: stream,
		Messages: []llm.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "Where is order 42?"}},
	}
}

const retryable = "  - {reply: {content: It is on its way.}}\n"

// TestFaults is the table of what can go wrong with a call, and what becomes of
// it. Time is the bubble's: no test waits.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		rules    string
		stream   bool
		settings func(*wire.Settings)
		kind     llm.ErrorKind // "" when the call is answered
		status   int
		attempts int
		took     time.Duration // all of the waiting
		message  string
	}{
		{name: "401", rules: "  - {fault: {status: 401, message: 'Incorrect API key provided: " + key + "'}}", kind: llm.Unauthorized, status: 401, attempts: 1, message: "Incorrect API key provided: [redacted]"},
		{name: "403", rules: "  - {fault: {status: 403}}", kind: llm.Unauthorized, status: 403, attempts: 1},
		{name: "404", rules: "  - {fault: {status: 404}}", kind: llm.NotFound, status: 404, attempts: 1, message: "model_not_found"},
		{name: "429 for ever", rules: "  - {fault: {status: 429}}", kind: llm.RateLimited, status: 429, attempts: 6, took: 15500 * time.Millisecond},
		{name: "429, Retry-After, then well", rules: "  - {times: 1, fault: {status: 429, headers: {Retry-After: '7'}}}\n" + retryable, attempts: 2, took: 7500 * time.Millisecond},
		{name: "429, retry-after-ms, then well", rules: "  - {times: 1, fault: {status: 429, headers: {retry-after-ms: '250', Retry-After: '9'}}}\n" + retryable, attempts: 2, took: 750 * time.Millisecond},
		{name: "429, an HTTP date, then well", rules: "  - {times: 1, fault: {status: 429, headers: {Retry-After: 'Sat, 01 Jan 2000 00:00:20 GMT'}}}\n" + retryable, attempts: 2, took: 20500 * time.Millisecond},
		{name: "429 until tomorrow", rules: "  - {fault: {status: 429, headers: {Retry-After: '86400'}}}", kind: llm.RateLimited, status: 429, attempts: 1},
		{name: "429, quota", rules: "  - {fault: {status: 429, code: insufficient_quota, headers: {x-should-retry: 'true'}}}", kind: llm.Quota, status: 429, attempts: 1},
		{name: "429, x-should-retry: false", rules: "  - {fault: {status: 429, headers: {x-should-retry: 'false'}}}", kind: llm.RateLimited, status: 429, attempts: 1},
		{name: "400, x-should-retry: true", rules: "  - {times: 1, fault: {status: 400, headers: {x-should-retry: 'true'}}}\n" + retryable, attempts: 2, took: 500 * time.Millisecond},
		{name: "500 twice", rules: "  - {times: 2, fault: {status: 500}}\n" + retryable, attempts: 3, took: 1500 * time.Millisecond},
		{name: "502 with HTML", rules: "  - {fault: {status: 502, body: '<html>bad gateway</html>'}}", kind: llm.Overloaded, status: 502, attempts: 6, took: 15500 * time.Millisecond, message: "Bad Gateway, without an explanation (24 bytes"},
		{name: "529", rules: "  - {times: 1, fault: {status: 529}}\n" + retryable, attempts: 2, took: 500 * time.Millisecond},
		{name: "a redirect", rules: "  - {fault: {status: 301, headers: {Location: 'http://elsewhere.test/'}}}", kind: llm.NotFound, status: 301, attempts: 1, message: "write the new address as base_url"},
		{name: "400", rules: "  - {fault: {status: 400, message: 'Unsupported value: temperature'}}", kind: llm.BadRequest, status: 400, attempts: 1, message: "Unsupported value: temperature (invalid_request_error)"},
		{name: "context length", rules: "  - {fault: {status: 400, code: context_length_exceeded}}", kind: llm.ContextLength, status: 400, attempts: 1},
		{name: "context length, Anthropic", rules: "  - {fault: {status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum'}}", kind: llm.ContextLength, status: 400, attempts: 1},
		{name: "context length, llama.cpp", rules: "  - {fault: {status: 400, type: exceed_context_size_error}}", kind: llm.ContextLength, status: 400, attempts: 1},
		{name: "content filter, Azure", rules: "  - {fault: {status: 400, body: {error: {code: content_filter, message: filtered, innererror: {code: ResponsibleAIPolicyViolation}}}}}", kind: llm.ContentFilter, status: 400, attempts: 1},
		{name: "content filter, finish reason", rules: "  - {reply: {content: Half, finish_reason: content_filter}}", kind: llm.ContentFilter, attempts: 1},
		{name: "an error in a list, Gemini", rules: "  - {fault: {status: 400, body: [{error: {code: 400, message: 'API key not valid', status: INVALID_ARGUMENT}}]}}", kind: llm.BadRequest, status: 400, attempts: 1, message: "API key not valid (400)"},
		{name: "an error that is a text, Ollama", rules: "  - {fault: {status: 404, body: {error: 'model \"x\" not found'}}}", kind: llm.NotFound, status: 404, attempts: 1, message: `model "x" not found`},
		{name: "truncated JSON", rules: "  - {reply: {content: It is on its way.}, fault: {truncate: true}}", kind: llm.BadReply, attempts: 1, message: "JSON cut off"},
		{name: "truncated JSON in a stream", stream: true, rules: "  - {reply: {content: It is on its way.}, fault: {truncate: true}}", kind: llm.BadReply, attempts: 1, message: "JSON cut off"},
		{name: "a body that stops half-way", rules: "  - {reply: {content: It is on its way.}, fault: {stop_after: 1}}", kind: llm.BadReply, status: 200, attempts: 1, message: "stopped half-way"},
		{name: "a stream that stops half-way", stream: true, rules: "  - {reply: {content: It is on its way.}, fault: {stop_after: 2}}", kind: llm.BadReply, status: 200, attempts: 1, message: "stopped half-way"},
		{name: "a stream without [DONE]", stream: true, rules: "  - {reply: {content: It is on its way.}, stream: {no_done: true}}", attempts: 1},
		{name: "an error inside a stream", stream: true, rules: "  - {reply: {content: It is on its way.}, fault: {error_after: 2, type: overloaded_error, message: Overloaded}}", kind: llm.Overloaded, attempts: 1, message: "Overloaded (overloaded_error)"},
		{name: "an error inside a reply", rules: "  - {reply: {content: It is on its way.}, fault: {error_after: 2, code: insufficient_quota}}", kind: llm.Quota, attempts: 1},
		{name: "a connection cut at once, then well", rules: "  - {times: 1, fault: {disconnect: true}}\n" + retryable, attempts: 2, took: 500 * time.Millisecond},
		{name: "a connection cut at once, always", rules: "  - {fault: {disconnect: true}}", kind: llm.Network, attempts: 6, took: 15500 * time.Millisecond, message: "no answer from upstream.test"},
		{name: "silence in the middle", stream: true, rules: "  - {reply: {content: It is on its way.}, fault: {hang_after: 2}}", kind: llm.Timeout, attempts: 1, took: 2 * time.Minute, message: "silence in the middle of the answer from upstream.test within 2m0s"},
		{name: "never a first byte", rules: "  - {fault: {hang: true}}", settings: func(s *wire.Settings) { s.Retries.Max = -1 }, kind: llm.Timeout, attempts: 1, took: 5 * time.Minute, message: "no first byte of an answer"},
		{name: "a late first byte, then well", rules: "  - {times: 1, delay: 6m, reply: {content: x}}\n" + retryable, attempts: 2, took: 5*time.Minute + 500*time.Millisecond},
		{name: "slow but steady", stream: true, rules: "  - {delay: 4m, reply: {content: one two three four}, stream: {every: 70s}}", attempts: 1, took: 4*time.Minute + 210*time.Second},
		{name: "too long in all", stream: true, rules: "  - {reply: {content: a b c d e f g h i j k l m n}, stream: {every: 60s}}", kind: llm.Timeout, attempts: 1, took: 10 * time.Minute, message: "no end of the answer"},
		{name: "the budget of time ends the retries", rules: "  - {fault: {status: 503, headers: {Retry-After: '20'}}}", settings: func(s *wire.Settings) { s.Retries.Budget = time.Minute }, kind: llm.Overloaded, status: 503, attempts: 3, took: 41 * time.Second},
		{name: "a huge body", rules: "  - {reply: {content: '" + strings.Repeat("a", 5000) + "'}}", settings: func(s *wire.Settings) { s.MaxBody = 4500 }, kind: llm.BadReply, status: 200, attempts: 1, message: "larger than 4500 bytes"},
		{name: "a huge stream", stream: true, rules: "  - {reply: {content: '" + strings.Repeat("a ", 500) + "'}}", settings: func(s *wire.Settings) { s.MaxBody = 4500 }, kind: llm.BadReply, status: 200, attempts: 1, message: "larger than 4500 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, tc.rules, tc.settings)
				defer s.stop()
				begun := time.Now()
				reply, err := s.model.Call(t.Context(), ask(tc.stream))
				if took := time.Since(begun); took != tc.took {
					t.Errorf("took %s, want %s", took, tc.took)
				}
				check(t, s, reply, err, tc.kind, tc.status, tc.attempts, tc.message)
			})
		})
	}
}

func check(t *testing.T, s *scripted, reply *llm.Reply, err error, kind llm.ErrorKind, status, attempts int, message string) {
	t.Helper()
	if len(s.attempts) != attempts {
		t.Errorf("%d attempts, want %d", len(s.attempts), attempts)
	}
	for i, a := range s.attempts {
		if a.Number != i+1 || a.Retry != (i < len(s.attempts)-1) || a.Host != "upstream.test" || a.Path != "/v1/chat/completions" || a.BytesOut == 0 {
			t.Errorf("attempt %+v", a)
		}
	}
	if kind == "" {
		if err != nil {
			t.Fatal(err)
		}
		if reply.Content == "" || reply.Attempts != attempts || !reply.Usage.Known || reply.Provider != "openai" {
			t.Errorf("reply %+v", reply)
		}
		return
	}
	var failure *llm.Error
	if !errors.As(err, &failure) {
		t.Fatalf("error %v, want kind %s", err, kind)
	}
	if failure.Kind != kind || failure.Status != status || failure.Attempts != attempts || !strings.Contains(failure.Message, message) {
		t.Errorf("%+v\nwant kind %s, status %d, attempts %d, message with %q", failure, kind, status, attempts, message)
	}
	if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "order 42") {
		t.Errorf("the error shows a key or the prompt: %v", err)
	}
	if wantReply := kind == llm.ContentFilter && status == 0; (reply != nil) != wantReply {
		t.Errorf("reply %+v", reply)
	}
}

func TestTimeToFirstToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "  - {delay: 3s, reply: {content: one two}, stream: {every: 2s}}", nil)
		defer s.stop()
		reply, err := s.model.Call(t.Context(), ask(true))
		if err != nil {
			t.Fatal(err)
		}
		if reply.Timing.TTFT != int64(3*time.Second) || reply.Timing.Total != int64(5*time.Second) {
			t.Errorf("timing %+v", reply.Timing)
		}
		if a := s.attempts[0]; a.FirstByte != 3*time.Second || a.Total != 5*time.Second || a.Status != 200 || a.BytesIn == 0 {
			t.Errorf("attempt %+v", a)
		}
	})
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"before the answer": "  - {fault: {hang: true}}",
		"in the middle":     "  - {reply: {content: one two}, fault: {hang_after: 1}}",
		"between attempts":  "  - {fault: {status: 429, headers: {Retry-After: '300'}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, rules, nil)
				defer s.stop()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(30*time.Second, cancel)
				begun := time.Now()
				_, err := s.model.Call(ctx, ask(true))
				if !errors.Is(err, context.Canceled) || time.Since(begun) != 30*time.Second {
					t.Errorf("%v after %s", err, time.Since(begun))
				}
			})
		})
	}
}

func TestNoAttemptBeginsThatTheDeadlineForbids(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "  - {fault: {status: 429, headers: {Retry-After: '60'}}}", nil)
		defer s.stop()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		reply, err := s.model.Call(ctx, ask(false))
		check(t, s, reply, err, llm.RateLimited, 429, 1, "")
		var failure *llm.Error
		if errors.As(err, &failure) && failure.RetryAfter != time.Minute {
			t.Errorf("retry after %s", failure.RetryAfter)
		}
	})
}
