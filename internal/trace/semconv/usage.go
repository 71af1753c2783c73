package semconv

import (
	"strings"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/trace"
)

// amount is one count of a usage, which may not have been said.
type amount struct {
	n  int64
	ok bool
}

// parts is a usage as an SDK reports it, before it is known what is in what.
type parts struct{ input, cached, write, output, reasoning, total amount }

func (f *found) count(which fact) (p amount) {
	if f.has(which) {
		p.n, p.ok = count(f[which].value)
	}
	return p
}

// usage is what the span says it used. Langfuse's own attribute goes before the
// others; LangSmith's fills what the others leave open.
func (f *found) usage(kind trace.Kind) llm.Usage {
	if f.has(usageBuckets) {
		if p := buckets(object(f[usageBuckets].value)); p.input.ok || p.output.ok || p.total.ok {
			return p.settle(kind)
		}
	}
	p := parts{
		f.count(inputTokens), f.count(cachedTokens), f.count(cacheWriteTokens),
		f.count(outputTokens), f.count(reasoningTokens), f.count(totalTokens),
	}
	if f.has(usageObject) {
		p.fill(langchainUsage(object(f[usageObject].value)))
	}
	if f.has(usageInputDetails) {
		p.fill(langchainUsage(map[string]any{"input_token_details": any(object(f[usageInputDetails].value))}))
	}
	if f.has(usageOutputDetails) {
		p.fill(langchainUsage(map[string]any{"output_token_details": any(object(f[usageOutputDetails].value))}))
	}
	return p.settle(kind)
}

// fill takes from q what p does not have.
func (p *parts) fill(q parts) {
	for _, pair := range [...][2]*amount{
		{&p.input, &q.input}, {&p.cached, &q.cached}, {&p.write, &q.write}, {&p.output, &q.output}, {&p.reasoning, &q.reasoning}, {&p.total, &q.total},
	} {
		if !pair[0].ok {
			*pair[0] = *pair[1]
		}
	}
}

// settle makes input include what was cached, and output what was reasoned,
// which is what every convention says and some emitters do not do.
func (p *parts) settle(kind trace.Kind) llm.Usage {
	if !p.input.ok && !p.output.ok {
		if !p.total.ok || kind == trace.KindLLM {
			return llm.Usage{} // a total alone has no price
		}
		p.input = p.total // of embeddings and rerankers there is only input
	}
	if p.total.ok && p.input.ok != p.output.ok { // one of two is missing
		if rest := p.total.n - p.input.n - p.output.n; rest >= 0 && p.input.ok {
			p.output.n = rest
		} else if rest >= 0 {
			p.input.n = rest
		}
	}
	u := llm.Usage{
		InputTokens: p.input.n, CachedTokens: p.cached.n, CacheWriteTokens: p.write.n,
		OutputTokens: p.output.n, ReasoningTokens: p.reasoning.n, Known: true,
	}
	cache := u.CachedTokens + u.CacheWriteTokens
	said := p.total.ok && p.total.n != u.InputTokens+u.OutputTokens
	switch {
	case cache > u.InputTokens, said && cache > 0 && p.total.n == u.InputTokens+u.OutputTokens+cache:
		u.InputTokens += cache
	}
	said = p.total.ok && p.total.n != u.InputTokens+u.OutputTokens
	switch {
	case u.ReasoningTokens > u.OutputTokens, said && u.ReasoningTokens > 0 && p.total.n == u.InputTokens+u.OutputTokens+u.ReasoningTokens:
		u.OutputTokens += u.ReasoningTokens
	}
	return u
}

// buckets reads Langfuse's usage_details: disjoint buckets whose names begin
// with input or output, or the usage object of OpenAI as it was.
func buckets(m map[string]any) (p parts) {
	get := func(m map[string]any, key string) (p amount) {
		p.n, p.ok = countOf(m[key])
		return p
	}
	p.total = get(m, "total")
	if in, out := get(m, "prompt_tokens"), get(m, "completion_tokens"); in.ok || out.ok {
		inside, _ := m["prompt_tokens_details"].(map[string]any)
		made, _ := m["completion_tokens_details"].(map[string]any)
		p = parts{input: in, output: out, cached: get(inside, "cached_tokens"), reasoning: get(made, "reasoning_tokens"), total: get(m, "total_tokens")}
		return p
	}
	add := func(to *amount, n int64) { to.n, to.ok = min(to.n+n, maxCount), true }
	plain := amount{}
	for key, v := range m {
		n, ok := countOf(v)
		if !ok {
			continue
		}
		switch {
		case key == "input", key == "output":
			add(&plain, n)
		}
		switch {
		case strings.Contains(key, "cache_creation"), strings.Contains(key, "cache_write"):
			add(&p.write, n)
			add(&p.input, n)
		case strings.Contains(key, "cached"), strings.Contains(key, "cache_read"):
			add(&p.cached, n)
			add(&p.input, n)
		case strings.HasPrefix(key, "input"):
			add(&p.input, n)
		case strings.Contains(key, "reasoning"):
			add(&p.reasoning, n)
			add(&p.output, n)
		case strings.HasPrefix(key, "output"):
			add(&p.output, n)
		}
	}
	if p.total.ok && p.total.n == plain.n { // the buckets are parts of input and output after all
		in, out := get(m, "input"), get(m, "output")
		p.input, p.output = in, out
	}
	return p
}

// langchainUsage reads LangChain's usage_metadata, input_tokens with everything in it.
func langchainUsage(m map[string]any) (p parts) {
	get := func(m map[string]any, key string) (p amount) {
		p.n, p.ok = countOf(m[key])
		return p
	}
	inside, _ := m["input_token_details"].(map[string]any)
	made, _ := m["output_token_details"].(map[string]any)
	return parts{
		input: get(m, "input_tokens"), output: get(m, "output_tokens"), total: get(m, "total_tokens"),
		cached: get(inside, "cache_read"), write: get(inside, "cache_creation"), reasoning: get(made, "reasoning"),
	}
}

// cost is what the span claims to have cost.
func (f *found) cost() (nanos int64, ok bool) {
	if f.has(costTotal) {
		if x, ok := number(f[costTotal].value); ok {
			return nanoDollars(x)
		}
	}
	if f.has(costBuckets) {
		return costOf(object(f[costBuckets].value))
	}
	in, haveIn := number(f[costInput].value)
	out, haveOut := number(f[costOutput].value)
	if !haveIn && !haveOut {
		return 0, false
	}
	return nanoDollars(in + out)
}

// costOf reads Langfuse's cost_details: a total, or the buckets that make it.
func costOf(m map[string]any) (nanos int64, ok bool) {
	var sum float64
	for key, v := range m {
		x, isNumber := floatOf(v)
		if !isNumber {
			continue
		}
		if key == "total" {
			return nanoDollars(x)
		}
		sum, ok = sum+x, true
	}
	if !ok {
		return 0, false
	}
	return nanoDollars(sum)
}
