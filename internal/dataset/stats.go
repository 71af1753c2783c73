package dataset

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/extract"
)

// Stats describes a dataset for a person.
type Stats struct {
	Cases      int          `json:"cases"`
	Tags       []Count      `json:"tags"`       // most frequent first
	Clusters   Clusters     `json:"clusters"`   //
	Inputs     []FieldStats `json:"inputs"`     // sorted by name
	Expected   []Count      `json:"expected"`   // fields of expected; "" counts cases whose expectation is no object
	Unexpected int          `json:"unexpected"` // cases that expect nothing
	Duplicates [][]string   `json:"duplicates"` // ids of cases with the same input
}

// Count is how many cases have something.
type Count struct {
	Name  string `json:"name"`
	Cases int    `json:"cases"`
}

// Clusters describes which cases belong together. Sizes are in cases; a case
// without a cluster is no cluster here.
type Clusters struct {
	Count     int `json:"count"`
	Smallest  int `json:"smallest"`
	Median    int `json:"median"`
	Largest   int `json:"largest"`
	Unclaimed int `json:"unclaimed"` // cases without a cluster
}

// FieldStats describes a field of the inputs: in how many cases it is, and how
// long it is in characters. A value that is no text counts as its JSON.
type FieldStats struct {
	Name   string `json:"name"`
	Cases  int    `json:"cases"`
	Min    int    `json:"min"`
	Median int    `json:"median"`
	Max    int    `json:"max"`
}

// Stats counts what is in the dataset.
func (d *Dataset) Stats() Stats {
	tags, clusters, expected := make(map[string]int), make(map[string]int), make(map[string]int)
	lengths := make(map[string][]int)
	byInput := make(map[canonical.Digest][]string)
	s := Stats{Cases: len(d.Cases)}
	for i := range d.Cases {
		c := &d.Cases[i]
		for _, tag := range c.Tags {
			tags[tag]++
		}
		if c.Cluster == "" {
			s.Clusters.Unclaimed++
		} else {
			clusters[c.Cluster]++
		}
		switch e := c.Expected.(type) {
		case nil:
			s.Unexpected++
		case map[string]any:
			for name := range e {
				expected[name]++
			}
		default:
			expected[""]++
		}
		for name, v := range c.Input {
			lengths[name] = append(lengths[name], utf8.RuneCountInString(extract.Text(v)))
		}
		if digest, err := canonical.Of(c.Input); err == nil {
			byInput[digest] = append(byInput[digest], c.ID)
		}
	}
	s.Tags, s.Expected = counts(tags), counts(expected)
	sizes := slices.Sorted(maps.Values(clusters))
	if s.Clusters.Count = len(sizes); len(sizes) > 0 {
		s.Clusters.Smallest, s.Clusters.Median, s.Clusters.Largest = sizes[0], sizes[(len(sizes)-1)/2], sizes[len(sizes)-1]
	}
	for _, name := range slices.Sorted(maps.Keys(lengths)) {
		l := lengths[name]
		slices.Sort(l)
		s.Inputs = append(s.Inputs, FieldStats{name, len(l), l[0], l[(len(l)-1)/2], l[len(l)-1]})
	}
	for _, ids := range byInput {
		if len(ids) > 1 {
			s.Duplicates = append(s.Duplicates, ids)
		}
	}
	slices.SortFunc(s.Duplicates, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return s
}

// counts sorts by frequency, then name.
func counts(m map[string]int) []Count {
	list := make([]Count, 0, len(m))
	for name, n := range m {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), cmp.Compare(a.Name, b.Name))
	})
	return list
}
