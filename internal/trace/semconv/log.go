package semconv

import "github.com/assay-llmops/assay/internal/trace/otlp"

// Log is a log record with what sent it.
type Log struct {
	Origin *Origin
	Log    otlp.Log
}
