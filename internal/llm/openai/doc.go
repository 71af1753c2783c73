// Package openai is the codec for OpenAI's Chat Completions and for the many
// servers that speak it: Azure, Ollama, vLLM, llama.cpp, and the compatible
// addresses of Anthropic and Gemini.
//
// EncodeRequest and DecodeReply are the codec; Model joins it to a wire
// exchange and is an llm.Model. Servers deviate, so reading is lenient where
// the meaning is plain (a usage that is missing is unknown, tool deltas without
// an index, null content, an end without [DONE]) and strict where it is not: a
// stream that stops before a finish reason is an error, never a short answer.
package openai
