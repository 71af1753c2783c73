package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/ingest"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// KeysPath is where the API keys of a data folder lie.
func KeysPath(dir string) string { return filepath.Join(dir, "keys.json") }

// DefaultConnections is how many connections each address may have open.
const DefaultConnections = 4096

// Options are what a server is made of. Dir, Open and Log are required.
type Options struct {
	Dir    string
	Listen string // for OTLP over HTTP and the API
	GRPC   string // for OTLP over gRPC; empty: none
	// Open opens the store in Dir, which the server has locked.
	Open func(ctx context.Context, dir string) (spanstore.Store, error)
	// API makes the handler of everything under /api/v1; nil: there is none.
	API         func(spanstore.Store, Who) http.Handler
	Redact      *ingest.Redaction
	Log         *slog.Logger
	Started     func(Addresses) // told when requests are taken
	Connections int
	Grace       time.Duration // how long a stop waits for senders; 0 is 20 seconds
}

// Addresses are where a server listens.
type Addresses struct {
	HTTP, GRPC string
	Keys       bool // requests need a key
}

// Run serves until ctx ends, then stops politely.
func Run(ctx context.Context, o Options) (err error) {
	if o.Connections <= 0 {
		o.Connections = DefaultConnections
	}
	if o.Grace <= 0 {
		o.Grace = 20 * time.Second
	}
	folder, err := OpenFolder(o.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	keys, err := access.Open(KeysPath(o.Dir))
	if err != nil {
		return err
	}
	ears, err := listen(o, keys)
	if err != nil {
		return err
	}
	store, err := o.Open(ctx, o.Dir)
	if err != nil {
		ears.close()
		return err
	}
	s := assemble(o, keys, store, ears)
	o.Log.Info("started", "data", o.Dir, "http", ears.http.Addr().String(), "keys", keys.Used())
	if o.Started != nil {
		o.Started(ears.addresses(keys.Used()))
	}
	if err := errors.Join(s.run(ctx), closed(store)); err != nil {
		return err
	}
	o.Log.Info("stopped")
	return nil
}

func closed(store spanstore.Store) error {
	if err := store.Close(); err != nil {
		return (&problem.Problem{What: "closing the store: " + err.Error(), Err: err}).
			Remedy("nothing that was acknowledged is lost: it is in the logs, and the next start makes the index anew from them; where the disk is full, make room first")
	}
	return nil
}

// ears are the listeners.
type ears struct {
	http, grpc net.Listener
}

func (e *ears) close() {
	for _, l := range []net.Listener{e.http, e.grpc} {
		if l != nil {
			_ = l.Close()
		}
	}
}

func (e *ears) addresses(keys bool) Addresses {
	a := Addresses{HTTP: e.http.Addr().String(), Keys: keys}
	if e.grpc != nil {
		a.GRPC = e.grpc.Addr().String()
	}
	return a
}

// listen opens the addresses, or none.
func listen(o Options, keys *access.Keys) (_ *ears, err error) {
	e := &ears{}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if e.http, err = listenTCP(o.Listen, "--listen", keys.Used()); err != nil {
		return nil, err
	}
	if o.GRPC != "" {
		if e.grpc, err = listenTCP(o.GRPC, "--grpc", keys.Used()); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func listenTCP(address, flag string, keys bool) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, (&problem.Problem{What: fmt.Sprintf("%s %s is no address", flag, address), Err: err}).Remedy("give a host and a port, such as 127.0.0.1:4318")
	}
	if !keys && !resolved.IP.IsLoopback() {
		return nil, problem.Newf("%s %s can be reached from other machines, and there are no API keys", flag, address).
			Remedy("make one first: assay key create PROJECT --data DIR\nor listen on this machine only: %s 127.0.0.1:%d", flag, resolved.Port)
	}
	l, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, (&problem.Problem{What: fmt.Sprintf("cannot listen on %s: %v", address, err), Err: err}).Remedy("give another %s, such as 127.0.0.1:0", flag)
	}
	return l, nil
}

