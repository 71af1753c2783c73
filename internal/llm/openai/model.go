package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

// Options say where a model is and which dialect it speaks.
type Options struct {
	Provider       string                 // its name, for replies and keys
	BaseURL        string                 // up to and without /chat/completions
	Query          url.Values             // added to the address: Azure's api-version
	Header         http.Header            // added to each request
	Secrets        map[string]wire.Secret // headers that hold a key
	MaxTokensField string                 // name of max_output_tokens on the wire; default max_tokens
	Stream         *bool                  // how to ask, whatever the request says
	Exchange       *wire.Exchange         // what carries the bytes
}

// Model is a server that speaks Chat Completions. It is an llm.Model and an
// llm.Keyer. The name of the model to ask is in each request.
type Model struct {
	options Options
	address string
}

// New makes a Model; it opens no connection.
func New(o Options) *Model {
	address := strings.TrimRight(o.BaseURL, "/") + "/chat/completions"
	if len(o.Query) > 0 {
		address += "?" + o.Query.Encode()
	}
	return &Model{options: o, address: address}
}

// Key is the digest of the address and of the request as it goes out, except
// for whether it is streamed.
func (m *Model) Key(req *llm.Request) (canonical.Digest, error) {
	body, err := m.encode(req, false)
	if err != nil {
		return "", err
	}
	return canonical.Quick(map[string]any{
		"provider": m.options.Provider, "address": m.address, "body": string(canonical.OfBytes(body)),
	})
}

func (m *Model) encode(req *llm.Request, stream bool) ([]byte, error) {
	return EncodeRequest(req, Dialect{MaxTokensField: m.options.MaxTokensField, Stream: stream})
}

// Call asks the model. See llm.Model.
func (m *Model) Call(ctx context.Context, req *llm.Request) (*llm.Reply, error) {
	stream := req.Stream
	if m.options.Stream != nil {
		stream = *m.options.Stream
	}
	body, err := m.encode(req, stream)
	if err != nil {
		return nil, err
	}
	header := m.options.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	header.Set("Accept", "application/json")
	if stream {
		header.Set("Accept", "text/event-stream")
	}
	res, err := m.options.Exchange.Send(ctx, &wire.Request{URL: m.address, Header: header, Secrets: m.options.Secrets, Body: body})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	reply, err := m.read(res, stream)
	if reply != nil {
		reply.Provider = m.options.Provider
		reply.Attempts = res.Attempts
		reply.Timing.Start = res.Start.UnixNano()
		reply.Timing.Total = int64(time.Since(res.Start))
	}
	return reply, m.explain(ctx, err, res)
}

func (m *Model) read(res *wire.Response, stream bool) (*llm.Reply, error) {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	// Some servers answer a request for a stream in one piece, and some call a
	// stream text/plain.
	if res.OK() && stream && kind != "application/json" && kind != "text/html" {
		return readStream(res.Body, func() int64 { return int64(time.Since(res.Start)) })
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if !res.OK() {
		return nil, DecodeError(res.Status, res.Header, data)
	}
	return DecodeReply(data)
}

// explain completes an error: with the attempts, without any secret.
func (m *Model) explain(ctx context.Context, err error, res *wire.Response) error {
	var failure *llm.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure):
		failure.Attempts = res.Attempts
		for _, secret := range m.options.Secrets {
			text := strings.TrimPrefix(secret.Reveal(), "Bearer ")
			if text != "" {
				failure.Message = strings.ReplaceAll(failure.Message, text, "[redacted]")
			}
		}
		return failure
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &llm.Error{Kind: llm.BadReply, Message: fmt.Sprintf("reading the answer of %s: %s", m.options.Provider, err), Attempts: res.Attempts, Err: err}
}
