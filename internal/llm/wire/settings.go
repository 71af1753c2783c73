package wire

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Timeouts bound one attempt. A zero means the default, a negative one no limit.
type Timeouts struct {
	Connect   time.Duration // to have a connection, TLS included; default 10 s
	FirstByte time.Duration // from then to the first byte of the answer's body; default 5 min
	Idle      time.Duration // from one byte of the body to the next; default 2 min
	Total     time.Duration // for all of it; default 10 min
}

// Retries bound the attempts of one call.
type Retries struct {
	Max    int           // further attempts after the first; default 5, negative for none
	Base   time.Duration // the first wait is random up to this, doubled for each attempt; default 500 ms
	Cap    time.Duration // no wait of our own is longer; default 30 s
	Budget time.Duration // no attempt begins later than this after the first began; default 10 min
}

// Verdict is what a Classifier says about an answer that is no success.
type Verdict int

// The verdicts of a Classifier.
const (
	ByStatus Verdict = iota // decide by the HTTP status alone
	GiveUp                  // another attempt will not help: a quota that is used up
)

// Classifier looks at an answer with a status of 400 or more. It is the only
// thing here that a vendor's codec hands in.
type Classifier func(status int, header http.Header, body []byte) Verdict

// Settings of an Exchange. The zero value is usable.
type Settings struct {
	Timeouts    Timeouts
	Retries     Retries
	Concurrency int               // the ceiling to start from and never to exceed; default 8
	MaxBody     int64             // most bytes of one answer; default 32 MiB
	Classify    Classifier        // nil: by status
	Observer    Observer          // what to tell of attempts
	Transport   http.RoundTripper // nil: a new one that honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY
	Rand        func() float64    // in [0, 1), for the jitter; nil: math/rand/v2
}

// Observer hears of attempts. Either func may be nil. They are called on the
// goroutine of the call and must be quick.
type Observer struct {
	Started  func(ctx context.Context, a Attempt)
	Finished func(ctx context.Context, a Attempt)
}

// Attempt is one try to get an answer.
type Attempt struct {
	Number    int           // 1 for the first
	Host      string        // of the address, with its port
	Path      string        // of the address, without its query
	Start     time.Time     // when it began, after it got its place under the ceiling
	BytesOut  int64         // of the request's body
	BytesIn   int64         // of the answer's body
	Status    int           // 0 when there was none
	Connect   time.Duration // until there was a connection; 0 when one was kept from before
	Headers   time.Duration // until the status was known
	FirstByte time.Duration // until the first byte of the body
	Total     time.Duration // until the end of the body
	Ceiling   int           // attempts allowed at once when this one ended
	Err       error         // why it failed, nil when the body ended as it should
	Wait      time.Duration // until the next attempt, when there is one
	Retry     bool          // there is one
}

const (
	defaultConcurrency = 8
	defaultMaxBody     = 32 << 20
	maxErrorBody       = 1 << 20 // of an answer that is no success
)

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Connect:   orDefault(t.Connect, 10*time.Second),
		FirstByte: orDefault(t.FirstByte, 5*time.Minute),
		Idle:      orDefault(t.Idle, 2*time.Minute),
		Total:     orDefault(t.Total, 10*time.Minute),
	}
}

func (r Retries) withDefaults() Retries {
	switch {
	case r.Max == 0:
		r.Max = 5
	case r.Max < 0:
		r.Max = 0
	}
	r.Base = orDefault(r.Base, 500*time.Millisecond)
	r.Cap = orDefault(r.Cap, 30*time.Second)
	r.Budget = orDefault(r.Budget, 10*time.Minute)
	return r
}

// orDefault gives d, the default for zero, and 0 (no limit) for less.
func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}

// NewTransport is what an Exchange uses when it is given no transport: proxies
// by the environment, HTTP/2, and as many connections kept open as attempts may
// be under way. net/http goes on dialling after a call gave up, in the hope that
// the next one needs a connection; connect bounds that (0: no limit).
func NewTransport(concurrency int, connect time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        concurrency,
		MaxIdleConnsPerHost: concurrency,
		IdleConnTimeout:     90 * time.Second,
	}
}
