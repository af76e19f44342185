"""What do slow and idle clients cost the web process, and everybody else?

    python benchmarks/slow_clients.py [--source DIR]

A server without a worker, on SQLite. `--source` is another checkout, whose server is measured instead of this one's.
Printed: resident memory of the web process, at the most while the clients are there, and what becomes of the clients
and of somebody else's request beside them.
"""

import argparse
import contextlib
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.images import encoded, padded_png
from tests.support.server import ServerProcess

ROOT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024
PNG = encoded(Image.new("RGB", (16, 16), (1, 2, 3)))
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
SETTINGS = {"header_seconds": "10", "send_idle_seconds": "10"}


class Measured:
    """A server, and its memory."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.process = psutil.Process(server.pid)
        self.rest = self.resident()

    def resident(self) -> float:
        return self.process.memory_info().rss / MIB

    def connections(self) -> int:
        return sum(connection.status == "ESTABLISHED" for connection in self.process.net_connections())

    def row(self, what: str, most: float, outcome: str) -> None:
        print(f"| {what} | {most:,.0f} | {most - self.rest:+,.0f} | {outcome} |", flush=True)

    def connect(self, sent: bytes = b"", *, buffer: int | None = None) -> socket.socket:
        connection = socket.socket()
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", self.server.port))
        connection.sendall(sent)
        return connection

    def settled(self, connections: int, seconds: float) -> int:
        """How many connections are left after so many seconds, or when there are so few."""
        deadline = time.monotonic() + seconds
        while self.connections() > connections and time.monotonic() < deadline:
            time.sleep(0.5)
        return self.connections()


@contextlib.contextmanager
def measured() -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data", worker=False, **SETTINGS).start()
        httpx2.get(f"{server.root}/health")
        try:
            yield Measured(server)
        finally:
            server.stop()


def idle(number: int, sent: bytes, what: str) -> None:
    with measured() as found, contextlib.ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(found.connect(sent))
        time.sleep(2)
        most = found.resident()
        try:
            other = httpx2.get(f"{found.server.root}/health", timeout=10).status_code
        except httpx2.HTTPError as error:
            other = type(error).__name__
        left = found.settled(1, 20)
        found.row(what, most, f"somebody else's request: {other}; open after 20 s: {left}")


def headers() -> None:
    with measured() as found:
        connection = found.connect(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        sent = 0
        most = found.rest
        with contextlib.suppress(OSError):
            for number in range(100 * 16):
                connection.sendall(b"X-%d: " % number + b"a" * 65_500 + b"\r\n")
                sent += 65_536
                most = max(most, found.resident())
            connection.sendall(b"\r\n")
        with contextlib.suppress(OSError):
            connection.recv(12)
        most = max(most, found.resident())
        found.row("100 MiB of headers, without a key", most, f"{sent / MIB:,.0f} MiB sent")


def uploads() -> None:
    with measured() as found, contextlib.ExitStack() as stack:
        keys = [found.server.api_key, *(tenant_key(found.server, name) for name in ("second", "third"))]
        rows = []
        for key in keys[:2]:
            let_in = 0
            for connection in [stack.enter_context(found.connect(upload_head(key))) for _ in range(128)]:
                if connection.recv(100).startswith(b"HTTP/1.1 100 "):
                    connection.sendall(PART + padded_png(900_000))
                    let_in += 1
            time.sleep(1)
            rows.append((let_in, found.resident()))
        with found.server.client(headers={"Authorization": f"Bearer {keys[2]}"}) as client:
            other = client.post("/files/upload", files={"file": ("a.png", PNG)}).status_code
        for (let_in, most), which in zip(rows, ("one tenant", "a second one's, too"), strict=True):
            found.row(f"128 uploads that stop at 0.9 MB, {which}", most, f"{let_in} let in")
        print(f"| an upload of a third tenant meanwhile | | | {other} |")


def upload_head(key: str) -> bytes:
    return (
        "POST /api/v2/files/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
    ).encode()


def tenant_key(server: ServerProcess, name: str) -> str:
    server.setup.run("tenants", "create", "--name", name)
    return server.setup.run("keys", "create", "--name", "k", "--tenant", name).stdout.strip().splitlines()[-1]


def downloads() -> None:
    with measured() as found, contextlib.ExitStack() as stack:
        with found.server.client() as client:
            sent = client.post("/files/upload", files={"file": ("a.png", padded_png(20 * MIB))}).json()
            link = httpx2.URL(client.get(f"/files/{sent['image_id']}").json()["original_url"])
        found.rest = found.resident()
        request = b"GET " + link.raw_path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(200):
            stack.enter_context(found.connect(request, buffer=4096))
        time.sleep(3)
        most = found.resident()
        left = found.settled(1, 40)
        found.row("200 downloads of 20 MiB of which nothing is taken", most, f"open after 40 s: {left}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=ROOT)
    source = parser.parse_args().source.resolve()
    packages = [str(source / "packages" / name / "src") for name in ("scopix-server", "scopix")]
    os.environ["PYTHONPATH"] = os.pathsep.join(packages)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    print("| clients | resident, MB | beyond rest | what becomes of them |\n|---|---|---|---|")
    idle(1000, b"", "1,000 connections on which nothing comes")
    idle(1000, b"GET /health HTTP/1.1\r\nX-A: " + b"a" * 30_000, "1,000 heads of 30 KB that do not end")
    headers()
    uploads()
    downloads()


if __name__ == "__main__":
    main()
