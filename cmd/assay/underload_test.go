package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// fate is what happened to a trace, as its sender knows.
type fate struct {
	kept     bool // the server answered that it has it
	scored   bool // and its score
	erasing  bool // its erasure was asked for
	erased   bool // and answered
	erasable bool // its score was asked for, so that nothing more comes of it
}

// load is what several senders do to servers, one after the other on the same
// folder.
type load struct {
	mu     sync.Mutex
	fates  []fate
	left   int           // acknowledgements until the server is ended
	enough chan struct{} // closed then
}

// update changes what is known of a trace; one more acknowledgement where ok.
func (l *load) update(n int, ok bool, change func(*fate)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.fates[n])
	if ok {
		if l.left--; l.left == 0 {
			close(l.enough)
		}
	}
}

func (l *load) begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates = append(l.fates, fate{})
	return len(l.fates) - 1
}

// doomed chooses a trace to erase, any that is kept; -1: there is none.
func (l *load) doomed(random *rand.Rand) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 20 {
		n := random.IntN(len(l.fates) + 1)
		if n < len(l.fates) && l.fates[n].kept && l.fates[n].erasable && !l.fates[n].erasing {
			l.fates[n].erasing = true
			return n
		}
	}
	return -1
}

// request asks the server; gone says that there is no server any more.
func (s *served) request(client *http.Client, method, path string, body []byte) (ok, gone bool) {
	r, err := http.NewRequest(method, s.http+path, bytes.NewReader(body))
	if err != nil {
		return false, true
	}
	r.Header.Set("Content-Type", "application/json")
	reply, err := client.Do(r)
	if err != nil {
		return false, true
	}
	_, err = io.Copy(io.Discard, reply.Body)
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK, err != nil
}

// send posts traces and a score of each until the server is gone, and erases one
// now and then.
func (l *load) send(s *served, random *rand.Rand, eraser bool) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := 0; ; i++ {
		n := l.begin()
		ok, gone := s.request(client, http.MethodPost, "/v1/traces", request(n))
		l.update(n, ok, func(f *fate) { f.kept = ok })
		if gone {
			return
		}
		score := fmt.Appendf(nil, `{"id":"score-%d","target":{"trace":"%032x"},"name":"grounded","value":%d}`, n, n+1, n)
		ok, gone = s.request(client, http.MethodPost, "/api/v1/scores", score)
		l.update(n, ok, func(f *fate) { f.scored, f.erasable = ok, !gone })
		if gone {
			return
		}
		if !eraser || i%3 != 2 {
			continue
		}
		if n := l.doomed(random); n >= 0 {
			ok, gone = s.request(client, http.MethodDelete, fmt.Sprintf("/api/v1/traces/%032x", n+1), nil)
			l.update(n, ok, func(f *fate) { f.erased = ok })
			if gone {
				return
			}
		}
	}
}

// listed gives all entries of a list, by an id, and how often each is in it.
func listed[T any](t *testing.T, s *served, path, list string, id func(T) string) (map[string]T, int) {
	t.Helper()
	all, n := map[string]T{}, 0
	d := &dump{ask: s.overHTTP(t), project: "default"}
	for _, body := range d.get(path, url.Values{"limit": {"1000"}}) {
		var page map[string]json.RawMessage
		var entries []T
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(page[list], &entries); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
		for _, e := range entries {
			all[id(e)] = e
			n++
		}
	}
	return all, n
}

// check compares what a server has with what was acknowledged.
func (l *load) check(t *testing.T, s *served, seed int) (sum map[string]int) {
	t.Helper()
	type inList struct {
		ID    string `json:"trace_id"`
		Spans int    `json:"span_count"`
	}
	type score struct {
		ID    string  `json:"id"`
		Value float64 `json:"value"`
	}
	traces, n := listed(t, s, "/traces", "traces", func(e inList) string { return e.ID })
	if n != len(traces) {
		t.Errorf("%d traces in the list, %d different ones", n, len(traces))
	}
	scores, n := listed(t, s, "/scores", "scores", func(e score) string { return e.ID })
	if n != len(scores) {
		t.Errorf("%d scores in the list, %d different ones", n, len(scores))
	}
	sum = map[string]int{"traces sent": len(l.fates)}
	total := 0
	for n, f := range l.fates {
		got := traces[fmt.Sprintf("%032x", n+1)].Spans
		_, scored := scores[fmt.Sprintf("score-%d", n)]
		total += got
		switch {
		case got != 0 && got != spansOfTrace:
			t.Errorf("trace %d of %d spans has %d (%+v, seed %d)", n, spansOfTrace, got, f, seed)
		case f.erased:
			sum["erased"]++
			if got != 0 || scored || s.spans(t, n) != 0 {
				t.Errorf("trace %d was erased and is there: %d spans, score %v (seed %d)", n, got, scored, seed)
			}
		case f.erasing: // nobody was told whether it is
		case f.kept:
			sum["kept"]++
			if whole := s.spans(t, n); got != spansOfTrace || whole != spansOfTrace {
				t.Errorf("trace %d was acknowledged with %d spans, the list has %d and the trace %d (seed %d)", n, spansOfTrace, got, whole, seed)
			}
			if f.scored {
				sum["scored"]++
				if !scored || scores[fmt.Sprintf("score-%d", n)].Value != float64(n) {
					t.Errorf("the score of trace %d was acknowledged, and there is %v (seed %d)", n, scores[fmt.Sprintf("score-%d", n)], seed)
				}
			}
		}
	}
	var figures struct {
		Rows []struct{ Values map[string]float64 }
	}
	_, body := s.overHTTP(t)("/stats?metric=count")
	if err := json.Unmarshal(body, &figures); err != nil || len(figures.Rows) != 1 || int(figures.Rows[0].Values["count"]) != total {
		t.Errorf("the traces have %d spans, the figures say %s: %v", total, body, err)
	}
	return sum
}

// TestServerKilledUnderLoad ends a server under load, by kill -9 and politely,
// and looks for every span, score and erasure that it had answered for, each
// once, also in an index that was made anew. ASSAY_KILLS sets how many times it
// is killed; it is stopped politely two times for every five.
func TestServerKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	kills := 3
	if text := os.Getenv("ASSAY_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	l := &load{}
	killed, stopped := 0, 0
	for round := 0; killed < kills; round++ {
		s := serve(t, dir)
		l.enough, l.left = make(chan struct{}), 20+random.IntN(300)
		var senders sync.WaitGroup
		for i := range 4 {
			own := rand.New(rand.NewPCG(seed, uint64(4*round+i)))
			senders.Go(func() { l.send(s, own, i == 0) })
		}
		<-l.enough
		signal := syscall.SIGKILL
		if round%7 == 2 || round%7 == 5 {
			signal = syscall.SIGTERM
			stopped++
		} else {
			killed++
		}
		s.end(t, signal)
		senders.Wait()
	}
	s := serve(t, dir)
	sum := l.check(t, s, seed)
	s.end(t, syscall.SIGTERM)
	if code, out, stderr := assay(t, ".", "reindex", "--data", dir); code != exitOK {
		t.Fatalf("reindex: %s%s", out, stderr)
	}
	s = serve(t, dir)
	l.check(t, s, seed)
	s.end(t, syscall.SIGTERM)
	if sum["erased"] == 0 || sum["scored"] == 0 {
		t.Errorf("%v: the test wants some of each", sum)
	}
	t.Logf("%d kills, %d polite stops: %v (in traces of %d spans), all there once", killed, stopped, sum, spansOfTrace)
}
