// Package extractive is the engine builtin/extractive: it answers a question
// with sentences of the passages that it is given, and with nothing else.
//
// It is a model for the first five minutes, for tests and for CI: no account,
// no network, the same answer every time. It is honest: it reads the rendered
// messages and nothing beside them, so a prompt that gives it no passages gets
// no answer from them, and a changed prompt changes what it does.
//
// # What it reads
//
//   - A passage is what stands between a pair of tags (<document> … </document>)
//     or in a fenced block, in any message. In a user message without those it is
//     each paragraph beside the question that does not read like instructions; in
//     a system message, each below a heading or a label such as "Context:", if no
//     passage is given elsewhere.
//   - The question is what follows the last "Question:" in the last user message,
//     or what is tagged so; or else the last paragraph, or the one before where
//     that says how to answer, or the first where it asks and the last does not.
//   - Instructions are the rest.
//
// # What it does
//
//   - Every sentence is scored by the share of the question's words that it has,
//     weighted by how rare they are in the passages. Words of its headings, of its
//     neighbours and of the rest of its passage count for less, and so do words
//     that are only alike: in their beginning, within a compound, by a slip of the
//     pen, or by meaning in general English. A question for a number, a price or
//     a time prefers sentences that have one.
//   - Instructions are obeyed in a few general ways: "in one sentence" and "at
//     most three sentences" bound the answer, which is otherwise one sentence; "if
//     the text does not answer, reply with exactly: TEXT" and the like give the
//     text to decline with, when too little of the question is found. Without one
//     it never declines, however weak the evidence.
//   - Without passages, or with a question of no words, it declines, or says that
//     there is no text.
//   - max_output_tokens cuts the answer at a word.
//
// The order of passages does not matter: ties are broken by the text. Its word
// lists are of general English; none is made for a subject. How it was tuned, and
// what texts not seen then give, is in general_test.go.
package extractive

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/retrieve"
)

// Version is the number of the engine. It enters every config's version and
// rises when an answer can come out differently.
const Version = 2

// New is the model. It does not change and is safe for concurrent use.
func New() llm.Model { return &model{newLexicon(), tuned()} }

type model struct {
	lexicon *lexicon
	weights weights
}

// Call answers from the request's messages. It fails only when ctx has ended
// or when there is no user message.
func (m *model) Call(ctx context.Context, req *llm.Request) (*llm.Reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	began := time.Now()
	p := read(req.Messages)
	if !p.asked {
		return nil, &llm.Error{Kind: llm.BadRequest, Message: "builtin/extractive got no user message"}
	}
	text, finish := shorten(m.answer(p), limit(req.Params["max_output_tokens"]))
	usage := llm.Usage{OutputTokens: int64(retrieve.Tokens(text)), Known: true}
	for _, message := range req.Messages {
		usage.InputTokens += int64(retrieve.Tokens(message.Content))
	}
	return &llm.Reply{
		Message: llm.Message{Role: "assistant", Content: text}, Model: "builtin/extractive", FinishReason: finish, Usage: usage,
		Timing: llm.Timing{Start: began.UnixNano(), Total: time.Since(began).Nanoseconds()}, Attempts: 1,
	}, nil
}

// Key is over what the engine reads, and its number.
func (*model) Key(req *llm.Request) (canonical.Digest, error) {
	return canonical.Quick(map[string]any{
		"engine": Version, "tokenizer": retrieve.TokenizerVersion, "messages": req.Messages, "limit": limit(req.Params["max_output_tokens"]),
	})
}

// limit reads max_output_tokens; 0 is none.
func limit(v any) int {
	switch n := v.(type) {
	case int:
		return n
	case int64:
		return int(n)
	case float64:
		return int(n)
	case json.Number:
		i, err := n.Int64()
		if err == nil {
			return int(i)
		}
	}
	return 0
}

// shorten cuts a text to so many words and says why it ended.
func shorten(text string, limit int) (cut, finish string) {
	if limit <= 0 || retrieve.Tokens(text) <= limit {
		return text, "stop"
	}
	var kept []string
	for _, word := range strings.Fields(text) {
		if limit -= retrieve.Tokens(word); limit < 0 {
			break
		}
		kept = append(kept, word)
	}
	return strings.Join(kept, " "), "length"
}
