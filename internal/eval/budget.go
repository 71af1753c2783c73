package eval

import (
	"sync"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
)

// budget holds a run to --max-cost: before a call its forecast is reserved,
// after it the true cost is settled.
type budget struct {
	limit int64 // nano-dollars; 0 for none

	mu       sync.Mutex
	settled  sync.Cond // of mu, once a reservation has ended; made by newBudget
	spent    int64
	reserved int64
}

func newBudget(limit int64) *budget {
	b := &budget{limit: limit}
	b.settled.L = &b.mu
	return b
}

// reserve sets the forecast aside, or says that the money is used up. Calls
// mostly cost less than their forecast, so it waits for those under way before
// it says so: they are paid for, and ending the run would lose their answers.
func (b *budget) reserve(forecast int64) (settle func(cost int64), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.limit > 0 && b.spent+b.reserved+forecast > b.limit {
		if b.reserved == 0 {
			return nil, problem.Newf("--max-cost %s USD would be exceeded: %s USD are spent, the next call may cost %s USD",
				price.FormatUSD(b.limit), price.FormatUSD(b.spent), price.FormatUSD(forecast)).
				Remedy("what was answered is kept: run the same command with a higher --max-cost to go on from here")
		}
		b.settled.Wait()
	}
	b.reserved += forecast
	return func(cost int64) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reserved -= forecast
		b.spent += cost
		b.settled.Broadcast()
	}, nil
}

func (b *budget) spentNanos() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}
