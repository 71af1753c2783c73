// Command stats measures how often the gate's rules err. It draws data sets
// whose truth lies exactly on the bound or margin, puts them through the same
// decision layer as the gate (package internal/stats) and counts how often a
// rule passes or fails: neither may happen in much more than 5 % of them. It
// also computes the coverage of the intervals for rates.
//
//	go run ./bench/stats                 # print the tables
//	go run ./bench/stats -write          # and put them into docs/statistics.md
//
// It ends with code 1 when a cell is above its limit.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// seed is the seed of the documented run; each cell adds its own name to it.
const seed = 20261124

func main() {
	os.Exit(run())
}

func run() int {
	sets := flag.Int("n", 10_000, "data sets a cell")
	only := flag.String("only", "", "measure only tables whose title contains this")
	write := flag.Bool("write", false, "replace the measured part of -doc")
	doc := flag.String("doc", "docs/statistics.md", "page that holds the tables")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "cells measured at once")
	flag.Parse()
	if *write && *only != "" {
		fmt.Fprintln(os.Stderr, "-write replaces every table: leave out -only")
		return 3
	}

	started := time.Now()
	var tables []*table
	for _, t := range grid() {
		if strings.Contains(strings.ToLower(t.title), strings.ToLower(*only)) {
			tables = append(tables, t)
		}
	}
	if err := measure(tables, *sets, *workers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	page, broken := render(tables, *sets)
	if *only == "" {
		coverage, bad := renderCoverage()
		page, broken = coverage+page, append(bad, broken...)
	}
	fmt.Print(page)
	fmt.Fprintf(os.Stderr, "took %s\n", time.Since(started).Round(time.Second))
	if *write {
		if err := replaceMeasured(*doc, page); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 3
		}
	}
	for _, b := range broken {
		fmt.Fprintln(os.Stderr, "above its limit:", b)
	}
	if len(broken) > 0 {
		return 1
	}
	return 0
}
