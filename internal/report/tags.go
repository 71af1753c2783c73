package report

import (
	"maps"
	"slices"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/gate"
)

// maxTags bounds the table of tags: a dataset with more is not sliced by them.
const maxTags = 40

// tagFigures are the pass rates of both sides within each tag, evaluator by
// evaluator, with intervals for show. Nothing is decided by them. A tag that
// every case has is left out, as are evaluators that judge none of its cases.
func (in *Input) tagFigures() []pageFigure {
	count := map[string]int{}
	for i := range in.Candidate.Records {
		for _, tag := range in.Candidate.Records[i].Tags {
			count[tag]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n == len(in.Candidate.Records) })
	if len(count) > maxTags {
		return nil
	}
	var list []pageFigure
	for _, tag := range slices.Sorted(maps.Keys(count)) {
		now := tagSide(in.Candidate, tag)
		var before *gate.Side
		if other := in.other(); other != nil {
			before = tagSide(other, tag)
		}
		for _, name := range in.evaluators() {
			if m := metric(now, name, ""); m != nil {
				f := newPageFigure(metric(before, name, ""), m, in.baselineFigures() != nil)
				f.Slice = "tag=" + tag
				list = append(list, f)
			}
		}
	}
	return list
}

// tagSide gives the pass rates within a tag: of each record only what they
// need, so that nothing else is computed.
func tagSide(run *eval.Run, tag string) *gate.Side {
	part := &eval.Run{Header: run.Header}
	part.Header.Ranges = nil
	for i := range run.Records {
		r := &run.Records[i]
		if slices.Contains(r.Tags, tag) {
			part.Records = append(part.Records, eval.Record{Case: r.Case, Repeat: r.Repeat, Cluster: r.Cluster, Scores: r.Scores, Error: r.Error})
		}
	}
	side := gate.Summarise(part)
	return &side
}
