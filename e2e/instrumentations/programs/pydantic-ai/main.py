"""Pydantic AI with its own instrumentation and a plain OpenTelemetry provider."""

from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.settings import ModelSettings

import asyncio

import otel
import scenario

tracers = otel.provider()
tracer = tracers.get_tracer("help-centre")
settings = {"openai_reasoning_effort": "low"} if scenario.NAME == "cached" else {"temperature": 0.2}
agent = Agent(OpenAIChatModel(scenario.MODEL), system_prompt=scenario.SYSTEM, name="help_centre",
              model_settings=ModelSettings(**settings))
agent.instrument = InstrumentationSettings(tracer_provider=tracers)

# The tools as an application writes them: their schemas come from the signatures.


def get_weather(city: str) -> str:
    """The weather in a city right now."""
    return scenario.call_tool("get_weather", {"city": city})


def lookup_order(order_id: str) -> str:
    """An order by its number."""
    return scenario.call_tool("lookup_order", {"order_id": order_id})


def track_parcel(parcel_id: str) -> str:
    """Where a parcel is."""
    return scenario.call_tool("track_parcel", {"parcel_id": parcel_id})


for tool in (get_weather, lookup_order, track_parcel):
    if tool.__name__ in scenario.THIS.get("tools", []):
        agent.tool_plain(tool, sequential=True)  # one after the other: the spans come in one order then


def chat():
    return agent.run_sync(scenario.ASK, conversation_id=scenario.SESSION).output


def stream():
    async def whole():
        async with agent.run_stream(scenario.ASK, conversation_id=scenario.SESSION) as answer:
            return "".join([text async for text in answer.stream_text(delta=True, debounce_by=None)])
    return asyncio.run(whole())


def rag():
    from pydantic_ai import Embedder
    from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
    embedder = Embedder(OpenAIEmbeddingModel(scenario.EMBEDDING_MODEL), instrument=InstrumentationSettings(tracer_provider=tracers))
    with tracer.start_as_current_span("help_centre"):
        embedder.embed_query_sync(scenario.ASK)
        return agent.run_sync(scenario.question_with(scenario.DOCUMENTS), conversation_id=scenario.SESSION).output


print(scenario.run(stream=stream, rag=rag, default=chat))
tracers.shutdown()
