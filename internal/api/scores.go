package api

import (
	"bytes"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace"
)

// addScores keeps one score, or a list of them.
func (c *call) addScores() (any, error) {
	data, err := c.jsonBody()
	if err != nil {
		return nil, err
	}
	var list []Score
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err = strict(data, &list)
	} else {
		list = make([]Score, 1)
		err = strict(data, &list[0])
	}
	if err != nil {
		return nil, err
	}
	b := &spanstore.Batch{Received: c.now.UnixNano()}
	for i := range list {
		s, err := c.kept(&list[i])
		if err != nil {
			return nil, bad("bad_body", problem.Newf("%s", err))
		}
		b.Scores = append(b.Scores, s)
	}
	if len(b.Scores) > 0 {
		if err := c.Store.Append(c.ctx, c.project, b); err != nil {
			return nil, err
		}
	}
	return Written{len(b.Scores)}, nil
}

// kept is a score as the store keeps it.
func (c *call) kept(in *Score) (s trace.Score, err error) {
	s = trace.Score{
		ID: in.ID, Name: in.Name, Value: in.Value, Label: in.Label, Text: in.Text, Source: in.Source, Comment: in.Comment,
		Time: c.now.UnixNano(),
	}
	if !in.Time.IsZero() {
		s.Time = in.Time.UnixNano()
	}
	if s.Target, err = targetOf(in.Target); err != nil {
		return s, err
	}
	return s, s.Check()
}

func targetOf(in Target) (t trace.Target, err error) {
	t.Session, t.Case = in.Session, in.Case
	if in.Trace != "" {
		if t.Trace, err = trace.ParseID(in.Trace); err != nil {
			return t, err
		}
	}
	return t, t.Span.UnmarshalText([]byte(in.Span))
}

func (c *call) scores() (any, error) {
	var q spanstore.ScoreQuery
	var err error
	if q.Cursor, err = c.cursor(); err != nil {
		return nil, err
	}
	if q.Target, err = targetOf(Target{c.given["trace"], c.given["span"], c.given["session"], c.given["case"]}); err != nil {
		return nil, bad("bad_parameter", problem.Newf("%s", err))
	}
	if q.Since, q.Until, err = c.times(); err != nil {
		return nil, err
	}
	if q.Latest, err = c.truth("latest"); err != nil {
		return nil, err
	}
	if q.Limit, err = c.number("limit", 1000); err != nil {
		return nil, err
	}
	q.Name = c.given["name"]
	page, err := c.Store.Scores(c.ctx, c.project, q)
	if err != nil {
		return nil, err
	}
	return ScorePage{each(page.Scores, scoreOf), c.next(page.Next), c.lacking()}, nil
}
