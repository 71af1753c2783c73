package api

import (
	"net/http"
	"strings"
)

// routes are all endpoints.
func routes() []route {
	lists := append(append(forSpans(), forPages()...), forPreview())
	groups := append(forSpans(), forPages()...)
	return []route{
		{http.MethodGet, "/traces", ScopeRead, "Traces of which one span matches, newest first, each summed over all of its spans.", lists, nil, TracePage{}, (*call).traces},
		{
			http.MethodGet, "/traces/{trace_id}", ScopeRead, "A whole trace: spans in reading order with messages, documents, usage and cost.",
			[]param{{name: "content", doc: "false leaves out what the spans hold.", kind: true, only: []string{"true", "false"}}}, nil, Trace{}, (*call).trace,
		},
		{http.MethodDelete, "/traces/{trace_id}", ScopeAdmin, "Erase a trace, on disk too, before the answer.", nil, nil, Erased{}, (*call).eraseTrace},
		{http.MethodGet, "/spans", ScopeRead, "Spans that match, newest first.", lists, nil, SpanPage{}, (*call).spans},
		{
			http.MethodGet, "/spans/count", ScopeRead, "How many spans match. With Accept: application/x-ndjson a line tells how far the count has come, several times a second, until one that is done.",
			forSpans(), nil, Count{}, (*call).count,
		},
		{http.MethodGet, "/spans/{trace_id}/{span_id}", ScopeRead, "One span with all that it holds.", nil, nil, Step{}, (*call).span},
		{http.MethodGet, "/sessions", ScopeRead, "Sessions with the sums of their matching spans, latest first.", groups, nil, SessionPage{}, (*call).sessions},
		{http.MethodGet, "/sessions/{session_id}", ScopeRead, "The traces of a session, newest first.", lists, nil, Session{}, (*call).session},
		{http.MethodDelete, "/sessions/{session_id}", ScopeAdmin, "Erase a session, on disk too, before the answer.", nil, nil, Erased{}, (*call).eraseSession},
		{http.MethodGet, "/users", ScopeRead, "Users with the sums of their matching spans, latest first.", groups, nil, UserPage{}, (*call).users},
		{http.MethodDelete, "/users/{user_id}", ScopeAdmin, "Erase all that is kept of a user, on disk too, before the answer.", nil, nil, Erased{}, (*call).eraseUser},
		{
			http.MethodGet, "/stats", ScopeRead, "Figures over the spans that match, by time and up to two dimensions. A percentile is a value that occurred, of rank ceil(q·n).",
			append(forSpans(), []param{
				{name: "metric", doc: "What to count.", kind: "", example: "count,p99,cost", only: texts(metrics()), list: true},
				{name: "by", doc: "What to split by; at most two.", kind: "", example: "model", only: texts(dimensions()), list: true},
				{name: "every", doc: "Width of time buckets, aligned to UTC.", kind: "", example: "1h"},
				{name: "order", doc: "The metric to order by, largest first; else by time and dimensions.", kind: "", only: texts(metrics())},
				{name: "limit", doc: "Rows, 1 to 100,000; 1,000 where not given.", kind: 0},
				{name: "score", doc: "The score that score_mean and score_count are about.", kind: ""},
			}...), nil, Stats{}, (*call).stats,
		},
		{
			http.MethodGet, "/scores", ScopeRead, "Scores, newest first.",
			append(append([]param{
				{name: "trace", doc: "About this trace.", kind: ""}, {name: "span", doc: "About this span of it.", kind: ""},
				{name: "session", doc: "About this session.", kind: ""}, {name: "case", doc: "About this case.", kind: ""},
				{name: "name", doc: "Of this name.", kind: "", example: "grounded"},
				{name: "latest", doc: "Only the latest of each name and target.", kind: false},
			}, forTime()...), forPages()...), nil, ScorePage{}, (*call).scores,
		},
		{http.MethodGet, "/projects", ScopeRead, "The projects that have something, sorted; with a key, its own.", nil, nil, Projects{}, (*call).projects},
		{http.MethodPost, "/scores", ScopeWrite, "Keep a score, or a list of them. Safe to send again: the same id replaces.", nil, Score{}, Written{}, (*call).addScores},
		{http.MethodGet, "/retention", ScopeRead, "What the project keeps.", nil, nil, Kept{}, (*call).retention},
		{http.MethodPut, "/retention", ScopeAdmin, "Decide what the project keeps, and remove the rest before the answer.", nil, Retention{}, Kept{}, (*call).setRetention},
		{http.MethodDelete, "/retention", ScopeAdmin, "Keep of the project what the server keeps of all, and remove the rest before the answer.", nil, nil, Kept{}, (*call).resetRetention},
		{http.MethodPost, "/recost", ScopeAdmin, "Compute costs again, at the prices that the server has now: lines {looked}, the last one with changed.", nil, Recost{}, nil, (*call).recost},
		{http.MethodGet, "/export", ScopeRead, "Spans and log records that match as OTLP JSON, a request a line, oldest arrival first.", forSpans(), nil, nil, (*call).export},
	}
}

// id is the name of an endpoint in the OpenAPI document: get-traces-by-trace-id.
func (rt *route) id() string {
	path := strings.NewReplacer("/{", "-by-", "}", "", "/", "-", "_", "-").Replace(rt.path)
	return strings.ToLower(rt.method) + path
}
