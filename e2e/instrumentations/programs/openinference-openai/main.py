"""OpenInference: its OpenAI instrumentation, and its own decorators around it."""

from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from openinference.semconv.trace import SpanAttributes

import json

import openai_steps
import otel
import scenario

tracers = otel.provider()
OpenAIInstrumentor().instrument(tracer_provider=tracers)
tracer = OITracer(tracers.get_tracer("help-centre"), config=TraceConfig())


def around(kind, name, function):
    """A span of OpenInference's kind, with input and output as its guide shows."""
    def wrapped(*args, **kwargs):
        with tracer.start_as_current_span(name, openinference_span_kind=kind) as span:
            if kind == "tool":
                span.set_tool(name=name, parameters=kwargs)
            span.set_input(args[0] if args else kwargs)
            result = function(*args, **kwargs)
            if kind == "retriever":
                for i, document in enumerate(result):
                    for key, value in document.items():
                        span.set_attribute(f"{SpanAttributes.RETRIEVAL_DOCUMENTS}.{i}.document.{key}", value)
            else:
                span.set_output(result)
            span.set_status(openai_steps_ok())
            return result
    return wrapped


def openai_steps_ok():
    from opentelemetry.trace import Status, StatusCode
    return Status(StatusCode.OK)


with using_attributes(session_id=scenario.SESSION, user_id=scenario.USER, tags=scenario.TAGS, metadata={"tier": "gold"}):
    print(openai_steps.Steps(around).run())
tracers.shutdown()
