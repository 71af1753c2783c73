package server

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// crowd bounds how many connections are open. A connection waits while no
// request of it is being answered: before its first request has come, and
// between two. When one more comes than may be open, the one that has waited
// longest is closed, so that a flood of connections that say nothing shuts out
// itself and nobody else.
type crowd struct {
	limit int

	mu      sync.Mutex
	open    map[net.Conn]*list.Element // nil while it does not wait
	waiting *list.List                 // of net.Conn, the longest first
	shed    int64
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, open: map[net.Conn]*list.Element{}, waiting: list.New()}
}

// enter takes a new connection, which waits.
func (c *crowd) enter(conn net.Conn) {
	var victim net.Conn
	c.mu.Lock()
	if len(c.open) >= c.limit {
		victim = conn
		if front := c.waiting.Front(); front != nil {
			victim, _ = front.Value.(net.Conn)
			c.remove(victim)
		}
		c.shed++
	}
	if victim != conn {
		c.open[conn] = c.waiting.PushBack(conn)
	}
	c.mu.Unlock()
	if victim != nil {
		_ = victim.Close()
	}
}

// busy says that the connection waits no more.
func (c *crowd) busy(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.open[conn]; at != nil {
		c.waiting.Remove(at)
		c.open[conn] = nil
	}
}

// idle says that the connection waits again.
func (c *crowd) idle(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.open[conn]; ok && at == nil {
		c.open[conn] = c.waiting.PushBack(conn)
	}
}

// leave says that the connection is closed.
func (c *crowd) leave(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(conn)
}

func (c *crowd) remove(conn net.Conn) {
	if at := c.open[conn]; at != nil {
		c.waiting.Remove(at)
	}
	delete(c.open, conn)
}

// dismiss closes all connections that wait.
func (c *crowd) dismiss() {
	var all []net.Conn
	c.mu.Lock()
	for at := c.waiting.Front(); at != nil; at = at.Next() {
		if conn, ok := at.Value.(net.Conn); ok {
			all = append(all, conn)
		}
	}
	c.mu.Unlock()
	for _, conn := range all {
		_ = conn.Close()
	}
}

// counts are the connections that are open, and those that were closed to make
// room.
func (c *crowd) counts() (open int, shed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.shed
}

// state is the ConnState of an http.Server.
func (c *crowd) state(conn net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		c.enter(conn)
	case http.StateActive:
		c.busy(conn)
	case http.StateIdle:
		c.idle(conn)
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
	}
}

// preface is how many bytes open a connection of HTTP/2, which gRPC speaks.
const preface = 24

// listener puts the connections of a gRPC server into a crowd. They wait until
// their preface has come.
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
	c := &counted{Conn: conn, crowd: l.crowd}
	l.crowd.enter(c)
	return c, nil
}

type counted struct {
	net.Conn
	crowd *crowd
	read  int // used by the one goroutine that reads
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.read < preface {
		if c.read += n; c.read >= preface {
			c.crowd.busy(c)
		}
	}
	return n, err
}

func (c *counted) Close() error {
	c.crowd.leave(c)
	return c.Conn.Close()
}
