package wire

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// place takes a place that must be free.
func place(t interface{ Fatal(...any) }, c *ceiling) int {
	round, err := c.acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return round
}

func TestCeilingFallsOnceForABurstAndRisesSlowly(t *testing.T) {
	t.Parallel()
	c := newCeiling(16)
	var rounds []int
	for range 16 {
		rounds = append(rounds, place(t, c))
	}
	for _, r := range rounds {
		c.release(r, congested)
	}
	if c.now() != 8 {
		t.Errorf("after one burst of refusals: %d, want half of 16", c.now())
	}
	c.release(place(t, c), congested)
	if c.now() != 4 {
		t.Errorf("after the next refusal: %d, want 4", c.now())
	}
	for range 5 {
		c.release(place(t, c), succeeded)
	}
	if c.now() != 5 {
		t.Errorf("after about a round of successes: %d, want 5", c.now())
	}
	for range 1000 {
		c.release(place(t, c), succeeded)
	}
	if c.now() != 16 {
		t.Errorf("after many successes: %d, want no more than 16", c.now())
	}
	for range 20 {
		c.release(place(t, c), congested)
	}
	if c.now() != 1 {
		t.Errorf("after many refusals: %d, want 1", c.now())
	}
	c.release(place(t, c), neutral)
	if c.now() != 1 {
		t.Errorf("a failure that says nothing about load moved it to %d", c.now())
	}
}

func TestCeilingServesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCeiling(1)
		first := place(t, c)
		var order []int
		for i := range 3 {
			go func() {
				round := place(t, c)
				order = append(order, i)
				c.release(round, succeeded)
			}()
			synctest.Wait()
		}
		c.release(first, succeeded)
		synctest.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestCeilingForgetsWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCeiling(1)
		first := place(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := c.acquire(ctx)
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("left with %v", err)
		}
		c.release(first, succeeded)
		place(t, c) // would block for ever if the place went to the one who left
	})
}

// TestCeilingHolds plays any order of events and counts.
func TestCeilingHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 20).Draw(t, "most")
		c := newCeiling(most)
		var held []int
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(held) < c.now() && rapid.Bool().Draw(t, "take") {
				held = append(held, place(t, c))
				continue
			}
			if len(held) > 0 {
				o := rapid.SampledFrom([]outcome{neutral, succeeded, congested}).Draw(t, "outcome")
				c.release(held[0], o)
				held = held[1:]
			}
			if n := c.now(); n < 1 || n > most || c.held != len(held) {
				t.Fatalf("limit %d of %d, held %d of %d", n, most, c.held, len(held))
			}
		}
	})
}
