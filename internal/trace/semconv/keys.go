package semconv

import "github.com/assay-llmops/assay/internal/trace/otlp"

// fact is one thing that a Row is made of.
type fact uint8

const (
	kindLangfuse fact = iota
	kindOpenInference
	kindLangSmith
	kindAISDK
	kindOperation
	kindTraceloop
	kindRequest
	mcpMethod
	provider
	modelAnswered
	modelEither
	modelAsked
	invocation
	inputTokens
	cachedTokens
	cacheWriteTokens
	outputTokens
	reasoningTokens
	totalTokens
	usageBuckets
	usageObject
	usageInputDetails
	usageOutputDetails
	costTotal
	costBuckets
	costInput
	costOutput
	ttftSeconds
	ttftMillis
	ttftMoment
	finish
	finishInMessages
	errorType
	levelName
	levelNumber
	config
	configVersion
	prompt
	promptVersion
	label
	feature
	user
	session
	environment
	service
	tags
	toolName
	agentName
	retrievalQuery
	recordType
	pendingParent
	facts // how many there are
)

// source says where a fact comes from: the attributes, most trusted first.
type source struct {
	fact fact
	name string // for docs/reference/semconv.md
	keys []string
}

// sources is the mapping. Where a fact has a unit or a vocabulary that differs
// by convention, it is several facts here and row.go joins them.
var sources = []source{
	// What the span is, one fact for each vocabulary.
	{kindLangfuse, "kind", []string{"langfuse.observation.type"}},
	{kindOpenInference, "kind", []string{"openinference.span.kind"}},
	{kindLangSmith, "kind", []string{"langsmith.span.kind"}},
	{kindAISDK, "kind", []string{"ai.operationId"}},
	{kindOperation, "kind", []string{"gen_ai.operation.name"}},
	{kindTraceloop, "kind", []string{"traceloop.span.kind"}},
	{kindRequest, "kind", []string{"llm.request.type"}},
	{mcpMethod, "kind", []string{"mcp.method.name"}},

	// Which model.
	{provider, "provider", []string{"gen_ai.provider.name", "llm.provider", "gen_ai.system", "llm.system", "ai.model.provider", "langsmith.metadata.ls_provider"}},
	{modelAnswered, "model", []string{"gen_ai.response.model", "llm.response.model_name", "ai.response.model"}},
	{modelEither, "model", []string{"llm.model_name", "embedding.model_name", "reranker.model_name", "langfuse.observation.model.name"}},
	{modelAsked, "model asked", []string{"gen_ai.request.model", "llm.request.model_name", "llm.request.model", "ai.model.id", "langsmith.metadata.ls_model_name"}},
	{invocation, "model asked, in the parameters", []string{"llm.invocation_parameters"}},

	// Usage. Alternatives, never added up.
	{inputTokens, "input tokens", []string{
		"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
		"ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens", "gen_ai.aggregated_usage.input_tokens",
	}},
	{cachedTokens, "cached tokens", []string{
		"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read",
		"ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens", "gen_ai.usage.details.cache_read_tokens",
		"gen_ai.usage.details.cached_tokens", "gen_ai.aggregated_usage.cache_read.input_tokens", "gen_ai.aggregated_usage.details.cache_read_tokens",
	}},
	{cacheWriteTokens, "cache write tokens", []string{
		"gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
		"llm.token_count.prompt_details.cache_write", "ai.usage.inputTokenDetails.cacheWriteTokens", "gen_ai.usage.details.cache_write_tokens",
		"gen_ai.aggregated_usage.cache_creation.input_tokens", "gen_ai.aggregated_usage.details.cache_write_tokens",
	}},
	{outputTokens, "output tokens", []string{
		"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens",
		"ai.usage.outputTokens", "ai.usage.completionTokens", "gen_ai.aggregated_usage.output_tokens",
	}},
	{reasoningTokens, "reasoning tokens", []string{
		"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning",
		"llm.usage.reasoning_tokens", "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens",
		"gen_ai.usage.details.reasoning_tokens", "gen_ai.aggregated_usage.details.reasoning_tokens",
	}},
	{totalTokens, "total tokens", []string{"gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens"}},
	{usageBuckets, "usage in one object, before all others", []string{"langfuse.observation.usage_details"}},
	{usageObject, "usage in one object, after all others", []string{"langsmith.usage_metadata", "langsmith.metadata.usage_metadata"}},
	{usageInputDetails, "cached and cache write tokens in one object", []string{"gen_ai.usage.input_token_details"}},
	{usageOutputDetails, "reasoning tokens in one object", []string{"gen_ai.usage.output_token_details"}},

	// Cost in US dollars, as the span claims it.
	{costTotal, "cost sent, US dollars", []string{"llm.cost.total", "gen_ai.usage.cost", "gen_ai.usage.total_cost", "operation.cost"}},
	{costBuckets, "cost sent, US dollars", []string{"langfuse.observation.cost_details"}},
	{costInput, "cost sent, where there is no total: the sum of", []string{"llm.cost.prompt"}},
	{costOutput, "cost sent, where there is no total: the sum of", []string{"llm.cost.completion"}},

	// Time to the first token, by unit.
	{ttftSeconds, "time to first token", []string{"gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk", "gen_ai.server.time_to_first_token"}},
	{ttftMillis, "time to first token", []string{"ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"}},
	{ttftMoment, "time to first token", []string{"langfuse.observation.completion_start_time"}},

	// How it ended.
	{finish, "finish", []string{
		"gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason", "gen_ai.response.stop_reason",
		"ai.response.finishReason", "gen_ai.completion.0.finish_reason", "llm.response.finish_reason", "llm.response.stop_reason",
		"langfuse.observation.metadata.finish_reason",
	}},
	{finishInMessages, "finish, where none is told: of the first message", []string{"gen_ai.output.messages"}},
	{errorType, "error and its reason", []string{"error.type"}},
	{levelName, "error, beside the status", []string{"langfuse.observation.level"}},
	{levelNumber, "error, beside the status", []string{"logfire.level_num"}},

	// What was being tried, for whom, where.
	{config, "config", []string{"assay.config.name"}},
	{configVersion, "version", []string{"assay.config.version"}},
	{prompt, "config, where none is named: the prompt", []string{"gen_ai.prompt.name", "langfuse.observation.prompt.name", "langfuse.prompt.name", "traceloop.prompt.key", "prompt.id"}},
	{promptVersion, "version of the prompt", []string{
		"langfuse.observation.prompt.version", "langfuse.prompt.version", "traceloop.prompt.version", "llm.prompt_template.version",
	}},
	{label, "label", []string{"assay.label"}},
	{feature, "feature", []string{"assay.feature"}},
	{user, "user", []string{
		"user.id", "langfuse.user.id", "enduser.id", "gen_ai.user", "llm.user", "traceloop.association.properties.user_id",
		"ai.telemetry.metadata.userId", "ai.settings.context.userId", "langsmith.metadata.user_id",
	}},
	{session, "session", []string{
		"session.id", "langfuse.session.id", "gen_ai.conversation.id", "traceloop.association.properties.session_id",
		"ai.telemetry.metadata.sessionId", "ai.settings.context.sessionId",
		"langsmith.metadata.session_id", "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id",
	}},
	{environment, "environment", []string{"langfuse.environment", "deployment.environment.name", "deployment.environment"}},
	{service, "service", []string{"service.name"}},
	{tags, "tags", []string{"tag.tags", "langfuse.trace.tags", "langfuse.tags", "langsmith.span.tags", "logfire.tags", "ai.telemetry.metadata.tags", "ai.settings.context.tags"}},

	// Signs of a kind where the span names none.
	{toolName, "kind, where none is named: a sign of one", []string{"gen_ai.tool.name", "tool.name", "ai.toolCall.name"}},
	{agentName, "kind, where none is named: a sign of one", []string{"gen_ai.agent.name", "agent_name"}},
	{retrievalQuery, "kind, where none is named: a sign of one", []string{"gen_ai.retrieval.query.text", "db.vector.query.top_k"}},

	// Logfire sends a record when a span starts, before the span itself.
	{recordType, "unended", []string{"logfire.span_type"}},
	{pendingParent, "unended", []string{"logfire.pending_parent_id"}},
}

