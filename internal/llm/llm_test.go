package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]llm.Ref{
		"openai/gpt-5":      {Provider: "openai", Name: "gpt-5"},
		"vllm/Qwen/Qwen3-8": {Provider: "vllm", Name: "Qwen/Qwen3-8"},
		"ollama/qwen3:8b":   {Provider: "ollama", Name: "qwen3:8b"},
	} {
		if got, ok := llm.ParseRef(text); !ok || got != want || got.String() != text {
			t.Errorf("%s: %+v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "gpt-5", "/gpt-5", "openai/"} {
		if got, ok := llm.ParseRef(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestEveryKindHasASide: a kind that is added must be listed, and none is both
// the candidate's doing and a reason to stop a run.
func TestEveryKindHasASide(t *testing.T) {
	t.Parallel()
	kinds := llm.Kinds()
	if slices.Contains(kinds, "") || len(kinds) != 13 {
		t.Errorf("kinds %v", kinds)
	}
	candidate := 0
	for _, k := range kinds {
		if k.OfCandidate() {
			candidate++
			if k.Systemic() {
				t.Errorf("%s is the candidate's doing and stops the run", k)
			}
		}
	}
	if candidate != 4 || !slices.Equal(kinds[:4], []llm.ErrorKind{llm.BadRequest, llm.ContextLength, llm.ContentFilter, llm.InvalidOutput}) {
		t.Errorf("%d kinds are the candidate's doing: %v", candidate, kinds)
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	e := &llm.Error{Kind: llm.RateLimited, Status: 429, Message: "slow down", Attempts: 3, Err: io.EOF}
	if got := e.Error(); got != "rate_limited (HTTP 429): slow down" {
		t.Error(got)
	}
	if got := (&llm.Error{Kind: llm.Network, Message: "refused"}).Error(); got != "network: refused" {
		t.Error(got)
	}
	if !errors.Is(e, io.EOF) {
		t.Error("the cause is lost")
	}
	data, err := json.Marshal(e)
	if err != nil || string(data) != `{"type":"rate_limited","message":"slow down","status":429,"attempts":3}` {
		t.Errorf("%s, %v", data, err)
	}
}

type silent struct{}

func (silent) Call(context.Context, *llm.Request) (*llm.Reply, error) { return nil, io.EOF }

// TestKeyOfAModelWithoutItsOwn: everything that an engine can see is in the
// key; who asks and how the answer travels are not.
func TestKeyOfAModelWithoutItsOwn(t *testing.T) {
	t.Parallel()
	key := func(change func(*llm.Request)) string {
		req := llm.Request{Model: llm.Ref{Provider: "builtin", Name: "x"}, Messages: []llm.Message{{Role: "user", Content: "q"}}}
		change(&req)
		k, err := llm.KeyOf(silent{}, &req)
		if err != nil {
			t.Fatal(err)
		}
		return string(k)
	}
	plain := key(func(*llm.Request) {})
	if key(func(r *llm.Request) { r.Stream, r.CaseID, r.Repeat = true, "c", 2 }) != plain {
		t.Error("who asks or how it travels is in the key")
	}
	for name, change := range map[string]func(*llm.Request){
		"the model":     func(r *llm.Request) { r.Model.Name = "y" },
		"the messages":  func(r *llm.Request) { r.Messages = nil },
		"a parameter":   func(r *llm.Request) { r.Params = map[string]any{"seed": 1} },
		"the input":     func(r *llm.Request) { r.Input = map[string]any{"a": 1} },
		"the documents": func(r *llm.Request) { r.Documents = []llm.Document{{ID: "1"}} },
	} {
		if key(change) == plain {
			t.Errorf("%s is not in the key", name)
		}
	}
	if _, err := llm.KeyOf(silent{}, &llm.Request{Params: map[string]any{"x": make(chan int)}}); err == nil {
		t.Error("a request that cannot be written has a key")
	}
}
