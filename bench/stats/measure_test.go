package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/stats"
)

// TestErrorsAtTheMargin measures a small part of the grid with 1,000 data sets a
// cell. No error may lie four standard errors above its limit.
func TestErrorsAtTheMargin(t *testing.T) {
	t.Parallel()
	const sets = 1000
	for _, whole := range grid() {
		if whole.informative || whole.thin > 1 {
			continue
		}
		t.Run(whole.title, func(t *testing.T) {
			t.Parallel()
			part := &table{title: whole.title, columns: whole.columns[2:4]}
			for i, r := range whole.rows {
				if i%3 == 0 {
					part.rows = append(part.rows, r)
				}
			}
			if err := measure([]*table{part}, sets, 2); err != nil {
				t.Fatal(err)
			}
			for _, r := range part.rows {
				for i, c := range r.cells {
					limit := usualLimit
					if r.limit != nil {
						limit, _ = r.limit(part.columns[i])
					}
					allowed := limit + 4*math.Sqrt(limit*(1-limit)/sets)
					worst := float64(max(c.passes, c.fails)) / sets
					if worst > allowed {
						t.Errorf("%s, n = %s: errs %.1f %%, allowed %.1f %%", r.label, part.columns[i], 100*worst, 100*allowed)
					}
				}
			}
		})
	}
}

// TestPowerAwayFromTheMargin keeps the limits from being met by never deciding.
func TestPowerAwayFromTheMargin(t *testing.T) {
	t.Parallel()
	for _, whole := range []*table{
		pairedRates("paired rates", "", []size{{cases: 1000}}),
		rates("rates", "", []size{{cases: 1000}}),
		pairedScores("paired scores", "", []size{{cases: 1000}}),
	} {
		easy := &table{title: whole.title, columns: whole.columns}
		for _, r := range whole.rows {
			// Ten points on the good side of the threshold.
			switch r.question.Rule {
			case stats.AtLeast:
				r.question.Bound -= 0.1
			case stats.AtMost, stats.NotWorseBy:
				r.question.Bound += 0.1
			default:
				continue
			}
			easy.rows = append(easy.rows, r)
		}
		if err := measure([]*table{easy}, 100, 2); err != nil {
			t.Fatal(err)
		}
		for _, r := range easy.rows {
			if c := r.cells[0]; c.passes < 90 {
				t.Errorf("%s, %s: ten points inside, only %d of 100 pass", easy.title, r.label, c.passes)
			}
		}
	}
}

func TestCoverageOfRateIntervals(t *testing.T) {
	t.Parallel()
	page, broken := renderCoverage()
	if len(broken) > 0 {
		t.Error(broken)
	}
	if !strings.Contains(page, "| 50 | 95.") {
		t.Errorf("no line for 50 cases:\n%s", page)
	}
}

func TestCellsAreRepeatable(t *testing.T) {
	t.Parallel()
	small := func() cell {
		tb := rates("repeat", "", []size{{cases: 50, clusters: 25}})
		tb.rows = tb.rows[:3]
		if err := measure([]*table{tb}, 200, 3); err != nil {
			t.Fatal(err)
		}
		return tb.rows[2].cells[0]
	}
	if a, b := small(), small(); a != b {
		t.Errorf("two runs of one cell: %+v and %+v", a, b)
	}
}

func TestLimitsAreNoticed(t *testing.T) {
	t.Parallel()
	r := &row{label: "rate", cells: []cell{{sets: 10_000, passes: 700, fails: 500}}}
	tb := &table{title: "A", columns: []size{{cases: 100}}, rows: []*row{r}}
	page, broken := render([]*table{tb}, 10_000)
	if len(broken) != 1 || !strings.Contains(page, "**above**") {
		t.Errorf("7 %% false passes: got %q\n%s", broken, page)
	}
	r.limit = tangoLimit(0.05)
	if _, broken = render([]*table{tb}, 10_000); len(broken) != 0 {
		t.Errorf("7 %% within Tango's known exception: got %q", broken)
	}
	r.limit, tb.columns[0].cases = tangoLimit(0.05), 1000
	r.cells[0].passes = 800
	if _, broken = render([]*table{tb}, 10_000); len(broken) != 1 {
		t.Error("8 % with 50 discordant pairs went unnoticed")
	}
}

func TestMeasuredPartIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("before\n" + measuredStart + "\nold\n" + measuredEnd + "\nafter\n")
	if err := replaceMeasured(path, "new\n\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + measuredStart + "\n\nnew\n\n" + measuredEnd + "\nafter\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write("no markers")
	if err := replaceMeasured(path, "new"); err == nil || !strings.Contains(err.Error(), "around the measured part") {
		t.Errorf("page without markers: got %v", err)
	}
}
