package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
	"github.com/assay-llmops/assay/internal/trace/semconv"
)

// doomed is what an erasure takes, while it is found out.
type doomed struct {
	what     spanstore.Erasure
	traces   map[trace.ID]bool
	sessions map[string]bool
	strays   []seglog.Ref // log records of no trace that name what is erased
	carried  bool         // some span brings a score about another trace than its own
	carriers []carrier    // of these, the spans that bring one about a trace of traces
}

// carrier is a span of a trace that stays.
type carrier struct {
	ref seglog.Ref
	of  trace.ID
}

// doom decides what an erasure takes from the segments below before: by all of
// the log, since the index knows only one copy of a span, and by the index, since
// a part of the log may be damaged.
func (s *Store) doom(ctx context.Context, log *seglog.Log, number uint32, what spanstore.Erasure, before uint32) (*pending, error) {
	d, err := s.doomed(ctx, log, number, what, before)
	if err != nil {
		return nil, err
	}
	p := &pending{Before: before, Sessions: slices.Sorted(maps.Keys(d.sessions)), Strays: d.strays}
	for id := range d.traces {
		p.Traces = append(p.Traces, id)
	}
	for _, c := range d.carriers {
		p.Strays, p.Touched = append(p.Strays, c.ref), append(p.Touched, c.of)
	}
	return p, nil
}

func (s *Store) doomed(ctx context.Context, log *seglog.Log, number uint32, what spanstore.Erasure, before uint32) (*doomed, error) {
	d := &doomed{what: what, traces: map[trace.ID]bool{}, sessions: map[string]bool{}}
	if !what.Trace.IsZero() {
		d.traces[what.Trace] = true
	}
	if what.Session != "" {
		d.sessions[what.Session] = true
	}
	if err := s.byIndex(ctx, d, number, before); err != nil {
		return nil, err
	}
	if err := eachItem(ctx, log, before, d.look); err != nil {
		return nil, err
	}
	if d.carried { // known traces first: all carriers of a log may be too many for memory
		if err := eachItem(ctx, log, before, d.carrier); err != nil {
			return nil, err
		}
	}
	return d, s.silence(ctx, d, number)
}

// byIndex finds the traces that have a row with the user or the session.
func (s *Store) byIndex(ctx context.Context, d *doomed, number, before uint32) error {
	for _, by := range []struct {
		dim          sqlquery.Dim
		column, text string
	}{{sqlquery.User, "user_id", d.what.User}, {sqlquery.Session, "session_id", d.what.Session}} {
		id, ok := s.index.Find(by.dim, by.text)
		if by.text == "" || !ok {
			continue
		}
		query := fmt.Sprintf("SELECT DISTINCT hi, lo FROM spans WHERE project = %d AND seg < %d AND %s = %d", number, before, by.column, id)
		err := s.index.Query(ctx, query, nil, func(rows *sql.Rows) error {
			var hi, lo uint64
			err := rows.Scan(&hi, &lo)
			d.traces[trace.IDOf(hi, lo)] = true
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// silence finds the sessions that have spans of doomed traces and no other.
func (s *Store) silence(ctx context.Context, d *doomed, number uint32) error {
	others := map[uint32]bool{}
	query := fmt.Sprintf("SELECT DISTINCT session_id, hi, lo FROM spans WHERE project = %d AND session_id <> 0", number)
	err := s.index.Query(ctx, query, nil, func(rows *sql.Rows) error {
		var session uint32
		var hi, lo uint64
		err := rows.Scan(&session, &hi, &lo)
		if d.traces[trace.IDOf(hi, lo)] {
			d.sessions[s.index.Text(sqlquery.Session, session)] = true
		} else {
			others[session] = true
		}
		return err
	})
	for session := range others {
		if text := s.index.Text(sqlquery.Session, session); text != d.what.Session {
			delete(d.sessions, text)
		}
	}
	delete(d.sessions, "")
	return err
}

// errLater ends a replay at what came later.
var errLater = errors.New("came later")

// eachItem shows every item of the segments below before, with what it came from.
func eachItem(ctx context.Context, log *seglog.Log, before uint32, look func(seglog.Ref, *semconv.Origin, *block.Item)) error {
	err := log.Replay(ctx, seglog.Ref{}, func(ref seglog.Ref, r seglog.Record) error {
		if ref.Segment >= before {
			return errLater
		}
		if r.Type != seglog.Spans {
			return nil
		}
		v, err := block.Decode(r.Body)
		if err != nil {
			return nil // whoever writes the segment anew leaves it out
		}
		origins := map[int]*semconv.Origin{}
		for k := range v.Len() {
			it := v.Item(k)
			if it.Type == block.Empty {
				continue
			}
			o := origins[it.Origin]
			if o == nil {
				read := semconv.ReadOrigin(it.Resource, it.Scope)
				o = &read
				origins[it.Origin] = o
			}
			look(seglog.Ref{Segment: ref.Segment, Ordinal: ref.Ordinal + uint32(k)}, o, &it)
		}
		return nil
	})
	if errors.Is(err, errLater) {
		return nil
	}
	return err
}

// look takes in one item.
func (d *doomed) look(ref seglog.Ref, o *semconv.Origin, it *block.Item) {
	var says semconv.Attributes
	if it.Type == block.Log {
		l, err := otlp.ReadLog(it.Bytes)
		if err != nil {
			return
		}
		says = &l
	} else {
		span, err := otlp.ReadSpan(it.Bytes)
		if err != nil {
			return
		}
		says = &span
		d.carried = d.carried || len(abouts(o, &span)) > 0
	}
	user, session := semconv.Owner(says)
	from, within := o.Owner()
	// Where it names another, its resource goes with it all the same: that would
	// keep the name.
	if !named(d.what.User, user, from) && !named(d.what.Session, session, within) {
		return
	}
	if session == "" {
		session = within
	}
	if session != "" {
		d.sessions[session] = true
	}
	if id := traceOf(it); !id.IsZero() {
		d.traces[id] = true
	} else {
		d.strays = append(d.strays, ref)
	}
}

// carrier takes in an item that brings a score about a trace that goes.
func (d *doomed) carrier(ref seglog.Ref, o *semconv.Origin, it *block.Item) {
	if it.Type != block.Span {
		return
	}
	span, err := otlp.ReadSpan(it.Bytes)
	if err != nil {
		return
	}
	if id, _, _, _ := span.Identity(); !d.traces[id] && slices.ContainsFunc(abouts(o, &span), func(id trace.ID) bool { return d.traces[id] }) {
		d.carriers = append(d.carriers, carrier{ref, id})
	}
}

// abouts are the other traces that a span brings scores about.
func abouts(o *semconv.Origin, span *otlp.Span) (list []trace.ID) {
	id, _, _, _ := span.Identity()
	for _, score := range semconv.SpanScores(o, span) {
		if about := score.Target.Trace; !about.IsZero() && about != id {
			list = append(list, about)
		}
	}
	return list
}

func named(who string, names ...string) bool { return who != "" && slices.Contains(names, who) }

// traceOf is the trace that an item is of, zero where it is of none.
func traceOf(it *block.Item) (id trace.ID) {
	if it.Type == block.Log {
		if l, err := otlp.ReadLog(it.Bytes); err == nil && len(l.TraceID) == len(id) {
			copy(id[:], l.TraceID)
		}
		return id
	}
	if span, err := otlp.ReadSpan(it.Bytes); err == nil {
		id, _, _, _ = span.Identity()
	}
	return id
}
