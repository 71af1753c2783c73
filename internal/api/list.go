package api

import (
	"strconv"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/filter"
)

func (c *call) traces() (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	page, err := c.Store.Traces(c.ctx, c.project, q)
	if err != nil {
		return nil, err
	}
	return TracePage{each(page.Traces, summaryOf), c.next(page.Next), c.lacking()}, nil
}

func (c *call) spans() (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	page, err := c.Store.Spans(c.ctx, c.project, q)
	if err != nil {
		return nil, err
	}
	return SpanPage{each(page.Spans, spanOf), c.next(page.Next), c.lacking()}, nil
}

// groups are the sums of each value of a field, of spans that have one.
func (c *call) groups(by spanstore.Dimension, field filter.Field) ([]Group, string, error) {
	q, err := c.query()
	if err != nil {
		return nil, "", err
	}
	q.Where = also(q.Where, filter.Cond{Field: field, Op: filter.Has})
	page, err := c.Store.Groups(c.ctx, c.project, by, q)
	if err != nil {
		return nil, "", err
	}
	return each(page.Groups, groupOf), c.next(page.Next), nil
}

func (c *call) sessions() (any, error) {
	list, next, err := c.groups(spanstore.BySession, filter.FieldSession)
	return SessionPage{list, next, c.lacking()}, err
}

func (c *call) users() (any, error) {
	list, next, err := c.groups(spanstore.ByUser, filter.FieldUser)
	return UserPage{list, next, c.lacking()}, err
}

func (c *call) session() (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	id := c.given["session_id"]
	q.Where = also(q.Where, filter.Cond{Field: filter.FieldSession, Op: filter.Equal, Value: filter.Value{Text: id}})
	page, err := c.Store.Traces(c.ctx, c.project, q)
	if err != nil {
		return nil, err
	}
	if len(page.Traces) == 0 && c.given["q"] == "" && q.Cursor == "" && q.Since == 0 && q.Until == 0 {
		return nil, c.absent(spanstore.ErrNotFound, "session "+strconv.Quote(id))
	}
	return Session{id, each(page.Traces, summaryOf), c.next(page.Next), c.lacking()}, nil
}

// also narrows a filter.
func also(e filter.Expr, c filter.Cond) filter.Expr {
	if e == nil {
		return c
	}
	return filter.And{e, c}
}
