package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/assay-llmops/assay/internal/problem"
)

// Filter keeps the cases that have at least one of the tags and one of the ids;
// an empty list of tags or of ids keeps all. A tag or id that no case has is a
// problem, for it is a slip of the pen.
func (d *Dataset) Filter(tags, ids []string) (*Dataset, error) {
	if len(tags) == 0 && len(ids) == 0 {
		return d, nil
	}
	known := make(map[string]bool)
	var allTags, allIDs []string
	for i := range d.Cases {
		c := &d.Cases[i]
		allIDs = append(allIDs, c.ID)
		for _, tag := range c.Tags {
			if !known[tag] {
				known[tag] = true
				allTags = append(allTags, tag)
			}
		}
	}
	if err := d.checkKnown("tag", tags, allTags); err != nil {
		return nil, err
	}
	if err := d.checkKnown("id", ids, allIDs); err != nil {
		return nil, err
	}
	return d.subset(func(c *Case) bool {
		hasTag := slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(tags, tag) })
		return (len(tags) == 0 || hasTag) && (len(ids) == 0 || slices.Contains(ids, c.ID))
	}, "no case has such a tag and such an id")
}

func (d *Dataset) checkKnown(what string, asked, known []string) error {
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return problem.Newf("no case has the %s %q", what, name).At(d.Path, 0).
				Remedy("%s", problem.DidYouMean(name, known))
		}
	}
	return nil
}

func (d *Dataset) subset(keep func(*Case) bool, none string) (*Dataset, error) {
	var cases []Case
	for i := range d.Cases {
		if keep(&d.Cases[i]) {
			cases = append(cases, d.Cases[i])
		}
	}
	if len(cases) == 0 {
		return nil, &problem.Problem{File: d.Path, What: none}
	}
	return newDataset(d.Path, cases)
}

// Order is the seeded random order of the cases, as indexes into Cases. It is
// the order of SHA-256(seed in 8 bytes, big-endian, and the id), so that it is
// the same on every machine, and a case that is added or removed leaves the
// others in their order.
func (d *Dataset) Order(seed uint64) []int {
	keys := make([][sha256.Size]byte, len(d.Cases))
	order := make([]int, len(d.Cases))
	for i := range d.Cases {
		keys[i] = sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, seed), d.Cases[i].ID...))
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(keys[a][:], keys[b][:]) })
	return order
}

// Sample keeps the first n cases of the seeded Order, in the dataset's order. A
// smaller sample of the same seed is part of a larger one. All cases are kept
// when there are no more than n; n below 1 is a problem.
func (d *Dataset) Sample(n int, seed uint64) (*Dataset, error) {
	if n >= len(d.Cases) {
		return d, nil
	}
	if n < 1 {
		return nil, problem.Newf("a sample of %d cases", n).Wanted("at least 1")
	}
	chosen := d.Order(seed)[:n]
	slices.Sort(chosen)
	cases := make([]Case, n)
	for i, at := range chosen {
		cases[i] = d.Cases[at]
	}
	return newDataset(d.Path, cases)
}
