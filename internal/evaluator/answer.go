package evaluator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
)

// ranked makes recall_at_k and precision_at_k.
func ranked(recall bool) func(p *params) (prepare, error) {
	return func(p *params) (prepare, error) {
		k, given := p.integer("k")
		if given && k < 1 {
			return nil, p.wrong("k", "k is %d", k).Wanted("a whole number from 1 up")
		}
		byID := p.text("by", "source") == "id"
		return func(expected any) (scoreFunc, error) {
			labels, err := expectedTexts(expected)
			if err != nil {
				return nil, err
			}
			slices.Sort(labels)
			labels = slices.Compact(labels)
			return func(_ context.Context, in *input) result {
				found := topKeys(in.Documents, k, byID)
				if recall {
					return recallOf(labels, found)
				}
				return precisionOf(labels, found)
			}, nil
		}, nil
	}
}

// topKeys are the distinct ids or sources of the first k documents, in order;
// of all documents when k is 0.
func topKeys(documents []llm.Document, k int, byID bool) []string {
	if k > 0 && k < len(documents) {
		documents = documents[:k]
	}
	var keys []string
	for _, d := range documents {
		key := d.Source
		if byID {
			key = d.ID
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// covers reports whether a label names a document: the same text, or a file
// whose every heading is meant.
func covers(label, key string) bool {
	if label == key {
		return true
	}
	file, _, hasHeading := strings.Cut(key, "#")
	return hasHeading && label == file
}

func recallOf(labels, found []string) result {
	var missing []string
	for _, label := range labels {
		if !slices.ContainsFunc(found, func(key string) bool { return covers(label, key) }) {
			missing = append(missing, label)
		}
	}
	value := float64(len(labels)-len(missing)) / float64(len(labels))
	return decided(len(missing) == 0, "not found: "+firstFew(missing)).withValue(value)
}

func precisionOf(labels, found []string) result {
	if len(found) == 0 {
		return failed("no documents").withValue(0)
	}
	var wrong []string
	for _, key := range found {
		if !slices.ContainsFunc(labels, func(label string) bool { return covers(label, key) }) {
			wrong = append(wrong, key)
		}
	}
	value := float64(len(found)-len(wrong)) / float64(len(found))
	return decided(len(wrong) == 0, "not labelled: "+firstFew(wrong)).withValue(value)
}

// makeCost bounds the price of an answer.
func makeCost(p *params) (prepare, error) {
	b, err := boundsOf(p)
	if err != nil {
		return nil, err
	}
	return always(func(_ context.Context, in *input) result {
		if in.CostNanos != nil {
			return b.check(float64(*in.CostNanos)/1e9, "USD")
		}
		if in.Failure != nil {
			return silent("the call failed and nothing is known of its cost")
		}
		return broken("the cost of the call is not known: no price for the model, or no usage in its reply")
	}), nil
}

// silent is the result of an evaluator that has nothing to say.
func silent(reason string) result { return result{Score: Score{Outcome: Unscored, Reason: reason}} }

// timed makes latency and ttft.
func timed(read func(llm.Timing) int64, absent string) func(p *params) (prepare, error) {
	return func(p *params) (prepare, error) {
		var b bounds
		for name, to := range map[string]**float64{"min": &b.min, "max": &b.max} {
			if d := p.duration(name); d > 0 {
				ms := float64(d) / 1e6
				*to = &ms
			}
		}
		if b.min == nil && b.max == nil {
			return nil, p.wrong("type", "%s has neither min nor max", p.spec.Type).Wanted("at least one of them, such as max: 2s")
		}
		if err := b.ordered(p); err != nil {
			return nil, err
		}
		return always(func(_ context.Context, in *input) result {
			switch ns := read(in.Timing); {
			case in.Cached:
				return silent("cached")
			case ns <= 0:
				return silent(absent)
			default:
				return b.check(float64(ns)/1e6, "ms")
			}
		}), nil
	}
}

// makeTokens bounds what a call consumed.
func makeTokens(p *params) (prepare, error) {
	b, err := boundsOf(p)
	if err != nil {
		return nil, err
	}
	which := p.text("count", "total")
	return always(func(_ context.Context, in *input) result {
		switch {
		case in.Usage.Known:
			return b.check(float64(tokens(in.Usage, which)), "tokens")
		case in.Failure != nil:
			return silent("the call failed and nothing is known of its usage")
		}
		return broken("the reply says nothing about its usage")
	}), nil
}

func tokens(u llm.Usage, which string) int64 {
	switch which {
	case "input":
		return u.InputTokens
	case "output":
		return u.OutputTokens
	case "reasoning":
		return u.ReasoningTokens
	case "cached":
		return u.CachedTokens
	}
	return u.InputTokens + u.OutputTokens
}

// makeError passes when the call went well, or went wrong as expected.
func makeError(p *params) (prepare, error) {
	_, compares := p.spec.Params["expected"]
	return func(expected any) (scoreFunc, error) {
		var kinds []string
		if compares {
			var ok bool
			if kinds, ok = textsOf(expected); !ok {
				kind, isText := expected.(string)
				kinds = []string{kind}
				ok = isText
			}
			known := []string{string(llm.BadRequest), string(llm.ContextLength), string(llm.ContentFilter), string(llm.InvalidOutput)}
			for _, kind := range kinds {
				ok = ok && slices.Contains(known, kind)
			}
			if !ok || len(kinds) == 0 {
				return nil, problem.Newf("expected is %s", describe(expected)).
					Wanted("one or more of %s", strings.Join(known, ", "))
			}
		}
		return func(_ context.Context, in *input) result {
			switch {
			case in.Failure == nil && len(kinds) == 0:
				return passed("")
			case in.Failure == nil:
				return failed("the call did not fail")
			case slices.Contains(kinds, string(in.Failure.Kind)):
				return passed(string(in.Failure.Kind))
			}
			return failed(fmt.Sprintf("the call failed: %s", in.Failure.Kind))
		}, nil
	}, nil
}
