package main

import (
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// age is a flag such as 30d, 8w or 36h.
type age time.Duration

// UnmarshalText reads the flag.
func (a *age) UnmarshalText(text []byte) error {
	s := string(text)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		digits, ok := strings.CutSuffix(s, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/int64(length) {
			return notAge(s)
		}
		*a = age(n * int64(length))
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return notAge(s)
	}
	*a = age(d)
	return nil
}

func notAge(s string) error {
	return problem.Newf("%q is no age", s).Wanted("such as 30d, 8w or 36h")
}

// size is a flag such as 50GB or 800MiB.
type size int64

// units are those of sizes; that which is the end of another comes after it.
var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// UnmarshalText reads the flag.
func (b *size) UnmarshalText(text []byte) error {
	s := string(text)
	for _, unit := range units {
		digits, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/unit.bytes {
			break
		}
		*b = size(n * unit.bytes)
		return nil
	}
	return problem.Newf("%q is no size", s).Wanted("such as 50GB or 800MiB")
}

// keepFlags say how much of each project a server keeps.
type keepFlags struct {
	Keep      age  `placeholder:"AGE" help:"Remove what came longer ago, such as 30d (default: keep all)."`
	KeepBytes size `placeholder:"SIZE" help:"Remove the oldest of a project that takes more on disk, such as 50GB."`
}

func (f *keepFlags) retention() spanstore.Retention {
	return spanstore.Retention{MaxAge: int64(f.Keep), MaxBytes: int64(f.KeepBytes)}
}

// kept tells the log what was removed of a project, or why it could not be.
func kept(log *slog.Logger) func(project string, gone *spanstore.Retained, err error) {
	return func(project string, gone *spanstore.Retained, err error) {
		if err != nil {
			log.Error("what is too old or too much is still there", "project", project, "error", err)
			return
		}
		log.Info("removed what is too old or too much", "project", project, "spans", gone.Spans, "bytes", gone.Bytes)
	}
}
