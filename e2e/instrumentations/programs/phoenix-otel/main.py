"""Phoenix's way to set up OpenTelemetry: one span, sent where its variables say."""

from phoenix.otel import register

provider = register(batch=False, verbose=False)
with provider.get_tracer("keys").start_as_current_span("chat", openinference_span_kind="llm"):
    pass
provider.shutdown()
