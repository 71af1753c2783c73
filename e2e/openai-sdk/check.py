"""The calls of the check; run.py starts the upstream and gives its address."""

import json
import sys

import openai

address = sys.argv[1] if sys.argv[1].endswith("/v1") else sys.argv[1] + "/v1"
client = openai.OpenAI(base_url=address, api_key="not-a-key", max_retries=1)


def ask(text, **extra):
    return client.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": text}], **extra)


def whole():
    reply = ask("hello")
    assert reply.choices[0].message.content == "You said: hello", reply
    assert reply.choices[0].finish_reason == "stop", reply
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (12, 6, 18), reply.usage
    assert reply.usage.prompt_tokens_details.cached_tokens == 4, reply.usage


def streamed():
    text, usage = "", None
    for chunk in ask("hello", stream=True, stream_options={"include_usage": True}):
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        usage = chunk.usage or usage
    assert text == "You said: hello", text
    assert usage and usage.total_tokens == 18, usage


def tool_call():
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    reply = ask("what is the weather", tools=tools)
    [call] = reply.choices[0].message.tool_calls
    assert call.function.name == "get_weather" and json.loads(call.function.arguments) == {"city": "Bergen"}, call
    assert reply.choices[0].finish_reason == "tool_calls", reply


def tool_call_streamed():
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    name, arguments = "", ""
    for chunk in ask("what is the weather", tools=tools, stream=True):
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                name += call.function.name or ""
                arguments += call.function.arguments or ""
    assert name == "get_weather" and json.loads(arguments) == {"city": "Bergen"}, (name, arguments)


def structured():
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "rain": {"type": "boolean"}}}
    reply = ask("the city as JSON", response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}})
    assert json.loads(reply.choices[0].message.content) == {"city": "Bergen", "rain": True}, reply


def wrong_key():
    try:
        ask("wrong key")
    except openai.AuthenticationError as e:
        assert e.status_code == 401 and "Incorrect API key" in str(e), e
    else:
        raise AssertionError("no error")


def busy_once():
    assert ask("busy").choices[0].message.content == "You said: busy"


def half_a_stream():
    text = ""
    try:
        for chunk in ask("half a stream", stream=True):
            text += chunk.choices[0].delta.content or "" if chunk.choices else ""
    except Exception as e:  # the package gives the error of its HTTP library as it is
        assert "one" in text and "four" not in text, (text, e)
    else:
        raise AssertionError(f"the stream ended well with {text!r}")


failed = 0
for check in (whole, streamed, tool_call, tool_call_streamed, structured, wrong_key, busy_once, half_a_stream):
    try:
        check()
        print("ok  ", check.__name__)
    except Exception as e:
        failed += 1
        print("FAIL", check.__name__, type(e).__name__, e)
sys.exit(1 if failed else 0)
