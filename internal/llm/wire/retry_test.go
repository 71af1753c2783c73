package wire

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		headers map[string]string
		want    time.Duration
	}{
		{nil, 0},
		{map[string]string{"Retry-After": "2"}, 2 * time.Second},
		{map[string]string{"Retry-After": " 1.5 "}, 1500 * time.Millisecond},
		{map[string]string{"Retry-After": "0"}, 0},
		{map[string]string{"Retry-After": "-3"}, 0},
		{map[string]string{"Retry-After": "soon"}, 0},
		{map[string]string{"Retry-After": "NaN"}, 0},
		{map[string]string{"Retry-After": "1e300"}, 24 * time.Hour},
		{map[string]string{"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30 * time.Second},
		{map[string]string{"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0},
		{map[string]string{"retry-after-ms": "120", "Retry-After": "9"}, 120 * time.Millisecond},
		{map[string]string{"x-ms-retry-after-ms": "40"}, 40 * time.Millisecond},
	} {
		header := http.Header{}
		for name, value := range tc.headers {
			header.Set(name, value)
		}
		if got := RetryAfter(header, now); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.headers, got, tc.want)
		}
	}
}

// TestWait: no wait is shorter than what the provider asks for, none of our own
// is longer than the cap, and a random one is below its interval.
func TestWait(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rapid.Float64Range(0, 0.999).Draw(t, "chance")
		x := New(Settings{
			Rand:    func() float64 { return chance },
			Retries: Retries{Base: time.Second, Cap: 30 * time.Second},
		})
		n := rapid.IntRange(1, 200).Draw(t, "attempt")
		asked := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "asked"))
		got := x.wait(n, asked)
		interval := 30 * time.Second
		if n <= 5 {
			interval = time.Second << (n - 1)
		}
		if asked > 0 {
			interval = time.Second
		}
		if got < asked || got > asked+interval {
			t.Fatalf("attempt %d, asked %s: waits %s", n, asked, got)
		}
	})
}