// process is a server that is assembled.
type process struct {
	o      Options
	ears   *ears
	health *health
	http   *http.Server
	grpc   *http.Server   // nil: none
	web    *crowd         // the connections of http
	calls  *crowd         // and of grpc
	inside sync.WaitGroup // requests
}

func assemble(o Options, keys *access.Keys, store spanstore.Store, ears *ears) *process {
	p := &process{o: o, ears: ears, web: newCrowd(o.Connections), calls: newCrowd(o.Connections)}
	w := &writes{store: store, now: time.Now, began: map[int64]time.Time{}}
	p.health = &health{store: store, writes: w, patience: 2 * time.Second, asking: make(chan struct{}, 1)}
	var f *figures
	in := ingest.New(ingest.Options{
		Store: w, Project: sends(keys), Redact: o.Redact,
		Observe: func(e ingest.Event) { f.observe(e) },
	})
	f = newFigures(store, w, in.InHand, map[string]*crowd{"http": p.web, "grpc": p.calls}, o.Log)

	mux := http.NewServeMux()
	receiver := in.Handler()
	for path := range ingest.Paths() {
		mux.Handle(path, receiver)
	}
	mux.HandleFunc("GET /{$}", about)
	mux.HandleFunc("GET /healthz", p.health.serveHealthz)
	mux.HandleFunc("GET /readyz", p.health.serveReadyz)
	mux.Handle("GET /metrics", fromHere(keys, http.HandlerFunc(f.serve)))
	if o.API != nil {
		api := f.watched(fromHere(keys, o.API(store, asks(keys))))
		mux.Handle("/api/v1/", api)
		mux.Handle("/api/v1/export", few(exports, api))
	}
	p.http = p.server(mux)
	if ears.grpc != nil {
		p.grpc = p.server(in.GRPC())
		p.grpc.HTTP2 = ingest.HTTP2()
		p.grpc.Protocols = new(http.Protocols)
		p.grpc.Protocols.SetUnencryptedHTTP2(true)
		p.grpc.WriteTimeout = 2 * time.Minute // of a whole call
		p.grpc.IdleTimeout = 10 * time.Minute
	}
	return p
}

// server is an http.Server with bounds on everything that a client can draw
// out.
func (p *process) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: attended(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.inside.Add(1)
			defer p.inside.Done()
			h.ServeHTTP(w, r)
		})),
		ConnContext:       introduce,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      5 * time.Minute, // for exports, see few
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(p.o.Log.Handler(), slog.LevelDebug),
	}
}

// run serves until ctx ends or a listener fails, and stops everything.
func (p *process) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var serving sync.WaitGroup
	serve := func(name string, f func() error) {
		serving.Go(func() {
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				cancel(fmt.Errorf("serving %s: %w", name, err))
			}
		})
	}
	serve("HTTP", func() error { return p.http.Serve(&listener{p.ears.http, p.web}) })
	if p.grpc != nil {
		serve("gRPC", func() error { return p.grpc.Serve(&listener{p.ears.grpc, p.calls}) })
	}
	<-ctx.Done()
	failed := context.Cause(ctx)
	if errors.Is(failed, context.Canceled) {
		failed = nil
	}
	p.o.Log.Info("stopping: what is in hand is finished")
	p.health.stopping.Store(true)
	p.stop()
	serving.Wait()
	return failed
}

// stop lets nobody in and waits for what is in hand. Senders that take longer
// than the grace are cut off; they have no answer, and send again.
func (p *process) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), p.o.Grace)
	defer cancel()
	for _, c := range []*crowd{p.web, p.calls} {
		c.dismiss() // who has asked nothing is not waited for
	}
	var stopping sync.WaitGroup
	for _, server := range []*http.Server{p.http, p.grpc} {
		if server == nil {
			continue
		}
		stopping.Go(func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close()
			}
		})
	}
	stopping.Wait()
	p.inside.Wait() // a handler that was cut off may still be with the store
}
