"""Traces by OpenTelemetry: where a file's time goes, from the request to the description, over all processes.

The code speaks the library's own interface (`tracer`), which does nothing until `configure_tracing` gives spans a way
out; what is sent where is said by the OTEL_* variables that the library reads itself. On that way out, in one place,
secrets are masked and exceptions dropped: a traceback holds what others wrote.
"""

from typing import TYPE_CHECKING

from opentelemetry import trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["configure_tracing", "stop_tracing", "tracer"]

tracer = trace.get_tracer("scopix_server")
"""Makes the spans of this server. Give `record_exception=False`: what it would note is not sent."""

_provider: "TracerProvider | None" = None


def configure_tracing(service: str) -> None:
    """Begin to trace, and send what is traced by OTLP over HTTP. `service` names this process, unless OTEL_* does.

    Raises:
        ModuleNotFoundError: the extra `otel` is not installed.
    """
    global _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from scopix_server.span_export import RedactingExporter

    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(RedactingExporter(OTLPSpanExporter())))
    trace.set_tracer_provider(_provider)


def stop_tracing() -> None:
    """Send what was not sent yet."""
    if _provider is not None:
        _provider.shutdown()
