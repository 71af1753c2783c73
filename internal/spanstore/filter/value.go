package filter

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore/local/token"
	"github.com/assay-llmops/assay/internal/trace"
)

// ops are the comparisons that a field takes.
func ops(f Field) []Op {
	order := []Op{Equal, Unequal, Less, LessEqual, Greater, GreaterEqual}
	switch f {
	case FieldTrace, FieldSpan:
		return []Op{Equal, Unequal}
	case FieldParent:
		return []Op{Equal, Unequal, Has}
	case FieldText:
		return []Op{Match, NoMatch, Words}
	case FieldTokens, FieldTokensIn, FieldTokensOut, FieldCost, FieldLatency, FieldTTFT, FieldScore:
		return append(order, Has)
	}
	switch Fields()[f] {
	case Time:
		return []Op{Equal}
	case Truth, Enum:
		return []Op{Equal, Unequal}
	default:
		if f == FieldName {
			return []Op{Equal, Unequal, Match, NoMatch, Words}
		}
		return []Op{Equal, Unequal, Match, NoMatch, Words, Has}
	}
}

// spell lists comparisons as they are written.
func spell(list []Op) string {
	texts := make([]string, len(list))
	for i, op := range list {
		texts[i] = string(op)
		if op == Has {
			texts[i] = "has:"
		}
	}
	return strings.Join(texts, " ")
}

// names are the values of an Enum.
func names(f Field) []string {
	if f == FieldKind {
		return trace.Kinds()
	}
	return []string{"ok", "error"}
}

// spellType says what a value of the field looks like.
func spellType(f Field) string {
	switch Fields()[f] {
	case Number:
		return "a number, such as 0.5"
	case Count:
		return "a whole number, such as 1000"
	case Money:
		return "US dollars, such as 0.01"
	case Duration:
		return "a duration with its unit, such as 250ms, 2s or 1m30s"
	case Time:
		return "an age such as 24h or 7d, a date such as 2026-03-01, or a time such as 2026-03-01T09:00:00Z"
	case Truth:
		return "true or false"
	case Enum:
		return "one of " + strings.Join(names(f), ", ")
	}
	switch f {
	case FieldTrace:
		return "a trace id of 32 hex digits"
	case FieldSpan, FieldParent:
		return "a span id of 16 hex digits"
	}
	return "a text"
}

// read turns the text of a value into a Value.
func (p *parser) read(c *Cond, text string, at int) (v Value, err error) {
	wrong := func() *problem.Problem {
		return p.at(at, "%q is no value of %s", clip(text), c.Field).Wanted("%s", spellType(c.Field))
	}
	ok := true
	switch Fields()[c.Field] {
	case Text:
		return p.readText(c, text, at)
	case Number:
		v.Number, err = strconv.ParseFloat(text, 64)
		ok = err == nil && !math.IsNaN(v.Number) && !math.IsInf(v.Number, 0)
	case Count:
		v.Int, err = strconv.ParseInt(text, 10, 64)
		ok = err == nil && v.Int >= 0
	case Money:
		v.Int, err = price.ParseUSD(strings.TrimPrefix(text, "$"))
		ok = err == nil && v.Int >= 0
	case Duration:
		v.Int, ok = duration(text)
		if _, err := strconv.ParseFloat(text, 64); !ok && err == nil {
			return v, wrong().Remedy("add the unit: %ss, or %sms", text, text)
		}
	case Time:
		v.Int, ok = moment(text, p.now)
	case Truth:
		v.Truth, ok = text == "true", text == "true" || text == "false"
	case Enum:
		v.Text = text
		if near := problem.Nearest(text, names(c.Field)); near != text {
			q := wrong()
			if near != "" {
				q = q.Remedy("did you mean %s?", near)
			}
			return v, q
		}
	}
	if !ok {
		return v, wrong()
	}
	return v, nil
}

func (p *parser) readText(c *Cond, text string, at int) (v Value, err error) {
	v.Text = text
	switch {
	case strings.TrimSpace(text) == "":
		q := p.at(at, "the value of %s is empty", c.Field).Wanted("%s", spellType(c.Field))
		if c.Field != FieldText && c.Field != FieldName {
			q = q.Remedy("spans without one: NOT has:%s", c.Field)
		}
		return v, q
	case c.Op == Words && len(token.Of(text)) == 0:
		return v, p.at(at, "%q holds no word", clip(text)).Wanted("letters or digits").
			Remedy("to look for signs, write an expression: %s~%q", c.Field, regexp.QuoteMeta(clip(text)))
	case c.Op == Match || c.Op == NoMatch:
		if _, err := syntax.Parse(text, syntax.Perl); err != nil {
			q := p.at(at, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")).Wanted("an RE2 expression: https://github.com/google/re2/wiki/Syntax")
			q.Err = err
			return v, q
		}
	case c.Field == FieldTrace:
		id, err := trace.ParseID(text)
		v.Text = id.String()
		if err != nil {
			return v, p.at(at, "%q is no trace id", clip(text)).Wanted("%s", spellType(c.Field))
		}
	case c.Field == FieldSpan || c.Field == FieldParent:
		id, err := trace.ParseSpanID(text)
		if v.Text = id.String(); err != nil || v.Text == "" {
			return v, p.at(at, "%q is no span id", clip(text)).Wanted("%s", spellType(c.Field))
		}
	}
	return v, nil
}

// duration reads 250ms, 2s, 1m30s, and days and weeks: 7d, 2w.
func duration(text string) (nanos int64, ok bool) {
	for unit, hours := range map[string]int64{"d": 24, "w": 7 * 24} {
		if number, cut := strings.CutSuffix(text, unit); cut {
			n, err := strconv.ParseUint(number, 10, 32)
			most := uint64(math.MaxInt64 / (hours * int64(time.Hour)))
			return int64(n) * hours * int64(time.Hour), err == nil && n <= most
		}
	}
	d, err := time.ParseDuration(text)
	return int64(d), err == nil && d >= 0 && text != "0"
}

// moment reads a time, a date or an age.
func moment(text string, now time.Time) (nanos int64, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixNano(), t.Year() >= 1970 && t.Year() <= 2261
		}
	}
	age, ok := duration(text)
	nanos = now.UnixNano() - age
	return nanos, ok && nanos > 0
}

// clip keeps a wrong value from filling a message.
func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// ParseTime reads a time as since and until take it: an age that counts back
// from now, a date, or a time.
func ParseTime(text string, now time.Time) (nanos int64, err error) {
	if nanos, ok := moment(text, now); ok {
		return nanos, nil
	}
	return 0, problem.Newf("%q is no time", clip(text)).Wanted("%s", spellType(FieldSince))
}

// ParseDuration reads a duration as latency takes it, days and weeks included.
func ParseDuration(text string) (time.Duration, error) {
	if nanos, ok := duration(text); ok {
		return time.Duration(nanos), nil
	}
	return 0, problem.Newf("%q is no duration", clip(text)).Wanted("%s", spellType(FieldLatency))
}
