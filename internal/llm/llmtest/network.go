// Package llmtest holds what tests of models share: a network in memory on
// which time is under the test's control, and the suite of what every llm.Model
// promises.
package llmtest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/assay-llmops/assay/internal/llm/wire"
)

// Serve serves h on a network in memory and returns a transport whose every
// connection leads to it. Unlike a socket, such a network can be used inside
// testing/synctest, where timers run out at once when nothing else can happen.
// Server and transport end with the test, or with the returned func, which a
// synctest bubble must call before it ends.
func Serve(t *testing.T, h http.Handler) (*http.Transport, func()) {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	transport := wire.NewTransport(8, 0)
	transport.Proxy = nil
	transport.DialContext = l.dial
	stop := func() {
		transport.CloseIdleConnections()
		_ = server.Close() // connections that are cut are the point of some tests
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
	}
	return transport, stop
}

// pipes is a net.Listener of connections in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }
