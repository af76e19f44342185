"""How fast do 10,000 pictures get in? `upload_batch` into our server, beside a plain service and a plain client.

    python benchmarks/batch_upload.py [--files 10000]

Ours: the SDK's `upload_batch` with `auto_describe=False` into `scopix-server serve --no-worker`; every file is checked,
hashed, forced to disk and recorded with its job. The peer: a FastAPI route with `UploadFile` that writes each file to
disk and keeps a row in SQLite, and an httpx2 loop with as many requests at once; it checks nothing and forces nothing
to disk. Both on this machine, one after the other, twice, in turn. Needs python-multipart for the peer.
"""

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import httpx2
import psutil
from PIL import Image

from scopix import InsecureTransportWarning, Scopix

PEER = """
import sqlite3, sys, uuid
from pathlib import Path
from fastapi import FastAPI, UploadFile
folder = Path(sys.argv[1]); rows = sqlite3.connect(folder / "rows.db", check_same_thread=False)
rows.execute("CREATE TABLE files (id TEXT PRIMARY KEY, name TEXT, size INTEGER)")
app = FastAPI()
@app.post("/upload", status_code=201)
async def upload(file: UploadFile):
    data = await file.read(); name = str(uuid.uuid4())
    (folder / name).write_bytes(data)
    rows.execute("INSERT INTO files VALUES (?, ?, ?)", (name, file.filename, len(data))); rows.commit()
    return {"id": name}
import uvicorn
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=False, log_level="warning")
"""


def draw(folder: Path, count: int) -> None:
    """Write `count` JPEGs of about 50 kB, no two the same."""
    chance = random.Random(1)
    for number in range(count):
        image = Image.frombytes("RGB", (64, 64), chance.randbytes(64 * 64 * 3)).resize((320, 240))
        image.save(folder / f"{number:05}.jpg", quality=97)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PeakMemory:
    """The most memory this process has resident while the block runs, in MB above what it had before."""

    def __enter__(self) -> "PeakMemory":
        self._process, self._done = psutil.Process(), threading.Event()
        self.before = self.most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def total_mb(self) -> float:
        return self.most / 2**20


def run_ours(files: list[Path]) -> tuple[float, float, int]:
    """Return seconds, the client's peak memory in MB, and the rows in the database afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scopix_server", "serve", "--port", "0", "--data-dir", folder, "--no-worker"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout is not None
            url = next(line.split()[3] for line in server.stdout if line.startswith("Scopix listens"))
            key = json.loads((Path(folder) / "credentials.json").read_text())["api_key"]

            async def upload() -> int:
                async with Scopix(api_key=key, base_url=url) as client:
                    results = await client.files.upload_batch(files, auto_describe=False, wait_for_descriptions=False)
                    assert len({result.image_id for result in results}) == len(files)
                    return (await client.files.list(limit=1)).total_count

            with PeakMemory() as memory:
                started = time.perf_counter()
                rows = asyncio.run(upload())
                seconds = time.perf_counter() - started
        finally:
            server.terminate()
            server.wait(30)
    return seconds, memory.total_mb, rows


def run_peer(files: list[Path]) -> tuple[float, float, int]:
    """As `run_ours`, for the plain service."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = subprocess.Popen([sys.executable, "-c", PEER, folder, str(port)], stderr=subprocess.DEVNULL)
        try:
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)

            async def upload() -> None:
                limit = asyncio.Semaphore(4)
                async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

                    async def send(path: Path) -> None:
                        async with limit:
                            data = await asyncio.to_thread(path.read_bytes)
                            answer = await client.post("/upload", files={"file": (path.name, data)})
                            answer.raise_for_status()

                    await asyncio.gather(*(send(path) for path in files))

            with PeakMemory() as memory:
                started = time.perf_counter()
                asyncio.run(upload())
                seconds = time.perf_counter() - started
        finally:
            server.terminate()
            server.wait(30)
        rows = len(list(Path(folder).iterdir())) - 1
    return seconds, memory.total_mb, rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    count = parser.parse_args().files
    warnings.simplefilter("ignore", InsecureTransportWarning)
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), count)
        files = sorted(Path(folder).iterdir())
        size = sum(path.stat().st_size for path in files) / count
        print(f"{count} files of {size / 1000:.0f} kB")
        rates: dict[str, list[float]] = {"ours": [], "peer": []}
        for name, run in [("ours", run_ours), ("peer", run_peer), ("peer", run_peer), ("ours", run_ours)]:
            seconds, memory, rows = run(files)
            rates[name].append(count / seconds)
            speed = f"{seconds:6.1f} s  {count / seconds:6.0f} files/s"
            print(f"{name}: {speed}  client at most {memory:4.0f} MB  rows {rows}")
        ratio = sum(rates["ours"]) / sum(rates["peer"])
        print(f"ours / peer: {ratio:.2f}")


if __name__ == "__main__":
    main()
