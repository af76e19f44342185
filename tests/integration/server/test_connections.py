"""What a connection may cost before anybody knows who calls: the real protocol on a loopback socket, a small app."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
import uvicorn

from scopix_server.api.connections import ConnectionLimits, LimitedServer

KIB = 1024
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HELD = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class App:
    """Answers at once, or when `release` is set (`/held`), or with 64 MiB (`/large`), or when the body is read."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.ended = 0
        self.body_bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.requests.append(scope)
        try:
            await self._answer(scope["path"], receive, send)
        finally:
            self.ended += 1

    async def _answer(self, path: str, receive: Any, send: Any) -> None:
        while path == "/body":
            message = await receive()
            self.body_bytes += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        if path == "/held":
            await asyncio.to_thread(self.release.wait)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1024 if path == "/large" else 0):
            await send({"type": "http.response.body", "body": bytes(64 * KIB), "more_body": True})
        await send({"type": "http.response.body", "body": b"ok"})


class Running:
    def __init__(self, server: LimitedServer, app: App, port: int) -> None:
        self.server, self.app, self.port = server, app, port

    @property
    def open(self) -> int:
        """Connections that the server has, and has not turned away."""
        return len(self.server.connections.served)

    def youngest_seconds(self) -> float:
        """For how long every connection has been idle."""
        return time.monotonic() - max(connection.idle_since for connection in list(self.server.connections.served))

    def connect(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(sent)
        return connection


@contextmanager
def serving(*, keep_alive_seconds: int = 30, **limits: Any) -> Iterator[Running]:
    usual = {
        "connections": 100,
        "address_connections": None,
        "url_bytes": 2 * KIB,
        "header_bytes": 8 * KIB,
        "header_seconds": 30.0,
        "send_idle_seconds": 30.0,
    }
    app, listener = App(), socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=1,
    )
    server = LimitedServer(config, ConnectionLimits(**usual | limits))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Running(server, app, listener.getsockname()[1])
    finally:
        app.release.set()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving() as found:
        yield found


