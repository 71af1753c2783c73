package local

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/trace"
)

// spanRows runs a query for spans.
func (s *Store) spanRows(ctx context.Context, st sqlquery.Statement) ([]sqlquery.SpanRow, error) {
	var list []sqlquery.SpanRow
	err := s.index.Query(ctx, st.SQL, st.Args, func(rows *sql.Rows) error {
		var r sqlquery.SpanRow
		err := rows.Scan(r.Fields()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// record is a row with its texts.
func (s *Store) record(r *sqlquery.SpanRow) spanstore.Record {
	x := s.index
	rec := spanstore.Record{
		Row: trace.Row{
			Trace: trace.IDOf(r.Hi, r.Lo), Span: trace.SpanIDOf(r.Span), Parent: trace.SpanIDOf(r.Parent),
			Start: r.Start, TTFT: r.TTFT.Int64, Kind: trace.Kind(r.Kind), Name: x.Text(sqlquery.Name, r.Name),
			Error: r.Error, Reason: x.Text(sqlquery.Reason, r.Reason),
			Provider: x.Text(sqlquery.Provider, r.Provider), Model: x.Text(sqlquery.Model, r.Model), ModelAsked: x.Text(sqlquery.Model, r.Asked),
			Config: x.Text(sqlquery.Config, r.Config), Version: x.Text(sqlquery.Version, r.Version),
			Label: x.Text(sqlquery.Label, r.Label), Feature: x.Text(sqlquery.Feature, r.Feature),
			User: x.Text(sqlquery.User, r.User), Session: x.Text(sqlquery.Session, r.Session),
			Environment: x.Text(sqlquery.Environment, r.Environment), Service: x.Text(sqlquery.Service, r.Service),
			Tags: tags(x, r.Tags), Finish: x.Text(sqlquery.Finish, r.Finish),
			Usage:    usage(r.In, r.Cached, r.Write, r.Out, r.Reasoning),
			CostSent: r.CostSent.Int64, HasCost: r.CostSent.Valid,
		},
		Counted: r.Counted, Computed: known(r.CostCalc), Cost: known(r.CostSent),
	}
	if r.Dur.Valid {
		rec.End = r.Start + r.Dur.Int64
	}
	if rec.Cost == nil {
		rec.Cost = rec.Computed
	}
	return rec
}

func usage(in, cached, write, out, reasoning sql.NullInt64) llm.Usage {
	return llm.Usage{
		InputTokens: in.Int64, CachedTokens: cached.Int64, CacheWriteTokens: write.Int64,
		OutputTokens: out.Int64, ReasoningTokens: reasoning.Int64, Known: in.Valid,
	}
}

func known(n sql.NullInt64) *int64 {
	if !n.Valid {
		return nil
	}
	return &n.Int64
}

func tags(x *index.Index, id uint32) (list []string) {
	if text := x.Text(sqlquery.Tags, id); text != "" {
		_ = json.Unmarshal([]byte(text), &list) // the index wrote it
	}
	return list
}

func score(r *sqlquery.ScoreRow) trace.Score {
	s := trace.Score{
		ID: r.ID, Name: r.Name, Label: r.Label, Text: r.Text, Source: r.Source, Comment: r.Comment, Time: r.Time,
		Target: trace.Target{Trace: trace.IDOf(r.Hi, r.Lo), Span: trace.SpanIDOf(r.Span), Session: r.Session, Case: r.Case},
	}
	if r.Value.Valid {
		s.Value = &r.Value.Float64
	}
	return s
}
