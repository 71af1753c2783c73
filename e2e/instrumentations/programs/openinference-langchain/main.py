"""OpenInference's LangChain instrumentation, as its guide sets it up."""

from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor

import langchain_steps
import otel
import scenario

tracers = otel.provider()
LangChainInstrumentor().instrument(tracer_provider=tracers)
tracer = tracers.get_tracer("help-centre")
with using_attributes(session_id=scenario.SESSION, user_id=scenario.USER, tags=scenario.TAGS), \
        tracer.start_as_current_span("help_centre"):
    print(langchain_steps.run({"tags": scenario.TAGS}))
tracers.shutdown()
