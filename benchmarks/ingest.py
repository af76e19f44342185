"""What does it cost to take files in, beside servers that do less?

    .venv/bin/python benchmarks/ingest.py --peers PYTHON [--tus MODULES] [--before DIR] [--rounds 3] [--folder DIR]
        [--sdk 10000]

Each server runs without a worker, on SQLite, with durability `each`. They take turns within each round, so that what
else the machine does meets all alike. `--peers` is the Python of an environment for `ingest_peers.py`; `--tus` a folder
with the modules of `ingest_tus.mjs`; `--before` another checkout, whose server is measured as well; `--folder` a place
on the disk to be measured. A server that knows no batches (tus) is sent their files one by one on one connection.

With `--sdk` so many files of 57 kB go in by the SDK's `upload_batch`, and to `durable` by a plain httpx2 loop with four
requests at once; all of each count as one measurement, and the client's time counts as the server's.

Printed, a row a load: files a second, and CPU milliseconds of the whole server a file, each the median of the rounds.
The rate says more about the machine than the CPU time does; compare within a row.
"""

import argparse
import asyncio
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy
import psutil
from PIL import Image

from scopix import InsecureTransportWarning, Scopix

ROOT = Path(__file__).resolve().parents[1]
BOUNDARY = "----------ingest"


@dataclass(frozen=True)
class Load:
    """`requests` requests of `files` files each, `at_once` of them in flight."""

    name: str
    content: bytes
    requests: int
    files: int
    at_once: int


@dataclass(frozen=True)
class Server:
    """A running server: where it takes one file and many, and how it is asked."""

    name: str
    port: int
    process: psutil.Process
    one: str
    many: str | None
    headers: dict[str, str]
    is_tus: bool = False

    def cpu(self) -> float:
        """Seconds that it has used, with its children."""
        used = self.process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)


def noise(size: int, kind: str) -> bytes:
    """Return a sound picture of about `size` bytes."""
    # A grey JPEG of noise at quality 90 takes about 0.8 bytes a pixel, a PNG that is not packed 3.
    side = int((size / (0.8 if kind == "JPEG" else 3)) ** 0.5)
    shape = (side, side) if kind == "JPEG" else (side, side, 3)
    pixels = numpy.random.default_rng(1).integers(0, 256, shape, dtype=numpy.uint8)
    packed = io.BytesIO()
    options = {"quality": 90} if kind == "JPEG" else {"compress_level": 0}
    Image.fromarray(pixels).save(packed, kind, **options)
    return packed.getvalue()


def form(load: Load) -> bytes:
    """Return the body of one of its requests."""
    name = "files" if load.files > 1 else "file"
    body = io.BytesIO()
    for number in range(load.files):
        head = f'Content-Disposition: form-data; name="{name}"; filename="{number}.img"\r\nContent-Type: image/jpeg'
        body.write(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode())
        body.write(load.content)
        body.write(b"\r\n")
    body.write(f"--{BOUNDARY}--\r\n".encode())
    return body.getvalue()


def request_of(load: Load, server: Server) -> tuple[str, bytes, dict[str, str]]:
    """Return the path, body and headers of one request."""
    if server.is_tus:
        head = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(load.content)),
            "Upload-Metadata": "filename MC5pbWc=",
        }
        return server.one, load.content, {**head, "Content-Type": "application/offset+octet-stream"}
    path = server.many if load.files > 1 and server.many else server.one
    return path, form(load), {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **server.headers}


