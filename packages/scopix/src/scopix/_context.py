"""What a caller may tie to his requests: a correlation id and a trace."""

import importlib.util
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = [
    "configure_tracing",
    "current_correlation_id",
    "is_tracing_available",
    "set_correlation_id",
    "trace_request",
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
    try:
        return importlib.util.find_spec("opentelemetry.trace") is not None
    except ImportError:
        return False


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
def trace_request(
    name: str,
    headers: MutableMapping[str, str],
    *,
    enabled: bool,
    propagate: bool,
    service_name: str,
    attributes: Mapping[str, str | int] | None = None,
) -> Iterator[Callable[[int], None]]:
    """Run one call, with its retries, inside a client span and, with `propagate`, add `traceparent` to its headers.

    Gives a function that notes the status of the answer. An error that passes is noted with its traceback.
    """
    if not (enabled and is_tracing_available()):
        yield _note_nothing
        return
    from opentelemetry import propagate as propagation
    from opentelemetry import trace

    tracer = trace.get_tracer(service_name, tracer_provider=_tracer_provider)
    with tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT, attributes=dict(attributes or {})) as span:
        if propagate:
            propagation.inject(headers)

        def note_status(status: int) -> None:
            span.set_attribute("http.response.status_code", status)

        try:
            yield note_status
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            raise


def _note_nothing(status: int) -> None:
    """Without tracing nothing is noted."""
