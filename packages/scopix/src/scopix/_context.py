"""What a caller may tie to his requests: a correlation id and a trace."""

import importlib.util
import re
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = [
    "configure_tracing",
    "current_correlation_id",
    "is_tracing_available",
    "set_correlation_id",
    "trace_call",
]

_ID_SHAPE = re.compile(r"[\x21-\x7e]{1,128}")
_correlation_id: ContextVar[str | None] = ContextVar("scopix_correlation_id", default=None)
_tracer_provider: Any = None


def set_correlation_id(correlation_id: str | None = None) -> str:
    """Send this id as `X-Correlation-ID` with all further requests of the current task or thread; give it back.

    Without an argument a fresh one is made. Raises `ValueError` unless it is 1 to 128 visible ASCII characters.
    """
    value = uuid.uuid4().hex if correlation_id is None else correlation_id
    if not _ID_SHAPE.fullmatch(value):
        raise ValueError("a correlation id must be 1 to 128 visible ASCII characters")
    _correlation_id.set(value)
    return value


def current_correlation_id() -> str | None:
    """The id set for this task or thread, or None."""
    return _correlation_id.get()


def is_tracing_available() -> bool:
    """True when OpenTelemetry's API is installed (the extra `tracing`)."""
    return importlib.util.find_spec("opentelemetry") is not None


def configure_tracing(tracer_provider: Any = None) -> bool:
    """Choose the OpenTelemetry tracer provider for clients with `enable_tracing`; None means the global one.

    Returns False, and changes nothing, when OpenTelemetry is not installed.
    """
    global _tracer_provider
    if not is_tracing_available():
        return False
    _tracer_provider = tracer_provider
    return True


@contextmanager
def trace_call(
    name: str, headers: MutableMapping[str, str], *, enabled: bool, propagate: bool, service_name: str
) -> Iterator[None]:
    """Run one call inside a client span and, with `propagate`, add `traceparent` to its headers."""
    if not (enabled and is_tracing_available()):
        yield
        return
    from opentelemetry import propagate as propagation
    from opentelemetry import trace

    tracer = trace.get_tracer(service_name, tracer_provider=_tracer_provider)
    with tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT):
        if propagate:
            propagation.inject(headers)
        yield
