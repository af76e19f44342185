"""What a connection may cost before anybody knows who calls: heads, deadlines, and how many connections there are.

uvicorn's parser takes in heads of any size, and its only clock begins after the first answer. Here are the limits that
it leaves out, laid around its protocol (decision 11). A connection is *idle* while it owes no answer; when all places
are taken, idle ones make room, so that only connections that are being worked for can fill a server.
"""

import asyncio
import json
import logging
import sys
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from scopix_server.api.problems import status_of
from scopix_server.domain.errors import (
    DomainError,
    HeadersTooLarge,
    MalformedRequest,
    RequestTimedOut,
    ServiceUnavailable,
    UrlTooLong,
)

__all__ = ["ConnectionLimits", "LimitedServer", "within_open_files"]

_log = logging.getLogger(__name__)

_MAX_HEADERS = 128
"""Browsers send about 20, and each proxy adds a few. Each costs memory beyond its bytes, however short it is."""

_BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding"})

_HEAD_PIECE_BYTES = 8 * 1024
"""Heads are parsed in such pieces: a header that is not at its end is looked at after each. Most are smaller."""

_MAX_PIPELINED = 16
"""Requests that wait behind one that is being answered. A single read held 5,800 of them, each 2 KB of memory."""

_LINGER_SECONDS = 2.0
"""So long a refused client's bytes are thrown away: closed at once, its system would drop our answer with the rest."""

_MAX_LINGERING = 64
"""Refused connections that are lingered for at once; beyond that they are cut, which costs nothing."""

_FRESH_SECONDS = 1.0
"""So long an idle connection keeps its place in any case: of a rush, what was sent first may not have been read yet."""

_STALLED_SECONDS = 5.0
"""When all places are taken, an answer of which nothing was taken for so long gives up its own."""

_RETRY_SECONDS = 5

_OTHER_OPEN_FILES = 256
"""Open files for all else: the database, the worker's pipe, calls to buckets (32 threads), refused connections."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of connections: how many, bytes of a request's head, seconds. `address_connections` None: any number."""

    connections: int
    address_connections: int | None
    url_bytes: int
    header_bytes: int
    header_seconds: float
    send_idle_seconds: float


