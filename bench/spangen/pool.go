package spangen

import (
	"fmt"
	"runtime"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
)

// Mix is a kind of application.
type Mix string

// The mixes.
const (
	Docs          Mix = "docs"          // five spans a trace, 3.4 KB of text a span
	Short         Mix = "short"         // the same with a tenth of the text
	Conversations Mix = "conversations" // two spans a trace, each turn repeats what was said
)

// DefaultSpans is the size of a pool that comes round too seldom to be noticed:
// more rows than a row group of DuckDB has (122,880), and about 0.8 GB of the
// mix Docs.
const DefaultSpans = 200_000

// Options say what to make. The same options make the same pool.
type Options struct {
	Seed  uint64
	Mix   Mix
	Spans int // in the pool; 0 is [DefaultSpans]
	Batch int // spans a request, in whole traces; 0 is 250
}

// NewPool makes the payloads of a load.
func NewPool(o Options) ([]*Payload, error) {
	switch o.Mix {
	case Docs, Short, Conversations:
	default:
		return nil, fmt.Errorf("there is no mix %q, only %s, %s and %s", o.Mix, Docs, Short, Conversations)
	}
	if o.Spans == 0 {
		o.Spans = DefaultSpans
	}
	if o.Batch == 0 {
		o.Batch = 250
	}
	// Several applications write at once, each a share of the payloads. Their number
	// is fixed: the pool must not depend on the machine.
	const applications = 8
	payloads := make([]*Payload, max(1, o.Spans/o.Batch))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k := range applications {
		group.Go(func() error {
			a := &application{Writer: NewWriter(o.Seed*applications + uint64(k)), opened: uint64(k) << 32}
			for i := k; i < len(payloads); i += applications {
				p, err := a.payload(o)
				if err != nil {
					return fmt.Errorf("making payload %d: %w", i, err)
				}
				payloads[i] = p
			}
			return nil
		})
	}
	return payloads, group.Wait()
}

func (a *application) payload(o Options) (*Payload, error) {
	scope := &trace.ScopeSpans{Scope: &common.InstrumentationScope{Name: "assay.bench", Version: "1"}}
	for index := 0; ; index++ {
		var r *request
		switch o.Mix {
		case Conversations:
			r = a.turn(index)
		case Short:
			r = a.question(index, 0.1)
		default:
			r = a.question(index, 1)
		}
		scope.Spans = append(scope.Spans, r.spans...)
		if len(scope.Spans)+len(r.spans) > o.Batch {
			break
		}
	}
	body, err := proto.Marshal(&trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{
		Resource: a.origin(), ScopeSpans: []*trace.ScopeSpans{scope},
	}}})
	if err != nil {
		return nil, err
	}
	p := &Payload{Body: body, Spans: len(scope.Spans), seed: o.Seed}
	return p, p.locate()
}
