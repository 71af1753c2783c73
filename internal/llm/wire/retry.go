package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryable reports whether a status alone is a reason to try again.
func retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		529: // overloaded, as Anthropic says it
		return true
	}
	return false
}

// shouldRetry combines what the status says, what the provider says and what
// the codec's classifier knows. A quota that is used up is final even where the
// provider says otherwise.
func (x *Exchange) shouldRetry(status int, header http.Header, body []byte) bool {
	if x.settings.Classify != nil && x.settings.Classify(status, header, body) == GiveUp {
		return false
	}
	switch strings.ToLower(header.Get("X-Should-Retry")) {
	case "true":
		return true
	case "false":
		return false
	}
	return retryable(status)
}

// RetryAfter is how long a provider asks to wait: retry-after-ms or
// x-ms-retry-after-ms in milliseconds, else Retry-After in seconds (whole or
// not) or as an HTTP date. Zero when it does not say, or says a time gone by.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if d, ok := amount(header.Get(name), time.Millisecond); ok {
			return d
		}
	}
	value := header.Get("Retry-After")
	if d, ok := amount(value, time.Second); ok {
		return d
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// amount reads a number of units, at most a day.
func amount(text string, unit time.Duration) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || f != f {
		return 0, false
	}
	const day = 24 * time.Hour
	return time.Duration(min(max(f, 0), float64(day/unit)) * float64(unit)), true
}

// wait is how long to wait after attempt n: what the provider asks for, and
// a random part of our own growing interval, so that callers who were refused
// together do not come back together.
func (x *Exchange) wait(n int, asked time.Duration) time.Duration {
	interval := x.retries.Cap
	if n < 32 && x.retries.Base<<(n-1) > 0 {
		interval = min(interval, x.retries.Base<<(n-1))
	}
	if asked > 0 {
		interval = min(interval, x.retries.Base)
	}
	return asked + time.Duration(x.rand()*float64(interval))
}
