package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

// Causes for which a timer ends an attempt.
var (
	errConnect   = errors.New("no connection")
	errFirstByte = errors.New("no first byte of an answer")
	errIdle      = errors.New("silence in the middle of the answer")
	errTotal     = errors.New("no end of the answer")
)

var errTooLarge = errors.New("the answer is too large")

// body is one attempt and, once it is answered, the body of its answer. One
// goroutine uses it at a time.
type body struct {
	x          *Exchange
	ctx        context.Context // the caller's
	attemptCtx context.Context // ends with a cause when a timer runs out
	cancel     context.CancelCauseFunc
	watch      *watch
	total      *time.Timer
	round      int
	attempt    Attempt
	connected  atomic.Int64 // set by the transport's goroutine

	from     io.ReadCloser // nil until answered
	head     []byte        // what was read to see the first byte
	ended    error         // io.EOF or an *llm.Error, once from has ended
	outcome  outcome
	finished bool
}

func (x *Exchange) begin(ctx context.Context, round int, a Attempt) *body {
	b := &body{x: x, ctx: ctx, round: round, attempt: a}
	b.attemptCtx, b.cancel = context.WithCancelCause(ctx)
	b.watch = newWatch(b.cancel)
	if d := x.timeouts.Total; d > 0 {
		b.total = time.AfterFunc(d, func() { b.cancel(errTotal) })
	}
	if started := x.settings.Observer.Started; started != nil {
		started(ctx, a)
	}
	return b
}

func (b *body) answered(res *http.Response) {
	b.from = res.Body
	b.attempt.Status = res.StatusCode
	b.attempt.Headers = time.Since(b.attempt.Start)
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == 529:
		b.outcome = congested
	case res.StatusCode < 300:
		b.outcome = succeeded
	}
	b.watch.arm(b.x.timeouts.FirstByte, errFirstByte)
}

// noAnswer explains an attempt that ended before a status came, or before the
// first byte of the body did.
func (b *body) noAnswer(err error) (failure *llm.Error, again bool) {
	if b.ctx.Err() != nil {
		b.outcome, b.attempt.Err = neutral, b.ctx.Err()
		return &llm.Error{Kind: llm.Network, Message: "the call was cancelled", Err: b.ctx.Err()}, false
	}
	if failure = b.timedOut(); failure == nil {
		b.outcome = neutral
		failure = &llm.Error{Kind: llm.Network, Message: fmt.Sprintf("no answer from %s: %s", b.attempt.Host, err), Err: err}
	}
	b.attempt.Err = failure
	return failure, !permanent(err)
}

// permanent reports whether an error of the network is one of configuration.
func permanent(err error) bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &certificate)
}

// timedOut is the error of the timer that ended the attempt, if one did.
func (b *body) timedOut() *llm.Error {
	cause := context.Cause(b.attemptCtx)
	var limit time.Duration
	switch {
	case errors.Is(cause, errConnect):
		limit = b.x.timeouts.Connect
	case errors.Is(cause, errFirstByte):
		limit = b.x.timeouts.FirstByte
	case errors.Is(cause, errIdle):
		limit = b.x.timeouts.Idle
	case errors.Is(cause, errTotal):
		limit = b.x.timeouts.Total
	default:
		return nil
	}
	b.outcome = congested
	return &llm.Error{Kind: llm.Timeout, Message: fmt.Sprintf("%s from %s within %s", cause, b.attempt.Host, limit), Attempts: b.attempt.Number, Err: cause}
}

// first reads the first bytes of a body, so that an answer that never begins
// can still be asked for again.
func (b *body) first() (failure *llm.Error, again bool) {
	head := make([]byte, 4096)
	n, err := b.from.Read(head)
	b.watch.rest()
	b.head = head[:n]
	b.count(n)
	switch {
	case n > 0:
		if err != nil {
			b.end(err)
		}
		return nil, false
	case err == nil:
		return nil, false
	case errors.Is(err, io.EOF):
		b.end(err)
		return nil, false
	}
	return b.noAnswer(err)
}

func (b *body) count(n int) {
	if n > 0 && b.attempt.BytesIn == 0 {
		b.attempt.FirstByte = time.Since(b.attempt.Start)
	}
	b.attempt.BytesIn += int64(n)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.ended != nil {
		return 0, b.ended
	}
	b.watch.arm(b.x.timeouts.Idle, errIdle)
	n, err := b.from.Read(p)
	b.watch.rest()
	b.count(n)
	if b.attempt.BytesIn > b.x.settings.MaxBody {
		err = errTooLarge
	}
	if err != nil {
		b.end(err)
		if n == 0 {
			return 0, b.ended
		}
	}
	return n, nil
}

// end keeps how the body ended.
func (b *body) end(err error) {
	switch {
	case errors.Is(err, io.EOF):
		b.ended = io.EOF
		return
	case b.ctx.Err() != nil:
		b.outcome, b.ended = neutral, b.ctx.Err()
	default:
		if timeout := b.timedOut(); timeout != nil {
			b.ended = timeout
			break
		}
		b.outcome = neutral
		message := fmt.Sprintf("the answer from %s stopped half-way, after %d bytes: %s", b.attempt.Host, b.attempt.BytesIn, err)
		if errors.Is(err, errTooLarge) {
			message = fmt.Sprintf("the answer from %s is larger than %d bytes", b.attempt.Host, b.x.settings.MaxBody)
		}
		b.ended = &llm.Error{Kind: llm.BadReply, Message: message, Status: b.attempt.Status, Attempts: b.attempt.Number, Err: err}
	}
	b.attempt.Err = b.ended
}

// Close ends the attempt. What is left of an answer is dropped; a little of it
// is read first, since a connection whose answer was read to its end can be
// used again.
func (b *body) Close() error {
	if !b.finished && b.ended == nil && b.ctx.Err() == nil {
		b.watch.arm(lingering, errIdle)
		if _, err := io.CopyN(io.Discard, b.from, 4096); errors.Is(err, io.EOF) {
			b.ended = io.EOF
		}
	}
	b.finish(false, 0)
	return nil
}

// lingering is how long Close waits for the end of an answer that is complete
// for the codec.
const lingering = 100 * time.Millisecond

// finish gives the place under the ceiling back and tells the observer, once.
func (b *body) finish(again bool, pause time.Duration) {
	if b.finished {
		return
	}
	b.finished = true
	b.watch.rest()
	if b.total != nil {
		b.total.Stop()
	}
	if b.from != nil {
		_ = b.from.Close() // nothing more is wanted of it
	}
	b.cancel(nil)
	b.x.ceiling.release(b.round, b.outcome)
	b.attempt.Connect = time.Duration(b.connected.Load())
	b.attempt.Total = time.Since(b.attempt.Start)
	b.attempt.Ceiling = b.x.ceiling.now()
	b.attempt.Retry = again
	if again {
		b.attempt.Wait = pause
	}
	if observe := b.x.settings.Observer.Finished; observe != nil {
		observe(b.ctx, b.attempt)
	}
}
