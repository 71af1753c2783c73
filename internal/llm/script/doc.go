// Package script is a model whose answers are written in a YAML file: replies,
// delays, streams and faults. It is the scripted upstream of Assay's own tests,
// and a way for a team to rehearse an evaluation, or what an outage does to it,
// without a model.
//
// A Script is a list of rules. The first rule whose conditions hold and whose
// times are not used up answers a call. Handler serves a script as OpenAI's
// Chat Completions over HTTP; New makes it an llm.Model by joining that same
// handler to the codec in memory, so that both behave alike.
//
// Nothing is random and nothing depends on the clock but the delays that the
// script asks for. Under concurrency the order in which calls arrive is not
// fixed: times_each, which counts each distinct request by itself, is then
// deterministic where times is not.
package script
