"""More than a server can take is refused early, with words and a time; what was under way comes to its end."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.images import encoded, padded_png, picture
from tests.support.inprocess import InProcessServer

MIB = 1024 * 1024
Start = Callable[..., InProcessServer]


class SlowUpload:
    """An upload that is sent as slowly as the test wants: first its beginning, then, perhaps, the rest."""

    def __init__(self, server: InProcessServer, data: bytes, key: str | None = None, name: str = "slow.png") -> None:
        head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        self._body = head + data + b"\r\n--b--\r\n"
        self._sent = 0
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        request = (
            "POST /api/v2/files/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            f"Authorization: Bearer {key or server.api_key}\r\nContent-Length: {len(self._body)}\r\n\r\n"
        )
        self._socket.sendall(request.encode())

    def send(self, number: int | None = None) -> None:
        end = len(self._body) if number is None else self._sent + number
        self._socket.sendall(self._body[self._sent : end])
        self._sent = end

    def answer(self) -> int:
        """The status of the answer."""
        status = int(self._socket.recv(4096).split()[1])
        self._socket.close()
        return status

    def hang_up(self) -> None:
        self._socket.close()


def head(server: InProcessServer, route: str, length: int) -> bytes:
    """The beginning of an upload that waits to be asked for its body."""
    return (
        f"POST /api/v2{route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Expect: 100-continue\r\nAuthorization: Bearer {server.api_key}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def announce(server: InProcessServer, route: str, length: int) -> str:
    """The answer to an upload of which no byte was sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as announced:
        announced.sendall(head(server, route, length))
        answer = b""
        while piece := announced.recv(8192):
            answer += piece
    return answer.decode()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[InProcessServer] = []

    def build(**settings: object) -> InProcessServer:
        texts = {name: str(value) for name, value in settings.items()}
        running.append(InProcessServer(tmp_path / "data", worker=False, **texts).start())
        return running[-1]

    yield build
    for server in running:
        server.stop()


def wait_until(server: InProcessServer, uploads: int) -> None:
    """Wait until so many uploads are under way."""
    while f"scopix_uploads_under_way {uploads}.0" not in httpx2.get(f"{server.root}/metrics").text:
        pass


def upload(server: InProcessServer, data: bytes = b"", key: str | None = None) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with server.client(headers=headers) as http:
        return http.post("/files/upload", files={"file": ("a.png", data or encoded(picture()))})


def test_too_many_uploads_at_once(start: Start) -> None:
    server = start(max_uploads_at_once=2, max_tenant_uploads_at_once=1)
    other = server.new_tenant("second")
    first = SlowUpload(server, padded_png(MIB))
    first.send(1000)
    wait_until(server, 1)
    refused = upload(server)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "CONCURRENT_UPLOAD_LIMIT")
    assert int(refused.headers["Retry-After"]) >= 1
    assert "A tenant may have 1" in refused.json()["error"]["message"]
    second = SlowUpload(server, padded_png(MIB), other)
    second.send(1000)
    wait_until(server, 2)
    assert "The server takes 2" in upload(server, key=other).json()["error"]["message"]
    first.send()
    assert first.answer() == 201
    wait_until(server, 1)
    assert upload(server).status_code == 201
    second.hang_up()
    wait_until(server, 0)
    assert server.nothing_half_stored()


def test_too_many_bytes_at_once_are_refused_before_they_are_sent(start: Start) -> None:
    server = start(max_upload_bytes_at_once=3 * MIB, max_tenant_upload_bytes_at_once=2 * MIB)
    first = SlowUpload(server, padded_png(MIB))
    first.send(1000)
    wait_until(server, 1)
    # A batch says how large it is, and hears at once that it is too much; not a byte of it has to be sent.
    answer = announce(server, "/files/upload/batch", 2 * MIB)
    assert answer.startswith("HTTP/1.1 429")
    assert "MEMORY_LIMIT_EXCEEDED" in answer
    assert "retry-after: " in answer.lower()
    assert upload(server).status_code == 201
    first.send()
    assert first.answer() == 201
    assert upload(server, padded_png(5 * MIB)).status_code == 201  # alone, it may be as large as any


def test_a_disk_that_fills_up_meanwhile_ends_an_upload_before_the_reserve_is_touched(
    start: Start, tmp_path: Path
) -> None:
    room = 2 * 1024 * MIB
    free = shutil.disk_usage(tmp_path).free
    if free < 3 * room:
        pytest.skip("needs 6 GiB of disk")
    server = start(reserved_disk_bytes=free - room)
    upload_under_way = SlowUpload(server, padded_png(20 * MIB))
    upload_under_way.send(2 * MIB)
    wait_until(server, 1)
    with (tmp_path / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, 2 * room)
    upload_under_way.send(8 * MIB)
    try:
        upload_under_way.send()
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert upload_under_way.answer() == 507
    assert upload(server).status_code == 507
    (tmp_path / "filler").unlink()
    assert upload(server).status_code == 201
    assert server.nothing_half_stored()


def test_room_on_the_disk_is_promised_once(start: Start, tmp_path: Path) -> None:
    room = 1024 * MIB
    free = shutil.disk_usage(tmp_path).free
    server = start(reserved_disk_bytes=free - room, max_file_bytes=2 * room)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as large:
        large.sendall(head(server, "/files/upload", room // 2))
        wait_until(server, 1)
        answer = announce(server, "/files/upload", room * 3 // 4)
    assert answer.startswith("HTTP/1.1 507")
    assert "STORAGE_FULL" in answer
