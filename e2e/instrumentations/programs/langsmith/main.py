"""The LangSmith SDK in OpenTelemetry mode; capture.py sets its variables.

LangChain traces itself through it: nothing is instrumented here. What the
outermost function gets as metadata and tags goes to every run below it.
"""

from langsmith import Client, traceable

import langchain_steps
import scenario

client = Client()


@traceable(run_type="chain", name="help_centre", client=client)
def help_centre(question):
    return langchain_steps.run({})


print(help_centre(scenario.ASK, langsmith_extra={
    "metadata": {"session_id": scenario.SESSION, "user_id": scenario.USER}, "tags": scenario.TAGS}))
client.flush()
if client.otel_exporter is not None:
    from opentelemetry import trace
    trace.get_tracer_provider().force_flush()
