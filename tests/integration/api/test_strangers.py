"""What somebody without a key, or with one and ill will, can make the server hold."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from PIL import Image

from scopix_server.api.limits import HeldResponses
from scopix_server.domain.errors import RateLimited
from tests.support.images import encoded
from tests.support.inprocess import InProcessServer, serving

PNG = encoded(Image.new("RGB", (16, 16), (1, 2, 3)))
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    # With 16 connections four answers are held open at most.
    settings = {"max_connections": "16", "failed_requests_per_minute": "1000"}
    with serving(tmp_path_factory.mktemp("strangers"), worker=False, **settings) as running:
        yield running


def exchange(server: InProcessServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


# Without a key --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "Authorization: Bearer scopix_abcdefghijklmnop\r\n"], ids=["none", "unknown"])
def test_a_strangers_json_body_is_not_waited_for(server: InProcessServer, key: str) -> None:
    """Before, a MiB of each was kept for a minute; now it is answered while the body is still missing."""
    head = f"POST /api/v2/api-keys HTTP/1.1\r\nHost: x\r\n{key}Content-Type: application/json\r\n"
    body = 'Content-Length: 999999\r\n\r\n{"name": "'
    assert exchange(server, f"{head}{body}".encode()).startswith(b"HTTP/1.1 401 ")


def test_a_body_that_is_not_read_is_not_kept(server: InProcessServer) -> None:
    """A body to a route that takes none: it is thrown away to a point, and then the connection is closed."""
    head = b"DELETE /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 200_000_000:
                sent += connection.send(bytes(65536))
        except OSError:
            pass
        assert sent < 200_000_000


def test_many_who_ask_whether_it_is_ready_cost_one_look(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that hangs is hung on by one thread, not by all of them."""
    looks, released = [], threading.Event()

    def hang(_: object) -> None:
        looks.append(1)
        released.wait(30)

    monkeypatch.setattr("scopix_server.db.connection.SqlDatabase.check", hang)

    with ThreadPoolExecutor(10) as threads:
        asking = [threads.submit(httpx2.get, f"{server.root}/ready", timeout=30) for _ in range(10)]
        # All of them have arrived before the first is answered.
        while server.open_requests < 10 or not looks:
            time.sleep(0.01)
        assert httpx2.get(f"{server.root}/health").status_code == 200
        released.set()
        assert {asked.result().status_code for asked in asking} == {503}  # there is no worker
    assert len(looks) == 1


# With a key -----------------------------------------------------------------------------------------------------------


def form(server: InProcessServer, body: bytes) -> bytes:
    head = (
        "POST /api/v2/files/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {server.api_key}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return exchange(server, head.encode() + body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 5000, id="thousands of parts"),
        pytest.param(b"--b\r\n" + b"X-A: b\r\n" * 5000, id="thousands of headers"),
        pytest.param(b"--b\r\nX-A: " + b"a" * 1_000_000, id="a header without an end"),
        pytest.param(b"a" * 1_000_000, id="no boundary at all"),
        pytest.param(b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"a" * 1_000_000, id="a large field"),
    ],
)
def test_a_form_that_is_all_framing_is_refused(server: InProcessServer, body: bytes) -> None:
    assert form(server, body + b"\r\n--b--\r\n").startswith(b"HTTP/1.1 400 ")


def test_event_streams_of_a_tenant_leave_room_for_others(server: InProcessServer) -> None:
    with server.client() as client:
        sent = client.post("/files/upload/batch", files=[("files", ("a.png", PNG))]).json()
        events = f"/files/upload/sessions/{sent['session_id']}/events"
        with client.stream("GET", events) as first, client.stream("GET", events) as second:
            assert (first.status_code, second.status_code) == (200, 200)
            # Kept, for an iterator that is dropped closes its stream.
            pieces = [first.iter_bytes(), second.iter_bytes()]
            assert all(next(stream) for stream in pieces)
            refused = client.get(events)
            assert refused.status_code == 429
            assert (refused.json()["error"]["code"], refused.headers["Retry-After"]) == ("RATE_LIMIT_ERROR", "5")
            # Whoever wants to wait is answered at once, with what there is: the file waits for a worker for ever.
            with server.client() as impatient:
                impatient.timeout = 20
                told = impatient.get(f"/files/upload/sessions/{sent['session_id']}", params={"wait": 25}).json()
                assert told["status"] == "processing"
        while (again := open_stream(client, events)) == 429:
            time.sleep(0.02)
        assert again == 200


def open_stream(client: httpx2.Client, path: str) -> int:
    with client.stream("GET", path) as stream:
        return stream.status_code


def test_answers_that_are_held_open_are_shared_like_uploads() -> None:
    held = HeldResponses(connections=32)
    contexts: list[Any] = []
    for tenant, room in (("a", 4), ("b", 2), ("c", 1)):
        for _ in range(room):
            held.require(tenant)
            contexts.append(held.held(tenant))
            contexts[-1].__enter__()
        assert not held.has_room(tenant)
        with pytest.raises(RateLimited, match=f"{room} of your answers"):
            held.require(tenant)
    assert held.has_room("d")
    for context in contexts:
        context.__exit__(None, None, None)
    assert held.has_room("a")
