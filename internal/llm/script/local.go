package script

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// local is an http.RoundTripper that answers from a handler in this process:
// no socket, the same behaviour. Each call runs the handler on a goroutine that
// ends when the handler returns; the handler's context ends with the request's
// and when the body is closed.
type local struct{ handler http.Handler }

var errCutOff = errors.New("the connection was closed")

// RoundTrip implements http.RoundTripper.
func (l local) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Reused: true})
	}
	from, to := io.Pipe()
	w := &localWriter{header: http.Header{}, to: to, begun: make(chan struct{})}
	context.AfterFunc(ctx, func() { to.CloseWithError(ctx.Err()) })
	go func() {
		err := io.EOF
		defer func() {
			if recover() != nil { // a handler that aborts, as net/http's server takes it
				err = errCutOff
			}
			if ctx.Err() != nil { // the caller left: what there is, is no whole answer
				err = ctx.Err()
			}
			w.end(err)
		}()
		l.handler.ServeHTTP(w, req.WithContext(ctx))
	}()
	select {
	case <-w.begun:
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	}
	if w.status == 0 {
		cancel()
		return nil, errCutOff
	}
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: localBody{from, cancel}, ContentLength: -1, Request: req,
	}, nil
}

type localBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b localBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// localWriter is the handler's side.
type localWriter struct {
	header http.Header
	to     *io.PipeWriter

	once   sync.Once
	begun  chan struct{} // closed when status and sent are final
	status int           // 0 when the handler ended without an answer
	sent   http.Header
}

func (w *localWriter) Header() http.Header { return w.header }

func (w *localWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *localWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.to.Write(p)
}

// Flush implements http.Flusher: an answer that hangs has its headers sent.
func (w *localWriter) Flush() { w.WriteHeader(http.StatusOK) }

// end closes the answer, with io.EOF when it is complete.
func (w *localWriter) end(err error) {
	if errors.Is(err, io.EOF) {
		w.WriteHeader(http.StatusOK)
	} else {
		w.once.Do(func() { close(w.begun) })
	}
	w.to.CloseWithError(err)
}
