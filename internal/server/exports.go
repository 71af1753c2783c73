package server

import (
	"io"
	"net/http"
	"time"
)

const (
	exports  = 8                // at once
	patience = 30 * time.Second // for a client to take a part of one
)

// few bounds the long answers. An export holds a part of itself for as long as the
// client takes to read it, so only some are written at once; a client that takes
// nothing for a while loses its place, one that goes on may take as long as it
// likes.
func few(n int, next http.Handler) http.Handler {
	places := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(&paced{w, http.NewResponseController(w)}, r)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"error":{"code":"busy","message":"as many exports as may run at once are running","fix":"try again after the seconds in Retry-After"}}`+"\n") // there is nobody left to tell
		}
	})
}

// paced gives the client some time for each part of an answer.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write writes a part.
func (p *paced) Write(part []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(part)
}
