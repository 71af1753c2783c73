package api

import (
	"math"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
)

func (c *call) keeper() (spanstore.Keeper, error) {
	keeper, ok := c.Store.(spanstore.Keeper)
	if !ok {
		return nil, spanstore.ErrUnsupported
	}
	return keeper, nil
}

// retention says what the project keeps.
func (c *call) retention() (any, error) {
	keeper, err := c.keeper()
	if err != nil {
		return nil, err
	}
	policy, own, err := keeper.Keeps(c.ctx, c.project)
	if err != nil {
		return nil, err
	}
	return Kept{
		Project: c.project, Own: own,
		Retention: Retention{MaxAge: policy.MaxAge / int64(time.Second), MaxBytes: policy.MaxBytes},
	}, nil
}

// setRetention decides what the project keeps.
func (c *call) setRetention() (any, error) {
	data, err := c.jsonBody()
	if err != nil {
		return nil, err
	}
	var r Retention
	if err := strict(data, &r); err != nil {
		return nil, err
	}
	if r.MaxAge < 0 || r.MaxAge > math.MaxInt64/int64(time.Second) || r.MaxBytes < 0 {
		return nil, bad("bad_body", problem.Newf("max_age_seconds is %d and max_bytes %d", r.MaxAge, r.MaxBytes).Wanted("0, for no bound, or more, and an age of at most 292 years"))
	}
	return c.keep(&spanstore.Retention{MaxAge: r.MaxAge * int64(time.Second), MaxBytes: r.MaxBytes})
}

// resetRetention makes the project keep what the server keeps of all.
func (c *call) resetRetention() (any, error) { return c.keep(nil) }

func (c *call) keep(policy *spanstore.Retention) (any, error) {
	keeper, err := c.keeper()
	if err != nil {
		return nil, err
	}
	gone, err := keeper.Keep(c.ctx, c.project, policy)
	if err != nil {
		return nil, err
	}
	if policy == nil {
		c.acted("retention is as the server keeps of all", "spans", gone.Spans, "bytes", gone.Bytes)
	} else {
		c.acted("retention was decided", "max_age", time.Duration(policy.MaxAge).String(), "max_bytes", policy.MaxBytes, "spans", gone.Spans, "bytes", gone.Bytes)
	}
	now, err := c.retention()
	if kept, ok := now.(Kept); ok {
		kept.Removed = &Removed{gone.Spans, gone.Bytes}
		return kept, err
	}
	return nil, err
}
