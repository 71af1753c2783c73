// Package dataset reads evaluation cases from files.
//
// # Words
//
//   - A case is an input with what is expected of the answer. Its tags cut a
//     dataset into slices; cases of one cluster (a conversation, a document) are
//     not independent, and the statistics know it.
//   - A case's digest covers input and expected only, so that a new tag pays
//     for no call. A case without an id gets the first 12 digits of the digest
//     of its input as id.
//   - A dataset's digest covers the ids, digests, tags, clusters and metadata of
//     its cases, sorted by id: all that evaluators, slices and clustered
//     statistics may see. The order of the file and its name are not in it.
//   - A mapping says where the fields of a case are in a file of another shape.
//
// # Invariants
//
// A Dataset has at least one case, ids are unique, and every error is a
// *problem.Problem with the file and the line of the case. Cases are in the
// file's order. A Dataset is not changed after it was read, so that it may be
// shared between goroutines.
package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/problem"
)

// Case is one thing to ask, and what is expected of the answer.
type Case struct {
	ID       string
	Input    map[string]any // by field name
	Expected any            // nil when nothing is expected
	Tags     []string
	Cluster  string
	Metadata map[string]any
	Line     int // 1-based, in the dataset's file

	digest canonical.Digest // set when read from a file
}

// Digest is over input and expected. It is "" for a case built by hand with a
// value that JSON cannot hold; no case that was read is such a one.
func (c *Case) Digest() canonical.Digest {
	if c.digest != "" {
		return c.digest
	}
	digest, err := c.computeDigest()
	if err != nil {
		return ""
	}
	return digest
}

func (c *Case) computeDigest() (canonical.Digest, error) {
	content := map[string]any{"input": c.Input}
	if c.Expected != nil {
		content["expected"] = c.Expected
	}
	return canonical.Of(content)
}

// Dataset is the cases of a file, or some of them.
type Dataset struct {
	Path   string // as the user would type it
	Cases  []Case
	Digest canonical.Digest
}

// newDataset checks what concerns all cases together and computes the digest.
func newDataset(path string, cases []Case) (*Dataset, error) {
	if len(cases) == 0 {
		return nil, (&problem.Problem{File: path, What: "the dataset has no cases"}).
			Wanted("at least one case").
			Remedy(`add a line such as {"input": {"question": "..."}, "expected": {"answer": "..."}}`)
	}
	if err := checkIDs(path, cases); err != nil {
		return nil, err
	}
	digest, err := digestOf(cases)
	if err != nil {
		return nil, fmt.Errorf("computing the digest of %s: %w", path, err)
	}
	return &Dataset{Path: path, Cases: cases, Digest: digest}, nil
}

// checkIDs refuses two cases with one id, all of them at once.
func checkIDs(path string, cases []Case) error {
	var problems problem.List
	first := make(map[string]*Case, len(cases))
	for i := range cases {
		c := &cases[i]
		other, taken := first[c.ID]
		if !taken {
			first[c.ID] = c
			continue
		}
		p := problem.Newf("the id %q is that of line %d too", c.ID, other.Line).
			Wanted("an id of its own").Remedy("give one of the two another id, or remove it")
		if c.ID == derivedID(c) {
			p = problem.Newf("the input is that of line %d too, and without an id the two cannot be told apart", other.Line).
				Wanted("an input of its own, or an id").Remedy("add an id to both cases, or remove one")
		}
		problems = append(problems, p.At(path, c.Line))
	}
	return cut(problems).OrNil()
}

// derivedID is the id of a case that has none of its own.
func derivedID(c *Case) string {
	digest, err := canonical.Of(c.Input)
	if err != nil {
		return ""
	}
	return digest.Short()
}

// digestOf hashes, of each case in the order of ids, the canonical form of
// [id, digest, sorted tags, cluster, metadata] and a line feed.
func digestOf(cases []Case) (canonical.Digest, error) {
	order := make([]int, len(cases))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(cases[a].ID, cases[b].ID) })
	sum := sha256.New()
	for _, i := range order {
		c := &cases[i]
		tags := slices.Compact(slices.Sorted(slices.Values(c.Tags)))
		form, err := canonical.JSON([]any{c.ID, c.Digest(), append([]string{}, tags...), c.Cluster, c.Metadata})
		if err != nil {
			return "", err
		}
		sum.Write(append(form, '\n'))
	}
	return canonical.Digest(hex.EncodeToString(sum.Sum(nil))), nil
}

// maxProblems bounds what is reported of one file, maxAlike how often the same
// is: a wrong mapping is wrong on every line.
const (
	maxProblems = 10
	maxAlike    = 3
)

// cut keeps the first problems, few of each kind, and says that there are more.
func cut(problems problem.List) problem.List {
	var kept problem.List
	alike := make(map[string]int)
	next := 0 // line of the first that is left out
	for _, p := range problems {
		if alike[p.What]++; alike[p.What] <= maxAlike && len(kept) < maxProblems {
			kept = append(kept, p)
		} else if next == 0 {
			next = p.Line
		}
	}
	if more := len(problems) - len(kept); more > 0 {
		kept = append(kept, problem.Newf("more problems, at least %d", more).Remedy("mend these first; one cause is often behind all").At(kept[0].File, next))
	}
	return kept
}
