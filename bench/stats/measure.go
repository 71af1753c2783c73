package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/mathext"

	"github.com/assay-llmops/assay/internal/stats"
)

// table is one table of the page: rows are truths, columns are sizes.
type table struct {
	title, note string
	columns     []size
	rows        []*row
	// informative tables show the errors at skews for which no limit is promised,
	// with the share of data sets that carried a warning.
	informative bool
	// thin divides the number of data sets where one takes long.
	thin int
}

// size is a number of cases, clustered when perCluster is above 0.
type size struct {
	cases, clusters int
	uneven          bool // cluster sizes vary around their mean
}

func (s size) String() string {
	switch {
	case s.uneven:
		return fmt.Sprintf("%d in %d uneven", s.cases, s.clusters)
	case s.clusters > 0:
		return fmt.Sprintf("%d in %d", s.cases, s.clusters)
	}
	return fmt.Sprint(s.cases)
}

// row is one truth under one question.
type row struct {
	label    string
	question stats.Question
	// draw makes one data set whose truth lies on the threshold.
	draw func(r *rand.Rand, s size) stats.Sample
	// limit is the share that a false pass or a false fail may reach at a size,
	// and why it is above the usual one.
	limit func(s size) (float64, string)
	cells []cell
}

// cell counts what a rule said over the data sets of one row and size.
type cell struct {
	sets, passes, fails, tooFew, warned int
}

// usualLimit is where the 99.9 % lower bound of an error rate must not lie above.
const usualLimit = 0.055

// atLeast is the 99.9 % lower bound of a rate of x in n.
func atLeast(x, n int) float64 {
	if x == 0 {
		return 0
	}
	return mathext.InvRegIncBeta(float64(x), float64(n-x+1), 0.001)
}

// measure fills the cells of all tables, several at once. Each cell has its own
// generator, so that the figures depend neither on the order nor on the others.
func measure(tables []*table, sets, workers int) error {
	type job struct {
		t      *table
		r      *row
		column int
	}
	jobs := make(chan job)
	var wait sync.WaitGroup
	var once sync.Once
	var failure error
	for range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for j := range jobs {
				c, err := simulate(j.t, j.r, j.t.columns[j.column], max(1, sets/max(1, j.t.thin)))
				if err != nil {
					once.Do(func() { failure = fmt.Errorf("%s, %s, n = %s: %w", j.t.title, j.r.label, j.t.columns[j.column], err) })
				}
				j.r.cells[j.column] = c
			}
		}()
	}
	for _, t := range tables {
		for _, r := range t.rows {
			r.cells = make([]cell, len(t.columns))
			for i := range t.columns {
				jobs <- job{t, r, i}
			}
		}
	}
	close(jobs)
	wait.Wait()
	return failure
}

// simulate draws the data sets of one cell and puts each through the gate's
// decision layer.
func simulate(t *table, r *row, s size, sets int) (cell, error) {
	name := fnv.New64a()
	fmt.Fprint(name, t.title, "/", r.label, "/", s)
	random := rand.New(rand.NewPCG(seed, name.Sum64()))
	remembered := make(map[[2]int]stats.Decision)
	c := cell{sets: sets}
	for range sets {
		sample := r.draw(random, s)
		d, err := decide(r.question, sample, remembered)
		if err != nil {
			return c, err
		}
		if len(d.Warnings) > 0 {
			c.warned++
		}
		switch {
		case d.TooFew != "":
			c.tooFew++
		case d.Outcome == stats.Pass:
			c.passes++
		case d.Outcome == stats.Fail:
			c.fails++
		}
	}
	return c, nil
}

// decide asks the decision layer, but asks once only for unclustered rates with
// equal counts: there the counts are all that the decision depends on.
func decide(q stats.Question, s stats.Sample, remembered map[[2]int]stats.Decision) (stats.Decision, error) {
	if q.Kind != stats.Rate || s.Cluster != nil {
		return stats.Decide(q, s, s)
	}
	var counts [2]int
	for i, v := range s.Candidate {
		other := 0.0
		if s.Baseline != nil {
			other = s.Baseline[i]
		}
		switch {
		case v > other:
			counts[0]++
		case v < other:
			counts[1]++
		}
	}
	if d, ok := remembered[counts]; ok {
		return d, nil
	}
	d, err := stats.Decide(q, s, s)
	remembered[counts] = d
	return d, err
}
