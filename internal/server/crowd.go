package server

import (
	"container/list"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// crowd bounds how many connections are open. When one more comes than may be
// open, the one that has kept the server waiting longest is closed, so that a
// flood of connections that do nothing shuts out itself and nobody else.
//
// A connection keeps the server waiting while no request of it is being answered,
// while the rest of a request is read from it, and while it does not take an
// answer. What is at work is never closed.
type crowd struct {
	limit int

	mu      sync.Mutex
	open    map[*guest]struct{}
	waiting *list.List // of *guest, the longest first
	shed    int64
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, open: map[*guest]struct{}{}, waiting: list.New()}
}

// guest is a connection of a crowd. All but the connection belongs to the lock of
// the crowd.
type guest struct {
	net.Conn
	crowd *crowd

	asked    bool          // there was a request
	requests int           // being answered
	reading  int           // of these, how many are waiting for more of their body
	writing  int           // writes that have not ended
	place    *list.Element // in waiting; nil while the guest does not wait
}

// settle puts the guest where it belongs after a change.
func (g *guest) settle() {
	_, open := g.crowd.open[g]
	waits := open && (g.requests <= g.reading || g.writing > 0)
	switch {
	case waits && g.place == nil:
		g.place = g.crowd.waiting.PushBack(g)
	case !waits && g.place != nil:
		g.crowd.waiting.Remove(g.place)
		g.place = nil
	}
}

// note changes what is known of a guest.
func (g *guest) note(requests, reading, writing int) {
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	g.asked = g.asked || requests > 0
	g.requests += requests
	g.reading += reading
	g.writing += writing
	g.settle()
}

// Write writes to the connection.
func (g *guest) Write(p []byte) (int, error) {
	g.note(0, 0, 1)
	defer g.note(0, 0, -1)
	return g.Conn.Write(p)
}

// Close closes the connection.
func (g *guest) Close() error {
	g.crowd.mu.Lock()
	delete(g.crowd.open, g)
	g.settle()
	g.crowd.mu.Unlock()
	return g.Conn.Close()
}

// enter takes a new connection, which waits.
func (c *crowd) enter(conn net.Conn) *guest {
	g := &guest{Conn: conn, crowd: c}
	victim := g
	c.mu.Lock()
	if front := c.waiting.Front(); len(c.open) < c.limit {
		victim = nil
	} else if front != nil {
		victim, _ = front.Value.(*guest)
	}
	if victim != nil {
		c.shed++
		delete(c.open, victim)
		victim.settle()
	}
	if victim != g {
		c.open[g] = struct{}{}
		g.settle()
	}
	c.mu.Unlock()
	if victim != nil {
		_ = victim.Conn.Close()
	}
	return g
}

// dismiss closes all connections that have not asked anything. One that has may
// still be owed the end of an answer.
func (c *crowd) dismiss() {
	var all []*guest
	c.mu.Lock()
	for g := range c.open {
		if !g.asked {
			all = append(all, g)
		}
	}
	c.mu.Unlock()
	for _, g := range all {
		_ = g.Close()
	}
}

// counts are the connections that are open, and those that were closed to make
// room.
func (c *crowd) counts() (open int, shed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.shed
}

// listener puts connections into a crowd.
type listener struct {
	net.Listener
	crowd *crowd
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.crowd.enter(conn), nil
}

type guestKey struct{}

// introduce is the ConnContext of a server whose connections are of a crowd.
func introduce(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, conn)
}

// attended tells a crowd what becomes of its requests.
func attended(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g, ok := r.Context().Value(guestKey{}).(*guest); ok {
			g.note(1, 0, 0)
			defer g.note(-1, 0, 0)
			r.Body = &attendedBody{r.Body, g}
		}
		h.ServeHTTP(w, r)
	})
}

type attendedBody struct {
	io.ReadCloser
	guest *guest
}

// Read reads the body.
func (b *attendedBody) Read(p []byte) (int, error) {
	b.guest.note(0, 1, 0)
	defer b.guest.note(0, -1, 0)
	return b.ReadCloser.Read(p)
}
