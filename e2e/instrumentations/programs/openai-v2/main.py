"""opentelemetry-instrumentation-openai-v2, content in log events or on spans.

Which of the two, the variables decide that capture.py sets: by default content
goes out as log events (semantic conventions 1.30); with
OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental and span_only it is on
the spans (1.37 and later).
"""

from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

import openai_steps
import otel

tracers = otel.provider()
logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(logs)
OpenAIInstrumentor().instrument()

tracer = tracers.get_tracer("help-centre")


def around(kind, name, function):
    """A plain span of the application's own, without any GenAI attribute."""
    def wrapped(*args, **kwargs):
        with tracer.start_as_current_span(name):
            return function(*args, **kwargs)
    return wrapped


print(openai_steps.Steps(around).run())
tracers.shutdown()
logs.shutdown()
