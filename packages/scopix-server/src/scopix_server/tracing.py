"""Traces by OpenTelemetry: where a file's time goes, from the request to the description, over all processes.

Without `configure_tracing` nothing here does anything, and the library need not be installed. What is sent where is
said by the OTEL_* variables that the library reads itself.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

__all__ = ["Span", "carrier", "configure_tracing", "is_tracing", "span", "stop_tracing"]

Kind = Literal["internal", "server", "producer", "consumer"]
_SCOPE = "scopix_server"
_tracer: "Tracer | None" = None
_provider: "TracerProvider | None" = None


class Span:
    """Something that takes time, in a trace; of no trace when there is none."""

    def __init__(self, inner: Any = None) -> None:
        self._inner = inner

    def name(self, name: str) -> None:
        """Give it another name: what a request is for is known only after its route was found."""
        if self._inner is not None:
            self._inner.update_name(name)

    def set(self, **attributes: str | int | float | bool | None) -> None:
        """Note what is known of it. In a name `_` stands for the dot of the conventions, `__` for their underscore."""
        if self._inner is not None:
            self._inner.set_attributes({_attribute(n): v for n, v in attributes.items() if v is not None})

    def failed(self, reason: str) -> None:
        """Note that it did not come to a good end."""
        if self._inner is not None:
            from opentelemetry.trace import Status, StatusCode

            self._inner.set_status(Status(StatusCode.ERROR, reason))


def _attribute(name: str) -> str:
    return "_".join(part.replace("_", ".") for part in name.split("__"))


def configure_tracing(service: str) -> None:
    """Begin to trace, and send what is traced by OTLP over HTTP. `service` names this process, unless OTEL_* does.

    Raises:
        ModuleNotFoundError: the extra `otel` is not installed.
    """
    global _tracer, _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer(_SCOPE)


def stop_tracing() -> None:
    """Send what was not sent yet."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def is_tracing() -> bool:
    """Whether spans go anywhere."""
    return _tracer is not None


@contextmanager
def span(name: str, *, kind: Kind = "internal", parent: Mapping[str, str] | None = None, **ids: str) -> Iterator[Span]:
    """Trace what happens in this context. `parent` is the carrier of another process; `ids` are noted as scopix.ID."""
    if _tracer is None:
        yield Span()
        return
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    context = extract(parent) if parent else None
    attributes = {f"scopix.{key}": value for key, value in ids.items()}
    with _tracer.start_as_current_span(name, context, SpanKind[kind.upper()], attributes) as inner:
        yield Span(inner)


def carrier() -> dict[str, str]:
    """Return what another process needs to go on with the trace: W3C trace context headers. Empty without a trace."""
    found: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.propagate import inject

        inject(found)
    return found
