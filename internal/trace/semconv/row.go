package semconv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

var (
	errIdentity = errors.New("a span needs a trace id of 16 bytes and a span id of 8, not all zero")
	errTime     = errors.New("a span needs a start, and no time may be beyond the year 2262")
)

// errStop ends a walk that has found what it looked for.
var errStop = errors.New("found")

// Origin is what the resource and the scope say for all their spans. It is read
// once and used for many.
type Origin struct {
	facts    found
	resource otlp.Resource
	scope    otlp.Scope
}

// ReadOrigin reads what a resource and a scope say. Attributes of the scope go
// before those of the resource. Bytes that cannot be read say nothing.
func ReadOrigin(r otlp.Resource, s otlp.Scope) Origin {
	o := Origin{resource: r, scope: s}
	var of found
	take := func(key string, v otlp.Value) error {
		of.take(key, v)
		return nil
	}
	for _, walk := range []func(func(string, otlp.Value) error) error{r.Attributes, s.Attributes} {
		of = found{}
		if walk(take) != nil {
			continue
		}
		for _, which := range ofOrigin {
			if of.has(which) {
				o.facts[which] = of[which]
			}
		}
	}
	return o
}

// Row reads what an index keeps of a span, in one pass over its attributes.
// Its texts alias the span's bytes. A span without valid ids or times is an
// error, and so are attributes that cannot be read.
func Row(o *Origin, s *otlp.Span) (row trace.Row, err error) {
	var ok bool
	if row.Trace, row.Span, row.Parent, ok = s.Identity(); !ok {
		return row, errIdentity
	}
	if s.Start == 0 || s.Start > math.MaxInt64 || s.End > math.MaxInt64 {
		return row, errTime
	}
	row.Start, row.End = int64(s.Start), int64(s.End)
	if row.End != 0 && row.End < row.Start {
		row.End = row.Start // clocks that were set back
	}
	row.Name = clip(s.Name)

	var f found
	if err := s.Attributes(func(key string, v otlp.Value) error {
		f.take(key, v)
		return nil
	}); err != nil {
		return row, fmt.Errorf("reading the attributes of a span: %w", err)
	}
	f.fill(&row)
	f.fillOrigin(&row, o)
	return row, fillFromEvents(&row, s, f.has(kindLangSmith))
}

// fill derives what the span's own attributes say.
func (f *found) fill(row *trace.Row) {
	answered, either := f.text(modelAnswered), f.text(modelEither)
	row.ModelAsked = firstOf(f.text(modelAsked), f.modelInParameters(), either)
	row.Model = firstOf(answered, either, row.ModelAsked)
	row.Kind = f.kind(row.Model != "")
	row.Provider = clip(providerOf(f.text(provider), row.Model))
	row.Usage = f.usage(row.Kind)
	row.CostSent, row.HasCost = f.cost()
	row.Finish = firstOf(f.finish(), f.finishInMessages())
	row.TTFT = f.ttft(row.Start)
	row.Tags = f.tags()
	row.Label, row.Feature = f.text(label), f.text(feature)
	row.User, row.Session = f.text(user), f.text(session)
	row.Environment, row.Service = f.text(environment), f.text(service)
	f.fillPending(row)
}

// modelInParameters is the model that was asked where OpenInference's own
// attribute names the one that answered.
func (f *found) modelInParameters() string {
	if !f.has(invocation) || f.has(modelAsked) {
		return ""
	}
	var p struct {
		Model     string `json:"model"`
		ModelName string `json:"model_name"`
	}
	if json.Unmarshal(f[invocation].value.Raw(), &p) != nil {
		return ""
	}
	return clip(firstOf(p.Model, p.ModelName))
}

// kind asks the vocabularies in the order in which they are trusted: LangSmith
// calls a retriever's operation "embeddings", so its own word goes before.
func (f *found) kind(hasModel bool) trace.Kind {
	for which := kindLangfuse; which <= mcpMethod; which++ {
		if !f.has(which) {
			continue
		}
		if k, ok := kindOf(f.text(which)); ok {
			return k
		}
	}
	switch {
	case f.has(toolName):
		return trace.KindTool
	case f.has(retrievalQuery):
		return trace.KindRetriever
	case f.has(agentName):
		return trace.KindAgent
	case hasModel:
		return trace.KindLLM
	default:
		return trace.KindOther
	}
}

// finish is the first reason, in Assay's word.
func (f *found) finish() string {
	v := f[finish].value
	word := v.Str()
	if v.Type() == otlp.Array {
		_ = v.Elements(func(e otlp.Value) error { // a broken list has no reason
			word = e.Str()
			return errStop
		})
	}
	if strings.HasPrefix(word, "[") {
		if list, _ := parse([]byte(word)).([]any); len(list) > 0 {
			word, _ = list[0].(string)
		}
	}
	return finishOf(clip(strings.Trim(word, `"`)))
}