def within_open_files(limits: ConnectionLimits) -> ConnectionLimits:
    """Raise the limit of open files as far as it goes, and return the limits with no more connections than fit into it.

    A connection may need two files: itself, and the upload that it sends or the picture that it gets.
    """
    if sys.platform == "win32":
        return limits  # it has no such limit
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY or (hard - _OTHER_OPEN_FILES) // 2 >= limits.connections:
        return limits
    fitting = max(16, (hard - _OTHER_OPEN_FILES) // 2)
    _log.warning("the limit of %d open files leaves room for %d connections", hard, fitting)
    return replace(limits, connections=min(fitting, limits.connections))


class _Refused(Exception):
    """Ends the parser's work at once; the parser wraps it, so the reason is kept by the connection."""


class _Connections:
    """All connections of a server process. For the event loop alone."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.served: set[_Connection] = set()
        self.lingering: set[_Connection] = set()
        self._by_address: Counter[str] = Counter()
        self._turned_away = 0

    def admit(self, connection: "_Connection") -> None:
        """Take a new connection in: beside the others, in place of one that is idle, or to be turned away."""
        maximum, address = self.limits.address_connections, connection.address
        if maximum is not None and self._by_address[address] >= maximum:
            message = f"{maximum} connections from your address are open already. Close some, or use them again."
            connection.refuse(ServiceUnavailable(message, limit=maximum, retry_after=_RETRY_SECONDS), once_heard=True)
            return
        if len(self.served) >= self.limits.connections and not self._make_room(connection.idle_since):
            self._turned_away += 1
            message = f"All {self.limits.connections} connections of this server are busy. Try again in a moment."
            refusal = ServiceUnavailable(message, limit=self.limits.connections, retry_after=_RETRY_SECONDS)
            connection.refuse(refusal, once_heard=True)
            return
        self.served.add(connection)
        self._by_address[address] += 1

    def leave(self, connection: "_Connection") -> None:
        """Forget a connection that is gone, or that is only waited for."""
        self.lingering.discard(connection)
        if connection in self.served:
            self.served.discard(connection)
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]

    def sweep(self, now: float) -> None:
        """End what has had its time."""
        for connection in [*self.served, *self.lingering]:
            connection.check(now)
        if self._turned_away:
            _log.warning("turned %d connections away: all %d are busy", self._turned_away, self.limits.connections)
            self._turned_away = 0

    def _make_room(self, now: float) -> bool:
        idle = [one for one in self.served if one.is_idle and now - one.idle_since > _FRESH_SECONDS]
        candidates = idle or [one for one in self.served if one.stalled_seconds(now) > _STALLED_SECONDS]
        if not candidates:
            return False
        # Who was answered before is likely to come again; who never asked anything is not missed.
        idlest = min(candidates, key=lambda connection: (connection.answered > 0, connection.idle_since))
        self.leave(idlest)
        idlest.transport.abort()
        return True


class _Connection(HttpToolsProtocol):
    """One connection. What the parser takes in without reporting it is counted: it keeps that in memory."""

    def __init__(self, connections: _Connections, **options: Any) -> None:
        super().__init__(**options)
        self._connections = connections
        self._limits = connections.limits
        self.address = ""
        self.answered = 0
        self.idle_since = self._drained_at = self.loop.time()
        self._head_since: float | None = None  # since when a request's head is awaited, while it is
        self._heard = False  # whether the client has sent anything
        self._refusal: DomainError | None = None
        self._refused_at: float | None = None
        self._refusal_sent = False
        self._running: RequestResponseCycle | None = None
        self._unreported = 0  # bytes
        self._headers = self._header_bytes = 0
        self._in_body = False
        self._wire_bytes = self._body_bytes = 0  # since the head was complete

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer on it, and none is being sent."""
        return self.cycle is None or (self.cycle.response_complete and not self.transport.get_write_buffer_size())

    def stalled_seconds(self, now: float) -> float:
        """How long nothing was taken of what it is sent; 0 if all was."""
        return now - self._drained_at if self.transport.get_write_buffer_size() else 0.0

    # What happens to it ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._head_since = self.loop.time()
        self._connections.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        # uvicorn tells the last request that was sent ahead, and only that one.
        self._disconnect()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self._say_refusal()
            return
        self._heard = True
        if self._head_since is None and self.is_idle:
            self._head_since = self.loop.time()
        rest = memoryview(data)
        while rest and self._refusal is None:
            piece = rest if self._in_body else rest[:_HEAD_PIECE_BYTES]
            rest = rest[len(piece) :]
            self._unreported += len(piece)
            self._wire_bytes += len(piece)
            super().data_received(piece)  # type: ignore[arg-type]
            if self._refusal is None:
                self._check_overhead()

    def resume_writing(self) -> None:
        self._drained_at = self.loop.time()
        super().resume_writing()

    def check(self, now: float) -> None:
        """End the connection if the client was too slow: with its request's head, or with taking what it is sent."""
        if self._refused_at is not None:
            if now - self._refused_at > _LINGER_SECONDS:
                self.transport.abort()
            return
        if not self.transport.get_write_buffer_size():
            self._drained_at = now
        elif self.stalled_seconds(now) > self._limits.send_idle_seconds:
            self.transport.abort()
            return
        if self._head_since is None or now - self._head_since <= self._limits.header_seconds:
            return
        if self._heard:
            message = f"The head of the request did not arrive within {self._limits.header_seconds:g} seconds."
            self.refuse(RequestTimedOut(message))
        else:
            # Browsers open connections ahead of need, and would take an answer for that of their next request.
            self.transport.close()

    def refuse(self, error: DomainError, *, once_heard: bool = False) -> None:
        """Answer no more but with this, and end. `once_heard`: not before the client has sent something."""
        self._refusal = error
        self._head_since = None
        self._refused_at = self.loop.time()
        self._connections.leave(self)
        if len(self._connections.lingering) >= _MAX_LINGERING:
            self.transport.abort()
            return
        self._connections.lingering.add(self)
        if not once_heard:
            self._say_refusal()

    def _say_refusal(self) -> None:
        assert self._refusal is not None
        if self._refusal_sent or self.transport.is_closing():
            return
        self._refusal_sent = True
        running = self._running
        if running is not None and not running.response_complete:
            self._disconnect()
            if running.response_started or not running.more_body:
                # The refusal is about a later request, and would be taken for the answer to this one or a part of it.
                self.transport.abort()
                return
        self.transport.write(_response(self._refusal))
        self.transport.write_eof()

    def _disconnect(self) -> None:
        """Let the request that is being answered know that nobody waits any more, and forget those behind it."""
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    # What the parser reports -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._unreported = self._headers = self._header_bytes = 0
        self._in_body = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._unreported = 0
        super().on_url(url)
        if len(self.url) > self._limits.url_bytes:
            self._stop(UrlTooLong(max_bytes=self._limits.url_bytes))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._unreported = 0
        self._headers += 1
        self._header_bytes += len(name) + len(value) + len(": \r\n")
        if self._header_bytes > self._limits.header_bytes or self._headers > _MAX_HEADERS:
            self._stop(self._too_large())
        # After a body in chunks there may be more headers, of which nothing here makes use.
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unreported = self._wire_bytes = self._body_bytes = 0
        self._head_since = None
        self._in_body = True
        if len(self.pipeline) >= _MAX_PIPELINED:
            self._stop(MalformedRequest(f"More than {_MAX_PIPELINED} requests were sent ahead of their answers."))
        if self.parser.should_upgrade() and any(name in _BODY_HEADERS for name, _ in self.headers):
            # The parser would leave the body out, and the route would miss it.
            message = "This server speaks HTTP/1.1 alone. Send the request without asking for another protocol."
            self._stop(MalformedRequest(message, field="Upgrade"))
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unreported = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.answered += 1
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(self._refusal or MalformedRequest(msg))

    def _check_overhead(self) -> None:
        if self._unreported > self._limits.header_bytes:
            self.refuse(self._too_large())
        elif self._in_body and self._wire_bytes > 2 * self._body_bytes + self._limits.header_bytes:
            self.refuse(
                MalformedRequest("The body comes in chunks so small that they are mostly framing.", field="body")
            )

    def _too_large(self) -> HeadersTooLarge:
        return HeadersTooLarge(max_bytes=self._limits.header_bytes, max_headers=_MAX_HEADERS)

    def _stop(self, error: DomainError) -> None:
        self._refusal = error
        raise _Refused

    def _unsupported_upgrade_warning(self) -> None:
        # Whoever asks for another protocol is answered in this one, and the parser is at its end then.
        self.cycle.keep_alive = False


class LimitedServer(uvicorn.Server):
    """uvicorn's server, with limits for connections. Give it a configuration that names no protocol."""

    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits) -> None:
        self.connections = _Connections(limits)

        def make(**options: Any) -> _Connection:
            return _Connection(self.connections, **options)

        config.http = make  # type: ignore[assignment]
        super().__init__(config)

    async def on_tick(self, counter: int) -> bool:
        # Ten ticks a second; a look at 1,000 connections takes less than a thousandth of one.
        if counter % 2 == 0:
            self.connections.sweep(asyncio.get_running_loop().time())
        return await super().on_tick(counter)


def _response(error: DomainError) -> bytes:
    """Return the answer as bytes, in the body that all errors have."""
    status, request_id = status_of(error), str(uuid.uuid4())
    problem = {"code": error.code, "message": error.message, "details": error.details}
    body = json.dumps({"error": problem, "request_id": request_id}).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Request-ID": request_id,
    }
    if "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode() + b"\r\n" + body