def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come; a test that waits in vain is ended by its own limit of 30 seconds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection, or cuts it."""
    received = b""
    with connection, contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def one_answer(connection: socket.socket) -> bytes:
    """The answer of a connection that stays: it ends with an empty chunk."""
    received = b""
    while not received.endswith(b"0\r\n\r\n"):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def problem(received: bytes, status: int) -> dict[str, Any]:
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), received[:300]
    assert b"\r\nConnection: close" in head
    found = json.loads(body)
    assert found["request_id"].encode() in head
    return dict(found["error"])


# Heads ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"X-A: " + b"a" * 9 * KIB + b"\r\n", id="one"),
        pytest.param(b"X-A: " + b"a" * 100 * KIB, id="one, unfinished"),
        pytest.param(b"".join(b"X-%d: %s\r\n" % (number, b"b" * 100) for number in range(100)), id="many"),
        pytest.param(b"".join(b"X-%d:\r\n" % number for number in range(129)), id="many empty ones"),
        pytest.param(b"a" * 100 * KIB, id="a name without an end"),
    ],
)
def test_headers_beyond_the_limit_are_431_and_the_end(running: Running, headers: bytes) -> None:
    before = len(running.app.requests)
    received = answer(running.connect(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"))
    error = problem(received, 431)
    assert error["code"] == "HEADERS_TOO_LARGE"
    assert error["details"] == {"max_bytes": 8 * KIB, "max_headers": 128}
    assert len(running.app.requests) == before


def test_headers_within_the_limit_pass(running: Running) -> None:
    with running.connect(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 8000 + b"\r\n\r\n") as connection:
        assert b"200 OK" in one_answer(connection)


def test_header_bytes_are_not_kept_while_they_come(running: Running) -> None:
    """100 MiB of one header, and of many, reach the limit with the first reads and are thrown away from there."""
    connection = running.connect(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
    sent = 0
    try:
        while sent < 100 * KIB * KIB:
            sent += connection.send(b"a" * 64 * KIB)
    except OSError:
        pass
    until(lambda: not running.server.connections.lingering)
    connection.close()


def test_an_address_beyond_the_limit_is_414(running: Running) -> None:
    for tail in (b" HTTP/1.1\r\n\r\n", b""):
        received = answer(running.connect(b"GET /" + b"a" * 3 * KIB + tail))
        assert problem(received, 414)["code"] == "URL_TOO_LONG"
    with running.connect(b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\n\r\n") as connection:
        assert b"200 OK" in one_answer(connection)


def test_what_is_no_http_is_400(running: Running) -> None:
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"):
        assert problem(answer(running.connect(sent)), 400)["code"] == "VALIDATION_ERROR"


def test_a_head_that_does_not_end_in_time_is_408_however_it_trickles() -> None:
    with serving(header_seconds=0.3) as running:
        connection = running.connect(b"GET / HTTP/1.1\r\n")
        received = b""
        connection.settimeout(0.05)
        while not received:
            try:
                connection.send(b"X-A: b\r\n")
                received = connection.recv(65536)
            except TimeoutError:
                continue
        connection.close()
        assert problem(received, 408)["code"] == "TIMEOUT"
        # Empty lines before a request are no request either.
        assert problem(answer(running.connect(b"\r\n\r\n")), 408)["code"] == "TIMEOUT"
        # And the second request of a connection has no more time than the first.
        connection = running.connect(GET)
        one_answer(connection)
        connection.sendall(b"GET / HT")
        assert problem(answer(connection), 408)["code"] == "TIMEOUT"


def test_a_connection_on_which_nothing_comes_is_closed_without_a_word() -> None:
    with serving(header_seconds=0.3) as running:
        assert answer(running.connect()) == b""
        assert running.open == 0


def test_a_connection_that_is_kept_for_later_is_closed_after_a_while() -> None:
    with serving(keep_alive_seconds=1) as running:
        connection = running.connect(GET)
        one_answer(connection)
        assert answer(connection) == b""
        assert running.open == 0


def test_headers_after_a_body_are_limited_and_dropped(running: Running) -> None:
    with running.connect(CHUNKED + b"3\r\nabc\r\n0\r\nX-Late: yes\r\n\r\n") as connection:
        assert b"200 OK" in one_answer(connection)
    assert b"x-late" not in dict(running.app.requests[-1]["headers"])
    for trailers in (b"X-A: " + b"a" * 100 * KIB, b"X-A: b\r\n" * 200):
        received = answer(running.connect(CHUNKED + b"3\r\nabc\r\n0\r\n" + trailers))
        assert problem(received, 431)["code"] == "HEADERS_TOO_LARGE"


# Bodies, pipelines, upgrades ------------------------------------------------------------------------------------------


def test_a_body_of_tiny_chunks_is_refused(running: Running) -> None:
    assert "framing" in problem(answer(running.connect(CHUNKED + b"1\r\na\r\n" * 100_000)), 400)["message"]
    # An extension of a chunk is framing, too.
    extended = CHUNKED + (b"1;" + b"e" * 4 * KIB + b"\r\na\r\n") * 100
    assert "framing" in problem(answer(running.connect(extended)), 400)["message"]
    until(lambda: running.app.ended == len(running.app.requests))


def test_a_body_of_small_chunks_is_taken(running: Running) -> None:
    before = running.app.body_bytes
    with running.connect(CHUNKED + b"a\r\n0123456789\r\n" * 10_000 + b"0\r\n\r\n") as connection:
        assert b"200 OK" in one_answer(connection)
    assert running.app.body_bytes - before == 100_000


def test_some_requests_may_be_sent_ahead_and_not_thousands(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.app.release.clear()
    before = len(running.app.requests)
    connection = running.connect(HELD + GET * 10)
    until(lambda: len(running.app.requests) == before + 1)
    running.app.release.set()
    received = b""
    while received.count(b"200 OK") < 11:
        received += connection.recv(65536)
    connection.close()
    running.app.release.clear()
    assert answer(running.connect(HELD + GET * 5000)) == b""
    until(lambda: len(running.app.requests) == before + 12)
    running.app.release.set()
    until(lambda: running.app.ended == len(running.app.requests))
    assert len(running.app.requests) == before + 12
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_whoever_asks_for_another_protocol_is_answered_in_this_one(running: Running, protocol: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    received = answer(running.connect(head))
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in received
    # The parser drops the body of such a request, which is better said than missed.
    asking = head.replace(b"GET /", b"POST /body").replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello")
    assert problem(answer(running.connect(asking)), 400)["details"] == {"field": "Upgrade"}


# How many -------------------------------------------------------------------------------------------------------------


def test_idle_connections_make_room_and_busy_ones_do_not() -> None:
    with serving(connections=3) as running:
        kept = running.connect(GET)
        one_answer(kept)
        idle = [running.connect(), running.connect(b"GET / HT")]
        until(lambda: running.open == 3)
        # Those that have just come have their places: what they ask may be on its way.
        assert problem(answer(running.connect(GET)), 503)["code"] == "SERVICE_UNAVAILABLE"
        until(lambda: running.youngest_seconds() > 1.1)
        newcomers = [running.connect(GET), running.connect(GET)]
        assert all(b"200 OK" in one_answer(connection) for connection in newcomers)
        assert [answer(connection) for connection in idle] == [b"", b""]
        # Of those that were idle, the one that had been answered before stayed.
        busy = [kept, *newcomers]
        for connection in busy:
            connection.sendall(HELD)
        until(lambda: len(running.app.requests) == 6)
        received = answer(running.connect(GET))
        error = problem(received, 503)
        assert error["code"] == "SERVICE_UNAVAILABLE"
        assert error["details"] == {"limit": 3, "retry_after": 5}
        assert b"\r\nRetry-After: 5\r\n" in received
        running.app.release.set()
        for connection in busy:
            assert b"200 OK" in one_answer(connection)
            connection.close()
        until(lambda: running.open == 0)


def test_connections_of_one_address_have_a_limit_if_it_is_set() -> None:
    with serving(address_connections=2) as running:
        held = [running.connect(), running.connect()]
        until(lambda: running.open == 2)
        assert "from your address" in problem(answer(running.connect(GET)), 503)["message"]
        held.pop().close()
        until(lambda: running.open == 1)
        with held.pop(), running.connect(GET) as again:
            assert b"200 OK" in one_answer(again)


# Answers that nobody takes --------------------------------------------------------------------------------------------


def test_a_client_that_takes_nothing_of_its_answer_is_hung_up_on() -> None:
    with serving(send_idle_seconds=0.3) as running:
        held = [running.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3)]
        until(lambda: len(running.app.requests) == 3)
        until(lambda: running.open == 0 and running.app.ended == 3)
        for connection in held:
            connection.close()


def test_a_client_that_takes_its_answer_in_its_own_time_gets_all_of_it() -> None:
    with serving(send_idle_seconds=0.5) as running, running.connect(b"GET /large HTTP/1.0\r\n\r\n") as connection:
        received = 0
        while piece := connection.recv(256 * KIB):
            received += len(piece)
            time.sleep(0.001)
        assert received > 64 * KIB * KIB


# Open files -----------------------------------------------------------------------------------------------------------

FEW_FILES = """
import asyncio, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
import uvicorn
from scopix_server.api.connections import ConnectionLimits, LimitedServer, within_open_files
from tests.integration.server.test_connections import App

limits = ConnectionLimits(1000, None, 2048, 8192, 30.0, 30.0)
print(within_open_files(limits).connections)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(App(), loop="uvloop", ws="none", lifespan="off", log_config=None)
LimitedServer(config, limits).run(sockets=[listener])
"""


def test_a_server_without_open_files_left_goes_on_when_there_are_some_again() -> None:
    with subprocess.Popen([sys.executable, "-c", FEW_FILES], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # It would not take more connections than it has files for; here that is left out.
            assert int(process.stdout.readline()) == 16
            port = int(process.stdout.readline())
            with contextlib.ExitStack() as stack:
                for _ in range(100):
                    stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
                until(lambda: psutil.Process(process.pid).num_fds() >= 47)
            received = b""
            deadline = time.monotonic() + 30
            while b"200 OK" not in received:
                assert time.monotonic() < deadline
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as again:
                    again.sendall(GET)
                    received = again.recv(65536)
            assert process.poll() is None
        finally:
            process.terminate()
