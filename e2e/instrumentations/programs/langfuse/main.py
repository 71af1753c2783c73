"""The Langfuse SDK: its OpenAI client and its decorator, over OTLP."""

from langfuse import get_client, observe, propagate_attributes
from langfuse.openai import OpenAI

import openai_steps
import scenario

client = get_client()


def around(kind, name, function):
    return observe(name=name, as_type=kind)(function)


with propagate_attributes(user_id=scenario.USER, session_id=scenario.SESSION, tags=scenario.TAGS):
    print(openai_steps.Steps(around, client=OpenAI).run())
client.flush()
client.shutdown()
