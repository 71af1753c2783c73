package wire

import (
	"context"
	"sync"
	"time"
)

// watch ends an attempt when what it waits for does not happen in time. It
// waits for one thing at a time, and for nothing while the caller is busy with
// what came: a slow reader is no slow provider.
type watch struct {
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	cause  error
	timer  *time.Timer
}

func newWatch(cancel context.CancelCauseFunc) *watch { return &watch{cancel: cancel} }

// arm gives the attempt d from now, or any time when d is 0, until the next
// call of arm or rest.
func (w *watch) arm(d time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = cause
	switch {
	case d == 0:
		w.stop()
	case w.timer == nil:
		w.timer = time.AfterFunc(d, w.expire)
	default:
		w.timer.Reset(d)
	}
}

// rest stops the clock.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
}

func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *watch) expire() {
	w.mu.Lock()
	cause := w.cause
	w.mu.Unlock()
	w.cancel(cause)
}