def run(load: Load, server: Server) -> tuple[float, float]:
    """Return files a second, and CPU milliseconds of the server a file."""
    files = load.requests * load.files
    requests = load.requests if load.files == 1 or server.many else files
    path, body, headers = request_of(load, server)

    def send(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        for _ in range(number, requests, load.at_once):
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 201:
                raise SystemExit(f"{server.name}: {response.status} {answer[:300]!r}")
        connection.close()

    cpu, started = server.cpu(), time.perf_counter()
    with ThreadPoolExecutor(load.at_once) as threads:
        list(threads.map(send, range(load.at_once)))
    return files / (time.perf_counter() - started), (server.cpu() - cpu) * 1000 / files


def run_client(files: list[Path], server: Server) -> tuple[float, float]:
    """Return files a second, and CPU milliseconds of the server a file, with files sent by an ordinary client."""
    cpu, began = server.cpu(), time.perf_counter()
    asyncio.run(by_sdk(files, server) if server.headers else by_httpx(files, server))
    return len(files) / (time.perf_counter() - began), (server.cpu() - cpu) * 1000 / len(files)


async def by_sdk(files: list[Path], server: Server) -> None:
    """Upload with the SDK."""
    url, key = f"http://127.0.0.1:{server.port}/api/v2", server.headers["Authorization"].removeprefix("Bearer ")
    async with Scopix(api_key=key, base_url=url) as client:
        results = await client.files.upload_batch(files, auto_describe=False, wait_for_descriptions=False)
        if len({result.image_id for result in results}) != len(files):
            raise SystemExit("some files are missing")


async def by_httpx(files: list[Path], server: Server) -> None:
    """Upload with a plain loop of a plain client, four requests at once, as the SDK has."""
    rest = iter(files)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:

        async def send() -> None:
            for path in rest:
                data = await asyncio.to_thread(path.read_bytes)
                answer = await client.post(server.one, files={"file": (path.name, data, "image/jpeg")})
                answer.raise_for_status()

        await asyncio.gather(*(send() for _ in range(4)))


@contextmanager
def started(command: list[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """Run a server for as long as the context lasts."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"it did not start: {' '.join(command)}")
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def http_status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse().status


@contextmanager
def scopix(name: str, source: Path, folder: Path) -> Iterator[Server]:
    """Run the server of a checkout."""
    packages = os.pathsep.join(str(source / "packages" / package / "src") for package in ("scopix-server", "scopix"))
    port, data = free_port(), folder / name
    environment = {**os.environ, "PYTHONPATH": packages, "SCOPIX_DATA_DIR": str(data), "SCOPIX_DURABILITY": "each"}
    command = [sys.executable, "-m", "scopix_server", "serve", "--port", str(port), "--no-worker"]
    with started(command, port, environment) as process:
        # It listens before it is done with its first start.
        while http_status(port, "/health") != 200 or not (data / "credentials.json").exists():
            time.sleep(0.1)
        key = json.loads((data / "credentials.json").read_text())["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        api = "/api/v2/files/upload"
        yield Server(name, port, process, api, f"{api}/batch", headers)


@contextmanager
def peer(kind: str, python: Path, folder: Path) -> Iterator[Server]:
    """Run one of the peers."""
    port, data = free_port(), folder / kind
    data.mkdir()
    command = [str(python), str(ROOT / "benchmarks" / "ingest_peers.py"), kind, str(port), str(data)]
    with started(command, port, dict(os.environ)) as process:
        yield Server(kind, port, process, "/upload", "/upload/batch", {})


@contextmanager
def tus(modules: Path, folder: Path) -> Iterator[Server]:
    """Run @tus/server."""
    port, data = free_port(), folder / "tus"
    data.mkdir()
    command = ["node", str(ROOT / "benchmarks" / "ingest_tus.mjs"), str(port), str(data), str(modules.resolve())]
    with started(command, port, dict(os.environ)) as process:
        yield Server("tus", port, process, "/upload", None, {}, is_tus=True)


def loads(scale: float) -> list[Load]:
    """Return what is sent, the number of requests scaled."""
    small, large, huge = noise(57_000, "JPEG"), noise(1_000_000, "JPEG"), noise(99_000_000, "PNG")

    def times(number: int) -> int:
        return max(1, round(number * scale))

    return [
        Load("57 kB, one by one, 8 in flight", small, times(400), 1, 8),
        Load("57 kB, batches of 200", small, times(5), 200, 1),
        Load("1 MB, one by one, 4 in flight", large, times(60), 1, 4),
        Load("100 MB", huge, times(1), 1, 1),
    ]


def table(rows: list[Load], servers: list[str], measured: Callable[[str, str], list[tuple[float, float]]]) -> None:
    """Print the medians."""
    print("| files/s (CPU ms/file) | " + " | ".join(servers) + " |")
    print("|---|" + "---|" * len(servers))
    for load in rows:
        cells = []
        for server in servers:
            rates, costs = zip(*measured(load.name, server), strict=True)
            cells.append(f"{statistics.median(rates):,.1f} ({statistics.median(costs):,.2f})")
        print(f"| {load.name} | " + " | ".join(cells) + " |")


def compare_clients(number: int, rounds: int, servers: list[Server]) -> None:
    """Measure `run_client` in turns, and print a row."""
    warnings.simplefilter("ignore", InsecureTransportWarning)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    load = Load(f"{number} x 57 kB by a client", noise(57_000, "JPEG"), 1, number, 1)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{place:06}.jpg") for place in range(number)]
        for path in files:
            path.write_bytes(load.content)
        for _ in range(rounds):
            for server in servers:
                found.setdefault((load.name, server.name), []).append(run_client(files, server))
    table([load], [server.name for server in servers], lambda load, server: found[load, server])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--tus", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sdk", type=int, default=0)
    arguments = parser.parse_args()
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder)))
        servers = [stack.enter_context(scopix("now", ROOT, folder))]
        if arguments.before:
            servers.append(stack.enter_context(scopix("before", arguments.before.resolve(), folder)))
        if arguments.peers:
            servers += [stack.enter_context(peer(k, arguments.peers, folder)) for k in ("plain", "durable", "hash")]
        if arguments.tus:
            servers.append(stack.enter_context(tus(arguments.tus, folder)))
        if arguments.sdk:
            compare_clients(arguments.sdk, arguments.rounds, [s for s in servers if s.headers or s.name == "durable"])
            return
        rows = loads(arguments.scale)
        for number in range(arguments.rounds + 1):
            for load in rows:
                for server in servers:
                    result = run(load, server)
                    if number:  # the first round warms up
                        found.setdefault((load.name, server.name), []).append(result)
            print(f"round {number} of {arguments.rounds}", file=sys.stderr, flush=True)
        table(rows, [server.name for server in servers], lambda load, server: found[load, server])


if __name__ == "__main__":
    main()