// ofOrigin are the facts that may stand on the resource or the scope, for all
// spans of it. What a span says itself goes before.
var ofOrigin = [...]fact{config, configVersion, label, feature, user, session, environment, service}

// place is a fact and how much an attribute is trusted with it, 1 most.
type place struct {
	fact fact
	rank uint8
}

var places = index(sources)

func index(list []source) map[string]place {
	m := map[string]place{}
	for _, s := range list {
		for i, key := range s.keys {
			m[key] = place{s.fact, uint8(i + 1)}
		}
	}
	return m
}

// found is the most trusted attribute seen of each fact.
type found [facts]struct {
	value otlp.Value
	rank  uint8
}

func (f *found) take(key string, v otlp.Value) {
	p, ok := places[key]
	if !ok {
		return
	}
	at := &f[p.fact]
	if at.rank != 0 && at.rank < p.rank || silent(v) {
		return
	}
	at.value, at.rank = v, p.rank
}

// silent reports whether the value says nothing, so that the next attribute is
// asked.
func silent(v otlp.Value) bool {
	switch v.Type() {
	case otlp.Empty:
		return true
	case otlp.String:
		return v.Str() == ""
	default:
		return false
	}
}

func (f *found) has(which fact) bool { return f[which].rank != 0 }

// text is the fact where it is a text or a number, cut to what an index keeps.
func (f *found) text(which fact) string { return short(f[which].value) }
