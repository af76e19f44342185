"""Slow uploads cost other tenants nothing: they are ended below a least rate, and leave places for others before."""

import contextlib
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from scopix_server.domain.tenant import Tenant
from scopix_server.wiring.keys import create_key
from tests.support.images import encoded, padded_png
from tests.support.inprocess import InProcessServer, serving

PLACES = 16
PNG = encoded(Image.new("RGB", (16, 16), (1, 2, 3)))
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
TRICKLED = PART + padded_png(1_000_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    limits = {"max_uploads_at_once": str(PLACES), "max_tenant_uploads_at_once": str(PLACES)}
    with serving(tmp_path, worker=False, **limits) as running:
        yield running


def tenant_key(server: InProcessServer, name: str) -> str:
    tenant = Tenant(f"{name * 8}-1111-4111-8111-111111111111", name, datetime.now(UTC))
    server.database.write(lambda transaction: transaction.tenants.add_tenant(tenant))
    return create_key(server.database, "key", ("write",), tenant=tenant).secret


def upload(server: InProcessServer, key: str) -> httpx2.Response:
    with server.client(headers={"Authorization": f"Bearer {key}"}) as client:
        return client.post("/files/upload", files={"file": ("a.png", PNG)})


def begin(server: InProcessServer, key: str) -> socket.socket:
    """Begin an upload of which nothing comes yet; its first byte is asked for when it has been let in."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = (
        "POST /api/v2/files/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(TRICKLED)}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


def trickle_until_answered(connection: socket.socket, pause: float) -> bytes:
    """Send a byte at a time, and more slowly than a silent upload would be ended, until the server answers."""
    connection.settimeout(pause)
    for byte in TRICKLED:
        connection.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            return connection.recv(65536)
    raise AssertionError("the server took the whole file")


def test_an_upload_below_the_least_rate_is_ended_with_408(tmp_path: Path) -> None:
    pace = {"body_idle_seconds": "0.5", "min_body_bytes_per_second": "10000"}
    with serving(tmp_path, worker=False, **pace) as server:
        with begin(server, server.api_key) as connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            answer = trickle_until_answered(connection, 0.02)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"at least 10000 a second must" in answer
        assert server.nothing_half_stored()


def test_slow_uploads_of_two_tenants_lock_no_third_one_out(server: InProcessServer) -> None:
    keys = [tenant_key(server, name) for name in "abcd"]
    with contextlib.ExitStack() as stack:
        let_in = []
        for key in keys[:3]:
            connections = [stack.enter_context(begin(server, key)) for _ in range(PLACES)]
            let_in.append(sum(connection.recv(65536).startswith(b"HTTP/1.1 100 ") for connection in connections))
        # Half, a third of all for two, and still one place for whoever comes last.
        assert let_in == [PLACES // 2, PLACES // 4, PLACES // 8]
        assert upload(server, keys[3]).status_code == 201
        refused = upload(server, keys[0])
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "CONCURRENT_UPLOAD_LIMIT"
        assert "for other tenants" in refused.json()["error"]["message"]
    # When the slow ones are gone, there is room for all.
    while (again := upload(server, keys[0])).status_code == 429:
        time.sleep(0.02)
    assert again.status_code == 201
