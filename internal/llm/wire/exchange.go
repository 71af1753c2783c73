package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

// Request is what goes to a provider.
type Request struct {
	Method  string // POST when empty
	URL     string
	Header  http.Header
	Secrets map[string]Secret // headers too, set last
	Body    []byte
}

// Response is what came back. Body must be closed. When Status is 2xx the body
// is read as it arrives, bounded by the timers: its Read fails with an
// *llm.Error, of kind Timeout or, for one that stopped half-way or is too
// large, BadReply. For any other status the body, at most 1 MiB of it, is in
// memory.
type Response struct {
	Status   int
	Header   http.Header
	Body     io.ReadCloser
	Start    time.Time // when the attempt that was answered began
	Attempts int       // 1 when the first one was answered
}

// OK reports whether the status is one of success.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Exchange sends requests to one provider. It is safe for concurrent use.
type Exchange struct {
	settings  Settings
	timeouts  Timeouts
	retries   Retries
	transport http.RoundTripper
	ceiling   *ceiling
	rand      func() float64
}

// New makes an Exchange. It starts no goroutine; CloseIdle gives its
// connections back.
func New(s Settings) *Exchange {
	if s.Concurrency <= 0 {
		s.Concurrency = defaultConcurrency
	}
	if s.MaxBody <= 0 {
		s.MaxBody = defaultMaxBody
	}
	x := &Exchange{
		settings: s, timeouts: s.Timeouts.withDefaults(), retries: s.Retries.withDefaults(),
		transport: s.Transport, ceiling: newCeiling(s.Concurrency), rand: s.Rand,
	}
	if x.transport == nil {
		x.transport = NewTransport(s.Concurrency, x.timeouts.Connect)
	}
	if x.rand == nil {
		x.rand = rand.Float64
	}
	return x
}

// Ceiling is how many attempts may be under way now.
func (x *Exchange) Ceiling() int { return x.ceiling.now() }

// CloseIdle closes connections that no call uses.
func (x *Exchange) CloseIdle() {
	if t, ok := x.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Send sends the request, again where that may help, and returns when the first
// byte of an answer that is final is there. The error is an *llm.Error of kind
// Network or Timeout, of kind BadRequest for an address that is none, or that of
// the context.
func (x *Exchange) Send(ctx context.Context, req *Request) (*Response, error) {
	address, err := url.Parse(req.URL)
	if err != nil || address.Host == "" {
		return nil, &llm.Error{Kind: llm.BadRequest, Message: "the address of the provider is not an http or https URL", Attempts: 1}
	}
	begun := time.Now()
	for n := 1; ; n++ {
		t, err := x.try(ctx, req, address, n)
		if err != nil {
			return nil, err
		}
		if t.failure == nil && t.response.OK() {
			return t.response, nil
		}
		again := t.again
		var pause time.Duration
		if again {
			pause = x.wait(n, t.asked)
			again = n <= x.retries.Max && x.withinBudget(ctx, begun, pause)
		}
		t.body.finish(again, pause)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case again:
		case t.failure != nil:
			t.failure.Attempts = n
			return nil, t.failure
		default:
			return t.response, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// withinBudget reports whether another attempt may begin after the pause.
func (x *Exchange) withinBudget(ctx context.Context, begun time.Time, pause time.Duration) bool {
	next := time.Now().Add(pause)
	if end, ok := ctx.Deadline(); ok && !next.Before(end) {
		return false // the reason for the last failure tells more than a deadline
	}
	return x.retries.Budget == 0 || next.Sub(begun) <= x.retries.Budget
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tried is what one attempt came to.
type tried struct {
	body     *body
	response *Response
	failure  *llm.Error    // there is no answer
	again    bool          // another attempt may help
	asked    time.Duration // what the provider asks to wait
}

// try makes one attempt. The error is that of the context, while it waited for
// its place.
func (x *Exchange) try(ctx context.Context, req *Request, address *url.URL, n int) (*tried, error) {
	round, err := x.ceiling.acquire(ctx)
	if err != nil {
		return nil, err
	}
	b := x.begin(ctx, round, Attempt{Number: n, Host: address.Host, Path: address.Path, Start: time.Now(), BytesOut: int64(len(req.Body))})
	res, err := x.transport.RoundTrip(b.request(req, address)) //nolint:bodyclose // finish closes it
	if err != nil {
		failure, again := b.noAnswer(err)
		return &tried{body: b, failure: failure, again: again}, nil
	}
	b.answered(res)
	response := &Response{Status: res.StatusCode, Header: res.Header, Body: b, Start: b.attempt.Start, Attempts: n}
	if response.OK() {
		if failure, again := b.first(); failure != nil {
			return &tried{body: b, failure: failure, again: again}, nil
		}
		return &tried{body: b, response: response}, nil
	}
	content, _ := io.ReadAll(io.LimitReader(b, maxErrorBody)) // what came of it explains more than how it ended
	response.Body = io.NopCloser(bytes.NewReader(content))
	b.attempt.Err = fmt.Errorf("HTTP %d", res.StatusCode)
	return &tried{
		body: b, response: response,
		again: x.shouldRetry(res.StatusCode, res.Header, content),
		asked: RetryAfter(res.Header, time.Now()),
	}, nil
}

// request makes the HTTP request of an attempt, which arms its timers.
func (b *body) request(req *Request, address *url.URL) *http.Request {
	b.watch.arm(b.x.timeouts.Connect, errConnect)
	ctx := httptrace.WithClientTrace(b.attemptCtx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				b.connected.Store(int64(time.Since(b.attempt.Start)))
			}
			b.watch.arm(b.x.timeouts.FirstByte, errFirstByte)
		},
	})
	method := req.Method
	if method == "" {
		method = http.MethodPost
	}
	header := req.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	for name, secret := range req.Secrets {
		header.Set(name, secret.Reveal())
	}
	out := (&http.Request{
		Method: method, URL: address, Host: address.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, ContentLength: int64(len(req.Body)),
	}).WithContext(ctx)
	if len(req.Body) > 0 {
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body)), nil }
		out.Body, _ = out.GetBody()
	}
	return out
}
