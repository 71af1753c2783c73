package semconv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/assay-llmops/assay/internal/trace"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// evaluationEvent is OpenTelemetry's name of a judgement about a span.
const evaluationEvent = "gen_ai.evaluation.result"

// LogScore reads a score from a log record gen_ai.evaluation.result, which
// belongs to the span that it judges. Its id is derived from its content, so
// that sending it again changes nothing. ok is false for other records.
func LogScore(_ *Origin, l *otlp.Log) (score trace.Score, ok bool) {
	name, at := l.EventName, map[string]any(nil)
	if name == "" || name == evaluationEvent {
		at = decode(l.Attributes)
		if name == "" {
			name, _ = at["event.name"].(string)
		}
	}
	if name != evaluationEvent || len(l.TraceID) != len(score.Target.Trace) {
		return score, false
	}
	copy(score.Target.Trace[:], l.TraceID)
	if len(l.SpanID) == len(score.Target.Span) {
		copy(score.Target.Span[:], l.SpanID)
	}
	score.Time = int64(logTime(l))
	return finishEvaluation(score, at)
}

// scoreFamilies are who OpenInference's scores are about, and the word for one.
var scoreFamilies = [...]struct{ prefix, word string }{
	{"", "annotation"}, {"", "evaluation"}, {"trace.", "annotation"}, {"trace.", "evaluation"}, {"session.", "annotation"}, {"session.", "evaluation"},
}

// finishEvaluation fills a score from the attributes of the event.
func finishEvaluation(score trace.Score, at map[string]any) (trace.Score, bool) {
	score.Name = pickText(at, "gen_ai.evaluation.name")
	score.Value = finite(at["gen_ai.evaluation.score.value"])
	score.Label = pickText(at, "gen_ai.evaluation.score.label")
	score.Comment = pickText(at, "gen_ai.evaluation.explanation")
	score.Source = "evaluator"
	score.ID = scoreID(&score)
	return score, score.Check() == nil
}

// SpanScores reads the scores that a span carries: OpenInference's annotations
// and evaluations, about the span itself, its trace or its session, and
// OpenTelemetry's event where it came as an event of the span. A span that has
// one link and no kind but these is a carrier: its scores are about what the
// link points to.
func SpanScores(_ *Origin, s *otlp.Span) (list []trace.Score) {
	id, span, _, ok := s.Identity()
	if !ok {
		return nil
	}
	at := map[string]any{}
	var f found
	_ = s.Attributes(func(key string, v otlp.Value) error { // as decode, but for few keys
		f.take(key, v)
		if strings.Contains(key, "annotations.") || strings.Contains(key, "evaluations.") {
			if x, err := v.Any(); err == nil {
				at[key] = x
			}
		}
		return nil
	})
	if len(at) > 0 {
		target := trace.Target{Trace: id, Span: span}
		if to, ok := carried(s); ok {
			target = to
		}
		for _, family := range scoreFamilies {
			about := target
			switch family.prefix {
			case "trace.":
				about.Span = trace.SpanID{}
			case "session.":
				about = trace.Target{Session: f.text(session)}
			}
			list = append(list, annotations(unflatten(at, family.prefix+family.word+"s"), family.word, about, s)...)
		}
	}
	_ = s.Events(func(e otlp.Event) error { // as decode
		if e.Name == evaluationEvent {
			score := trace.Score{Target: trace.Target{Trace: id, Span: span}, Time: int64(e.Time)}
			if score, ok := finishEvaluation(score, decode(e.Attributes)); ok {
				list = append(list, score)
			}
		}
		return nil
	})
	return list
}

// carried is what the only link of a span points to.
func carried(s *otlp.Span) (t trace.Target, ok bool) {
	n := 0
	_ = s.Links(func(l otlp.Link) error { // as decode
		n++
		ok = len(l.TraceID) == len(t.Trace) && len(l.SpanID) == len(t.Span)
		copy(t.Trace[:], l.TraceID)
		copy(t.Span[:], l.SpanID)
		return nil
	})
	return t, ok && n == 1
}

// annotators are OpenInference's words for who judged.
var annotators = map[string]string{"HUMAN": "person", "LLM": "evaluator", "CODE": "evaluator"}

func annotations(v any, wrapper string, target trace.Target, s *otlp.Span) (list []trace.Score) {
	entries, _ := v.([]any)
	for _, e := range entries {
		m, ok := unwrap(e, wrapper).(map[string]any)
		if !ok {
			continue
		}
		kind := pickText(m, "annotator_kind")
		score := trace.Score{
			Target: target, Name: pickText(m, "name"), Value: finite(m["score"]), Label: pickText(m, "label"),
			Comment: pickText(m, "explanation"), Source: firstOf(annotators[strings.ToUpper(kind)], kind, "sdk"), Time: int64(s.Start),
		}
		score.ID = firstOf(pickText(m, "identifier"), scoreID(&score))
		if m["identifier"] != nil { // it is unique for a name and a target only
			score.ID = scoreID(&trace.Score{Target: target, Name: score.Name, Text: score.ID})
		}
		if score.Check() == nil {
			list = append(list, score)
		}
	}
	return list
}

// scoreID is the same for the same content.
func scoreID(s *trace.Score) string {
	value := "none"
	if s.Value != nil {
		value = fmt.Sprint(*s.Value)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%q\x00%q\x00%s\x00%q\x00%q\x00%q\x00%d",
		s.Target.Trace, s.Target.Span, s.Target.Session, s.Name, value, s.Label, s.Text, s.Comment, s.Time))
	return "otlp-" + hex.EncodeToString(sum[:12])
}
