package local

import (
	"bytes"
	"context"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
)

var _ spanstore.Eraser = (*Store)(nil)

// Erase removes all that is kept of a user, a session or a trace: every trace of
// which a span or a log record names it, whole, the scores about them, those
// about sessions that are left without a span, and log records of no trace that
// name it. All that was acknowledged before the call is gone when it returns nil,
// of memory, index and files: copies of spans that others replaced, and texts
// that nothing else has. What was acknowledged later stays, all of it or, of what
// came while the call began, none.
//
// What goes is decided first, and is a file until it is gone (see pending): an
// erasure that a crash cuts short is carried out when the store is opened, one that
// an error ended within the hour or before the next one.
func (s *Store) Erase(ctx context.Context, project string, what spanstore.Erasure) (*spanstore.Erased, error) {
	log, number, ok, err := s.find(project)
	if err != nil {
		return nil, err
	}
	if !ok {
		return &spanstore.Erased{}, nil
	}
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if err := s.finishErasing(ctx, project, log); err != nil {
		return nil, err
	}
	before, err := log.Seal(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.doom(ctx, log, number, what, before)
	if err != nil {
		return nil, err
	}
	if err := s.writeState(project, pendingName, p); err != nil {
		return nil, err
	}
	// From here on it is carried out, also where nobody waits for the answer.
	return s.carryOut(context.WithoutCancel(ctx), project, log, p)
}

// carryOut removes what was decided upon. It may be done again and again.
func (s *Store) carryOut(ctx context.Context, project string, log *seglog.Log, p *pending) (*spanstore.Erased, error) {
	out := &spanstore.Erased{Sessions: p.Sessions}
	traces, sessions, strays := set(p.Traces), set(p.Sessions), set(p.Strays)
	had := map[trace.ID]bool{} // traces that had something removed
	dropped, err := log.Rewrite(ctx, seglog.Drop{
		Before: p.Before,
		Item: func(r seglog.Ref, it *block.Item) bool {
			if strays[r] {
				return true
			}
			id := traceOf(it)
			if traces[id] {
				had[id] = true
			}
			return traces[id]
		},
		Score: func(_ seglog.Ref, score *trace.Score) bool {
			if traces[score.Target.Trace] {
				had[score.Target.Trace] = true
			}
			return traces[score.Target.Trace] || sessions[score.Target.Session]
		},
	})
	if err != nil {
		return nil, err
	}
	gone := index.Gone{Before: p.Before, Traces: p.Traces, Sessions: p.Sessions, Touched: p.Touched}
	for _, r := range p.Strays {
		gone.Items = append(gone.Items, index.Ref(r))
	}
	number, ok := s.index.Project(project)
	var removed index.Removed
	if ok {
		if err = s.index.Merge(ctx); err == nil { // so that Erase, which lets nobody in, has little of it to do
			removed, err = s.index.Erase(ctx, number, gone)
		}
		if err == nil {
			err = s.again(ctx, project, log, p)
		}
		if err == nil { // with its mark: else a crash would lose what again appended
			err = s.index.Merge(ctx)
		}
	}
	if err == nil {
		err = s.removeState(project, pendingName)
	}
	if err != nil {
		return nil, err
	}
	for id := range had {
		out.Traces = append(out.Traces, id)
	}
	slices.SortFunc(out.Traces, func(a, b trace.ID) int { return bytes.Compare(a[:], b[:]) })
	// Scores that spans bring with them are rows of the index only.
	out.Spans, out.Logs, out.Scores = dropped.Spans, dropped.Logs, max(dropped.Scores, removed.Scores)
	out.Files, out.Checked = dropped.Rewritten, dropped.Checked
	return out, nil
}

func set[T comparable](list []T) map[T]bool {
	m := make(map[T]bool, len(list))
	for _, v := range list {
		m[v] = true
	}
	return m
}

// again tells the index of spans that stay, of traces that lost some: it may have
// taken one for a copy of a span that is gone, or have counted no usage of it
// because of one. Of what the index has, it learns nothing new. Costs are computed
// again before that or after it: what is added meanwhile would keep its old one.
func (s *Store) again(ctx context.Context, project string, log *seglog.Log, p *pending) error {
	s.recosting.Lock()
	defer s.recosting.Unlock()
	by := s.then(project)
	traces, from := set(p.Traces), seglog.Ref{Segment: p.Before}
	if len(p.Touched) > 0 {
		from = seglog.Ref{}
	}
	for _, id := range p.Touched {
		traces[id] = true
	}
	return log.Replay(ctx, from, func(ref seglog.Ref, r seglog.Record) error {
		if r.Type != seglog.Spans {
			return nil
		}
		v, err := block.Decode(r.Body)
		if err != nil {
			return nil // it is told of where all of the log is read
		}
		rows, _ := s.rows(ref, v.Len(), func(k int) block.Item { // what has no row has none
			it := v.Item(k)
			if it.Type != block.Span || !traces[traceOf(&it)] {
				it.Type = block.Empty
			}
			return it
		}, by)
		if len(rows.Spans) == 0 {
			return nil
		}
		rows.Scores = nil
		move(rows, ref, r.Count)
		rows.End = index.Ref{}
		return s.index.Append(ctx, project, func() (*index.Rows, error) { return rows, nil })
	})
}
