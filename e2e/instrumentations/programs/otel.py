"""OpenTelemetry as every Python program here sets it up: OTLP over HTTP.

One batch is sent at the end, so that a capture does not depend on a timer.
Where to, and the resource's attributes, come from the standard variables.
"""

import os

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def exporter():
    """gRPC where OTEL_EXPORTER_OTLP_PROTOCOL says so and the package is there."""
    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        return OTLPSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()


def provider():
    """The global tracer provider, sending to OTEL_EXPORTER_OTLP_ENDPOINT."""
    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(exporter()))
    trace.set_tracer_provider(tracers)
    return tracers
