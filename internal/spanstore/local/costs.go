package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/trace"
)

var _ spanstore.Recoster = (*Store)(nil)

// rule says by which prices spans cost: those between two places of the log that
// started at Since or later. Of several that fit, the last one holds. What arrives
// costs by the prices of the server; when these change, a rule begins where they
// do, so that an index that is made anew has the costs that were told.
type rule struct {
	Book  string     `json:"book"`           // digest, key of settings.Books
	From  seglog.Ref `json:"from,omitzero"`  // the first
	To    seglog.Ref `json:"to,omitzero"`    // before this one; zero: without end
	Since int64      `json:"since,omitzero"` // UTC nanoseconds
}

func (r *rule) holds(ref seglog.Ref, start int64) bool {
	return start >= r.Since && ref.Compare(r.From) >= 0 && (r.To == seglog.Ref{} || ref.Compare(r.To) < 0)
}

// current is the book by which what arrives costs; empty before there was one.
func (c *settings) current() string {
	for _, r := range slices.Backward(c.Costs) {
		if (r.To == seglog.Ref{}) {
			return r.Book
		}
	}
	return ""
}

// with is the settings with one more rule, and without books that no rule names.
func (c *settings) with(r rule, b *price.Book) *settings {
	next := *c
	next.Costs = append(slices.Clone(c.Costs), r)
	if (r.From == seglog.Ref{} && r.To == seglog.Ref{} && r.Since == 0) {
		next.Costs = []rule{r} // it holds for all
	}
	next.Books = map[string][]price.File{r.Book: b.Files()}
	for digest, files := range c.Books {
		if slices.ContainsFunc(next.Costs, func(r rule) bool { return r.Book == digest }) {
			next.Books[digest] = files
		}
	}
	return &next
}

// books gives the prices of a span by its place in the log and its start.
type books func(ref seglog.Ref, start int64) *price.Book

// now are the prices of what arrives in a project: the server's, unless that could
// not be noted when it started (see adopt). Then those of before hold on, so that
// an index that is made anew has the same costs.
func (s *Store) now(project string) books {
	current := s.o.Prices
	s.settingsMu.Lock()
	if c := s.settings[project]; c != nil && current != nil && s.books[c.current()] != nil {
		current = s.books[c.current()]
	}
	s.settingsMu.Unlock()
	return func(seglog.Ref, int64) *price.Book { return current }
}

// then are the prices of what has arrived in a project.
func (s *Store) then(project string) books {
	c := s.settingsOf(project)
	s.settingsMu.Lock()
	known := maps.Clone(s.books)
	s.settingsMu.Unlock()
	return func(ref seglog.Ref, start int64) *price.Book {
		if s.o.Prices == nil {
			return nil
		}
		for _, r := range slices.Backward(c.Costs) {
			if r.holds(ref, start) {
				return known[r.Book]
			}
		}
		return s.o.Prices
	}
}

// adopt begins a rule where the server's prices are others than what arrived last
// cost by.
func (s *Store) adopt(project string, log *seglog.Log) error {
	if s.o.Prices == nil {
		return nil
	}
	r := rule{Book: s.o.Prices.Digest()}
	switch last := s.settingsOf(project).current(); {
	case last == "": // from the first on, also where the log is older than rules are
	case last == r.Book || s.frozen:
		return nil
	default:
		r.From = log.End()
	}
	return s.rule(project, r, false)
}

// rule adds a rule, of the server's prices.
func (s *Store) rule(project string, r rule, recosting bool) error {
	return s.decide(project, func(c *settings) *settings {
		s.books[r.Book] = s.o.Prices
		next := c.with(r, s.o.Prices)
		next.Recosting = next.Recosting || recosting
		return next
	})
}

// finishRecost carries out what Recost decided.
func (s *Store) finishRecost(ctx context.Context, project string, progress func(done int64)) (changed int64, err error) {
	if !s.settingsOf(project).Recosting || s.o.Prices == nil {
		return 0, nil
	}
	if changed, err = s.reprice(ctx, project, progress); err != nil {
		return changed, err
	}
	return changed, s.decide(project, func(c *settings) *settings {
		next := *c
		next.Recosting = false
		return &next
	})
}

// Recost gives every span of a project that has arrived, and started at since or
// later, the cost that the server's prices say, and tells progress of the spans
// that were looked at. That it was decided is on disk first: cut short, it is
// carried out when the store is opened, and a new index gives the same costs.
func (s *Store) Recost(ctx context.Context, project string, since int64, progress func(done int64)) (changed int64, err error) {
	log, _, ok, err := s.find(project)
	if err != nil || !ok {
		return 0, err
	}
	if s.o.Prices == nil {
		return 0, spanstore.ErrUnsupported
	}
	s.recosting.Lock()
	defer s.recosting.Unlock()
	r := rule{Book: s.o.Prices.Digest(), Since: since}
	if since > 0 {
		r.To = log.End()
	}
	if err := s.rule(project, r, true); err != nil {
		return 0, err
	}
	// Half of it would be no answer to anything: it ends, also where nobody waits.
	return s.finishRecost(context.WithoutCancel(ctx), project, progress)
}

// reprice computes the costs of all rows of a project by the rules.
func (s *Store) reprice(ctx context.Context, project string, progress func(done int64)) (changed int64, err error) {
	number, ok := s.index.Project(project)
	if !ok {
		return 0, nil
	}
	by := s.then(project)
	changed, err = s.index.Reprice(ctx, number, func(r *trace.Row, ref index.Ref) (int64, bool) {
		return cost(by(seglog.Ref(ref), r.Start), r)
	}, progress)
	if err != nil {
		return changed, fmt.Errorf("computing the costs of project %s again: %w", project, err)
	}
	return changed, nil
}

// cost is what a span cost at the prices of its date, by the model that answered,
// else by the one that was asked.
func cost(b *price.Book, row *trace.Row) (nanos int64, ok bool) {
	if b == nil || !row.Usage.Known {
		return 0, false
	}
	at := time.Unix(0, row.Start).UTC()
	for _, model := range []string{row.Model, row.ModelAsked} {
		if nanos, ok = b.Cost(row.Provider, model, at, row.Usage); ok {
			return nanos, true
		}
		if other := seller(row.Provider, model); other != "" {
			if nanos, ok = b.Cost(other, model, at, row.Usage); ok {
				return nanos, true
			}
		}
	}
	return 0, false
}

// seller is the provider of whose list a model's price is, where the one that
// serves it has none of its own: the clouds sell these models at the prices of
// those who make them. It is empty where none is known. What Bedrock serves has
// names of its own, which no list has.
func seller(provider, model string) string {
	switch provider {
	case "azure.ai.openai":
		return "openai"
	case "gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai":
		if strings.HasPrefix(model, "gemini") {
			return "gemini"
		}
	}
	return ""
}
