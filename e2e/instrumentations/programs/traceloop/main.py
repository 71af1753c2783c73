"""Traceloop's SDK: OpenLLMetry's OpenAI instrumentation and its decorators."""

import os

from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, task, tool, workflow
from traceloop.sdk.instruments import Instruments

import openai_steps
import scenario

# A key from the environment is a header that gRPC refuses, so that one is set here.
headers = {} if os.environ.get("TRACELOOP_API_KEY") else {"authorization": "Bearer not-a-key"}
Traceloop.init(app_name="help-centre", api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"], headers=headers,
               telemetry_enabled=False, instruments={Instruments.OPENAI})
Traceloop.set_association_properties({"session_id": scenario.SESSION, "user_id": scenario.USER})

DECORATORS = {"tool": tool, "retriever": task, "agent": agent, "chain": workflow}


def around(kind, name, function):
    return DECORATORS[kind](name=name)(function)


print(openai_steps.Steps(around).run())
from opentelemetry import trace  # noqa: E402, the provider is Traceloop's
trace.get_tracer_provider().shutdown()
