package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/llmtest"
	"github.com/assay-llmops/assay/internal/llm/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBytesPassUntouched: what goes in comes out, both ways, errors included.
func TestBytesPassUntouched(t *testing.T) {
	t.Parallel()
	const question, refusal = "{\"b\": 1.0,\n \"a\":\"\\u00e9\"}", "{ \"error\" : {\"x-unknown\":[1 , 2]} }"
	for _, status := range []int{200, 400} {
		synctest.Test(t, func(t *testing.T) {
			transport, stop := llmtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, err := io.ReadAll(r.Body)
				if err != nil || string(got) != question || r.Header.Get("X-Key") != "secret" || r.URL.RawQuery != "api-version=1" || r.ContentLength != int64(len(question)) {
					t.Errorf("got %q, %v, %v, %v", got, err, r.Header, r.URL)
				}
				w.Header().Set("X-Request-Id", "7")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, refusal)
			}))
			defer stop()
			x := wire.New(wire.Settings{Transport: transport})
			res, err := x.Send(t.Context(), &wire.Request{
				URL: "http://upstream.test/v1?api-version=1", Body: []byte(question),
				Secrets: map[string]wire.Secret{"X-Key": wire.NewSecret("secret")},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			if err != nil || string(got) != refusal || res.Status != status || res.Header.Get("X-Request-Id") != "7" {
				t.Errorf("%d %v %q %v", res.Status, res.Header, got, err)
			}
		})
	}
}

func TestEventsComeAsTheyAreSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport, stop := llmtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := range 3 {
				_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
				_ = http.NewResponseController(w).Flush()
				if i < 2 {
					time.Sleep(time.Second)
				}
			}
		}))
		defer stop()
		x := wire.New(wire.Settings{Transport: transport})
		begun := time.Now()
		res, err := x.Send(t.Context(), &wire.Request{URL: "http://upstream.test/"})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		events := wire.NewEvents(res.Body, 100)
		for i := range 3 {
			e, err := events.Next()
			if err != nil || string(e.Data) != fmt.Sprint(i) || time.Since(begun) != time.Duration(i)*time.Second {
				t.Errorf("event %d: %q, %v after %s", i, e.Data, err, time.Since(begun))
			}
		}
	})
}

func TestASlowReaderIsNoSlowProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport, stop := llmtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("a", 100_000))
		}))
		defer stop()
		x := wire.New(wire.Settings{Transport: transport, Timeouts: wire.Timeouts{Idle: time.Second, Total: -1}})
		res, err := x.Send(t.Context(), &wire.Request{URL: "http://upstream.test/"})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		total := 0
		for {
			time.Sleep(time.Minute)
			n, err := res.Body.Read(make([]byte, 30_000))
			total += n
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if total != 100_000 {
			t.Errorf("%d bytes", total)
		}
	})
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	for _, tc := range []struct {
		name     string
		dial     func(ctx context.Context) error
		kind     llm.ErrorKind
		attempts int
		took     time.Duration
		message  string
	}{
		{"refused", func(context.Context) error { return refused }, llm.Network, 3, 1500 * time.Millisecond, "no answer from upstream.test: connection refused"},
		{"no such host", func(context.Context) error {
			return &net.DNSError{Err: "no such host", Name: "upstream.test", IsNotFound: true}
		}, llm.Network, 1, 0, "no such host"},
		{"never", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, llm.Timeout, 3, 31500 * time.Millisecond, "no connection from upstream.test within 10s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := wire.NewTransport(1, time.Second)
				transport.Proxy = nil
				over, end := context.WithCancel(t.Context()) // net/http keeps dialling after the call gave up
				defer end()
				transport.DialContext = func(_ context.Context, _, _ string) (net.Conn, error) { return nil, tc.dial(over) }
				x := wire.New(wire.Settings{Transport: transport, Rand: func() float64 { return 1 }, Retries: wire.Retries{Max: 2}})
				begun := time.Now()
				_, err := x.Send(t.Context(), &wire.Request{URL: "http://upstream.test/?key=hidden"})
				var failure *llm.Error
				if !errors.As(err, &failure) || failure.Kind != tc.kind || failure.Attempts != tc.attempts || !strings.Contains(failure.Message, tc.message) {
					t.Errorf("%+v", failure)
				}
				if took := time.Since(begun); took != tc.took {
					t.Errorf("took %s, want %s", took, tc.took)
				}
				if strings.Contains(fmt.Sprint(err), "hidden") {
					t.Errorf("the error shows the query: %v", err)
				}
			})
		})
	}
}

func TestCeilingBoundsCallsAndFallsOn429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var underway, most, served atomic.Int64
		transport, stop := llmtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			now := underway.Add(1)
			defer underway.Add(-1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			time.Sleep(time.Second) // slow, which alone changes nothing
			if served.Add(1) == 20 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}))
		defer stop()
		var mu sync.Mutex
		ceilings := map[int]int{}
		x := wire.New(wire.Settings{Transport: transport, Concurrency: 4, Observer: wire.Observer{
			Finished: func(_ context.Context, a wire.Attempt) {
				mu.Lock()
				defer mu.Unlock()
				ceilings[a.Ceiling]++
			},
		}})
		send := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					res, err := x.Send(t.Context(), &wire.Request{URL: "http://upstream.test/"})
					if err != nil {
						t.Error(err)
						return
					}
					_ = res.Body.Close()
				})
			}
			all.Wait()
		}
		send(16)
		if most.Load() != 4 || x.Ceiling() != 4 || len(ceilings) != 1 {
			t.Errorf("at once %d, ceiling %d, seen %v", most.Load(), x.Ceiling(), ceilings)
		}
		send(4) // the last of them is refused once
		if ceilings[2] == 0 || x.Ceiling() == 4 {
			t.Errorf("a 429 did not halve the ceiling: it is %d, and was %v", x.Ceiling(), ceilings)
		}
		send(30)
		if x.Ceiling() != 4 {
			t.Errorf("after many successes the ceiling is %d, want 4", x.Ceiling())
		}
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "data: x\n\ndata: [DONE]\n\n")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	x := wire.New(wire.Settings{})
	defer x.CloseIdle()
	for range 5 {
		res, err := x.Send(t.Context(), &wire.Request{URL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		if e, err := wire.NewEvents(res.Body, 100).Next(); err != nil || string(e.Data) != "x" {
			t.Fatal(err)
		}
		_ = res.Body.Close() // before the end of the stream was read
	}
	if opened.Load() != 1 {
		t.Errorf("%d connections for five calls", opened.Load())
	}
}

func TestProxiesAreThoseOfTheEnvironment(t *testing.T) {
	t.Parallel()
	if got := wire.NewTransport(1, 0).Proxy; got == nil || reflect.ValueOf(got).Pointer() != reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		t.Error("the transport does not ask the environment for a proxy")
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost", "http://[::1", "/v1"} {
		_, err := wire.New(wire.Settings{}).Send(t.Context(), &wire.Request{URL: address})
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Kind != llm.BadRequest {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	s := wire.NewSecret("hunter2")
	holder := struct {
		Key  wire.Secret
		Keys map[string]wire.Secret
	}{s, map[string]wire.Secret{"a": s}}
	data, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", s, "holder", holder)
	for _, shown := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", holder, holder, holder, s, s, s), string(data), log.String(),
	} {
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, "68756e74657232") {
			t.Errorf("the secret shows: %s", shown)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("the secret is not what it was made of")
	}
}
