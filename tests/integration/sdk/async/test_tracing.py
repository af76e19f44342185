"""Tracing with OpenTelemetry: spans of calls, and the trace that travels with them."""

from collections.abc import Iterator

import httpx2
import pytest
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from scopix import ResourceNotFoundError, ScopixConnectionError, configure_tracing, is_tracing_available
from tests.integration.sdk.faulty_server import Reply, problem
from tests.integration.sdk.happy import IMAGE_ID, behave

from .conftest import connect


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    assert is_tracing_available()
    assert configure_tracing(provider)
    yield exporter
    configure_tracing()


async def test_every_call_is_a_span(server, spans, png):
    behave(server)
    async with connect(server, enable_tracing=True) as client:
        await client.files.upload(png)
    names = [span.name for span in spans.get_finished_spans()]
    assert names == [
        "scopix POST /files/upload",
        "scopix GET /files/{id}/processing-status",
        "scopix GET /files/{id}",
    ]
    upload = spans.get_finished_spans()[0]
    assert upload.kind is SpanKind.CLIENT
    assert dict(upload.attributes) == {
        "http.request.method": "POST",
        "url.template": "/files/upload",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "http.response.status_code": 201,
    }


async def test_the_trace_travels_with_the_call_and_its_retries(server, spans):
    behave(server)
    server.faults += [Reply(503)]
    async with connect(server, enable_tracing=True) as client:
        await client.files.get(IMAGE_ID)
    (span,) = spans.get_finished_spans()
    context = span.get_span_context()
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    assert [seen.headers["traceparent"] for seen in server.seen] == [expected] * 2


async def test_a_span_belongs_to_the_caller_s_trace(server, spans):
    behave(server)
    provider = TracerProvider()
    with provider.get_tracer("mine").start_as_current_span("outer") as outer:
        async with connect(server, enable_tracing=True) as client:
            await client.files.get(IMAGE_ID)
    (span,) = spans.get_finished_spans()
    assert span.parent.span_id == outer.get_span_context().span_id
    assert f"{outer.get_span_context().trace_id:032x}" in server.seen[0].headers["traceparent"]


async def test_failures_are_told(server, spans):
    server.faults += [problem(404, "NOT_FOUND")]
    async with connect(server, enable_tracing=True, max_retries=0) as client:
        with pytest.raises(ResourceNotFoundError):
            await client.files.get(IMAGE_ID)
        server.stop()
        with pytest.raises(ScopixConnectionError):
            await client.files.get(IMAGE_ID)
    missing, gone = spans.get_finished_spans()
    assert (missing.status.status_code, gone.status.status_code) == (StatusCode.ERROR, StatusCode.ERROR)
    assert missing.attributes["http.response.status_code"] == 404
    assert missing.attributes["error.type"] == "ResourceNotFoundError"
    assert "http.response.status_code" not in gone.attributes
    assert [event.name for event in gone.events] == ["exception"]
    assert client.config.api_key not in str(missing.to_json()) + str(gone.to_json())


async def test_the_trace_stays_at_home_if_that_is_wished(server, spans):
    behave(server)
    async with connect(server, enable_tracing=True, propagate_trace_context=False) as client:
        await client.files.get(IMAGE_ID)
    assert "traceparent" not in server.seen[0].headers
    assert len(spans.get_finished_spans()) == 1


async def test_without_tracing_there_is_no_span(server, spans):
    behave(server)
    async with connect(server) as client:
        await client.files.get(IMAGE_ID)
    assert spans.get_finished_spans() == ()
    assert "traceparent" not in server.seen[0].headers


async def test_signed_addresses_see_no_trace(server, spans):
    path = f"/api/v2/files/{IMAGE_ID}/download"
    server.routes |= {f"GET {path}": Reply(302, headers={"Location": "/signed"}), "GET /signed": Reply(200, b"x")}
    async with connect(server, enable_tracing=True) as client:
        assert await client.files.download(IMAGE_ID) == b"x"
    assert ["traceparent" in seen.headers for seen in server.seen] == [True, False]


async def test_an_instrumented_http_client_tells_of_each_attempt(server):
    behave(server)
    server.faults += [Reply(503)]
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with httpx2.AsyncClient() as own:
        HTTPX2ClientInstrumentor.instrument_client(own, tracer_provider=provider)
        async with connect(server, http_client=own) as client:
            await client.files.get(IMAGE_ID)
    statuses = [span.attributes["http.status_code"] for span in exporter.get_finished_spans()]
    assert statuses == [503, 200]
