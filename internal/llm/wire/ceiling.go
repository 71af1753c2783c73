package wire

import (
	"context"
	"sync"
)

// ceiling is how many attempts may be under way at once: additive increase,
// multiplicative decrease.
//
// One burst that is too large comes back as many refusals. They count once:
// a place remembers the round it was given in, a refusal halves the limit only
// when its round is the present one, and halving begins a new round.
type ceiling struct {
	mu      sync.Mutex
	most    float64
	limit   float64 // between 1 and most
	held    int
	round   int
	waiting []chan struct{} // first come, first served
}

func newCeiling(most int) *ceiling {
	return &ceiling{most: float64(most), limit: float64(most)}
}

// outcome of an attempt, as far as the ceiling cares.
type outcome int

const (
	neutral   outcome = iota // says nothing about load: a bad request, a call that was cancelled
	succeeded                // raise a little
	congested                // 429, 529 or a timeout
)

// acquire waits for a place and returns the round it was given in.
func (c *ceiling) acquire(ctx context.Context) (round int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	c.mu.Lock()
	if len(c.waiting) == 0 && c.held < int(c.limit) {
		c.held++
		round = c.round
		c.mu.Unlock()
		return round, nil
	}
	turn := make(chan struct{})
	c.waiting = append(c.waiting, turn)
	c.mu.Unlock()

	select {
	case <-turn:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, w := range c.waiting {
			if w == turn {
				c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
				return 0, ctx.Err()
			}
		}
		c.held-- // the turn came at the same moment: pass it on
		c.admit()
		return 0, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.round, nil
}

// release gives a place back and adjusts the limit.
func (c *ceiling) release(round int, o outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held--
	switch {
	case o == succeeded:
		c.limit = min(c.most, c.limit+1/c.limit)
	case o == congested && round == c.round:
		c.limit = max(1, c.limit/2)
		c.round++
	}
	c.admit()
}

// admit hands free places to those who wait. c.mu is held.
func (c *ceiling) admit() {
	for len(c.waiting) > 0 && c.held < int(c.limit) {
		close(c.waiting[0])
		c.waiting = c.waiting[1:]
		c.held++
	}
}

func (c *ceiling) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.limit)
}
