"""The way out of every span, whoever made it: secrets are masked, exceptions dropped. Needs the extra `otel`."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from scopix_server.domain.redaction import redact, redact_values

__all__ = ["RedactingExporter"]


class RedactingExporter(SpanExporter):
    """Hands spans on to another exporter without what nobody may see."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_redacted(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _redacted(span: ReadableSpan) -> ReadableSpan:
    reason = span.status.description
    return ReadableSpan(
        name=redact(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=redact_values(dict(span.attributes or {})),
        # The events of a span are its exceptions, with their tracebacks; ours have no other.
        events=(),
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, redact(reason) if reason else None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