// finishInMessages is for openai-v2, which tells the reason of a stream in the
// content alone. Only then is content decoded for a row: within a text, the quote
// that ends the key would be escaped.
func (f *found) finishInMessages() string {
	if f.has(finish) || f[finishInMessages].value.Type() != otlp.String {
		return ""
	}
	text := f[finishInMessages].value.Raw()
	if !bytes.Contains(text, []byte(`"finish_reason"`)) {
		return ""
	}
	if list := messages(parse(text)); len(list) > 0 {
		return clip(list[0].Finish)
	}
	return ""
}

func (f *found) ttft(start int64) int64 {
	for _, unit := range [...]struct {
		which fact
		nanos float64
	}{{ttftSeconds, 1e9}, {ttftMillis, 1e6}} {
		if x, ok := number(f[unit.which].value); ok && x > 0 && x*unit.nanos < math.MaxInt64/2 {
			return int64(math.Round(x * unit.nanos))
		}
	}
	if !f.has(ttftMoment) {
		return 0
	}
	if t, ok := moment(f[ttftMoment].value.Str()); ok && t > start {
		return t - start
	}
	return 0
}

const maxTags = 64

// tags are a list, the JSON text of a list, or a text with commas.
func (f *found) tags() (list []string) {
	if !f.has(tags) {
		return nil
	}
	add := func(s string) {
		if s = clip(strings.TrimSpace(s)); s != "" && len(list) < maxTags {
			list = append(list, s)
		}
	}
	v := f[tags].value
	if v.Type() == otlp.Array {
		_ = v.Elements(func(e otlp.Value) error { // what a broken list holds before its break
			add(e.Str())
			return nil
		})
		return list
	}
	s := v.Str()
	if strings.HasPrefix(s, "[") {
		if parsed, ok := parse([]byte(s)).([]any); ok {
			for _, e := range parsed {
				if t, ok := e.(string); ok {
					add(t)
				}
			}
			return list
		}
	}
	for t := range strings.SplitSeq(s, ",") {
		add(t)
	}
	return list
}

// fillPending turns Logfire's record of a span that has started into that span,
// unended: the record has an id of its own and names the span as its parent.
func (f *found) fillPending(row *trace.Row) {
	if f[recordType].value.Str() != "pending_span" || row.Parent.IsZero() {
		return
	}
	row.Span, row.End = row.Parent, 0
	row.Parent = trace.SpanID{}
	if id, err := trace.ParseSpanID(f[pendingParent].value.Str()); err == nil {
		row.Parent = id
	}
	row.Name = strings.TrimSuffix(row.Name, " (pending)")
}

// fillOrigin adds what the resource and scope say where the span says nothing,
// and joins config and version, which belong to each other.
func (f *found) fillOrigin(row *trace.Row, o *Origin) {
	for _, at := range [...]struct {
		to    *string
		which fact
	}{
		{&row.Label, label}, {&row.Feature, feature}, {&row.User, user}, {&row.Session, session},
		{&row.Environment, environment}, {&row.Service, service},
	} {
		if *at.to == "" {
			*at.to = o.facts.text(at.which)
		}
	}
	switch {
	case f.has(config):
		row.Config, row.Version = f.text(config), f.text(configVersion)
	case o.facts.has(config):
		row.Config, row.Version = o.facts.text(config), firstOf(f.text(configVersion), o.facts.text(configVersion))
	default:
		row.Config, row.Version = f.text(prompt), firstOf(f.text(configVersion), f.text(promptVersion), o.facts.text(configVersion))
	}
	row.Error = f.failed() || row.Finish == "error"
	row.Reason = f.text(errorType)
	if row.Reason == "" && row.Finish == "error" {
		row.Reason = row.Finish
	}
}

// logfireError is Logfire's level "error".
const logfireError = 17

func (f *found) failed() bool {
	level, ok := number(f[levelNumber].value)
	return f.has(errorType) || ok && level >= logfireError || f[levelName].value.Str() == "ERROR"
}

// firstTokens are the events at which the first token came.
var firstTokens = map[string]bool{
	"First Token Stream Event": true, "ai.stream.firstChunk": true, "gen_ai.content.completion.chunk": true, "llm.content.completion.chunk": true,
}

// fillFromEvents takes what only the status and the events say. An exception
// may have been handled, and is no error by itself; but LangSmith, which sends
// no other sign, gives the status OK to every span that has ended.
func fillFromEvents(row *trace.Row, s *otlp.Span, langSmith bool) error {
	row.Error = row.Error || s.StatusCode == statusError
	wantToken := row.TTFT == 0 && row.Kind == trace.KindLLM
	if !wantToken && !langSmith && (!row.Error || row.Reason != "") {
		return nil
	}
	err := s.Events(func(e otlp.Event) error {
		switch {
		case wantToken && firstTokens[e.Name]:
			if e.Time > s.Start && e.Time <= math.MaxInt64 {
				row.TTFT = int64(e.Time - s.Start)
				wantToken = false
			}
		case e.Name == "exception" && (row.Error || langSmith) && row.Reason == "":
			row.Error = true
			return e.Attributes(func(key string, v otlp.Value) error {
				if key == "exception.type" {
					row.Reason = short(v)
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the events of a span: %w", err)
	}
	return nil
}

const statusError = 2

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
