package gate

import (
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/stats"
)

// Reserved names the metrics that every run has beside its evaluators.
func Reserved() []string {
	return []string{
		"cost_usd", "cost_usd.geomean", "tokens_in", "tokens_out", "latency_ms", "latency_p50_ms",
		"latency_p95_ms", "latency_p99_ms", "ttft_ms", "error_share",
	}
}

// metric says how a figure is read from a record and what kind of figure it is.
type metric struct {
	name         string
	kind         stats.Kind
	lo, hi       float64 // the range, where bounded
	q            float64 // of a percentile
	higherBetter bool
	timed        bool // a cached call says nothing about it
	unit         string
	read         func(*eval.Record) reading
}

// reading is one record's value of a metric.
type reading struct {
	value float64
	state state
}

type state uint8

const (
	scored state = iota
	unscored
	errored
)

func (m *metric) bounded() bool { return m.kind == stats.Rate || m.kind == stats.Score }

// newMetric resolves a metric's name among the evaluators of a run.
func newMetric(name string, header *eval.Header) (*metric, error) {
	if m := reservedMetric(name); m != nil {
		return m, nil
	}
	base, isScore := strings.CutSuffix(name, ".score")
	if _, ok := header.Evaluators[name]; ok {
		base, isScore = name, false
	} else if _, ok := header.Evaluators[base]; !ok {
		return nil, unknownMetric(name, header)
	}
	scale := header.Ranges[base]
	if !isScore {
		return &metric{name: name, kind: stats.Rate, lo: 0, hi: 1, higherBetter: true, unit: "share", read: passOf(base)}, nil
	}
	m := &metric{name: name, kind: stats.Mean, higherBetter: !scale.LowerBetter, unit: "score", read: scoreOf(base)}
	if scale.Bounded {
		m.kind, m.lo, m.hi = stats.Score, scale.Lo, scale.Hi
	}
	return m, nil
}

func unknownMetric(name string, header *eval.Header) error {
	names := Reserved()
	for n := range header.Evaluators {
		names = append(names, n, n+".score")
	}
	return problem.Newf("no metric is called %q", name).Wanted("an evaluator's name, NAME.score, or a reserved metric").
		Remedy("%s", problem.DidYouMean(name, names))
}

func reservedMetric(name string) *metric {
	switch name {
	case "cost_usd":
		return &metric{name: name, kind: stats.Mean, unit: "usd", read: readCost}
	case "cost_usd.geomean":
		return &metric{name: name, kind: stats.GeoMean, unit: "usd", read: readCost}
	case "tokens_in":
		return &metric{name: name, kind: stats.Mean, unit: "tokens", read: readTokens(func(r *eval.Record) int64 { return r.Usage.InputTokens })}
	case "tokens_out":
		return &metric{name: name, kind: stats.Mean, unit: "tokens", read: readTokens(func(r *eval.Record) int64 { return r.Usage.OutputTokens })}
	case "latency_ms":
		return &metric{name: name, kind: stats.Mean, unit: "ms", timed: true, read: readTime(latency)}
	case "ttft_ms":
		return &metric{name: name, kind: stats.Mean, unit: "ms", timed: true, read: readTime(firstToken)}
	case "latency_p50_ms", "latency_p95_ms", "latency_p99_ms":
		percent, err := strconv.Atoi(name[len("latency_p") : len("latency_p")+2])
		if err != nil {
			return nil
		}
		return &metric{name: name, kind: stats.Percentile, q: float64(percent) / 100, unit: "ms", timed: true, read: readTime(latency)}
	case "error_share":
		return &metric{name: name, kind: stats.Rate, lo: 0, hi: 1, unit: "share", read: readError}
	}
	return nil
}

func passOf(name string) func(*eval.Record) reading {
	return func(r *eval.Record) reading {
		if r.Error != nil {
			return reading{state: errored}
		}
		switch r.Scores[name].Outcome {
		case evaluator.Pass:
			return reading{value: 1}
		case evaluator.Fail:
			return reading{value: 0}
		case evaluator.Error:
			return reading{state: errored}
		}
		return reading{state: unscored}
	}
}

func scoreOf(name string) func(*eval.Record) reading {
	return func(r *eval.Record) reading {
		score := r.Scores[name]
		switch {
		case r.Error != nil, score.Outcome == evaluator.Error:
			return reading{state: errored}
		case score.Value == nil, score.Outcome == evaluator.Unscored:
			return reading{state: unscored}
		}
		return reading{value: *score.Value}
	}
}

func readCost(r *eval.Record) reading {
	if r.Error != nil {
		return reading{state: errored}
	}
	usd, err := strconv.ParseFloat(r.CostUSD, 64)
	if err != nil {
		return reading{state: unscored} // unknown is not zero
	}
	return reading{value: usd}
}

func readTokens(tokens func(*eval.Record) int64) func(*eval.Record) reading {
	return func(r *eval.Record) reading {
		switch {
		case r.Error != nil:
			return reading{state: errored}
		case !r.Usage.Known:
			return reading{state: unscored}
		}
		return reading{value: float64(tokens(r))}
	}
}

func latency(r *eval.Record) int64    { return r.Timing.Total }
func firstToken(r *eval.Record) int64 { return r.Timing.TTFT }

func readTime(nanos func(*eval.Record) int64) func(*eval.Record) reading {
	return func(r *eval.Record) reading {
		switch {
		case r.Error != nil:
			return reading{state: errored}
		case r.Cached && !r.Recorded, nanos(r) == 0:
			return reading{state: unscored}
		}
		return reading{value: float64(nanos(r)) / 1e6}
	}
}

func readError(r *eval.Record) reading {
	if r.Errored() {
		return reading{value: 1}
	}
	return reading{value: 0}
}
