"""What surrounds every request: its id, a fair end for bodies nobody reads, and headers that keep browsers careful."""

import asyncio
import re
import time
import uuid
from contextlib import AbstractContextManager

import structlog
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scopix_server.api.route_names import route_of
from scopix_server.logs import bound
from scopix_server.tracing import tracer

__all__ = ["BodyGuard", "RequestContext"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_TRACE_HEADERS = frozenset({b"traceparent", b"tracestate"})
_DRAIN_BYTES = 8 * 1024 * 1024
_DRAIN_SECONDS = 2.0
_MAX_LOGGED_PATH = 300
"""Characters: all paths of the API are shorter, and a stranger's line in the log is no longer than anybody's."""
_log = structlog.get_logger("scopix.access")


class RequestContext:
    """Gives each request an id (the client's, if it sent a sound one), echoes it, and binds it to the logs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
        scope["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])  # libraries send members of an enum, which are logged as such
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        with bound(request_id=request_id), _traced(scope, request_id) as span:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                spent = round((time.perf_counter() - started) * 1000, 1)
                _log.info("request", method=scope["method"], path=_loggable_path(scope), status=status, ms=spent)
                if span.is_recording():
                    _note_end(span, scope, status)


def _traced(scope: Scope, request_id: str) -> AbstractContextManager[Span]:
    known = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _TRACE_HEADERS}
    return tracer.start_as_current_span(
        scope["method"],
        extract(known) if known else None,
        SpanKind.SERVER,
        {"scopix.request_id": request_id},
        record_exception=False,
    )


def _note_end(span: Span, scope: Scope, status: int) -> None:
    # What a request is for is known only after its route was found.
    route = route_of(scope)
    span.update_name(f"{scope['method']} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR, f"answered {status}"))


def _loggable_path(scope: Scope) -> str:
    # A signed link is a permission for whoever reads it.
    route = route_of(scope)
    return route if "{token}" in route else str(scope["path"])[:_MAX_LOGGED_PATH]


class BodyGuard:
    """Sees to it that a refusal reaches a client that is still sending.

    A server that answers and closes while the client sends makes the client see a broken connection instead of the
    answer. So a refused body is read to its end if that end is near (8 MiB, 2 s); otherwise the connection is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive)

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.finished:
                if message["status"] >= 400:
                    await body.drain()
                if not body.finished:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, body.receive, send_after_body)


class _Body:
    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        self._receive = receive
        self._started = False
        # With "Expect: 100-continue" the client holds the body back until asked: do not ask for it to throw it away.
        self._held_back = headers.get(b"expect", b"").lower() == b"100-continue"
        length = headers.get(b"content-length")
        self.finished = length in (None, b"0") and b"transfer-encoding" not in headers

    async def receive(self) -> Message:
        message = await self._receive()
        self._started = True
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.finished = True
        return message

    async def drain(self) -> None:
        if self._held_back and not self._started:
            return
        room = _DRAIN_BYTES
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.finished and room > 0:
                    message = await self.receive()
                    room -= len(message.get("body", b""))
        except TimeoutError:
            pass
