package semconv

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// MaxText is how many bytes of a text a Row keeps. Names and ids are short; an
// index must not grow because somebody put a document into one.
const MaxText = 512

// short is a value as a text of at most MaxText bytes of valid UTF-8.
func short(v otlp.Value) string {
	switch v.Type() {
	case otlp.String:
		return clip(v.Str())
	case otlp.Int:
		n, _ := v.Int()
		return strconv.FormatInt(n, 10)
	case otlp.Double:
		x, _ := v.Double()
		return strconv.FormatFloat(x, 'g', -1, 64)
	default:
		return ""
	}
}

func clip(s string) string { return clipTo(s, MaxText) }

func clipTo(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// number reads an int, a double, or either written as a text, as SDKs send
// counts that they could not send otherwise.
func number(v otlp.Value) (x float64, ok bool) {
	switch v.Type() {
	case otlp.Int:
		n, _ := v.Int()
		return float64(n), true
	case otlp.Double:
		x, _ = v.Double()
	case otlp.String:
		var err error
		if x, err = strconv.ParseFloat(strings.TrimSpace(v.Str()), 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return x, !math.IsNaN(x) && !math.IsInf(x, 0)
}

// maxCount is beyond any number of tokens, and below what a float64 holds exactly.
const maxCount = 1 << 53

// count is a number of tokens; ok is false for what cannot be one.
func count(v otlp.Value) (n int64, ok bool) {
	if n, ok = v.Int(); ok {
		return n, n >= 0 && n <= maxCount
	}
	x, ok := number(v)
	return int64(x), ok && x >= 0 && x <= maxCount
}

// countOf is count for a decoded JSON value.
func countOf(v any) (n int64, ok bool) {
	x, ok := floatOf(v)
	return int64(x), ok && x >= 0 && x <= maxCount
}

// object reads a value that is a map or the JSON text of one.
func object(v otlp.Value) map[string]any {
	switch v.Type() {
	case otlp.String, otlp.Bytes:
		m, _ := parse(v.Raw()).(map[string]any)
		return m
	case otlp.Map:
		x, err := v.Any()
		if err != nil {
			return nil
		}
		b, err := json.Marshal(x) // so that numbers have one form
		if err != nil {
			return nil
		}
		m, _ := parse(b).(map[string]any)
		return m
	default:
		return nil
	}
}

// parse decodes one JSON value, numbers as json.Number; nil when it is none.
func parse(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil
	}
	return v
}

// nanoDollars is an amount in US dollars; ok is false for what is no price.
func nanoDollars(usd float64) (n int64, ok bool) {
	if math.IsNaN(usd) || usd < 0 || usd > 1e9 {
		return 0, false
	}
	return int64(math.Round(usd * 1e9)), true
}

// moment reads a time as ISO 8601 text, bare or in JSON quotes.
func moment(s string) (nanos int64, ok bool) {
	t, err := time.Parse(time.RFC3339Nano, strings.Trim(s, `"`))
	if err != nil {
		return 0, false
	}
	return t.UnixNano(), true
}

// lower folds ASCII letters into buf, which it may outgrow.
func lower(buf []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf = append(buf, c)
	}
	return buf
}

// floatOf is a number of decoded JSON, or the text of one.
func floatOf(v any) (x float64, ok bool) {
	var err error
	switch v := v.(type) {
	case json.Number:
		x, err = v.Float64()
	case string:
		x, err = strconv.ParseFloat(v, 64)
	case float64:
		x = v
	case int64:
		x = float64(v)
	default:
		return 0, false
	}
	return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
}
