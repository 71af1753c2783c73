package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
)

// Subject is a model under test and a request that it answers with text.
type Subject struct {
	Model   llm.Model
	Request llm.Request
	// Other is a request that asks for something else.
	Other llm.Request
}

// Conform checks what every llm.Model promises. subject makes a fresh one.
func Conform(t *testing.T, subject func(t *testing.T) Subject) {
	t.Run("answers", func(t *testing.T) {
		s := subject(t)
		reply := answer(t, s)
		if reply.Role != "assistant" || reply.Content == "" {
			t.Errorf("role %q, %d bytes of content", reply.Role, len(reply.Content))
		}
		if reply.Provider == "" {
			t.Error("the reply does not say who answered")
		}
		if reply.Timing.Total < 0 || reply.Timing.TTFT < 0 || reply.Timing.TTFT > reply.Timing.Total {
			t.Errorf("timing %+v", reply.Timing)
		}
		if len(reply.Raw) > 0 && !json.Valid(reply.Raw) {
			t.Error("raw is not JSON")
		}
		u := reply.Usage
		if u.CachedTokens > u.InputTokens || u.ReasoningTokens > u.OutputTokens || !u.Known && u != (llm.Usage{}) {
			t.Errorf("usage %+v", u)
		}
	})
	t.Run("leaves the request as it is", func(t *testing.T) {
		s := subject(t)
		before := snapshot(t, &s.Request)
		answer(t, s)
		if after := snapshot(t, &s.Request); before != after {
			t.Errorf("the request was\n%s\nand is\n%s", before, after)
		}
	})
	t.Run("may be called at once from many", func(t *testing.T) {
		s := subject(t)
		want := answer(t, s).Content
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				req := s.Request
				reply, err := s.Model.Call(t.Context(), &req)
				if err != nil || reply.Content != want {
					t.Errorf("another answer: %v", err)
				}
			})
		}
		all.Wait()
	})
	t.Run("ends with its context", func(t *testing.T) {
		s := subject(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if reply, err := s.Model.Call(ctx, &s.Request); !errors.Is(err, context.Canceled) || reply != nil {
			t.Errorf("reply %v, error %v", reply, err)
		}
	})
	t.Run("has a key for each question", func(t *testing.T) {
		s := subject(t)
		key := func(req llm.Request) string {
			k, err := llm.KeyOf(s.Model, &req)
			if err != nil || len(k) != 64 {
				t.Fatalf("key %q, %v", k, err)
			}
			return string(k)
		}
		streamed := s.Request
		streamed.Stream = !streamed.Stream
		first := key(s.Request)
		if key(s.Request) != first || key(streamed) != first {
			t.Error("one question has two keys")
		}
		if key(s.Other) == first {
			t.Error("two questions have one key")
		}
	})
}

func answer(t *testing.T, s Subject) *llm.Reply {
	t.Helper()
	req := s.Request
	reply, err := s.Model.Call(t.Context(), &req)
	if err != nil || reply == nil {
		t.Fatalf("reply %v, error %v", reply, err)
	}
	return reply
}

func snapshot(t *testing.T, req *llm.Request) string {
	t.Helper()
	data, err := json.Marshal([]any{req, req.Model, req.CaseID, req.Input, req.Documents})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
